"""Windows with a horizon and a stride, for use outside pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from ._groups import check_none_missing
from ._rows import Rows
from ._segments import Gaps, find_segments
from ._time import check_freq, learn_step
from ._transformer import check_lags
from ._windows import Windows


def sliding_windows(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    window_length: int = 10,
    lags: Sequence[int] | None = None,
    horizon: int = 1,
    stride: int = 1,
    groups: ArrayLike | None = None,
    gaps: Gaps = "split",
    freq: Any = None,
) -> tuple[NDArray[Any] | Windows, NDArray[Any]]:
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
    groups : array-like of shape (n_rows,) or None, default=None
        Series of each row. None takes the levels of a MultiIndex before a last one of
        times.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp in X's time index ends a series.
    freq : str, pandas offset or None, default=None
        Step of X's time index.

    Returns
    -------
    windows : array of shape (n_windows, n_timesteps, n_features)
        A read-only view of X if X is one series and the window whole, else `Windows`. If
        X is an array of floats, both may read its memory.
    targets : ndarray of shape (n_windows, horizon)
        For each window the values that follow it: shape ``(n_windows,)`` with
        ``horizon=1``; with several targets one more axis, of length `n_targets`. They
        have the type of y.

    Raises
    ------
    ValueError
        If no window fits, or an argument is out of range.

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
    for name, value in (
        ("window_length", window_length),
        ("horizon", horizon),
        ("stride", stride),
    ):
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r} instead.")
    if gaps not in ("split", "ignore"):
        raise ValueError(f"gaps must be 'split' or 'ignore'. Got {gaps!r} instead.")
    check_freq(freq)
    rows = Rows.read(X, _as_rows(X, "X", [np.float64, np.float32]), groups)
    table = rows.values
    targets = table if y is None else _as_targets(y, len(table))
    steps = check_lags(window_length, lags)
    step = learn_step(rows.time, rows.groups, freq)
    segments = find_segments(len(table), rows.groups, rows.time, step=step, gaps=gaps)
    segments.warn_of_gaps(int(steps[0]), freq)
    if not segments.in_order:
        table, targets = table[segments.order], targets[segments.order]
    starts = segments.starts[segments.order]
    ends = _whole_windows(starts, int(steps[0]), horizon, stride)
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
    if len(steps) == steps[0] + 1 and segments.n_segments == 1:
        view = np.lib.stride_tricks.sliding_window_view(table, len(steps), axis=0)
        last = ends[-1] - steps[0]
        return view.transpose(0, 2, 1)[: last + 1 : stride], following
    return Windows(table, ends, starts[ends], steps), following


def _as_rows(series: ArrayLike, name: str, dtype: Any) -> NDArray[Any]:
    """Read a series of numbers or labels; one dimension is one feature."""
    if np.ndim(series) == 1:
        series = np.asarray(series).reshape(-1, 1)
    return check_array(series, dtype=dtype, ensure_all_finite="allow-nan", input_name=name)


def _as_targets(y: ArrayLike, n_rows: int) -> NDArray[Any]:
    """Read what is to be forecast, numbers or labels, as it is."""
    targets = _as_rows(y, "y", None)
    if len(targets) != n_rows:
        raise ValueError(
            f"y must have one row for each of the {n_rows} rows of X. Got {len(targets)}."
        )
    if targets.dtype.kind != "f":
        check_none_missing(targets, "y")
    return targets


def _whole_windows(
    starts: NDArray[np.intp], oldest: int, horizon: int, stride: int
) -> NDArray[np.intp]:
    """Last rows of the windows that lie, with their horizon, in one series."""
    rows = np.arange(len(starts))
    begins = np.unique(starts, return_index=True)[1]
    stops = np.r_[begins[1:], len(starts)]
    stop = np.repeat(stops, stops - begins)
    offset = rows - starts - oldest
    return rows[(offset >= 0) & (offset % stride == 0) & (rows + horizon < stop)]
