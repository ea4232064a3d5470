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

    Its row of lag 0 counts even if that is no step of it.

    Parameters
    ----------
    ends, starts : ndarray of int of shape (n_windows,)
    lags : ndarray of int of shape (n_timesteps,)
        Oldest (largest) first.
    ahead : int
        Rows after a window that may be read too.
    n_rows : int
        Rows of the table.

    Returns
    -------
    first, last : ndarray of int of shape (n_windows,)
    """
    first = np.maximum(ends - max(0, int(lags[0])), np.maximum(starts, 0))
    last = np.minimum(ends - min(0, int(lags[-1]), -ahead), n_rows - 1)
    return np.minimum(first, ends), last


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
    return table[kept], place[ends], place[start]
