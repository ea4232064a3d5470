"""Scores of windows as scores of the rows that they cover."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..fitting._numbers import is_integer

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


def windows_to_points(
    scores: ArrayLike,
    ends: ArrayLike,
    *,
    window_length: int | None = None,
    lags: ArrayLike | None = None,
    starts: ArrayLike | None = None,
    n_rows: int | None = None,
    how: Literal["mean", "max"] = "mean",
) -> Array:
    """Scores of overlapping windows, or of their steps, to one score per row.

    A row gets the mean, or the maximum, of what the windows that cover it say of it. The
    score of a whole window is said of each of its rows, so it reaches back in time: a row
    may have its score from windows that end after it.

    Point adjustment is not offered: that is, to count all rows of a labelled anomaly as
    found once one of them is. With it, random scores reach the state of the art [1]_.

    Parameters
    ----------
    scores : array-like of shape (n_windows,) or (n_windows, n_timesteps)
        One per window, or one per step, oldest step first. NaN says nothing.
    ends : array-like of int of shape (n_windows,)
        Last row of each window, in any order: the attribute `ends` of `Windows`, which
        counts the rows of its table, series after series. One window per row, as
        `SlidingWindowTransformer` gives them, leads back to the rows of X by
        ``points[windows.ends]``.
    window_length : int or None, default=None
        Rows in a window; needed for one score per window, unless `lags` is given.
    lags : array-like of int of shape (n_timesteps,) or None, default=None
        How many rows before its last each step of a window lies: the attribute `lags` of
        `Windows`. None is one row after the other.
    starts : array-like of int of shape (n_windows,) or None, default=None
        First row of the series of each window, the attribute `starts` of `Windows`: steps
        before it are padding, and belong to no row. None is one series from row 0.
    n_rows : int or None, default=None
        None is as many as the last window reaches.
    how : {"mean", "max"}, default="mean"

    Returns
    -------
    points : ndarray of shape (n_rows,)
        NaN where no window says anything.

    Raises
    ------
    ValueError
        If shapes do not fit, or a window ends beyond the rows.

    References
    ----------
    .. [1] Kim, S., Choi, K., Choi, H.-S., Lee, B. and Yoon, S. (2022). Towards a rigorous
       evaluation of time-series anomaly detection. AAAI.

    Examples
    --------
    >>> from sklstm.anomaly import windows_to_points
    >>> windows_to_points([1.0, 5.0, 0.0], ends=[1, 2, 3], window_length=2)
    array([1. , 3. , 2.5, 0. ])
    >>> windows_to_points([[0.0, 1.0], [3.0, 0.0]], ends=[1, 2], how="max")
    array([0., 3., 0.])
    >>> windows_to_points([7.0], ends=[4], lags=[3, 0])
    array([nan,  7., nan, nan,  7.])
    """
    steps, last, before = _check(scores, ends, window_length, lags)
    first = np.zeros_like(last) if starts is None else _whole(starts, "starts", len(steps))
    size = _check_n_rows(n_rows, last)
    if how not in ("mean", "max"):
        raise ValueError(f"how must be 'mean' or 'max'. Got {how!r}.")
    # Step by step, so that no more is held than one number per window.
    points, counts = np.zeros(size), np.zeros(size, dtype=np.intp)
    if how == "max":
        points -= np.inf
    for lag, said in zip(before, steps.T, strict=True):
        rows = last - lag
        valid = (rows >= np.maximum(first, 0)) & (rows < size) & ~np.isnan(said)
        rows, said = rows[valid], said[valid]
        counts += np.bincount(rows, minlength=size)
        if how == "max":
            np.maximum.at(points, rows, said)
        else:
            points += np.bincount(rows, weights=said, minlength=size)
    points[counts == 0] = np.nan
    return points / np.maximum(counts, 1) if how == "mean" else points


def _check(
    scores: ArrayLike, ends: ArrayLike, window_length: int | None, lags: Any
) -> tuple[Array, Rows, Rows]:
    """Scores by window and step, the last row of each window, and the lag of each step."""
    values = np.asarray(scores, np.float64)
    if values.ndim not in (1, 2):
        raise ValueError(
            "scores must be of shape (n_windows,) or (n_windows, n_timesteps). Got"
            f" {values.shape}."
        )
    n_steps = None if values.ndim == 1 else values.shape[1]
    before = _lags(lags, window_length, n_steps)
    if values.ndim == 1:
        values = np.broadcast_to(values[:, None], (len(values), len(before)))
    return values, _whole(ends, "ends", len(values)), before


def _lags(lags: Any, window_length: int | None, n_steps: int | None) -> Rows:
    """Lags of the steps of a window, oldest first."""
    if window_length is not None and not is_integer(window_length, least=1):
        raise ValueError(
            f"window_length must be an int of at least 1. Got {window_length!r}."
        )
    given = None if lags is None else np.asarray(lags)
    if given is not None and (given.ndim != 1 or given.dtype.kind not in "iu"):
        raise ValueError(f"lags must be ints, one per step. Got {lags!r:.60}.")
    length = window_length if given is None else len(given)
    if length is None:
        length = n_steps
    if length is None:
        raise ValueError("window_length must be given for one score per window. Got None.")
    name = "window_length" if given is None else "lags"
    if n_steps not in (None, length):
        what = f"{length!r}" if given is None else f"{length} lags"
        raise ValueError(f"{name} must be the {n_steps} steps of scores. Got {what}.")
    if window_length not in (None, length):
        raise ValueError(
            f"window_length must be the number of lags, {length}. Got {window_length!r}."
        )
    return np.arange(length)[::-1] if given is None else given.astype(np.intp)


def _whole(rows: Any, name: str, n_windows: int) -> Rows:
    values = np.asarray(rows)
    if values.shape != (n_windows,) or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} must be {n_windows} ints, one per window. Got {rows!r:.60}."
        )
    return values.astype(np.intp)


def _check_n_rows(n_rows: int | None, ends: Rows) -> int:
    least = int(ends.max(initial=-1)) + 1
    if ends.min(initial=0) < 0:
        raise ValueError(f"ends must be rows, 0 or more. Got {ends.min()}.")
    if n_rows is None:
        return least
    if not is_integer(n_rows, least=least):
        raise ValueError(f"n_rows must be an int of at least {least}. Got {n_rows!r}.")
    return int(n_rows)
