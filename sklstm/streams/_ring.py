"""The last rows of a series, in bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Rows that there is room for at first.
FEWEST = 16


class Ring:
    """The last rows of a series, which always lie in one piece.

    They fill an array of twice as many rows from its beginning on; when it is full, the
    last move to its beginning. So a row costs O(1), and the last rows are a view.

    Parameters
    ----------
    n_kept : int
        The last rows that are there for certain.
    n_features : int
    dtype : dtype, default=float64

    Attributes
    ----------
    n_seen : int
        Rows so far, those that are gone included.

    Examples
    --------
    >>> ring = Ring(n_kept=2, n_features=1)
    >>> for value in range(5):
    ...     ring.append(np.array([value]))
    >>> ring.last(2).ravel(), ring.n_seen
    (array([3., 4.]), 5)
    >>> ring.pop()
    >>> ring.last(2).ravel()
    array([2., 3.])
    """

    def __init__(self, n_kept: int, n_features: int, dtype: Any = np.float64) -> None:
        self.n_kept = n_kept
        self.rows = np.empty((min(FEWEST, 2 * n_kept), n_features), dtype)
        self.n_stored = 0
        self.n_seen = 0

    def append(self, row: NDArray[Any]) -> None:
        """Take a row in.

        Parameters
        ----------
        row : ndarray of shape (n_features,)
        """
        if row.dtype.itemsize > self.rows.dtype.itemsize:
            self.rows = self.rows.astype(row.dtype)
        if self.n_stored == len(self.rows):
            self._make_room()
        self.rows[self.n_stored] = row
        self.n_stored += 1
        self.n_seen += 1

    def pop(self) -> None:
        """Take the last row back."""
        self.n_stored -= 1
        self.n_seen -= 1

    def last(self, n_rows: int, before: int = 0) -> NDArray[Any]:
        """Give the last rows.

        Parameters
        ----------
        n_rows : int
        before : int, default=0
            How many rows come after them.

        Returns
        -------
        rows : ndarray of shape (n_rows, n_features)
            A view.
        """
        stop = self.n_stored - before
        return self.rows[stop - n_rows : stop]

    def _make_room(self) -> None:
        if len(self.rows) < 2 * self.n_kept:
            size = min(2 * len(self.rows), 2 * self.n_kept)
            larger = np.empty((size, self.rows.shape[1]), self.rows.dtype)
            larger[: self.n_stored] = self.rows
            self.rows = larger
            return
        # Both halves are apart: what is kept is no more than one of them.
        self.rows[: self.n_kept] = self.rows[-self.n_kept :]
        self.n_stored = self.n_kept
