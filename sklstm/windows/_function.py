"""Windows with a horizon and a stride, for use outside pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _get_feature_names

from ._groups import check_none_missing
from ._lags import check_lags
from ._order import check_same_order
from ._segments import Gaps
from ._series import as_rows, check_counts, read_series
from ._windows import Windows


def sliding_windows(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    window_length: int = 10,
    lags: Sequence[int] | None = None,
    horizon: int = 1,
    stride: int = 1,
    groups: str | list[str] | ArrayLike | None = None,
    time: str | ArrayLike | None = None,
    gaps: Gaps = "split",
    freq: Any = None,
) -> tuple[Windows, NDArray[Any]]:
    """Cut a series into whole windows and the values that follow each.

    The window that ends at row ``i`` comes with ``y[i + 1], ..., y[i + horizon]``. Only
    windows that lie, with their horizon, within one series are kept.

    Parameters
    ----------
    X : array-like of shape (n_rows,) or (n_rows, n_features)
        The series, oldest row first.
    y : array-like of shape (n_rows,) or (n_rows, n_targets) or None, default=None
        The series to forecast, numbers or labels; None takes X itself.
    window_length : int, default=10
        Rows in a window. Not used if `lags` is given.
    lags : sequence of int or None, default=None
        Chosen lags in place of a whole window; 0 is the window's last row.
    horizon : int, default=1
        Number of steps to forecast.
    stride : int, default=1
        Rows from one window to the next.
    groups : str, list of str, array-like of shape (n_rows,) or None, default=None
        Series of each row, or the names of X's columns or index levels that say it. None
        takes, of a MultiIndex, all levels but that of time.
    time : str, array-like of shape (n_rows,) or None, default=None
        Time of each row, or the name of X's column or index level that says it. None takes
        the index of X, if it holds times, or its level that does; of a MultiIndex without
        any, its level of integers, the last one if there are several.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp ends a series.
    freq : str, pandas offset or None, default=None
        Step of the times.

    Returns
    -------
    windows : Windows of shape (n_windows, n_timesteps, n_features)
        If X is an array of floats, they may read its memory.
    targets : ndarray of shape (n_windows, horizon)
        For each window the values that follow it: shape ``(n_windows,)`` with
        ``horizon=1``; with several targets one more axis, of length `n_targets`. They
        have the type of y.

    Raises
    ------
    ValueError
        If no window fits, if it cannot be told for certain which level of a MultiIndex is
        the time, if a column holds times that are named nowhere, or if an argument is out
        of range.

    Warns
    -----
    UserWarning
        If gaps in the time index cut more than half of all windows short.

    Examples
    --------
    >>> from sklstm import sliding_windows
    >>> windows, targets = sliding_windows([1, 2, 3, 4, 5, 6], window_length=3, horizon=2)
    >>> windows[:, :, 0]
    array([[1., 2., 3.],
           [2., 3., 4.]])
    >>> targets
    array([[4., 5.],
           [5., 6.]])
    """
    check_counts(window_length=window_length, horizon=horizon, stride=stride)
    steps = check_lags(window_length, lags)
    features, rows, segments = read_series(X, groups, time, gaps, freq)
    table = rows.values
    check_same_order(X, y, "y")
    targets = table if y is None else _as_targets(y, len(table))
    segments.warn_of_gaps(int(steps[0]), freq)
    if not segments.in_order:
        table, targets = table[segments.order], targets[segments.order]
    starts = segments.starts[segments.order]
    ends = _whole_windows(starts, segments.stops, int(steps[0]), horizon, stride)
    if not len(ends):
        raise ValueError(
            f"X must have a series of at least {steps[0] + 1 + horizon} rows, one window"
            f" and its horizon. Got {len(table)} rows in {segments.n_segments} series."
        )
    following = targets[ends[:, None] + np.arange(1, horizon + 1)]
    if np.ndim(X if y is None else y) == 1 or (y is None and targets.shape[1] == 1):
        following = following[:, :, 0]
    if horizon == 1:
        following = following[:, 0]
    windows = Windows(
        table,
        ends,
        starts[ends],
        steps,
        series=segments.series[segments.order][ends],
        ahead=horizon,
        names=_get_feature_names(features),
    )
    return windows, following


def _as_targets(y: ArrayLike, n_rows: int) -> NDArray[Any]:
    """Read what is to be forecast, numbers or labels, as it is."""
    if not np.ndim(y):
        raise ValueError(
            "y must be the series to forecast, of shape (n_rows,) or (n_rows, n_targets)."
            f" Got {y!r}: give the length of a window by name, window_length={y!r}."
        )
    targets = as_rows(y, "y", None)
    if len(targets) != n_rows:
        raise ValueError(
            f"y must have one row for each of the {n_rows} rows of X. Got {len(targets)}."
        )
    if targets.dtype.kind != "f":
        check_none_missing(targets, "y")
    return targets


def _whole_windows(
    starts: NDArray[np.intp],
    stops: NDArray[np.intp],
    oldest: int,
    horizon: int,
    stride: int,
) -> NDArray[np.intp]:
    """Last rows of the windows that lie, with their horizon, in one series."""
    # In place: of a panel these take as much as its rows.
    offset = np.arange(horizon, len(starts) + horizon)
    whole = offset < stops
    offset -= starts
    offset -= oldest + horizon
    whole &= offset >= 0
    if stride > 1:
        whole &= offset % stride == 0
    return np.flatnonzero(whole)
