"""What it costs to keep a fit that is not whole in a file."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from sklstm.training import _unfinished
from sklstm.training._fingerprint import fingerprint
from tests.benchmarks.by_hand import Work

pytestmark = pytest.mark.bench

# Fits whose epochs last about a second on two cores, or less.
WORKS = [
    Work(24, 4, 64, 1, 64, n_rows=60_000, epochs=3),
    Work(48, 7, 64, 1, 32, n_rows=20_000, epochs=3),
    Work(96, 7, 128, 2, 128, n_rows=8640, epochs=3),
    Work(24, 100, 32, 1, 64, n_rows=60_000, epochs=3),
]
# Of the time of an epoch, the file after it; and all values of the arguments, once.
TARGET = 1.03


def with_and_without(work):
    X, y = work.windows()
    options = {"early_stopping": True, "max_epochs": work.epochs}
    path = Path(tempfile.mkdtemp()) / "fit.ckpt"
    kept, plain = (work.estimator(**options, checkpoint=p) for p in (path, None))
    return lambda: kept.fit(X, y), lambda: plain.fit(X, y)


@pytest.mark.parametrize("work", WORKS, ids=str)
def test_a_checkpoint_costs_next_to_nothing(side_by_side, work):
    ratio = side_by_side(
        "A checkpoint",
        f"{work}, {work.n_rows} rows",
        with_and_without,
        work,
        target=TARGET,
        lasting=40,
    )
    assert ratio <= TARGET


@pytest.mark.parametrize("work", WORKS, ids=str)
def test_what_is_written_and_digested_takes_a_part_of_a_second(work, monkeypatch, tmp_path):
    seconds = {"file": [], "digest": []}

    def timed(call, name):
        def called(*args, **kwargs):
            begin = time.perf_counter()
            result = call(*args, **kwargs)
            seconds[name].append(time.perf_counter() - begin)
            return result

        return called

    write = timed(_unfinished.Unfinished.on_settled, "file")
    monkeypatch.setattr(_unfinished.Unfinished, "on_settled", write)
    monkeypatch.setattr("sklstm.estimators._lstm.fingerprint", timed(fingerprint, "digest"))
    X, y = work.windows()
    model = work.estimator(max_epochs=work.epochs, checkpoint=tmp_path / "fit.ckpt")
    model.set_params(early_stopping=True).fit(X, y)
    assert len(seconds["file"]) == 1 + work.epochs
    usual = {name: float(np.median(values)) for name, values in seconds.items()}
    print(f"\n{work}: {1000 * usual['file']:.1f} ms, {1000 * usual['digest']:.1f} ms once")
    assert usual["file"] + usual["digest"] / work.epochs <= TARGET - 1
