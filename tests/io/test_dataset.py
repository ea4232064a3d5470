"""Data sets of Arrow become rows in files, series by series, each oldest row first."""

import builtins
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.io import _dataset, map_dataset
from sklstm.windows._mapped import is_mapped

pa = pytest.importorskip("pyarrow", reason="the extra parquet")
parquet = pytest.importorskip("pyarrow.parquet")
rng = np.random.default_rng(0)

SHOPS = ["ulm", "bonn", "köln", "essen"]
N = 4 * 25


@pytest.fixture
def frame():
    """Rows of four shops, in no order."""
    rows = pd.DataFrame(
        {
            "shop": np.repeat(SHOPS, 25),
            "item": np.tile(np.repeat([7, -3, 12, 0, 5], 5), 4),
            "day": np.tile(pd.date_range("2024-01-01", periods=25), 4),
            "sold": rng.integers(0, 90, N),
            "price": rng.normal(size=N),
            "open": rng.random(N) > 0.5,
        }
    )
    rows.loc[::9, "price"] = np.nan
    return rows.sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture
def path(frame, tmp_path):
    frame.to_parquet(tmp_path / "sales.parquet", row_group_size=30)
    return tmp_path / "sales.parquet"


@pytest.fixture(params=[1 << 16, 7])
def at_once(request, monkeypatch):
    monkeypatch.setattr("sklstm.io._arrow.AT_ONCE", request.param)
    monkeypatch.setattr(_dataset, "AT_ONCE", request.param)
    monkeypatch.setattr(_dataset, "SORTED_AT_ONCE", request.param)


def in_order(frame, groups):
    return frame.sort_values([*groups, "day"], ignore_index=True)


