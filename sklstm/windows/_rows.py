"""Rows as they come in: values, the series of each row, and its time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._groups import by_group, read_groups
from ._keys import Keys
from ._time import on_the_clock_of


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
    def read(cls, values: NDArray[Any], keys: Keys) -> Rows:
        """Check that each row has a series and a time, where any has.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
            The checked features of X.
        keys : Keys
            What says the series and the time.

        Returns
        -------
        rows : Rows

        Raises
        ------
        ValueError
            If there is not one label, or not one time, for each row.
        """
        n_rows, n_times = len(values), None if keys.time is None else len(keys.time)
        if n_times not in (None, n_rows):
            raise ValueError(
                f"time must have one time for each of the {n_rows} rows of X. Got"
                f" {n_times}."
            )
        return cls(values, read_groups(keys.groups, n_rows), keys.time)

    def told_as(self, fitted: Rows) -> Rows:
        """Give the same rows on the clock of the fitted ones.

        Parameters
        ----------
        fitted : Rows

        Returns
        -------
        rows : Rows

        Raises
        ------
        ValueError
            If only one of the two has groups, or their times are of different kinds.
        """
        if (fitted.groups is None) != (self.groups is None):
            now, then = ("fit", "transform")[:: 1 if self.groups is None else -1]
            raise ValueError(
                "groups must be given to both fit and transform, or to neither. Got them"
                f" in {now} and not in {then}. Scorers and the predict of a search pass no"
                " metadata on: name the series' column or index level instead,"
                " SlidingWindowTransformer(groups='store'), or keep a MultiIndex."
            )
        if fitted.time is None and self.time is None:
            return self
        return replace(self, time=on_the_clock_of(fitted.time, self.time))

    def followed_by(self, later: Rows) -> tuple[NDArray[Any] | None, Any]:
        """Give the groups and the time of these rows and then of others."""
        groups = later.groups
        if self.groups is not None and groups is not None:
            groups = np.concatenate([self.groups, groups])
        time = later.time
        if self.time is not None and time is not None:
            time = self.time.append(time)
        return groups, time

    def head(self, n: int) -> Rows:
        """Give the first `n` rows of each series, series after series."""
        order, new = by_group(len(self), self.groups)
        begin = np.maximum.accumulate(np.where(new, np.arange(len(self)), 0))
        return self[order[np.arange(len(self)) - begin < n]]

    def tail(self, n: int) -> Rows:
        """Give the last `n` rows of each series, series after series."""
        return self[::-1].head(n)[::-1]
