"""Peak memory, measured in a child process that does nothing else."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.bench

FIT = """
import resource
import numpy as np, torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklstm import LSTMRegressor, SlidingWindowTransformer

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

torch.set_num_threads(2)
small = np.random.default_rng(0).normal(size=(500, 8))
model = make_pipeline(
    StandardScaler(),
    SlidingWindowTransformer(window_length={window}),
    LSTMRegressor(**{{"hidden_size": 8, "max_epochs": 1, "random_state": 0}} | {options}),
)
model.fit(small, small[:, 0])  # what torch loads and keeps at its first use
rows = np.random.default_rng(0).normal(size=({n_rows}, 8)).astype("{dtype}")
before = peak()
model.fit(rows, rows[:, 0])
model.predict(rows)
print(peak() - before)
"""


def extra_mib(n_rows, window, options=None, dtype="float64"):
    options = {"batch_size": 256} | (options or {})
    code = FIT.format(n_rows=n_rows, window=window, options=options, dtype=dtype)
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    print(f"\n{n_rows} x 8, window {window}, {options}: {float(child.stdout):.0f} MiB more")
    return float(child.stdout)


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}])
def test_fitting_300_000_rows_with_windows_of_168_needs_less_than_200_mib(options):
    assert extra_mib(300_000, 168, options) < 200


def test_fitting_a_million_rows_with_windows_of_168_needs_less_than_250_mib():
    assert extra_mib(1_000_000, 168, {"batch_size": 1024}, dtype="float32") < 250


def test_memory_does_not_grow_with_the_window():
    assert extra_mib(100_000, 336) < extra_mib(100_000, 12) + 40
