"""Rows of many series in one table, with room for those to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._panel import Panel

Array = NDArray[Any]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Series one after the other, each followed by rows that are still to come.

    Attributes
    ----------
    table : ndarray of shape (n_rows, n_columns)
    starts : ndarray of int of shape (n_series,)
        First row of each series.
    lasts : ndarray of int of shape (n_series,)
        Last row of each, from which steps are counted; before its start if it has none.
    n_ahead : int
        Rows to come after each.
    """

    table: Array
    starts: Index
    lasts: Index
    n_ahead: int

    @classmethod
    def of(cls, panel: Panel, future: Array) -> Rows:
        """Put rows to come behind those of each series.

        Parameters
        ----------
        panel : Panel
        future : ndarray of shape (n_series, n_ahead, n_columns)
            What is known of the rows to come; NaN is not known.

        Returns
        -------
        rows : Rows
        """
        n_series, n_ahead, n_columns = future.shape
        values = panel.values
        shift = np.arange(n_series) * n_ahead
        table = np.empty((len(values) + n_series * n_ahead, n_columns))
        table[np.arange(len(values)) + np.repeat(shift, panel.lengths)] = values
        lasts = panel.stops - 1 + shift
        table[lasts[:, None] + np.arange(1, n_ahead + 1)] = future
        return cls(table, panel.starts + shift, lasts, n_ahead)

    def stretches(self, lasts: Index, starts: Index) -> Rows:
        """Copy stretches of rows, and those that follow, as series of their own.

        Parameters
        ----------
        lasts, starts : ndarray of int of shape (n_stretches,)
            Last and first row of each stretch.

        Returns
        -------
        rows : Rows
            What follows a stretch is all that the table has, known ahead or not.
        """
        lengths = lasts - starts + 1
        stops = np.cumsum(lengths + self.n_ahead)
        first = stops - lengths - self.n_ahead
        row = np.arange(stops[-1]) - np.repeat(first - starts, lengths + self.n_ahead)
        return Rows(self.table[row], first, first + lengths - 1, self.n_ahead)


def count_missing(table: Array, lasts: Index, starts: Index) -> Index:
    """Count the rows since a value was last observed, column by column.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    lasts, starts : ndarray of int of shape (n,)
        Rows to count from, backwards, and rows where the series of each begins.

    Returns
    -------
    n_missing : ndarray of int of shape (n, n_columns)
        0 where the row itself is observed; -1 where none is, back to the start.

    Examples
    --------
    >>> table = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0]])
    >>> count_missing(table, np.array([1, 2]), np.array([0, 0]))
    array([[ 0, -1],
           [ 1,  0]])
    """
    row = np.arange(len(table))[:, None]
    observed = np.maximum.accumulate(np.where(np.isnan(table), -1, row), axis=0)
    # A series without a row may begin where the table does.
    last = np.where(lasts[:, None] < starts[:, None], -1, observed[lasts])
    return np.where(last < starts[:, None], -1, lasts[:, None] - last)
