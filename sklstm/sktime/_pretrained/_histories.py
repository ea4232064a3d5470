"""The past of series, as it is known at some row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .._rows import count_missing

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Steps of the past that are looked at: a day of minutes, eight weeks of hours.
MOST_STEPS = 1440


@dataclass(frozen=True)
class Origins:
    """Places from which to forecast: a row, and a column, of a table.

    Attributes
    ----------
    table : ndarray of shape (n_rows, n_columns)
        Series one after the other; NaN is not observed.
    last : ndarray of int of shape (n_origins,)
        The row of lag 0; a row before the start has no past.
    start : ndarray of int of shape (n_origins,)
        First row of the series.
    column : ndarray of int of shape (n_origins,)
    """

    table: Array
    last: Index
    start: Index
    column: Index

    def __len__(self) -> int:
        return len(self.last)

    @classmethod
    def of(cls, table: Array, last: Index, start: Index) -> Origins:
        """Forecast from the same rows in each column, one column after the other."""
        n_columns = table.shape[1]
        column = np.repeat(np.arange(n_columns), len(last))
        return cls(table, np.tile(last, n_columns), np.tile(start, n_columns), column)

    def take(self, index: slice | NDArray[np.generic]) -> Origins:
        """Choose some."""
        return Origins(self.table, self.last[index], self.start[index], self.column[index])

    @cached_property
    def missing(self) -> Index:
        """Rows since a value was last observed; -1 where none was."""
        missing = np.empty(len(self), dtype=np.intp)
        for column in np.unique(self.column):
            at = np.flatnonzero(self.column == column)
            values = self.table[:, column : column + 1]
            missing[at] = count_missing(values, self.last[at], self.start[at])[:, 0]
        return missing

    @cached_property
    def n_observed(self) -> Index:
        """Values that were observed by then."""
        before = np.zeros((1, self.table.shape[1]), dtype=np.intp)
        total = np.concatenate([before, np.cumsum(~np.isnan(self.table), axis=0)])
        return total[self.last + 1, self.column] - total[self.start, self.column]

    def histories(self) -> Array:
        """Give the values up to the last that is observed.

        Returns
        -------
        histories : ndarray of shape (n_origins, n_steps)
            NaN before a series begins. At most `MOST_STEPS` of each.
        """
        end = self.last - np.maximum(self.missing, 0)
        n_steps = int((end - self.start).max(initial=0)) + 1
        rows = end[:, None] - np.arange(min(n_steps, MOST_STEPS) - 1, -1, -1)
        there = rows >= self.start[:, None]
        values = self.table[np.where(there, rows, 0), self.column[:, None]]
        return np.where(there, values, np.nan)

    def ahead(self, n_steps: int, stop: Index) -> Array:
        """Give the values after the last that is observed, as far as they are known.

        Parameters
        ----------
        n_steps : int
        stop : ndarray of int of shape (n_origins,)
            Row after the last of each series.

        Returns
        -------
        values : ndarray of shape (n_origins, n_steps)
        """
        end = self.last - np.maximum(self.missing, 0)
        rows = end[:, None] + np.arange(1, n_steps + 1)
        there = rows < stop[:, None]
        values = self.table[np.where(there, rows, 0), self.column[:, None]]
        return np.where(there, values, np.nan)
