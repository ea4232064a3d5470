"""Rows on an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._lines import axis_times

Array = NDArray[Any]


def runs_of(rows: Array) -> list[tuple[int, int]]:
    """Cut ascending rows where one is left out.

    Parameters
    ----------
    rows : ndarray of int

    Returns
    -------
    runs : list of (first, end)
        The end is the row after the last one.

    Examples
    --------
    >>> runs_of(np.array([0, 1, 2, 5, 7, 8]))
    [(0, 3), (5, 6), (7, 9)]
    """
    if not len(rows):
        return []
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


def row_edges(times: Any, n_rows: int) -> tuple[Array, bool]:
    """Give where each row begins on an axis, and where the last one ends.

    Parameters
    ----------
    times : Index or None
        None counts rows, which lie about their number.
    n_rows : int

    Returns
    -------
    edges : ndarray of float of shape (n_rows + 1,)
    has_dates : bool
        Whether they are days as matplotlib counts them.

    Raises
    ------
    ValueError
        If there is not one time per row.

    Examples
    --------
    >>> row_edges(None, 3)
    (array([-0.5,  0.5,  1.5,  2.5]), False)
    """
    values = axis_times(times, "times")
    if values is None:
        return np.arange(n_rows + 1) - 0.5, False
    if len(values) != n_rows:
        raise ValueError(
            f"times must have {n_rows} values, one per row. Got {len(values)}."
        )
    has_dates = values.dtype.kind == "M"
    if has_dates:
        from matplotlib.dates import date2num

        values = np.asarray(date2num(values))
    last = np.median(np.diff(values)) if n_rows > 1 else 1.0
    return np.append(values, values[-1] + last).astype(np.float64), has_dates


def ascending(index: Any) -> Any:
    """Give an index of times that ascend; None of any other.

    Parameters
    ----------
    index : Index, or something else that is none

    Returns
    -------
    index : DatetimeIndex, PeriodIndex, TimedeltaIndex or None
    """
    kind = type(index).__name__
    if kind not in ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex"):
        return None
    ascends = index.is_monotonic_increasing and index.is_unique and not index.hasnans
    return index if ascends else None
