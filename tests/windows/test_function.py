import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm import Windows, sliding_windows

from .oracle import naive_forecast_pairs

quick = settings(deadline=None, max_examples=50)


@quick
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(20, 40),
    n_features=st.integers(1, 3),
    n_targets=st.integers(0, 3),
    lags=st.integers(1, 4)
    | st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True),
    horizon=st.integers(1, 3),
    stride=st.integers(1, 4),
    layout=st.sampled_from(["one series", "contiguous", "interleaved"]),
)
def test_equals_a_naive_loop(seed, n, n_features, n_targets, lags, horizon, stride, layout):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features))
    y = rng.normal(size=(n, n_targets) if n_targets else n)
    groups = None if layout == "one series" else np.sort(rng.integers(0, 2, size=n))
    if layout == "interleaved":
        rng.shuffle(groups)
    window = {"window_length": lags} if isinstance(lags, int) else {"lags": lags}
    windows, targets = sliding_windows(
        X, y, **window, horizon=horizon, stride=stride, groups=groups
    )
    chosen = range(lags) if isinstance(lags, int) else lags
    wanted, following = naive_forecast_pairs(X, y, chosen, horizon, stride, groups)
    if horizon == 1:
        following = following[:, 0]
    np.testing.assert_array_equal(np.asarray(windows), wanted)
    assert targets.shape == following.shape
    np.testing.assert_array_equal(targets, following)


def test_without_y_the_series_is_its_own_target():
    windows, targets = sliding_windows(range(5), window_length=2)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1], [1, 2], [2, 3]])
    np.testing.assert_array_equal(targets, [2, 3, 4])
    column = np.arange(5.0)[:, None]
    np.testing.assert_array_equal(sliding_windows(column, window_length=2)[1], [2, 3, 4])
    pair = np.arange(10.0).reshape(5, 2)
    several = sliding_windows(pair, window_length=2, horizon=2)[1]
    np.testing.assert_array_equal(several, [pair[2:4], pair[3:5]])


def test_the_shape_of_targets_follows_horizon_and_y():
    X = np.zeros((10, 2))
    for y, horizon, shape in [
        (np.zeros(10), 1, (7,)),
        (np.zeros(10), 2, (6, 2)),
        (np.zeros((10, 1)), 1, (7, 1)),
        (np.zeros((10, 1)), 2, (6, 2, 1)),
        (np.zeros((10, 3)), 1, (7, 3)),
        (np.zeros((10, 3)), 2, (6, 2, 3)),
        (None, 1, (7, 2)),
        (None, 2, (6, 2, 2)),
    ]:
        assert sliding_windows(X, y, window_length=3, horizon=horizon)[1].shape == shape


@pytest.mark.parametrize("groups", [None, [0, 1] * 3])
@pytest.mark.parametrize(
    "y",
    [
        np.arange(6),
        np.arange(6, dtype="i4"),
        np.arange(6) > 2,
        np.arange(6, dtype="f4"),
        np.array(list("abcabc")),
        np.array(list("abcabc"), dtype=object),
        np.array([[0, 1]] * 6),
        np.array([0.0, np.nan, 2, 3, 4, 5]),
    ],
    ids=lambda y: f"{y.dtype}, {y.ndim}-D",
)
def test_targets_keep_the_type_of_y(y, groups):
    windows, targets = sliding_windows(range(6), y, window_length=2, groups=groups)
    assert targets.dtype == y.dtype
    wanted = y[2:] if groups is None else y[[4, 5]]
    np.testing.assert_array_equal(targets, wanted)
    assert windows.dtype == np.float64
    pair = sliding_windows(range(6), y, window_length=2, horizon=2)[1]
    np.testing.assert_array_equal(pair, np.stack([y[2:5], y[3:6]], axis=1))


def test_labels_of_pandas_are_targets():
    for dtype in ("category", object, "str"):
        y = pd.Series(list("abcabc"), dtype=dtype)
        targets = sliding_windows(range(6), y, window_length=2)[1]
        assert targets.tolist() == list("cabc")


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels_are_an_error(missing):
    y = np.array(["a", "b", missing, "a"], dtype=object)
    with pytest.raises(ValueError, match=f"y .*[Gg]ot {missing} in row 2|y contains NaN"):
        sliding_windows(range(4), y, window_length=2)


def test_one_series_gives_windows_over_the_memory_of_the_input():
    X = np.arange(20.0).reshape(10, 2)
    windows, _ = sliding_windows(X, window_length=3, stride=2)
    assert isinstance(windows, Windows)
    assert np.shares_memory(windows.table, X)
    with pytest.raises(TypeError, match="item assignment"):
        windows[0, 0, 0] = 1.0


def test_targets_are_no_view_of_the_input():
    y = np.arange(10.0)
    _, targets = sliding_windows(y, window_length=3)
    targets[:] = -1
    np.testing.assert_array_equal(y, np.arange(10.0))


