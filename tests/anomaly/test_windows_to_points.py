"""Scores of windows as scores of rows, beside a loop over windows and steps."""

import numpy as np
import pytest

from sklstm import SlidingWindowTransformer, sliding_windows
from sklstm.anomaly import windows_to_points

rng = np.random.default_rng(0)
HOW = {"mean": np.mean, "max": np.max}


def by_loop(scores, ends, starts, n_rows, how, lags=None):
    said = [[] for _ in range(n_rows)]
    lags = range(scores.shape[1])[::-1] if lags is None else lags
    for window, end in enumerate(ends):
        for lag, score in zip(lags, scores[window], strict=True):
            if end - lag >= starts[window] and not np.isnan(score):
                said[end - lag].append(score)
    return np.array([HOW[how](values) if values else np.nan for values in said])


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("stride", [1, 3, 7])
def test_a_loop_gives_the_same(how, stride):
    windows, _ = sliding_windows(rng.normal(size=40), window_length=5, stride=stride)
    order = rng.permutation(len(windows))
    scores, ends = rng.normal(size=(len(windows), 5)), windows.ends[order]
    scores[rng.random(scores.shape) < 0.2] = np.nan
    wanted = by_loop(scores, ends, np.zeros_like(ends), 40, how)
    given = windows_to_points(scores, ends, n_rows=40, how=how)
    np.testing.assert_allclose(given, wanted)
    whole = rng.normal(size=len(ends))
    wanted = by_loop(np.repeat(whole[:, None], 5, 1), ends, np.zeros_like(ends), 40, how)
    given = windows_to_points(whole, ends, window_length=5, n_rows=40, how=how)
    np.testing.assert_allclose(given, wanted)


@pytest.mark.parametrize("how", HOW)
def test_padding_belongs_to_no_row_and_no_other_series(how):
    groups = np.repeat(["a", "b"], [6, 9])
    cut = SlidingWindowTransformer(window_length=4).fit_transform(
        rng.normal(size=(15, 1)), groups=groups
    )
    scores = rng.normal(size=(15, 4))
    given = windows_to_points(scores, cut.ends, starts=cut.starts, how=how)
    wanted = by_loop(scores, cut.ends, cut.starts, 15, how)
    np.testing.assert_allclose(given, wanted)
    changed = scores.copy()
    changed[6:] += 1
    given_changed = windows_to_points(changed, cut.ends, starts=cut.starts, how=how)
    np.testing.assert_array_equal(given_changed[:6], given[:6])


def test_rows_of_many_series_may_be_mixed():
    values, groups = rng.normal(size=20), np.tile(["a", "b"], 10)
    cut = SlidingWindowTransformer(window_length=3).fit_transform(
        values[:, None], groups=groups
    )
    points = windows_to_points(np.asarray(cut)[:, :, 0], cut.ends, starts=cut.starts)
    np.testing.assert_allclose(points[cut.ends], values)


def test_errors_of_steps_come_back_to_their_rows():
    """A score that belongs to a row is that row's, whatever window says it."""
    errors = rng.normal(size=30)
    windows, _ = sliding_windows(errors, window_length=6)
    for how in HOW:
        given = windows_to_points(windows[:, :, 0], windows.ends, n_rows=30, how=how)
        np.testing.assert_allclose(given[:-1], errors[:-1])
        assert np.isnan(given[-1])  # the last row is a target, and in no window


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("lags", [[0, 10, 20], [3], [1, 2, 5, 6]])
def test_steps_lie_where_their_lags_say(lags, how):
    rows = rng.normal(size=40)
    cut = SlidingWindowTransformer(lags=lags).fit_transform(rows[:, None])
    scores, where = rng.normal(size=(40, len(lags))), (cut.ends, cut.starts, 40, how)
    options = {"lags": cut.lags, "starts": cut.starts, "how": how}
    given = windows_to_points(scores, cut.ends, **options)
    np.testing.assert_allclose(given, by_loop(scores, *where, lags=cut.lags))
    whole = windows_to_points(scores[:, 0], cut.ends, **options)
    repeated = np.repeat(scores[:, :1], len(lags), axis=1)
    np.testing.assert_allclose(whole, by_loop(repeated, *where, lags=cut.lags))
    # A score that belongs to a row comes back to it.
    own = windows_to_points(np.asarray(cut)[:, :, 0], cut.ends, **options)
    known = ~np.isnan(own)
    np.testing.assert_allclose(own[known], rows[known])
    assert known.sum() == 40 - min(lags)


def test_no_windows():
    np.testing.assert_array_equal(
        windows_to_points([], [], window_length=3, n_rows=2), [np.nan, np.nan]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": 1.0}, r"scores must be of shape \(n_windows,\) or .* Got \(\)"),
        ({"window_length": None}, "window_length must be given for one score per window"),
        ({"window_length": 0}, "window_length must be an int of at least 1. Got 0"),
        (
            {"scores": np.zeros((2, 3)), "window_length": 2},
            "window_length must be the 3 steps of scores. Got 2",
        ),
        (
            {"scores": np.zeros((2, 3)), "window_length": None, "lags": [1, 0]},
            "lags must be the 3 steps of scores. Got 2 lags",
        ),
        ({"lags": [5, 1, 0]}, "window_length must be the number of lags, 3. Got 2"),
        ({"lags": 0.5}, "lags must be ints, one per step. Got 0.5"),
        ({"ends": [1]}, r"ends must be 2 ints, one per window. Got \[1\]"),
        ({"ends": [1.0, 2.0]}, r"ends must be 2 ints, one per window. Got \[1.0"),
        ({"ends": [-1, 2]}, "ends must be rows, 0 or more. Got -1"),
        ({"starts": [0]}, r"starts must be 2 ints, one per window. Got \[0\]"),
        ({"n_rows": 2}, "n_rows must be an int of at least 3. Got 2"),
        ({"how": "median"}, "how must be 'mean' or 'max'. Got 'median'"),
    ],
)
def test_what_is_wrong_is_named(options, message):
    right = {"scores": [1.0, 2.0], "ends": [1, 2], "window_length": 2}
    with pytest.raises(ValueError, match=message):
        windows_to_points(**right | options)
