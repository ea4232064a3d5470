"""Rows as they come in: values, the series of each row, and its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._groups import by_group, read_groups
from ._time import on_the_clock_of, time_index_of


@dataclass(frozen=True)
class Rows:
    """Rows with what is known of their series and time.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
    groups : ndarray of shape (n_rows,) or None
        Label of each row's series.
    time : time index of shape (n_rows,) or None
    """

    values: NDArray[Any]
    groups: NDArray[Any] | None
    time: Any

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Rows:
        groups = None if self.groups is None else self.groups[index]
        time = None if self.time is None else self.time[index]
        return Rows(self.values[index], groups, time)

    @classmethod
    def read(cls, X: Any, values: NDArray[Any], groups: ArrayLike | None) -> Rows:
        """Find the series and the time of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            As the user gave it: with its index, if it has one.
        values : ndarray of shape (n_rows, n_features)
            The checked values of X.
        groups : array-like of shape (n_rows,) or None
            None takes the levels of a MultiIndex before that of time.

        Returns
        -------
        rows : Rows
        """
        time = time_index_of(X)
        if groups is None and time is not None and X.index.nlevels > 1:
            groups = X.index.droplevel(-1)
        return cls(values, read_groups(groups, len(values)), time)

    def followed_by(self, later: Rows) -> tuple[NDArray[Any] | None, Any]:
        """Give the groups and the time of these rows and then of others."""
        groups = later.groups
        if self.groups is not None and groups is not None:
            groups = np.concatenate([self.groups, groups])
        time = later.time
        if self.time is not None and time is not None:
            time = self.time.append(on_the_clock_of(self.time, time))
        return groups, time

    def head(self, n: int) -> Rows:
        """Give the first `n` rows of each series, series after series."""
        order, new = by_group(len(self), self.groups)
        begin = np.maximum.accumulate(np.where(new, np.arange(len(self)), 0))
        return self[order[np.arange(len(self)) - begin < n]]

    def tail(self, n: int) -> Rows:
        """Give the last `n` rows of each series, series after series."""
        return self[::-1].head(n)[::-1]
