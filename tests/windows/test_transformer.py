import copy
import pickle
import re
import tracemalloc
from contextlib import nullcontext
from datetime import timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
    Windows,
    future_targets,
    sliding_windows,
)

from .oracle import naive_windows

quick = settings(deadline=None, max_examples=40)
full_of_gaps = pytest.mark.filterwarnings(
    "ignore:Gaps in the time index of X cut", "ignore:context='fit' gives no history"
)

X6 = np.arange(12.0).reshape(6, 2)


@st.composite
def series(draw, min_rows=1, max_rows=18):
    """Rows with groups, a time in days, and the parameters of a transformer."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(min_rows, max_rows))
    X = rng.normal(size=(n, draw(st.integers(1, 3))))
    X[rng.random(X.shape) < draw(st.sampled_from([0.0, 0.2]))] = np.nan
    layout = draw(st.sampled_from(["one series", "contiguous", "interleaved"]))
    groups = None if layout == "one series" else rng.integers(0, 3, size=n)
    if layout == "contiguous":
        groups = np.sort(groups)[::-1]
    time = None
    if draw(st.booleans()):
        time = np.empty(n, dtype=int)
        clock = {}
        for i, group in enumerate(np.zeros(n) if groups is None else groups):
            clock[group] = clock.get(group, 0) + int(rng.choice([1, 1, 1, 4]))
            time[i] = clock[group]
    lags = draw(
        st.integers(1, 6) | st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True)
    )
    window = {"window_length": lags} if isinstance(lags, int) else {"lags": lags}
    padding = draw(st.sampled_from(["nan", "edge", 0, -2.5]))
    freq = None if time is None else "D"
    return X, groups, time, {**window, "padding": padding, "freq": freq}


def as_frame(X, time):
    if time is None:
        return X
    names = [f"x{j}" for j in range(X.shape[1])]
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(time, unit="D")
    return pd.DataFrame(X, columns=names, index=index)


def lags_of(params):
    return params["lags"] if "lags" in params else range(params["window_length"])


def expected(X, groups, time, params):
    return naive_windows(X, lags_of(params), groups, time, padding=params["padding"])


def daily(n, **kwargs):
    index = pd.date_range("2024-01-01", periods=n, freq="D")
    return pd.DataFrame({"a": np.arange(float(n))}, index=index, **kwargs)


def column(windows):
    """The values of a single feature."""
    return np.asarray(windows)[:, :, 0]


@full_of_gaps
@quick
@given(series())
def test_equals_a_naive_loop_over_rows(case):
    X, groups, time, params = case
    transformer = SlidingWindowTransformer(**params)
    windows = transformer.fit_transform(as_frame(X, time), groups=groups)
    assert windows.shape == (len(X), len(lags_of(params)), X.shape[1])
    np.testing.assert_array_equal(np.asarray(windows), expected(*case))
    again = transformer.transform(as_frame(X, time), groups=groups)
    np.testing.assert_array_equal(np.asarray(again), expected(*case))


@full_of_gaps
@quick
@given(series())
def test_flat_output_is_the_sequences_laid_flat(case):
    X, groups, time, params = case
    flat = SlidingWindowTransformer(**params, output="2d").fit_transform(
        as_frame(X, time), groups=groups
    )
    assert isinstance(flat, np.ndarray)
    np.testing.assert_array_equal(flat, expected(*case).reshape(len(X), -1))


@full_of_gaps
@quick
@given(series(min_rows=2), st.data())
def test_a_change_to_later_rows_changes_no_earlier_window(case, data):
    X, groups, time, params = case
    cut = data.draw(st.integers(1, len(X) - 1))
    changed = X.copy()
    changed[cut:] = data.draw(st.sampled_from([np.nan, 1e6]))
    transformer = SlidingWindowTransformer(**params)
    before = transformer.fit_transform(as_frame(X, time), groups=groups)
    after = transformer.fit_transform(as_frame(changed, time), groups=groups)
    np.testing.assert_array_equal(np.asarray(before)[:cut], np.asarray(after)[:cut])


@full_of_gaps
@quick
@given(series(min_rows=2), st.data())
def test_leaving_out_later_rows_changes_no_earlier_window(case, data):
    X, groups, time, params = case
    cut = data.draw(st.integers(1, len(X) - 1))
    transformer = SlidingWindowTransformer(**params)
    whole = transformer.fit_transform(as_frame(X, time), groups=groups)
    head = transformer.transform(
        as_frame(X, time)[:cut], groups=None if groups is None else groups[:cut]
    )
    np.testing.assert_array_equal(np.asarray(whole)[:cut], np.asarray(head))


@full_of_gaps
@quick
@given(series(min_rows=2), st.data())
def test_context_continues_the_fitted_rows(case, data):
    X, groups, time, params = case
    cut = data.draw(st.integers(1, len(X) - 1))
    rows = as_frame(X, time)
    early, late = (None, None) if groups is None else (groups[:cut], groups[cut:])
    transformer = SlidingWindowTransformer(**params, context="fit")
    transformer.fit(rows[:cut], groups=early)
    windows = transformer.transform(rows[cut:], groups=late)
    np.testing.assert_array_equal(np.asarray(windows), expected(*case)[cut:])


@full_of_gaps
@quick
@given(series(min_rows=2), st.data())
def test_without_context_the_fitted_rows_are_not_seen(case, data):
    X, groups, time, params = case
    cut = data.draw(st.integers(1, len(X) - 1))
    rows = as_frame(X, time)
    early, late = (None, None) if groups is None else (groups[:cut], groups[cut:])
    transformer = SlidingWindowTransformer(**params).fit(rows[:cut], groups=early)
    windows = transformer.transform(rows[cut:], groups=late)
    late_time = None if time is None else time[cut:]
    np.testing.assert_array_equal(
        np.asarray(windows), expected(X[cut:], late, late_time, params)
    )


def test_window_longer_than_the_series_is_padded():
    windows = SlidingWindowTransformer(window_length=5).fit_transform([[1.0], [2.0]])
    nan = np.nan
    np.testing.assert_array_equal(
        windows[:, :, 0], [[nan, nan, nan, nan, 1], [nan, nan, nan, 1, 2]]
    )


def test_window_of_one_row_is_that_row():
    windows = SlidingWindowTransformer(window_length=1).fit_transform(X6)
    np.testing.assert_array_equal(windows, X6[:, None])


def test_lags_are_put_in_order():
    transformer = SlidingWindowTransformer(lags=[0, 3, 1]).fit(X6)
    np.testing.assert_array_equal(transformer.lags_, [3, 1, 0])
    np.testing.assert_array_equal(column(transformer.transform(X6))[4], [2, 6, 8])


def test_lags_may_leave_the_current_row_out():
    windows = SlidingWindowTransformer(lags=[1]).fit_transform(X6)
    np.testing.assert_array_equal(column(windows)[:, 0], [np.nan, 0, 2, 4, 6, 8])


def test_one_series_gives_windows_that_cannot_be_written():
    windows = SlidingWindowTransformer(window_length=3).fit_transform(X6)
    assert isinstance(windows, Windows)
    assert np.shares_memory(windows[2:3].table, windows[3:4].table)
    with pytest.raises(TypeError, match="item assignment"):
        windows[0, 0, 0] = 1.0


def test_a_later_change_to_the_input_does_not_reach_the_windows():
    X = X6.copy()
    windows = SlidingWindowTransformer(window_length=3).fit_transform(X)
    X[:] = -1
    np.testing.assert_array_equal(windows[2], X6[:3])


@pytest.mark.parametrize("context", [None, "fit"])
@pytest.mark.parametrize("output", ["2d", "3d"])
@pytest.mark.parametrize(
    ("params", "groups"),
    [({}, None), ({"lags": [0, 3]}, None), ({}, [0] * 3 + [1] * 3), ({}, [0, 1] * 3)],
    ids=["view", "lags", "groups", "mixed groups"],
)
def test_windows_keep_their_values_and_the_input_its_own(params, groups, output, context):
    transformer = SlidingWindowTransformer(3, **params, output=output, context=context)
    X, late = X6.copy(), X6 + 100
    transformer.fit(X, groups=groups)
    X[:] = -1
    windows = transformer.transform(late, groups=groups)
    before = np.array(windows)
    np.testing.assert_array_equal(late, X6 + 100)
    late[:] = -1
    np.testing.assert_array_equal(np.asarray(windows), before)
    assert not (before == -1).any()


@pytest.mark.parametrize("groups", [None, np.arange(100_000) // 50_000])
def test_the_rows_are_copied_once(groups):
    X = np.zeros((100_000, 8))
    for params in ({"window_length": 3}, {"lags": [0, 2]}):
        transformer = SlidingWindowTransformer(**params).fit(X, groups=groups)
        tracemalloc.start()
        windows = transformer.transform(X, groups=groups)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(windows) == 100_000
        assert held < 1.5 * X.nbytes


@pytest.mark.parametrize("groups", [None, np.arange(100_000) // 50_000])
def test_memory_does_not_grow_with_window_length(groups):
    X = np.zeros((100_000, 4))
    peaks = []
    for window_length in (10, 1000):
        tracemalloc.start()
        windows = SlidingWindowTransformer(window_length).fit_transform(X, groups=groups)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert windows.shape == (100_000, window_length, 4)
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize("output", ["2d", "3d"])
@pytest.mark.parametrize("groups", [None, [0, 1, 0, 1, 0, 1]])
def test_dtype_of_floats_is_kept_and_ints_become_float64(output, groups):
    transformer = SlidingWindowTransformer(window_length=2, output=output)
    for given_dtype, dtype in [("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("?", "f8")]:
        windows = transformer.fit_transform(X6.astype(given_dtype), groups=groups)
        assert windows.dtype == dtype
        assert np.asarray(windows).dtype == dtype


def test_flat_columns_are_named_oldest_step_first():
    frame = pd.DataFrame({"price": [1.0, 2.0, 3.0], "volume": [10.0, 20.0, 30.0]})
    transformer = SlidingWindowTransformer(window_length=2, output="2d").fit(frame)
    names = ["price_lag_1", "volume_lag_1", "price_lag_0", "volume_lag_0"]
    assert transformer.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(transformer.transform(frame)[2], [2, 20, 3, 30])


def test_flat_columns_without_names_are_numbered():
    transformer = SlidingWindowTransformer(lags=[24, 1], output="2d").fit(X6)
    names = ["x0_lag_24", "x1_lag_24", "x0_lag_1", "x1_lag_1"]
    assert transformer.get_feature_names_out().tolist() == names
    assert transformer.get_feature_names_out(["a", "b"])[0] == "a_lag_24"
    with pytest.raises(ValueError, match="input_features"):
        transformer.get_feature_names_out(["a"])


@pytest.mark.parametrize(
    "padding", ["nan", np.nan, float("nan"), np.float64("nan")], ids=range(4)
)
def test_padding_with_nan_has_several_names(padding):
    transformer = SlidingWindowTransformer(window_length=2, padding=padding)
    windows = transformer.fit_transform(X6)
    np.testing.assert_array_equal(windows, naive_windows(X6, range(2)))
    again = clone(transformer).padding
    assert again == padding or (np.isnan(again) and np.isnan(padding))


def test_features_of_sequences_have_names_and_no_table():
    frame = daily(4).assign(b=1.0)
    windows = SlidingWindowTransformer(window_length=2).fit(frame)
    assert windows.get_feature_names_out().tolist() == ["a", "b"]
    assert not hasattr(windows, "set_output")
    model = make_pipeline(windows, LSTMRegressor(hidden_size=2, max_epochs=1))
    model.fit(frame, frame["a"])
    names = ["lstmregressor0", "lstmregressor1"]
    assert model.get_feature_names_out().tolist() == names
    with config_context(transform_output="pandas"):
        assert isinstance(model[:-1].transform(frame), Windows)
        assert model.transform(frame).columns.tolist() == names
    # What is set for columns comes back with them.
    flat = SlidingWindowTransformer(output="2d").set_output(transform="pandas")
    flat.set_params(output="3d").set_params(output="2d")
    assert isinstance(clone(flat).fit_transform(frame), pd.DataFrame)


def test_pandas_output_keeps_the_index():
    frame = daily(4)
    flat = SlidingWindowTransformer(window_length=2, output="2d", padding="edge")
    out = flat.set_output(transform="pandas").fit_transform(frame)
    wanted = pd.DataFrame(
        {"a_lag_1": [0.0, 0, 1, 2], "a_lag_0": [0.0, 1, 2, 3]}, index=frame.index
    )
    pd.testing.assert_frame_equal(out, wanted)
    pd.testing.assert_frame_equal(flat.transform(frame), wanted)


def test_global_pandas_output_leaves_sequences_alone():
    with config_context(transform_output="pandas"):
        windows = SlidingWindowTransformer(window_length=2).fit_transform(daily(4))
    assert isinstance(windows, Windows)


@pytest.mark.parametrize("transform_output", ["pandas", "polars"])
def test_polars_frames_come_in(transform_output):
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4, 5, 6]})
    sequences = SlidingWindowTransformer(window_length=2).fit(frame)
    assert sequences.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(sequences.transform(frame)[2], [[2, 5], [3, 6]])
    flat = SlidingWindowTransformer(window_length=2, output="2d", padding=0)
    out = flat.set_output(transform=transform_output).fit_transform(frame)
    assert list(out.columns) == ["a_lag_1", "b_lag_1", "a_lag_0", "b_lag_0"]
    assert out["b_lag_1"].to_list() == [0, 4, 5]


def test_flat_output_read_by_the_reshaper_is_the_sequences():
    flat = SlidingWindowTransformer(window_length=3, output="2d")
    steps = make_pipeline(flat, SequenceReshaper(n_features=2))
    windows = SlidingWindowTransformer(window_length=3).fit_transform(X6)
    np.testing.assert_array_equal(steps.fit_transform(X6), windows)


def test_nan_in_the_input_is_passed_on_and_infinity_refused():
    X = X6.copy()
    X[1, 0] = np.nan
    windows = SlidingWindowTransformer(window_length=2).fit_transform(X)
    np.testing.assert_array_equal(windows[2], X[1:3])
    X[1, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        SlidingWindowTransformer().fit(X)


# Groups


def test_groups_may_be_strings_or_categories():
    labels = ["b", "a", "b", "b", "a", "a"]
    wanted = naive_windows(X6, range(3), labels)
    transformer = SlidingWindowTransformer(window_length=3)
    for groups in (
        labels,
        np.array(labels, dtype=object),
        pd.Series(labels),
        pd.Series(labels, dtype="category"),
        pl.Series(labels),
    ):
        windows = transformer.fit_transform(X6, groups=groups)
        np.testing.assert_array_equal(np.asarray(windows), wanted)


def test_one_group_for_all_rows_is_one_series():
    windows = SlidingWindowTransformer(window_length=3).fit_transform(X6, groups=[7] * 6)
    np.testing.assert_array_equal(np.asarray(windows), naive_windows(X6, range(3)))


def test_context_of_a_group_not_fitted_is_empty():
    transformer = SlidingWindowTransformer(window_length=3, context="fit")
    transformer.fit([[1.0], [2.0], [3.0]], groups=["a", "b", "a"])
    windows = transformer.transform([[4.0], [5.0], [6.0]], groups=["b", "c", "a"])
    np.testing.assert_array_equal(
        column(windows), [[np.nan, 2, 4], [np.nan, np.nan, 5], [1, 3, 6]]
    )


def test_context_keeps_no_more_rows_than_a_window_needs():
    X = np.zeros((50_000, 2))
    transformer = SlidingWindowTransformer(window_length=10, context="fit").fit(X)
    assert len(pickle.dumps(transformer)) < 10_000


@pytest.mark.parametrize("context", [None, "fit"])
def test_a_fitted_transformer_keeps_no_row_alive(context):
    X = np.zeros((50_000, 4))
    transformer = SlidingWindowTransformer(window_length=10, context=context)
    tracemalloc.start()
    transformer.fit(X.copy(), groups=np.arange(50_000) // 25_000)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 50_000


def test_context_is_not_seen_by_fit_transform():
    transformer = SlidingWindowTransformer(window_length=2, context="fit")
    windows = transformer.fit_transform(X6)
    np.testing.assert_array_equal(windows, naive_windows(X6, range(2)))


@pytest.mark.parametrize("fitted", [None, [0, 0, 0, 1, 1, 1]])
def test_context_needs_groups_in_both_or_neither(fitted):
    transformer = SlidingWindowTransformer(context="fit").fit(X6, groups=fitted)
    with pytest.raises(ValueError, match="groups must be given to both"):
        transformer.transform(X6, groups=[0] * 6 if fitted is None else None)


def test_groups_are_routed_through_a_pipeline():
    groups = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    X = np.random.default_rng(0).normal(size=(8, 1))
    y = np.arange(8.0)
    flat = SlidingWindowTransformer(window_length=2, output="2d", padding="edge")
    wanted = naive_windows(X, range(2), groups, padding="edge").reshape(8, -1)
    direct = LinearRegression().fit(wanted, y)
    with config_context(enable_metadata_routing=True):
        step = clone(flat).set_fit_request(groups=True).set_transform_request(groups=True)
        pipe = make_pipeline(StandardScaler(with_mean=False, with_std=False), step)
        np.testing.assert_array_equal(pipe.fit_transform(X, y, groups=groups), wanted)
        np.testing.assert_array_equal(pipe.transform(X, groups=groups), wanted)
        model = make_pipeline(step, LinearRegression()).fit(X, y, groups=groups)
        np.testing.assert_allclose(
            model.predict(X, groups=groups), direct.predict(wanted), rtol=1e-12
        )
        assert not np.allclose(model.predict(X, groups=[0] * 8), direct.predict(wanted))


def test_groups_are_routed_by_cross_validation_and_search():
    groups = np.repeat([0, 1, 2], 6)
    X = np.random.default_rng(0).normal(size=(18, 1))
    # The row before: predicted without error only if windows stay in their group.
    y = naive_windows(X, [1], groups, padding="edge").ravel()
    with config_context(enable_metadata_routing=True):
        step = SlidingWindowTransformer(window_length=2, output="2d", padding="edge")
        step.set_fit_request(groups=True).set_transform_request(groups=True)
        pipe = make_pipeline(step, LinearRegression())
        cv = GroupKFold(n_splits=3)
        scores = cross_validate(pipe, X, y, cv=cv, params={"groups": groups})
        np.testing.assert_allclose(scores["test_score"], 1.0)
        lengths = {"slidingwindowtransformer__window_length": [1, 2]}
        search = GridSearchCV(pipe, lengths, cv=cv).fit(X, y, groups=groups)
        assert search.best_params_ == {"slidingwindowtransformer__window_length": 2}


def test_groups_reach_the_step_without_routing():
    groups = np.array([0, 1, 0, 1, 0, 1])
    flat = SlidingWindowTransformer(window_length=2, output="2d", padding="edge")
    pipe = make_pipeline(flat, LinearRegression())
    y = np.array([3.0, 1, 4, 1, 5, 9])
    pipe.fit(X6, y, slidingwindowtransformer__groups=groups)
    wanted = naive_windows(X6, range(2), groups, padding="edge").reshape(6, -1)
    np.testing.assert_allclose(pipe[-1].coef_, LinearRegression().fit(wanted, y).coef_)


# Time


def test_a_gap_in_the_time_index_ends_the_windows():
    frame = daily(6).drop(index="2024-01-03")
    nan = np.nan
    wanted = [[nan, nan, 0], [nan, 0, 1], [nan, nan, 3], [nan, 3, 4], [3, 4, 5]]
    transformer = SlidingWindowTransformer(window_length=3)
    np.testing.assert_array_equal(column(transformer.fit_transform(frame)), wanted)
    periods = frame.set_axis(frame.index.to_period("D"))
    np.testing.assert_array_equal(column(transformer.fit_transform(periods)), wanted)


def test_gaps_can_be_ignored():
    frame = daily(6).drop(index="2024-01-03")
    windows = SlidingWindowTransformer(3, gaps="ignore").fit_transform(frame)
    np.testing.assert_array_equal(windows, naive_windows(frame, range(3)))


def test_a_series_with_a_gap_is_split_for_any_output_and_padding():
    frame = daily(5).drop(index="2024-01-03")
    flat = SlidingWindowTransformer(window_length=2, output="2d", padding="edge")
    np.testing.assert_array_equal(
        flat.fit_transform(frame), [[0, 0], [0, 1], [3, 3], [3, 4]]
    )


def test_a_weekend_is_no_gap_in_business_days():
    index = pd.bdate_range("2024-01-01", periods=12)
    frame = pd.DataFrame({"a": np.arange(12.0)}, index=index)
    wanted = naive_windows(frame, range(3))
    own = SlidingWindowTransformer(window_length=3)
    np.testing.assert_array_equal(own.fit_transform(frame), wanted)
    bare = frame.set_axis(pd.DatetimeIndex(index.to_numpy()))
    told = SlidingWindowTransformer(window_length=3, freq="B")
    np.testing.assert_array_equal(told.fit_transform(bare), wanted)
    with_holiday = bare.drop(index="2024-01-10")
    windows = column(told.fit_transform(with_holiday))
    np.testing.assert_array_equal(windows[7], [np.nan, np.nan, 8])


def test_a_weekend_is_a_gap_in_days():
    index = pd.DatetimeIndex(pd.bdate_range("2024-01-01", periods=7).to_numpy())
    frame = pd.DataFrame({"a": np.arange(7.0)}, index=index)
    windows = SlidingWindowTransformer(window_length=2).fit_transform(frame)
    np.testing.assert_array_equal(column(windows)[4:6], [[3, 4], [np.nan, 5]])


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "W", "h", "15min", "2D"])
@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
def test_steps_of_a_calendar_are_no_gaps(freq, told, tz):
    index = pd.date_range("2023-01-01", periods=30, freq=freq, tz=tz)
    frame = pd.DataFrame({"a": np.arange(30.0)}, index=pd.DatetimeIndex(list(index)))
    transformer = SlidingWindowTransformer(window_length=3, freq=freq if told else None)
    windows = transformer.fit_transform(frame)
    np.testing.assert_array_equal(np.asarray(windows), naive_windows(frame, range(3)))
    less = transformer.fit_transform(frame.drop(index=index[20]))
    np.testing.assert_array_equal(column(less)[20], [np.nan, np.nan, 21])


@pytest.mark.parametrize("freq", ["M", "Q", "Y", "W", "D", "h", "2D", "3M"])
def test_periods_follow_each_other_by_their_own_step(freq):
    index = pd.period_range("2023-01-01", periods=10, freq=freq)
    frame = pd.DataFrame({"a": np.arange(10.0)}, index=index)
    transformer = SlidingWindowTransformer(window_length=2)
    windows = transformer.fit_transform(frame)
    np.testing.assert_array_equal(np.asarray(windows), naive_windows(frame, range(2)))
    less = transformer.fit_transform(frame.drop(index=index[5]))
    np.testing.assert_array_equal(column(less)[5], [np.nan, 6])


def test_time_is_counted_within_each_group():
    frame = pd.concat([daily(3), daily(3) + 10])
    for order, groups in [(range(6), "aaabbb"), ([0, 3, 1, 4, 2, 5], "ababab")]:
        rows = frame.iloc[list(order)]
        for freq in (None, "D"):
            transformer = SlidingWindowTransformer(window_length=2, freq=freq)
            windows = transformer.fit_transform(rows, groups=list(groups))
            wanted = naive_windows(rows, range(2), groups)
            np.testing.assert_array_equal(np.asarray(windows), wanted)


def test_an_index_without_time_is_not_looked_at():
    for index in ([5, 7, 1, 100], ["a", "c", "b", "d"], [0.5, 0.1, 0.2, 0.3]):
        frame = daily(4).set_axis(index)
        windows = SlidingWindowTransformer(window_length=2).fit_transform(frame)
        np.testing.assert_array_equal(windows, naive_windows(frame, range(2)))


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (["AAA", "BBB"] * 2, "'AAA' more than once.*groups="),
        ([2020, 2021] * 2, "2020 more than once.*groups="),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-07"], "to_datetime"),
        (pd.Categorical(["1/2024", "2/2024", "3/2024", "4/2024"]), "to_datetime"),
    ],
)
def test_an_index_that_says_a_series_or_a_time_is_an_error(index, message):
    frame = daily(4).set_axis(pd.Index(index))
    with pytest.raises(ValueError, match=message):
        SlidingWindowTransformer(window_length=2).fit(frame)
    with pytest.raises(ValueError, match=message):
        future_targets(frame.iloc[:, 0], 2)
    named = SlidingWindowTransformer(2, groups="id").fit_transform(frame.rename_axis("id"))
    assert len(named) == 4


@pytest.mark.parametrize("gaps", ["split", "ignore"])
@pytest.mark.parametrize("periods", [False, True])
def test_unsorted_time_is_an_error(gaps, periods):
    frame = daily(4).iloc[[0, 2, 1, 3]]
    if periods:
        frame = frame.set_axis(frame.index.to_period("D"))
    with pytest.raises(ValueError, match="not sorted at 2024-01-02"):
        SlidingWindowTransformer(gaps=gaps).fit(frame)


@pytest.mark.parametrize("gaps", ["split", "ignore"])
def test_duplicated_time_is_an_error(gaps):
    with pytest.raises(ValueError, match="duplicated at 2024-01-02"):
        SlidingWindowTransformer(gaps=gaps).fit(daily(4).iloc[[0, 1, 1, 2]])


def test_unsorted_time_within_a_group_is_an_error():
    frame = daily(4).iloc[[0, 1, 3, 2]]
    SlidingWindowTransformer().fit(frame, groups=[0, 0, 1, 2])
    with pytest.raises(ValueError, match="not sorted at 2024-01-03"):
        SlidingWindowTransformer().fit(frame, groups=[0, 0, 1, 1])


def test_unsorted_time_is_an_error_in_transform_too():
    transformer = SlidingWindowTransformer().fit(daily(4))
    with pytest.raises(ValueError, match="not sorted"):
        transformer.transform(daily(4)[::-1])


@pytest.mark.parametrize("place", [0, 2, 3])
def test_missing_time_is_an_error(place):
    frame = daily(4)
    times = list(frame.index)
    times[place] = pd.NaT
    with pytest.raises(ValueError, match="NaT"):
        SlidingWindowTransformer().fit(frame.set_axis(pd.DatetimeIndex(times)))


def test_time_off_the_given_frequency_is_an_error():
    with pytest.raises(ValueError, match="freq='MS' must describe the time index"):
        SlidingWindowTransformer(freq="MS").fit(daily(4))
    with pytest.raises(ValueError, match=r"freq='B'.*2024-01-06"):
        SlidingWindowTransformer(freq="B").fit(daily(8))
    with pytest.raises(ValueError, match="nonsense"):
        SlidingWindowTransformer(freq="nonsense").fit(daily(4))


def test_context_is_used_only_if_the_rows_follow_in_time():
    frame = daily(12)
    transformer = SlidingWindowTransformer(window_length=3, context="fit", freq="D")
    transformer.fit(frame[3:6])
    follows = transformer.transform(frame[6:9])
    np.testing.assert_array_equal(column(follows)[:2], [[4, 5, 6], [5, 6, 7]])
    nan = np.nan
    for rows in (frame[7:9], frame[5:7], frame[3:6], frame[0:3]):
        first = rows["a"].iloc[0]
        said = {
            7: "no history to 1 series of X .* 2024-01-08 .* 2024-01-06",
            5: "no history to 1 series of X that begin among the fitted rows",
        }.get(int(first))
        with pytest.warns(UserWarning, match=said) if said else nullcontext():
            windows = column(transformer.transform(rows))
        np.testing.assert_array_equal(
            windows[:2], [[nan, nan, first], [nan, first, first + 1]]
        )


def test_context_over_a_gap_is_used_if_gaps_are_ignored():
    frame = daily(12)
    transformer = SlidingWindowTransformer(3, context="fit", gaps="ignore")
    windows = transformer.fit(frame[:6]).transform(frame[8:])
    np.testing.assert_array_equal(column(windows)[0], [4, 5, 8])


def test_context_crosses_a_weekend_in_business_days():
    index = pd.bdate_range("2024-01-01", periods=10)
    frame = pd.DataFrame({"a": np.arange(10.0)}, index=index)
    for rows, freq in [(frame, None), (frame.set_axis(pd.DatetimeIndex(list(index))), "B")]:
        transformer = SlidingWindowTransformer(3, context="fit", freq=freq).fit(rows[:5])
        assert index[5].day_name() == "Monday"
        np.testing.assert_array_equal(column(transformer.transform(rows[5:]))[0], [3, 4, 5])


def test_context_over_a_gap_is_not_used_however_few_the_rows():
    frame = daily(30).set_axis(pd.DatetimeIndex(list(daily(30).index)))
    transformer = SlidingWindowTransformer(window_length=2, context="fit")
    transformer.fit(frame[:10])
    with pytest.warns(UserWarning, match="gives no history"):
        windows = transformer.transform(frame[20:21])
    np.testing.assert_array_equal(column(windows), [[np.nan, 20]])


def test_rows_after_a_gap_that_bring_a_whole_window_need_no_context():
    frame = daily(30)
    transformer = SlidingWindowTransformer(window_length=4, context="fit", freq="D")
    transformer.fit(frame[:10])
    windows = transformer.transform(frame[20:24])
    np.testing.assert_array_equal(column(windows)[-1], [20, 21, 22, 23])
    with pytest.warns(UserWarning, match="gives no history to 1 series"):
        transformer.transform(frame[20:23])


def test_later_time_stamps_change_no_earlier_window():
    days = [0, 1, 2, 5, *range(6, 40, 4)]
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    frame = pd.DataFrame({"a": np.arange(float(len(days)))}, index=index)
    transformer = SlidingWindowTransformer(window_length=2)
    transformer.fit(frame[:5])
    whole, head = (
        column(transformer.transform(frame)),
        column(transformer.transform(frame[:5])),
    )
    np.testing.assert_array_equal(whole[:5], head)


def test_context_is_dropped_only_for_groups_that_do_not_follow():
    frame = pd.concat([daily(4), daily(4) + 10])
    transformer = SlidingWindowTransformer(window_length=2, context="fit", freq="D")
    transformer.fit(frame.iloc[[0, 1, 4, 5, 6]], groups=list("aabbb"))
    with pytest.warns(UserWarning, match="no history to 1 series of X that begin among"):
        windows = transformer.transform(frame.iloc[[2, 3, 6, 7]], groups=list("aabb"))
    np.testing.assert_array_equal(column(windows), [[1, 2], [2, 3], [np.nan, 12], [12, 13]])


def test_context_needs_the_same_kind_of_index():
    periods = daily(4).set_axis(daily(4).index.to_period("D"))
    transformer = SlidingWindowTransformer(context="fit").fit(daily(4))
    with pytest.raises(ValueError, match="expected DatetimeIndex, got PeriodIndex"):
        transformer.transform(periods)


# Errors


@pytest.mark.parametrize("window_length", [0, -1, 2.5, "3", None])
def test_window_length_must_be_a_positive_int(window_length):
    with pytest.raises(ValueError, match="'window_length' parameter"):
        SlidingWindowTransformer(window_length=window_length).fit(X6)


@pytest.mark.parametrize(
    "lags", [[-1, 0], [1, 1], [0.5, 1], [1.0], [], [[0, 1]], [True, False], ["a"], 3, "12"]
)
def test_lags_must_be_different_ints_from_zero_up(lags):
    with pytest.raises(ValueError, match="lags"):
        SlidingWindowTransformer(lags=lags).fit(X6)


@pytest.mark.parametrize(
    "params",
    [
        {"output": "4d"},
        {"padding": "zero"},
        {"padding": np.inf},
        {"context": "all"},
        {"gaps": "fill"},
    ],
)
def test_an_unknown_choice_is_refused_by_name(params):
    (name,) = params
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        SlidingWindowTransformer(**params).fit(X6)


BAD_GROUPS = [
    ([0, 0, 1], "one label for each of the 6 rows of X. Got 3"),
    ([0] * 7, "one label for each of the 6 rows of X. Got 7"),
    (X6, r"one label for each of the 6 rows of X. Got an array of shape \(6, 2\)"),
    ("a", r"one label for each of the 6 rows of X. Got an array of shape \(\)"),
    (["a", "b", None, "a", "b", "a"], "no missing values. Got None in row 2"),
    ([0, 1, 0, np.nan, 1, 0], "no missing values. Got nan in row 3"),
    (
        pd.array([0, None, 0, 1, 1, 1], dtype="Int64"),
        "no missing .* Got (<NA>|nan) in row 1",
    ),
    (np.array(["a"] * 5 + [pd.NaT], dtype=object), "no missing .* Got NaT in row 5"),
    (pd.to_datetime(["2024-01-01"] * 5 + [None]), "names of series. Got times"),
    (np.array([0, "a"] * 3, dtype=object), "labels of one kind. Got int, str"),
]


@pytest.mark.parametrize(("groups", "message"), BAD_GROUPS, ids=repr)
def test_bad_groups_are_named_with_what_was_expected_and_what_came(groups, message):
    transformer = SlidingWindowTransformer()
    for method in (
        transformer.fit,
        transformer.fit_transform,
        transformer.fit(X6).transform,
        sliding_windows,
    ):
        if method is sliding_windows and isinstance(groups, str):
            continue  # a name there
        with pytest.raises(ValueError, match=f"groups must have {message}"):
            method(X6, groups=groups)


def test_groups_may_be_a_single_column():
    labels = [0, 1, 0, 1, 0, 1]
    windows = SlidingWindowTransformer(2).fit_transform(
        X6, groups=pd.DataFrame({"g": labels})
    )
    np.testing.assert_array_equal(np.asarray(windows), naive_windows(X6, range(2), labels))


def test_context_needs_groups_that_can_be_compared():
    transformer = SlidingWindowTransformer(context="fit").fit(X6, groups=[0] * 6)
    with pytest.raises(ValueError, match="labels of one kind at fit and transform"):
        transformer.transform(X6, groups=np.array(["a"] * 6, dtype=object))


@pytest.mark.parametrize("freq", ["banana", 3, 1.5, "", ["D"], "-1D", "0D"])
@pytest.mark.parametrize("X", [X6, daily(6)], ids=["array", "frame"])
def test_freq_must_be_a_step_of_time(freq, X):
    message = re.escape(f"such as 'D' or 'h'. Got {freq!r} instead.")
    with pytest.raises(ValueError, match=f"freq must be a pandas offset.*{message}"):
        SlidingWindowTransformer(freq=freq).fit(X)
    with pytest.raises(ValueError, match=f"freq must be a pandas offset.*{message}"):
        sliding_windows(X, window_length=2, freq=freq)


@pytest.mark.parametrize(
    "freq", [pd.Timedelta("1D"), pd.offsets.Day(), timedelta(days=1), "1D"], ids=repr
)
def test_a_day_may_be_written_in_any_way(freq):
    windows = SlidingWindowTransformer(2, freq=freq).fit_transform(daily(6))
    np.testing.assert_array_equal(windows, naive_windows(daily(6), range(2)))


@pytest.mark.parametrize(
    "bad", [daily(4).iloc[[0, 2, 1, 3]].assign(b=0.0, c=0.0), np.full((4, 3), np.inf)]
)
@pytest.mark.parametrize("context", [None, "fit"])
def test_a_failed_fit_leaves_the_transformer_as_it_was(bad, context):
    transformer = SlidingWindowTransformer(window_length=3, context=context).fit(X6)
    before = {**vars(transformer)}
    with pytest.raises(ValueError, match="X"):
        transformer.fit(bad)
    assert vars(transformer) == before
    np.testing.assert_array_equal(transformer.transform(X6), naive_windows(X6, range(3)))
    with pytest.raises(ValueError, match="lags"):
        transformer.set_params(lags=[-1]).fit(X6[:, :1])
    assert transformer.n_features_in_ == 2
    unfitted = SlidingWindowTransformer(window_length=3)
    with pytest.raises(ValueError, match="X"):
        unfitted.fit(bad)
    assert not hasattr(unfitted, "n_features_in_")


def test_another_number_of_columns_is_an_error():
    transformer = SlidingWindowTransformer().fit(X6)
    with pytest.raises(ValueError, match="expecting 2 features"):
        transformer.transform(X6[:, :1])


def test_a_window_of_a_thousand_billion_rows_is_refused():
    for window_length in (10**12, 10**30):
        with pytest.raises(ValueError, match="window_length must be an int of at most"):
            SlidingWindowTransformer(window_length).fit(X6)


@pytest.mark.parametrize("padding", [1e300, -1e39, 10**60])
def test_padding_must_fit_into_the_type_of_the_rows(padding):
    transformer = SlidingWindowTransformer(3, padding=padding)
    with pytest.raises(ValueError, match="padding must fit into float32, the type of X"):
        transformer.fit(X6.astype("f4"))
    transformer.fit(X6)
    with pytest.raises(ValueError, match="padding must fit into float32, the type of X"):
        transformer.transform(X6.astype("f4"))
    assert column(transformer.transform(X6))[0, 0] == float(padding)
    with pytest.raises(ValueError, match="padding must fit into float64"):
        SlidingWindowTransformer(padding=10**400).fit(X6)


def test_a_gap_makes_no_other_type_of_output():
    whole, parted = daily(6), daily(6).drop(index="2024-01-03")
    for frame in (whole, parted):
        for params in ({}, {"lags": [0, 2]}, {"padding": "edge"}, {"context": "fit"}):
            transformer = SlidingWindowTransformer(3, **params)
            assert type(transformer.fit_transform(frame)) is Windows
            assert type(transformer.transform(frame)) is Windows
    assert type(sliding_windows(whole, window_length=2)[0]) is Windows
    assert type(sliding_windows(parted, window_length=2)[0]) is Windows


# Copies


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["deepcopy", "pickle"],
)
def test_a_copy_of_a_fitted_transformer_does_the_same(duplicate):
    transformer = SlidingWindowTransformer(lags=[0, 2], context="fit", padding="edge")
    transformer.fit(daily(6)[:4], groups=[0, 1, 0, 1])
    late = daily(6)[4:]
    np.testing.assert_array_equal(
        np.asarray(duplicate(transformer).transform(late, groups=[0, 1])),
        np.asarray(transformer.transform(late, groups=[0, 1])),
    )


def test_clone_keeps_the_parameters_and_nothing_else():
    lags = [1, 24]
    transformer = SlidingWindowTransformer(lags=lags, padding=1.5, context="fit").fit(X6)
    copied = clone(transformer)
    assert copied.get_params() == transformer.get_params()
    assert not hasattr(copied, "lags_")
    assert transformer.lags is lags
    assert lags == [1, 24]


def test_windows_of_groups_are_lazy():
    windows = SlidingWindowTransformer(window_length=2).fit_transform(X6, groups=[0, 1] * 3)
    assert isinstance(windows, Windows)
    assert isinstance(windows[2:4], Windows)


@pytest.mark.parametrize("groups", [None, [0, 1, 0, 1, 0, 1]])
def test_the_fitted_rows_themselves_have_no_history(groups):
    X = np.arange(6.0)[:, None]
    transformer = SlidingWindowTransformer(window_length=3, context="fit")
    expected = transformer.fit_transform(X, groups=groups)
    np.testing.assert_array_equal(transformer.transform(X, groups=groups), expected)
