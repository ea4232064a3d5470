import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm.windows._keys import find_keys
from sklstm.windows._segments import find_segments
from sklstm.windows._time import Step, learn_step, time_breaks

quick = settings(deadline=None, max_examples=40)


def starts_of_rows(segments):
    """The row at which the series of each row starts."""
    return segments.order[segments.starts]


@quick
@given(st.lists(st.integers(0, 3), min_size=1, max_size=15))
def test_rows_of_a_group_stand_together_in_their_old_order(labels):
    segments = find_segments(len(labels), np.array(labels))
    ordered = np.array(labels)[segments.order]
    assert (np.diff(ordered) >= 0).all()
    for label in set(labels):
        assert (np.diff(segments.order[ordered == label]) > 0).all()
    np.testing.assert_array_equal(segments.order[segments.positions], range(len(labels)))
    first = [labels.index(label) for label in labels]
    np.testing.assert_array_equal(starts_of_rows(segments), first)
    assert segments.n_segments == len(set(labels))
    assert segments.in_order == (sorted(labels) == labels)


def test_without_groups_and_time_all_rows_are_one_series():
    segments = find_segments(4)
    assert segments.in_order
    assert segments.n_segments == 1
    np.testing.assert_array_equal(segments.starts, [0, 0, 0, 0])


def test_a_gap_begins_a_series_in_its_group_alone():
    days = ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-03"]
    time = pd.DatetimeIndex(days)
    groups = np.array(["a", "b", "a", "a", "b"])
    segments = find_segments(5, groups, time, step=Step("D"))
    np.testing.assert_array_equal(starts_of_rows(segments), [0, 1, 0, 3, 4])
    segments = find_segments(5, groups, time, step=Step("D"), gaps="ignore")
    np.testing.assert_array_equal(starts_of_rows(segments), [0, 1, 0, 0, 1])


def breaks(time, freq=None):
    new = np.zeros(len(time), dtype=bool)
    new[:1] = True
    return np.flatnonzero(
        time_breaks(time, new, learn_step(time, None, freq)) & ~new
    ).tolist()


def test_calendar_steps_are_counted_exactly():
    days = pd.DatetimeIndex(pd.bdate_range("2024-01-01", periods=10).to_numpy())
    assert breaks(days, "B") == []
    assert breaks(days, "D") == [5]
    assert breaks(days.delete(3), "B") == [3]
    holidays = pd.offsets.CustomBusinessDay(holidays=["2024-01-04"])
    assert breaks(days.delete(3), holidays) == []


def test_without_a_calendar_a_long_step_is_a_gap():
    months = pd.DatetimeIndex(["2023-01-31", "2023-02-28", "2023-03-31", "2023-05-31"])
    assert breaks(months) == [3]
    assert breaks(months, "ME") == [3]


def test_a_leap_day_and_a_change_of_clocks_are_no_gaps():
    assert breaks(pd.DatetimeIndex(["2024-02-28", "2024-02-29", "2024-03-01"]), "D") == []
    local = pd.date_range("2024-03-29", periods=5, freq="D", tz="Europe/Berlin")
    assert breaks(pd.DatetimeIndex(list(local)), "D") == []
    assert breaks(pd.DatetimeIndex(list(local))) == []


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_unit_of_the_time_stamps_does_not_matter(unit):
    time = pd.date_range("2024-01-01", periods=6, freq="D").delete(4).as_unit(unit)
    assert breaks(time, "D") == [4]
    assert breaks(time) == [4]


def test_few_rows_have_no_gap():
    assert breaks(pd.DatetimeIndex([])) == []
    assert breaks(pd.DatetimeIndex(["2024-01-01"]), "D") == []


def test_a_time_stamp_off_the_calendar_is_named():
    time = pd.DatetimeIndex(["2024-01-01", "2024-02-01", "2024-02-15"])
    with pytest.raises(ValueError, match=r"freq='MS'.*2024-02-15"):
        breaks(time, "MS")


def time_index_of(X):
    return find_keys(X).time


def test_only_an_index_of_times_is_a_time_index():
    days = pd.date_range("2024-01-01", periods=2)
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert time_index_of(frame) is None
    assert time_index_of(frame.set_axis([0.5, 1.5])) is None
    assert time_index_of(frame.set_axis(days - days[0])) is not None
    assert time_index_of(frame.to_numpy()) is None
    assert time_index_of([1.0, 2.0]) is None
    assert time_index_of(frame.set_axis(days)).equals(days)
    assert time_index_of(frame["a"].set_axis(days.to_period("M"))) is not None


@quick
@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_time_stamps_and_periods_have_the_same_gaps(steps):
    days = np.cumsum(steps)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    wanted = [i for i in range(1, len(days)) if days[i] - days[i - 1] > 1]
    assert breaks(time, "D") == wanted
    assert breaks(time.to_period("D")) == wanted
