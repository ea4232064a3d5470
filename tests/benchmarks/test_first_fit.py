"""How long the first training of a process takes, when all is imported."""

import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.bench

FIRST = """
import time
import numpy as np
from sklstm import LSTMRegressor
X = np.random.default_rng(0).normal(size=(500, 24))
start = time.perf_counter()
LSTMRegressor(max_epochs=1, random_state=0).fit(X, X.sum(axis=1))
print(time.perf_counter() - start)
"""


def first_fit():
    """Seconds of one fit in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, encoding="utf-8", check=True
    )
    return float(done.stdout)


def test_the_first_fit_does_not_make_one_wait(benchmark):
    seconds = []
    benchmark.pedantic(lambda: seconds.append(first_fit()), rounds=5)
    median = float(np.median(seconds))
    benchmark.extra_info.update(
        section="The first fit of a process",
        row="500 rows, one epoch",
        measured=median,
        target=0.5,
        unit="s",
    )
    print(f"\nfirst fit: {median:.2f} s (at most 0.5)")
    assert median <= 0.5