def assert_rows(rows, expected, names):
    assert rows.names == names
    values = expected[names].to_numpy(np.float64).astype(rows.values.dtype)
    np.testing.assert_array_equal(rows.values, values)
    np.testing.assert_array_equal(rows.time, expected["day"].to_numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_are_those_that_pandas_sorts(frame, path, tmp_path, at_once, dtype):
    rows = map_dataset(
        path, tmp_path / "out", groups="shop", time="day", features=["sold", "price"],
        dtype=dtype,
    )  # fmt: skip
    assert rows.labels.tolist() == sorted(SHOPS)
    assert rows.values.dtype == dtype
    expected = in_order(frame, ["shop"])
    assert_rows(rows, expected, ["sold", "price"])
    assert rows.labels[rows.series].tolist() == expected["shop"].tolist()


def test_several_columns_name_a_series(frame, path, tmp_path, at_once):
    rows = map_dataset(path, tmp_path / "out", groups=["shop", "item"], time="day")
    expected = in_order(frame, ["shop", "item"])
    assert_rows(rows, expected, ["sold", "price", "open"])
    assert len(rows.labels) == 20
    np.testing.assert_array_equal(
        rows.labels[rows.series], expected[["shop", "item"]].to_numpy(object)
    )


def test_without_a_time_rows_keep_their_order(frame, path, tmp_path, at_once):
    rows = map_dataset(path, tmp_path / "out", groups="item", features=["sold"])
    assert rows.time is None
    expected = frame.sort_values("item", kind="stable")
    np.testing.assert_array_equal(rows.values[:, 0], expected["sold"])
    assert rows.labels.tolist() == [-3, 0, 5, 7, 12]


def test_one_series(frame, path, tmp_path, at_once):
    rows = map_dataset(path, tmp_path / "out", features=["price"])
    np.testing.assert_array_equal(rows.values[:, 0], frame["price"].astype("float32"))
    assert not rows.series.any()
    assert rows.labels.tolist() == [None]


@pytest.mark.parametrize("kind", ["folder", "list", "hive", "arrow", "dataset"])
def test_every_form_of_a_data_set(frame, tmp_path, kind):
    source, options = tmp_path / "in", {}
    source.mkdir()
    if kind == "hive":
        frame.to_parquet(source, partition_cols=["shop"])
    elif kind == "arrow":
        frame.to_feather(source / "all.arrow")
        options = {"format": "feather"}
    else:
        for i in range(3):
            frame[i::3].to_parquet(source / f"{i}.parquet")
    if kind == "list":
        source = sorted(source.glob("*.parquet"))
    if kind == "dataset":
        source = pa.dataset.dataset(source)
    features = ["sold", "price"]
    rows = map_dataset(
        source, tmp_path, groups="shop", time="day", features=features, **options
    )
    assert_rows(rows, in_order(frame, ["shop"]), features)
    assert rows.labels.tolist() == sorted(SHOPS)


def test_labels_in_a_dictionary_and_times_with_a_zone(frame, tmp_path):
    frame = frame.assign(
        shop=frame["shop"].astype("category"), day=frame["day"].dt.tz_localize("Asia/Tokyo")
    )
    frame.to_parquet(tmp_path / "in.parquet")
    rows = map_dataset(tmp_path / "in.parquet", tmp_path, groups="shop", time="day")
    expected = in_order(frame.assign(shop=frame["shop"].astype(str)), ["shop"])
    np.testing.assert_array_equal(rows.time, expected["day"].dt.tz_convert(None))
    assert rows.labels.tolist() == sorted(SHOPS)


def test_a_fit_on_the_files_is_that_on_the_rows(frame, path, tmp_path):
    names = ["sold", "price"]
    rows = map_dataset(
        path, tmp_path / "out", groups="shop", time="day", features=names, dtype="float64"
    )
    assert is_mapped(rows.values)
    target = np.arange(N) % 7.0
    windows = SlidingWindowTransformer(5)
    lstm = LSTMRegressor(hidden_size=4, max_epochs=2, random_state=0)
    mapped = windows.fit_transform(rows.values, groups=rows.series, time=rows.time)
    expected = in_order(frame, ["shop"])
    plain = windows.fit_transform(
        expected[names].to_numpy(float), groups=expected["shop"], time=expected["day"]
    )
    np.testing.assert_array_equal(
        lstm.fit(mapped, target).predict(mapped), lstm.fit(plain, target).predict(plain)
    )


def test_files_are_written_anew(frame, path, tmp_path):
    first = map_dataset(path, tmp_path, features=["sold"])
    kept = np.array(first.values)
    second = map_dataset(path, tmp_path, features=["price"])
    np.testing.assert_array_equal(first.values, kept)
    assert not np.array_equal(second.values, kept)
    np.testing.assert_array_equal(np.load(tmp_path / "values.npy"), second.values)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {"groups": "store"}, "groups must be columns of source, .* Got 'store'"),
        ({}, {"time": "date"}, "time must be columns of source"),
        ({}, {"features": ["shop"]}, "features must be columns of numbers. Got 'shop'"),
        ({}, {"features": []}, "features must have at least one column"),
        ({}, {"time": "price"}, "time must be a column of times.* 'price', of type double"),
        ({}, {"dtype": "float16"}, "dtype must be 'float32' or 'float64'. Got 'float16'"),
        ({"shop": None}, {}, "groups must have no missing values. Got one in row 4"),
        ({"day": None}, {}, "time must have no missing values. Got one in row 4 of 'day'"),
        ({"day": "twice"}, {}, "time must have each value once in a series. Got 2024-01-2"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(frame, tmp_path, change, options, said):
    frame = in_order(frame, ["shop"])
    for name, value in change.items():
        frame.loc[4, name] = frame.loc[5, name] if value == "twice" else value
    if change.get("day") == "twice":
        frame.loc[4:5, "day"] = pd.Timestamp("2024-01-25")
        frame = frame[frame.index != 24]
    if "time" in options and options["time"] == "price":
        frame["price"] = frame["price"].fillna(0.0)
    frame.to_parquet(tmp_path / "in.parquet")
    named = {"groups": "shop", "time": "day", "features": ["sold"]} | options
    with pytest.raises(ValueError, match=said):
        map_dataset(tmp_path / "in.parquet", tmp_path / "out", **named)


def test_no_rows_are_refused(frame, tmp_path):
    frame[:0].to_parquet(tmp_path / "in.parquet")
    for groups in (None, "shop"):
        with pytest.raises(ValueError, match="source must have at least one row"):
            map_dataset(tmp_path / "in.parquet", tmp_path, groups=groups, features=["sold"])


def test_without_pyarrow_the_extra_is_named(monkeypatch, tmp_path):
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install sklstm\[parquet\]"):
        map_dataset("rows.parquet", tmp_path)


# ---------------------------------------------------------------------- memory

LIMITED_FIT = """
import resource, sys
import numpy as np, torch
from sklstm import LSTMRegressor, SlidingWindowTransformer

def fit(values, series):
    windows = SlidingWindowTransformer(3).fit_transform(values, groups=series)
    model = LSTMRegressor(hidden_size=8, max_steps=20, batch_size=64, random_state=0)
    return model.fit(windows, np.arange(len(values)) % 100.0)

values = np.load(sys.argv[1], mmap_mode="r")
series = np.arange(len(values), dtype=np.int32) // 100
fit(np.array(values[:500]), series[:500])
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
limit = used * 1024 + values.nbytes // 10
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
fit(values, series)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_fit_in_a_tenth_of_the_memory_that_the_rows_take(tmp_path):
    values = np.lib.format.open_memmap(
        path := tmp_path / "values.npy", "w+", dtype=np.float32, shape=(300_000, 512)
    )
    values[::1000] = 1.0  # what is not written takes no room on the disk
    values.flush()
    del values
    command = [sys.executable, "-c", LIMITED_FIT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
