"""Time indices of many kinds: their steps, their gaps, and what is said of them."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm import SlidingWindowTransformer, sliding_windows

from .oracle import naive_windows

quick = settings(deadline=None, max_examples=40)


def frame(index):
    return pd.DataFrame({"a": np.arange(float(len(index)))}, index=index)


def row_before(X, groups=None, **params):
    """The row before each one in its window; NaN where there is none."""
    transformer = SlidingWindowTransformer(window_length=2, **params)
    return np.asarray(transformer.fit_transform(X, groups=groups))[:, 0, 0]


def bare(index):
    """The same times, and no freq."""
    return pd.DatetimeIndex(list(index))


# Calendars


def test_each_group_has_its_own_clock():
    first = pd.date_range("2024-01-01 00:00", periods=4, freq="h")
    second = pd.date_range("2024-01-01 00:30", periods=4, freq="h").delete(2)
    X = frame(bare(first.append(second)))
    for freq, more in [("h", 0), ("60min", 0), ("h", 1)]:
        groups = np.repeat([0, 1], [4, 3]) + more
        wanted = [np.nan, 0, 1, 2, np.nan, 4, np.nan]
        np.testing.assert_array_equal(row_before(X, groups, freq=freq), wanted)


def test_each_group_has_its_own_calendar():
    first = pd.date_range("2024-01-01 09:00", periods=4, freq="MS")
    second = pd.date_range("2019-05-01 10:00", periods=4, freq="MS").delete(1)
    X = frame(bare(first.append(second)))
    wanted = [np.nan, 0, 1, 2, np.nan, np.nan, 5]
    np.testing.assert_array_equal(row_before(X, [0] * 4 + [1] * 3, freq="MS"), wanted)


@pytest.mark.parametrize("freq", ["s", "3D", "ns"])
def test_a_long_time_in_short_steps_takes_no_memory(freq):
    X = frame(pd.DatetimeIndex(["2020-01-01", "2020-01-04", "2022-01-02", "2023-01-03"]))
    transformer = SlidingWindowTransformer(window_length=1, freq=freq)
    tracemalloc.start()
    transformer.fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.filterwarnings("ignore:Gaps in the time index of X cut")
@quick
@given(
    steps=st.lists(st.integers(1, 3), min_size=1, max_size=12),
    freq=st.sampled_from(["h", "90min", "2D", "D", "B", "MS", "W", "QE"]),
    start=st.sampled_from(["2024-01-01 10:20", "2023-03-10"]),
    tz=st.sampled_from([None, "Europe/Berlin"]),
)
def test_steps_of_any_calendar_are_counted(steps, freq, start, tz):
    place = np.cumsum(steps) - steps[0]
    index = pd.date_range(start, periods=place[-1] + 1, freq=freq, tz=tz)[place]
    wanted = np.where(np.diff(place) > 1, np.nan, np.arange(len(place) - 1.0))
    found = row_before(frame(index), freq=freq)
    np.testing.assert_array_equal(found, np.r_[np.nan, wanted])


# What is learnt


def test_the_own_freq_of_an_index_binds_no_other():
    days = frame(pd.date_range("2024-01-01", periods=10, freq="D"))
    transformer = SlidingWindowTransformer(window_length=2).fit(days[::2])
    assert days[::2].index.freq == pd.offsets.Day(2)
    np.testing.assert_array_equal(
        transformer.transform(days), naive_windows(days, range(2))
    )
    odd = days.iloc[[0, 1, 3, 4, 9]]
    found = np.asarray(transformer.transform(odd))[:, 0, 0]
    np.testing.assert_array_equal(found, [np.nan, 0, 1, 3, np.nan])
    asked = SlidingWindowTransformer(window_length=2, freq="2D").fit(days[::2])
    with pytest.raises(ValueError, match=r"freq='2D' must describe.*2024-01-02"):
        asked.transform(days)


def test_the_own_freq_of_an_index_is_still_its_calendar():
    days = frame(pd.bdate_range("2024-01-01", periods=10))
    transformer = SlidingWindowTransformer(window_length=2).fit(days)
    unnamed = days.set_axis(bare(days.index))
    np.testing.assert_array_equal(
        transformer.transform(unnamed), naive_windows(days, range(2))
    )
    saturday = pd.DataFrame({"a": [99.0]}, index=pd.DatetimeIndex(["2024-01-06"]))
    with_one = pd.concat([unnamed, saturday]).sort_index()
    found = np.asarray(transformer.transform(with_one))[:, 0, 0]
    np.testing.assert_array_equal(found[:7], [np.nan, 0, 1, 2, 3, 4, np.nan])
    np.testing.assert_array_equal(found[7:], [5, 6, 7, 8])


def test_each_group_has_its_own_step():
    hours = pd.date_range("2024-01-01", periods=8, freq="h").delete(5)
    days = pd.date_range("2024-01-01", periods=6, freq="D").delete(4)
    X = frame(bare(hours.append(days)))
    groups = np.repeat(["hourly", "daily"], [7, 5])
    wanted = [np.nan, 0, 1, 2, 3, np.nan, 5, np.nan, 7, 8, 9, np.nan]
    np.testing.assert_array_equal(row_before(X, groups), wanted)


def test_a_group_too_short_or_not_fitted_takes_the_step_of_all():
    days = pd.date_range("2024-01-01", periods=6, freq="D")
    X = frame(bare(days.append(days[[0, 4]]).append(days[[0, 4]])))
    groups = np.repeat(["long", "short", "other"], [6, 2, 2])
    transformer = SlidingWindowTransformer(window_length=2).fit(X[:8], groups=groups[:8])
    found = np.asarray(transformer.transform(X, groups=groups))[:, 0, 0]
    nan = np.nan
    np.testing.assert_array_equal(found, [nan, 0, 1, 2, 3, 4, nan, nan, nan, nan])
    copied = pickle.loads(pickle.dumps(transformer)).transform(X, groups=groups)
    np.testing.assert_array_equal(np.asarray(copied)[:, 0, 0], found)


# Elapsed time


def test_elapsed_time_is_a_time_index():
    elapsed = pd.timedelta_range(0, periods=8, freq="h")
    X = frame(elapsed).drop(index=elapsed[5])
    wanted = [np.nan, 0, 1, 2, 3, np.nan, 6]
    for freq in (None, "h"):
        np.testing.assert_array_equal(row_before(X, freq=freq), wanted)
    np.testing.assert_array_equal(sliding_windows(X, window_length=2)[1], [2, 3, 4])
    later = SlidingWindowTransformer(window_length=2, context="fit").fit(X[:4])
    assert np.asarray(later.transform(X[4:]))[0, 0, 0] == 3
    with pytest.raises(ValueError, match="not sorted at 0 days 06:00"):
        SlidingWindowTransformer().fit(X[::-1])
    with pytest.raises(ValueError, match=r"freq must be a fixed length.*Got 'MS'"):
        SlidingWindowTransformer(freq="MS").fit(X)


# Several levels


def panel(kind=pd.DatetimeIndex):
    days = pd.date_range("2024-01-01", periods=4, freq="D")
    days = days if kind is pd.DatetimeIndex else days.to_period("D")
    index = pd.MultiIndex.from_product([["north", "south"], [1, 2], days])
    return frame(index)


@pytest.mark.parametrize("kind", [pd.DatetimeIndex, pd.PeriodIndex])
@pytest.mark.parametrize("n_levels", [1, 2])
def test_levels_before_that_of_time_are_groups(kind, n_levels):
    X = panel(kind) if n_levels == 2 else panel(kind).loc["north"]
    X = X.iloc[np.random.default_rng(0).permutation(len(X))].sort_index(
        level=-1, sort_remaining=False
    )
    groups = X.index.droplevel(-1)
    labels = [str(label) for label in groups]
    wanted = naive_windows(X, range(2), labels)
    transformer = SlidingWindowTransformer(window_length=2)
    windows = transformer.fit_transform(X)
    np.testing.assert_array_equal(np.asarray(windows), wanted)
    np.testing.assert_array_equal(
        np.asarray(transformer.fit_transform(X, groups=labels)), wanted
    )
    half = len(X) // 2
    later = SlidingWindowTransformer(window_length=2, context="fit").fit(X[:half])
    np.testing.assert_array_equal(np.asarray(later.transform(X[half:])), wanted[half:])
    targets = sliding_windows(X, window_length=2)[1]
    by_hand = sliding_windows(X.to_numpy(), window_length=2, groups=labels)[1]
    np.testing.assert_array_equal(targets, by_hand)


def test_time_is_checked_within_the_levels():
    X = panel()
    wanted = naive_windows(X, range(2), np.repeat(range(4), 4))
    wanted[6, 0] = np.nan
    cut = np.asarray(
        SlidingWindowTransformer(2, freq="D").fit_transform(X.drop(X.index[5]))
    )
    np.testing.assert_array_equal(cut, np.delete(wanted, 5, axis=0))
    with pytest.raises(ValueError, match="not sorted at 2024-01-03"):
        SlidingWindowTransformer().fit(X[::-1])


def test_given_groups_stand_above_the_levels():
    X = panel().loc["north"]
    with pytest.raises(ValueError, match="not sorted"):
        SlidingWindowTransformer().fit(X, groups=[0] * len(X))


def test_a_level_of_integers_beside_names_is_the_time():
    X = frame(pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]]))
    wanted = naive_windows(X, range(2), list("aaabbb"))
    np.testing.assert_array_equal(SlidingWindowTransformer(2).fit_transform(X), wanted)
    unsorted = frame(pd.MultiIndex.from_product([["a", "b"], [3, 1, 2]]))
    with pytest.raises(ValueError, match="not sorted at 1"):
        SlidingWindowTransformer(2).fit(unsorted)


# The warning


def trading_days(n):
    """Mondays, Wednesdays and Fridays."""
    index = pd.date_range("2024-01-01", periods=3 * n, freq="D")
    return frame(bare(index[index.dayofweek.isin([0, 2, 4])][:n]))


def test_gaps_that_cut_most_windows_are_warned_of():
    X = trading_days(20)
    message = r"cut 19 of 20 windows short.*gaps='ignore'.*freq \(now 'D'\)"
    for call in (
        SlidingWindowTransformer(window_length=3, freq="D").fit,
        SlidingWindowTransformer(window_length=3, freq="D").fit_transform,
    ):
        with pytest.warns(UserWarning, match=message) as caught:
            call(X)
        assert len(caught) == 1
    stamps = X.index + pd.to_timedelta(np.tile([0, 5, 0, 9], 5), unit="h")
    uneven = X.set_axis(pd.DatetimeIndex(np.sort(stamps)))
    with pytest.warns(UserWarning, match=r"windows short.*freq \(now None\)"):
        SlidingWindowTransformer(window_length=10).fit(uneven)
    workdays = frame(pd.bdate_range("2024-01-01", periods=40))
    with pytest.warns(UserWarning, match="windows short"):
        sliding_windows(workdays, window_length=4, freq="D")


@pytest.mark.parametrize("params", [{"gaps": "ignore", "freq": "D"}, {"window_length": 1}])
def test_no_warning_where_nothing_is_cut(params):
    SlidingWindowTransformer(**params).fit(trading_days(20))


def test_no_warning_of_the_start_of_series():
    days = pd.date_range("2024-01-01", periods=30, freq="D")
    SlidingWindowTransformer(window_length=100).fit(frame(days))
    SlidingWindowTransformer(window_length=100).fit(frame(bare(days)))
    many = frame(bare(days.append(days)))
    SlidingWindowTransformer(window_length=100).fit(many, groups=[0] * 30 + [1] * 30)
    SlidingWindowTransformer(window_length=5).fit(frame(days.delete([7, 15, 16])))
