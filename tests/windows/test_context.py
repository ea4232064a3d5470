"""Which rows get the end of the fitted ones as their history."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from sklstm import SlidingWindowTransformer

from .oracle import naive_windows

quick = settings(deadline=None, max_examples=60)

V = np.arange(60.0)[:, None]


def fitted(X, window_length=5, **params):
    groups = params.pop("groups", None)
    transformer = SlidingWindowTransformer(window_length, context="fit", **params)
    return transformer.fit(X, groups=groups)


def has_history(windows):
    """Whether the first window saw rows before its own."""
    return not np.isnan(np.asarray(windows)[0, :-1]).all()


def daily(n, start="2024-01-01", tz=None):
    index = pd.date_range(start, periods=n, freq="D", tz=tz)
    return pd.DataFrame({"a": np.arange(float(n))}, index=pd.DatetimeIndex(list(index)))


@quick
@given(
    window_length=st.integers(2, 20),
    n_fitted=st.integers(2, 30),
    seen=st.data(),
    grouped=st.booleans(),
)
def test_rows_that_hold_the_fitted_start_or_end_have_no_history(
    window_length, n_fitted, seen, grouped
):
    V = np.random.default_rng(0).normal(size=(60, 2))
    V[::7, 0] = np.nan
    groups = np.zeros(60, dtype=int) if grouped else None
    transformer = SlidingWindowTransformer(window_length, context="fit")
    transformer.fit(V[:n_fitted], groups=groups if groups is None else groups[:n_fitted])
    if seen.draw(st.booleans(), label="from the first row"):
        rows = slice(0, seen.draw(st.integers(2, 60)))
    else:
        begin = seen.draw(st.integers(0, n_fitted - 2))
        rows = slice(begin, seen.draw(st.integers(n_fitted, 60)))
    windows = transformer.transform(V[rows], groups if groups is None else groups[rows])
    np.testing.assert_array_equal(
        np.asarray(windows), naive_windows(V[rows], range(window_length))
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_the_whole_series_after_a_fit_on_its_start_sees_no_future(dtype):
    X = V.astype(dtype)
    windows = fitted(X[:30]).transform(X)
    np.testing.assert_array_equal(windows, naive_windows(X, range(5)))


@pytest.mark.parametrize("length", [1, 2, 5, 30])
def test_rows_that_follow_have_history(length):
    windows = fitted(V[:30]).transform(V[30 : 30 + length])
    np.testing.assert_array_equal(windows, naive_windows(V, range(5))[30 : 30 + length])


def test_short_stretches_of_few_values_are_no_proof():
    X = np.random.default_rng(0).integers(0, 2, size=(300, 1)).astype(float)
    transformer = fitted(X, window_length=30)
    for rows in (X[:1], X[:4], X[-4:], np.zeros((5, 1)), np.ones((5, 1))):
        assert has_history(transformer.transform(rows))
    for rows in (X, X[:30], X[-30:], X[100:]):
        assert not has_history(transformer.transform(rows))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_rows_that_a_step_before_rounds_otherwise_are_known_again(dtype):
    X = np.random.default_rng(0).normal(size=(60, 5)).astype(dtype)
    pipe = make_pipeline(PCA(3), SlidingWindowTransformer(4, context="fit"))
    fitted = pipe.fit_transform(X[:30])
    assert (pipe[0].transform(X[:30]) != fitted[:, -1]).any()
    assert not has_history(pipe.transform(X))
    assert has_history(pipe.transform(X[30:]))


def test_a_constant_series_is_known_again_by_all_that_is_remembered():
    transformer = fitted(np.zeros((50, 1)))
    assert has_history(transformer.transform(np.zeros((7, 1))))
    assert not has_history(transformer.transform(np.zeros((8, 1))))


def test_a_single_row_is_taken_on_trust():
    assert has_history(fitted(V[:30]).transform(V[:1]))
    assert has_history(fitted(V[:1]).transform(V[:1]))


def test_each_group_is_known_again_by_itself():
    X = np.array([0.0, 10, 20, 1, 11, 21, 2, 12, 22])[:, None]
    transformer = fitted(X, window_length=2, groups=list("abc" * 3))
    new = np.array([0.0, 13, 21, 1, 14, 22, 2, 15, 23, 99])[:, None]
    windows = np.asarray(transformer.transform(new, groups=list("abc" * 3 + "d")))
    before = windows[:, 0, 0]
    nan = np.nan
    np.testing.assert_array_equal(before, [nan, 12, nan, 0, 13, 21, 1, 14, 22, nan])


@pytest.mark.parametrize("n_groups", [1, 50])
def test_little_is_remembered(n_groups):
    X = np.random.default_rng(0).normal(size=(50_000, 2))
    groups = np.arange(50_000) % n_groups
    transformer = fitted(X, window_length=10, groups=groups)
    rows_of_a_group = 2 * 9 * X[0].nbytes
    assert len(pickle.dumps(transformer)) < n_groups * 2 * rows_of_a_group + 3000


# Time


@pytest.mark.parametrize("zones", [("UTC", "Asia/Tokyo"), ("Europe/Berlin", "UTC")])
@pytest.mark.parametrize("groups", [None, [0, 1] * 6])
def test_another_time_zone_is_no_hindrance(zones, groups):
    frame = daily(12, tz=zones[0])
    early, late = (None, None) if groups is None else (groups[:8], groups[8:])
    transformer = fitted(frame[:8], window_length=2, groups=early)
    windows = transformer.transform(frame[8:].tz_convert(zones[1]), groups=late)
    np.testing.assert_array_equal(
        np.asarray(windows), naive_windows(frame, range(2), groups)[8:]
    )
    again = transformer.transform(frame[:8].tz_convert(zones[1]), groups=early)
    assert not has_history(again)


@pytest.mark.parametrize("units", [("s", "ns"), ("us", "ms")])
def test_units_of_time_may_differ(units):
    frame = daily(12)
    transformer = fitted(frame[:8].set_axis(frame.index[:8].as_unit(units[0])))
    late = frame[8:].set_axis(frame.index[8:].as_unit(units[1]))
    np.testing.assert_array_equal(
        transformer.transform(late), naive_windows(frame, range(5))[8:]
    )


def test_times_that_cannot_be_compared_are_named():
    naive, aware = daily(4), daily(4, tz="UTC")
    months, days = (naive.set_axis(naive.index.to_period(freq)) for freq in "MD")
    months = months[:1]
    bare = naive.reset_index(drop=True)
    elapsed = naive.set_axis(naive.index - naive.index[0])
    for first, second, message in [
        (naive, aware, "expected DatetimeIndex, got DatetimeIndex in time zone UTC"),
        (aware, naive, "expected DatetimeIndex in time zone UTC, got DatetimeIndex"),
        (months, days, "expected PeriodIndex with freq M, got PeriodIndex with freq D"),
        (bare, naive, "expected no time index, got DatetimeIndex"),
        (elapsed, naive, "expected TimedeltaIndex, got DatetimeIndex"),
    ]:
        with pytest.raises(ValueError, match=rf"X must have the same kind.*{message}\."):
            fitted(first).transform(second)
        with pytest.raises(ValueError, match=rf"X must have the same kind.*{message}\."):
            SlidingWindowTransformer().fit(first).transform(second)


@pytest.mark.bench
def test_many_groups_take_hardly_longer_than_few():
    X = np.random.default_rng(0).normal(size=(100_000, 2))
    seconds = []
    for n_groups in (10, 10_000):
        groups = np.array([f"store {i}" for i in np.arange(100_000) % n_groups])
        begin = time.perf_counter()
        fitted(X, groups=groups).transform(X, groups=groups)
        seconds.append(time.perf_counter() - begin)
    assert seconds[1] < 5 * seconds[0]
