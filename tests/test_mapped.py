"""Rows in a file larger than memory are read where they are needed."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer, sliding_windows
from sklstm.training._table import Table
from sklstm.windows import Windows, _mapped
from sklstm.windows._mapped import is_mapped

OPTIONS = {"hidden_size": 4, "batch_size": 64, "max_epochs": 2, "random_state": 0}


@pytest.fixture
def in_memory():
    rows = np.random.default_rng(0).normal(3, 2, size=(300, 3))
    rows[::7, 1] = np.nan
    rows[50:60] = np.nan
    return rows


@pytest.fixture
def mapped(in_memory, tmp_path):
    np.save(tmp_path / "rows.npy", in_memory)
    return np.load(tmp_path / "rows.npy", mmap_mode="r")


@pytest.fixture
def never_stored(monkeypatch):
    monkeypatch.setattr(_mapped, "LEAST_BYTES", 0)


def test_a_view_of_a_file_is_known_as_one(mapped, in_memory):
    assert is_mapped(mapped)
    assert is_mapped(np.asarray(mapped)[5:, :2].T)
    assert not is_mapped(in_memory[5:])
    assert not is_mapped(mapped[[1, 2]])


@pytest.mark.parametrize("options", [{}, {"padding": "edge"}, {"padding": 1.5}])
@pytest.mark.parametrize("lags", [None, [0, 3, 9]])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_file_gives_the_model_of_an_array_bit_for_bit(
    in_memory, mapped, options, lags, early_stopping, never_stored
):
    def fit(rows):
        windows = SlidingWindowTransformer(5, lags=lags, **options)
        model = LSTMRegressor(**OPTIONS, early_stopping=early_stopping)
        return make_pipeline(windows, model).fit(rows, np.arange(300.0)).predict(rows)

    np.testing.assert_array_equal(fit(mapped), fit(in_memory))


def test_windows_stored_in_a_file_are_read_from_it(tmp_path, never_stored):
    X, y = sliding_windows(np.random.default_rng(0).normal(size=(200, 2)), window_length=4)
    np.save(tmp_path / "windows.npy", X)
    stored = np.load(tmp_path / "windows.npy", mmap_mode="r")
    expected = LSTMRegressor(**OPTIONS).fit(X, y[:, 0]).predict(X)
    model = LSTMRegressor(**OPTIONS).fit(stored, y[:, 0])
    np.testing.assert_array_equal(model.predict(stored), expected)
    assert table_of(model, Windows.from_array(np.asarray(stored))).stored is None


def table_of(model, windows):
    return Table(
        windows, model._model.encoding.scaling, torch.float32, torch.device("cpu"), "X"
    )


def test_a_small_file_is_copied_and_standardised_once(mapped):
    windows = SlidingWindowTransformer(5).fit_transform(mapped)
    assert not np.shares_memory(windows.table, mapped)
    model = LSTMRegressor(**OPTIONS).fit(mapped[:, :, None], np.arange(300.0))
    assert table_of(model, Windows.from_array(np.asarray(mapped))).stored is not None


def test_a_transformed_file_is_not_copied(mapped, never_stored):
    windows = SlidingWindowTransformer(5).fit_transform(mapped)
    assert isinstance(windows, Windows)
    assert np.shares_memory(windows.table, mapped)


LIMITED = """
import resource, sys
import numpy as np, torch
from sklearn.pipeline import make_pipeline
from sklstm import LSTMRegressor, SlidingWindowTransformer

torch.set_num_threads(2)
model = make_pipeline(
    SlidingWindowTransformer(window_length=3),
    LSTMRegressor(hidden_size=8, max_epochs=1, batch_size=256, random_state=0),
)
model.fit(np.random.default_rng(0).normal(size=(900, 8)), np.arange(900.0))
rows = np.load(sys.argv[1], mmap_mode="r")
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
limit = used * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
if sys.argv[3] == "copy":
    rows = np.array(rows)
target = np.arange(len(rows)) % 100.0
prediction = model.fit(rows, target).predict(rows)
assert prediction.shape == target.shape and np.isfinite(prediction).all()
"""


def run_limited(path, limit, how):
    return subprocess.run(
        [sys.executable, "-c", LIMITED, path, str(limit), how],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_file_larger_than_the_memory_allowed(tmp_path):
    rows = np.lib.format.open_memmap(
        path := tmp_path / "rows.npy", "w+", dtype=np.float32, shape=(64_000, 512)
    )
    for i in range(0, len(rows), 1000):
        rows[i : i + 1000] = np.sin(np.arange(i, i + 1000))[:, None]
    size = rows.nbytes
    rows.flush()
    del rows
    limit = 100 << 20
    assert size > 1.2 * limit
    copied = run_limited(path, limit, "copy")
    assert "MemoryError" in copied.stderr or "allocate" in copied.stderr
    done = run_limited(path, limit, "")
    assert done.returncode == 0, done.stderr[-2000:]
