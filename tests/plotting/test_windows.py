"""Folds and windows: which rows lie where on the axis."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from sklstm.plotting import WindowDisplay

X = np.zeros((20, 2))


def spans(bars):
    """From where to where each bar goes."""
    return [
        (path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bars.get_paths()
    ]


def test_bars_lie_about_their_rows():
    cv = TimeSeriesSplit(n_splits=2, test_size=4, gap=2)
    display = WindowDisplay.from_splitter(cv, X, window_length=3, horizon=2)
    assert [spans(bars) for bars in display.train_bars_] == [[(-0.5, 9.5)], [(-0.5, 13.5)]]
    assert [spans(bars) for bars in display.gap_bars_] == [[(9.5, 11.5)], [(13.5, 15.5)]]
    assert [spans(bars) for bars in display.test_bars_] == [[(11.5, 15.5)], [(15.5, 19.5)]]
    # At the last training row of each fold, and at the first test row.
    windows = [span for bars in display.window_bars_ for span in spans(bars)]
    assert windows == [(6.5, 9.5), (9.5, 12.5), (10.5, 13.5), (13.5, 16.5)]
    targets = [span for bars in display.target_bars_ for span in spans(bars)]
    assert targets == [(9.5, 11.5), (12.5, 14.5), (13.5, 15.5), (16.5, 18.5)]
    assert display.ax_.get_xlabel() == "Row"


def test_folds_go_down_and_bars_of_one_do_not_touch():
    display = WindowDisplay.from_splitter(KFold(3), X, window_length=3, horizon=1)
    assert display.ax_.yaxis_inverted()
    for fold, bars in enumerate(display.train_bars_, 1):
        heights = np.concatenate([path.vertices[:, 1] for path in bars.get_paths()])
        assert fold - 0.5 < heights.min() < heights.max() <= fold
    strips = [path.vertices[:, 1] for b in display.window_bars_ for path in b.get_paths()]
    ends = [(strip.min(), strip.max()) for strip in strips]
    assert all(one[1] < other[0] for one, other in pairwise(ends))
    assert ends[-1][1] < 3.5


def test_rows_that_are_apart_are_bars_of_their_own():
    cv = [([0, 1, 5, 6], [3, 10])]
    display = WindowDisplay.from_splitter(cv, X)
    (train,), (test,), (gap,) = display.train_bars_, display.test_bars_, display.gap_bars_
    assert spans(train) == [(-0.5, 1.5), (4.5, 6.5)]
    assert spans(test) == [(2.5, 3.5), (9.5, 10.5)]
    assert spans(gap) == [(1.5, 2.5), (3.5, 4.5), (6.5, 9.5)]
    assert display.target_bars_ == []


def test_windows_and_targets_end_where_the_rows_do():
    display = WindowDisplay.from_splitter(
        [([0, 1], [18, 19])], X, window_length=5, horizon=4
    )
    assert [spans(bars) for bars in display.window_bars_] == [
        [(-0.5, 1.5)],
        [(13.5, 18.5)],
    ]
    assert [spans(bars) for bars in display.target_bars_] == [[(1.5, 5.5)], [(18.5, 19.5)]]


@pytest.mark.parametrize("kind", ["dates", "periods"])
def test_times_of_the_index_are_on_the_axis(kind):
    days = pd.date_range("2024-01-01", periods=20, freq="D")
    index = days if kind == "dates" else days.to_period("D")
    cv = [(np.arange(15), np.arange(15, 20))]
    display = WindowDisplay.from_splitter(cv, pd.DataFrame(X, index))
    number = date2num(days.to_numpy())
    np.testing.assert_allclose(spans(display.train_bars_[0]), [number[[0, 15]]])
    np.testing.assert_allclose(spans(display.test_bars_[0]), [(number[15], number[19] + 1)])
    display.figure_.canvas.draw()
    assert "2024" in display.ax_.xaxis.get_major_formatter().get_offset()


def test_times_that_do_not_ascend_are_not():
    days = pd.date_range("2024-01-01", periods=20, freq="D")
    display = WindowDisplay.from_splitter(KFold(2), pd.DataFrame(X, days[::-1]))
    assert display.times is None
    assert display.ax_.get_xlabel() == "Row"


def test_splitters_may_look_at_labels_and_groups():
    y, groups = np.repeat([0, 1], 10), np.repeat(np.arange(4), 5)
    display = WindowDisplay.from_splitter(StratifiedKFold(2), X, y=y)
    assert [len(spans(bars)) for bars in display.test_bars_] == [2, 2]
    display = WindowDisplay.from_splitter(GroupKFold(4), X, groups=groups)
    assert sorted(spans(bars)[0][0] for bars in display.test_bars_) == [
        -0.5,
        4.5,
        9.5,
        14.5,
    ]
    assert len(WindowDisplay.from_splitter(3, X).test_bars_) == 3


def test_the_legend_names_each_kind_once_and_what_is_not_there_never():
    display = WindowDisplay.from_splitter(TimeSeriesSplit(3), X)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["Training rows", "Test rows", "Window"]


@pytest.mark.parametrize("value", [0, 1.5, True])
def test_a_window_has_rows(value):
    with pytest.raises(
        ValueError, match=rf"^window_length must be .* at least 1\. Got {value}"
    ):
        WindowDisplay.from_splitter(KFold(2), X, window_length=value)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"^horizon must be .* at least 0\. Got -1\."):
        WindowDisplay.from_splitter(KFold(2), X, horizon=-1)
    with pytest.raises(ValueError, match=r"^cv must give at least one fold\. Got none\."):
        WindowDisplay.from_splitter([], X)
    display = WindowDisplay(
        train_indices=[[0]], test_indices=[[1]], n_rows=2, times=pd.RangeIndex(3)
    )
    with pytest.raises(
        ValueError, match=r"^times must have 2 values, one per row\. Got 3\."
    ):
        display.plot()
