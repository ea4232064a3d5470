"""What windows weigh wherever they go: little more than their rows."""

import pickle

import joblib
import numpy as np
import pytest

from sklstm import SlidingWindowTransformer, sliding_windows


def layouts():
    n, rng = 200_000, np.random.default_rng(0)
    X = rng.normal(size=(n, 8)).astype("f4")
    gap = np.delete(np.arange("2000-01-01", "2000-06-01", dtype="M8[m]")[: n + 5], [7, 9])
    step = SlidingWindowTransformer(168, gaps="split")
    return {
        "one series": lambda: step.fit_transform(X),
        "gaps": lambda: step.fit_transform(X, time=gap[:n]),
        "a panel by time": lambda: step.fit_transform(X, groups=np.arange(n) % 500),
        "mixed series": lambda: step.fit_transform(X, groups=rng.integers(0, 500, n)),
        "chosen lags": lambda: SlidingWindowTransformer(lags=[0, 24, 167]).fit_transform(X),
        "of the function": lambda: sliding_windows(X, window_length=168, stride=2)[0],
    }


@pytest.mark.parametrize("layout", layouts())
def test_windows_weigh_little_more_than_their_rows_wherever_they_go(layout, tmp_path):
    windows = layouts()[layout]()
    most = 1.3 * 200_000 * 8 * 4
    assert len(pickle.dumps(windows)) < most
    joblib.dump(windows, tmp_path / "windows")
    assert (tmp_path / "windows").stat().st_size < most
    loaded = joblib.load(tmp_path / "windows")
    np.testing.assert_array_equal(loaded[-3:], windows[-3:])
    assert joblib.hash(windows) == joblib.hash(loaded)


def test_a_task_of_dask_holds_rows():
    dask = pytest.importorskip("dask")
    cloudpickle = pytest.importorskip("cloudpickle")
    windows = layouts()["one series"]()
    task = dask.delayed(np.shape)(windows)
    assert len(cloudpickle.dumps(dict(task.dask))) < 1.3 * 200_000 * 8 * 4
    assert task.compute(scheduler="sync") == windows.shape
    assert dask.base.tokenize(windows) == dask.base.tokenize(windows[:])


@pytest.mark.parametrize("layout", ["one series", "a panel by time", "mixed series"])
def test_a_part_weighs_what_it_reaches(layout):
    windows = layouts()[layout]()
    row = 8 * 4
    few = len(pickle.dumps(windows[[5]]))
    assert few < 170 * row + 1500
    if layout == "one series":
        assert len(pickle.dumps(windows[1000:2000])) < 1.1 * 1168 * row + 1500
        assert len(pickle.dumps(windows[np.arange(1000, 2000)])) < 1.1 * 1168 * row + 1500
        assert len(windows[1000:2000].table) == 1167
