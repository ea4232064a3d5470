"""Rows are read by position: what has their labels in another order is refused."""

import numpy as np
import pandas as pd
import pytest

from sklstm import LSTMRegressor, SlidingWindowTransformer, sliding_windows

days = pd.date_range("2024-05-01", periods=30)
X = pd.DataFrame({"sold": np.arange(30.0)}, index=days)
y = pd.Series(np.arange(30.0), index=days)
backwards = y[::-1]
stores = pd.Series(["a", "b"] * 15, index=days)
flat = pd.DataFrame(np.ones((30, 4)), index=days)
WRONG = {
    "targets of windows": lambda: sliding_windows(X, backwards),
    "targets of a pipeline": lambda: SlidingWindowTransformer().fit_transform(X, backwards),
    "targets of sequences": lambda: LSTMRegressor().fit(flat, backwards),
    "labels": lambda: sliding_windows(X, groups=stores[::-1]),
    "labels of a pipeline": lambda: SlidingWindowTransformer().fit(X, groups=stores[::-1]),
    "times": lambda: sliding_windows(X, time=pd.Series(days, index=days)[::-1]),
}


@pytest.mark.parametrize("case", WRONG)
def test_rows_in_another_order_are_refused(case):
    with pytest.raises(ValueError, match=r"must have its rows in the order of X.*in row 0"):
        WRONG[case]()


@pytest.mark.parametrize(
    "other",
    [
        y.to_numpy()[::-1],
        backwards.reset_index(drop=True),  # it counts, and names no row
        backwards.set_axis(days),
        y.set_axis(days + pd.Timedelta("1h")),  # the labels are not those of X
    ],
)
def test_what_has_no_labels_of_x_is_read_by_position(other):
    _, targets = sliding_windows(X, other, window_length=3)
    np.testing.assert_array_equal(targets, np.asarray(other)[3:])


def test_labels_that_come_twice_tell_no_order():
    rows = X.set_axis(["a", "b"] * 15)
    _, targets = sliding_windows(rows.reset_index(drop=True), y.set_axis(rows.index[::-1]))
    np.testing.assert_array_equal(targets, np.arange(10.0, 30.0))


TIMES = {
    "a column": (X.reset_index(names="day"), {"groups": "day"}),
    "a level": (X.rename_axis("day"), {"groups": "day"}),
    "a series": (X, {"groups": pd.Series(days, index=days)}),
    "an array": (X, {"groups": days.to_numpy()}),
    "dates": (X, {"groups": list(days.date)}),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_name_no_series(case):
    rows, params = TIMES[case]
    with pytest.raises(ValueError, match=r"groups.* must have names of series. Got times"):
        sliding_windows(rows, **params)
