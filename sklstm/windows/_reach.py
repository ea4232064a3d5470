"""The rows of a table that windows reach, and the table cut down to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]


def spans(
    ends: Index, starts: Index, lags: Index, ahead: int, n_rows: int
) -> tuple[Index, Index]:
    """Give the first and the last row that each window reaches.

    Its row of lag 0 counts even if that is no step of it, and so does the first row of its
    series if it ends before that.

    Parameters
    ----------
    ends, starts : ndarray of int of shape (n_windows,)
    lags : ndarray of int of shape (n_timesteps,)
        In any order.
    ahead : int
        Rows after a window that may be read too.
    n_rows : int
        Rows of the table.

    Returns
    -------
    first, last : ndarray of int of shape (n_windows,)
    """
    oldest, newest = int(lags.max(initial=0)), int(lags.min(initial=-ahead))
    first = np.maximum(ends - oldest, starts)
    # The first row of its series may be the padding.
    last = np.maximum(ends - min(0, newest), starts)
    return _inside(np.minimum(first, ends), n_rows), _inside(last, n_rows)


def cut(
    table: NDArray[Any],
    ends: Index,
    starts: Index,
    series: Index,
    first: Index,
    last: Index,
) -> tuple[NDArray[Any], Index, Index]:
    """Cut a table down to what windows reach of each series, in one piece each.

    Rows of a series keep their distances, so that whoever counts rows between windows
    finds as many as before.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    ends, starts : ndarray of int of shape (n_windows,)
    series : ndarray of int of shape (n_windows,)
        What tells the series apart.
    first, last : ndarray of int of shape (n_windows,)
        As `spans` gives them.

    Returns
    -------
    table : ndarray of shape (n_kept, n_columns)
        The table itself if all of it is reached.
    ends, starts : ndarray of int of shape (n_windows,)
        The same places in the smaller table.
    """
    names, of_window = np.unique(series, return_inverse=True)
    begin = np.full(len(names), len(table), dtype=np.intp)
    stop = np.zeros(len(names), dtype=np.intp)
    np.minimum.at(begin, of_window, first)
    np.maximum.at(stop, of_window, last + 1)
    change = np.zeros(len(table) + 1, dtype=np.intp)
    np.add.at(change, begin, 1)
    np.add.at(change, stop, -1)
    kept = np.cumsum(change[:-1]) > 0
    if kept.all():
        return table, ends, starts
    place = np.concatenate([[0], np.cumsum(kept)])
    start = np.maximum(starts, begin[of_window])
    inside = _inside(ends, len(table))
    return table[kept], place[inside] + ends - inside, place[start]


def _inside(rows: Index, n_rows: int) -> Index:
    """Move rows before or behind a table to its first or last."""
    return np.clip(rows, 0, max(n_rows - 1, 0))
