"""Sums of the last rows, without subtraction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class SlidingSum:
    """Sum of the last `length` rows, at each row.

    Rows are cut into blocks of `length`. The last `length` rows are the end of one block
    and the beginning of the next, and both sums are at hand: the sums of the ends of a
    block are taken once, when it is full, and those of the beginnings grow row by row.
    Nothing is ever subtracted, so a huge value leaves no rounding error behind. A row costs
    O(1), and the sums are the same, bit for bit, however the rows are cut into calls.

    Parameters
    ----------
    length : int
    n_columns : int

    Examples
    --------
    >>> import numpy as np
    >>> rows = SlidingSum(length=2, n_columns=1)
    >>> rows.extend(np.array([[1.0], [2.0], [4.0]])).ravel()
    array([1., 3., 6.])
    >>> rows.extend(np.array([[8.0]])).ravel()
    array([12.])
    """

    def __init__(self, length: int, n_columns: int) -> None:
        self.length = length
        self.n_filled = 0
        self.block = np.zeros((length, n_columns))
        self.beginning = np.zeros((1, n_columns))
        # Of the block before: the sum of its rows from each row to its end.
        self.ends = np.zeros((length + 1, n_columns))

    def extend(self, rows: Array) -> Array:
        """Take rows in.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        sums : ndarray of shape (n_rows, n_columns)
        """
        sums = np.empty_like(rows)
        done = 0
        while done < len(rows):
            part = rows[done : done + self.length - self.n_filled]
            sums[done : done + len(part)] = self._fill(part)
            done += len(part)
        return sums

    def _fill(self, rows: Array) -> Array:
        """Take rows in for which the block has room."""
        filled = slice(self.n_filled, self.n_filled + len(rows))
        self.block[filled] = rows
        beginnings = np.cumsum(np.concatenate([self.beginning, rows]), axis=0)
        sums: Array = beginnings[1:] + self.ends[filled.start + 1 : filled.stop + 1]
        self.beginning, self.n_filled = beginnings[-1:].copy(), filled.stop
        if self.n_filled == self.length:
            self.ends[:-1] = np.cumsum(self.block[::-1], axis=0)[::-1]
            self.beginning, self.n_filled = np.zeros_like(self.beginning), 0
        return sums