@pytest.mark.parametrize("groups", [None, np.arange(50_000) // 25_000])
def test_memory_does_not_grow_with_window_length(groups):
    X = np.zeros((50_000, 4))
    peaks = []
    for window_length in (10, 1000):
        tracemalloc.start()
        sliding_windows(X, window_length=window_length, groups=groups)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_groups_and_lags_give_lazy_windows():
    X = np.arange(10.0)
    assert isinstance(sliding_windows(X, lags=[0, 2])[0], Windows)
    grouped, targets = sliding_windows(X, window_length=2, groups=[0] * 4 + [1] * 6)
    assert isinstance(grouped, Windows)
    np.testing.assert_array_equal(targets, [2, 3, 6, 7, 8, 9])


def test_series_too_short_are_left_out():
    windows, targets = sliding_windows(
        range(8), window_length=3, groups=["a", "b", "b", "a", "b", "b", "c", "b"]
    )
    np.testing.assert_array_equal(windows[:, :, 0], [[1, 2, 4], [2, 4, 5]])
    np.testing.assert_array_equal(targets, [5, 7])


def test_windows_and_targets_do_not_cross_a_gap():
    index = pd.date_range("2024-01-01", periods=9, freq="D").delete(4)
    series = pd.Series([0.0, 1, 2, 3, 5, 6, 7, 8], index=index)
    windows, targets = sliding_windows(series, window_length=2, horizon=2)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1], [5, 6]])
    np.testing.assert_array_equal(targets, [[2, 3], [7, 8]])
    _, ignoring = sliding_windows(series, window_length=2, horizon=2, gaps="ignore")
    assert len(ignoring) == 5


def test_a_weekend_is_no_gap_in_business_days():
    series = pd.Series(np.arange(8.0), index=pd.bdate_range("2024-01-01", periods=8))
    assert len(sliding_windows(series, window_length=2)[1]) == 6
    bare = series.set_axis(pd.DatetimeIndex(series.index.to_numpy()))
    assert len(sliding_windows(bare, window_length=2, freq="B")[1]) == 6
    assert len(sliding_windows(bare, window_length=2, freq="D")[1]) == 4


def test_frames_and_series_of_pandas_and_polars_come_in():
    X = np.arange(12.0).reshape(6, 2)
    y = np.arange(6)
    wanted, following = sliding_windows(X, y, window_length=2)
    for library in (pd, pl):
        frame = library.DataFrame({"a": X[:, 0], "b": X[:, 1]})
        windows, targets = sliding_windows(frame, library.Series(y), window_length=2)
        np.testing.assert_array_equal(windows, wanted)
        np.testing.assert_array_equal(targets, following)


def test_float32_is_kept():
    X = np.arange(6, dtype=np.float32)
    windows, targets = sliding_windows(X, window_length=2)
    assert windows.dtype == targets.dtype == np.float32
    assert sliding_windows(X.astype(int), window_length=2)[0].dtype == np.float64


def test_a_series_that_just_fits_gives_one_window():
    windows, targets = sliding_windows(range(5), window_length=3, horizon=2)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1, 2]])
    np.testing.assert_array_equal(targets, [[3, 4]])


@pytest.mark.parametrize(
    "params",
    [
        {"window_length": 4, "horizon": 2},
        {"window_length": 5},
        {"lags": [4]},
        {"window_length": 2, "groups": [0, 1, 0, 1, 2]},
    ],
    ids=repr,
)
def test_no_window_that_fits_is_an_error(params):
    with pytest.raises(ValueError, match="must have a series of at least"):
        sliding_windows(range(5), **params)


@pytest.mark.parametrize("name", ["window_length", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "2", None])
def test_counts_must_be_positive_ints(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an int of at least 1"):
        sliding_windows(range(9), **{name: value})


@pytest.mark.parametrize("lags", [[-1], [1, 1], [0.5], []])
def test_lags_must_be_different_ints_from_zero_up(lags):
    with pytest.raises(ValueError, match="lags"):
        sliding_windows(range(9), lags=lags)


def test_an_unknown_choice_for_gaps_is_an_error():
    with pytest.raises(ValueError, match="gaps"):
        sliding_windows(range(9), window_length=2, gaps="fill")


def test_lengths_must_agree():
    message = "must have one {} for each of the 9 rows of X. Got 8."
    with pytest.raises(ValueError, match="y " + message.format("row")):
        sliding_windows(range(9), range(8), window_length=2)
    with pytest.raises(ValueError, match="groups " + message.format("label")):
        sliding_windows(range(9), window_length=2, groups=[0] * 8)


def test_unsorted_time_is_an_error():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-03", "2024-01-02"])
    with pytest.raises(ValueError, match="not sorted"):
        sliding_windows(pd.Series([1.0, 2.0, 3.0], index=index), window_length=2)


def test_infinity_is_an_error_that_names_the_argument():
    with pytest.raises(ValueError, match="X contains infinity"):
        sliding_windows([1.0, np.inf, 2.0], window_length=1)
    with pytest.raises(ValueError, match="y contains infinity"):
        sliding_windows([1.0, 2.0, 3.0], [1.0, np.inf, 2.0], window_length=1)


def test_a_length_given_in_place_of_y_is_named():
    for value in (20, np.int64(20), 2.5, "20"):
        with pytest.raises(ValueError, match=r"y must be the series.*window_length="):
            sliding_windows(range(50), value)


def test_a_window_of_a_thousand_billion_rows_is_refused():
    with pytest.raises(ValueError, match="window_length must be an int of at most"):
        sliding_windows(range(50), window_length=10**12)
