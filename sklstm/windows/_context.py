"""What a transformer remembers of the fitted rows, and when it may stand before others."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._groups import places_of
from ._rows import Rows
from ._time import instants

Index = NDArray[np.intp]

# Rows of each series that are remembered at either end, however short the window.
_FEWEST = 8

# Units in the last place of a column's largest value that computing it twice may differ by.
_ROUNDING = 1000


@dataclass(frozen=True)
class Context:
    """The ends of each fitted series: the last rows as history, both to know them again.

    With a time index, rows that come after the fitted ones follow them. Without one, new
    rows of a series are taken to follow unless they begin with its first fitted rows or
    run over its last ones. Two rows or more have to agree, and one more than stand twice
    among the fitted rows of the series (or all that are remembered): data of few different
    values repeat short stretches by chance.

    Attributes
    ----------
    head, tail : Rows
        The first and the last rows of each series.
    n_head, n_tail : ndarray of int of shape (n_series,)
        How many of them have to agree.
    labels : ndarray of shape (n_series,)
        Label of each series.
    rounding : ndarray of shape (n_features,)
        How far values may lie apart that agree: an earlier step of a pipeline, such as
        PCA, computes the same row a little differently each time.
    n_lags : int
        Rows that a window reaches back.
    """

    head: Rows
    tail: Rows
    n_head: Index
    n_tail: Index
    labels: NDArray[Any]
    rounding: NDArray[Any]
    n_lags: int

    @classmethod
    def of(cls, rows: Rows, n_lags: int) -> Context:
        """Remember the ends of fitted rows.

        Parameters
        ----------
        rows : Rows
        n_lags : int

        Returns
        -------
        context : Context
        """
        n = max(n_lags, _FEWEST)
        labels = np.unique(_labels(rows))
        blocks = _Blocks.of(rows, labels)
        values = rows.values
        largest = np.fmax(np.fmax.reduce(values), -np.fmin.reduce(values))
        rounding = _ROUNDING * np.finfo(values.dtype).eps * largest
        n_head = _n_telling(blocks, n, rounding)
        n_tail = _n_telling(blocks.backwards(), n, rounding)
        ends = rows.head(n), rows.tail(n)
        return cls(*ends, n_head, n_tail, labels, rounding, n_lags)

    def before(self, rows: Rows) -> Rows:
        """Give the last rows of the series that new rows follow.

        Parameters
        ----------
        rows : Rows
            Told as the fitted ones were.

        Returns
        -------
        context : Rows

        Warns
        -----
        UserWarning
            If new rows of a series begin among the fitted ones.
        """
        has_time = rows.time is not None
        follows = self._is_earlier_than(rows) if has_time else ~self._has_fitted(rows)
        followed = follows[places_of(_labels(self.tail), self.labels)]
        return self.tail[followed].tail(self.n_lags)

    def _is_earlier_than(self, rows: Rows) -> NDArray[np.bool_]:
        """Tell of which series the last time comes before the first new one."""
        new = self._first_times(rows)
        begin, end = self._first_times(self.head), -self._first_times(self.tail, sign=-1)
        among = (begin < new) & (new <= end)
        if among.any():
            warnings.warn(
                f"context='fit' gives no history to {among.sum()} series of X that begin"
                " among the fitted rows: only rows that come after these see the last of"
                " them.",
                UserWarning,
                stacklevel=4,
            )
        return end < new

    def _first_times(self, rows: Rows, sign: int = 1) -> NDArray[np.int64]:
        """Give the first time of each series; the largest number where it has no rows."""
        first = np.full(len(self.labels), np.iinfo(np.int64).max)
        place = places_of(_labels(rows), self.labels)
        np.minimum.at(first, place[place >= 0], sign * instants(rows.time)[place >= 0])
        return first

    def _has_fitted(self, rows: Rows) -> NDArray[np.bool_]:
        """Tell of which series the new rows are, or hold, fitted ones."""
        new = _Blocks.of(rows, self.labels)
        head = _Blocks.of(self.head, self.labels)
        tail = _Blocks.of(self.tail, self.labels).backwards()
        series, offset = new.rows()
        again = np.zeros(len(self.labels), dtype=bool)
        first = offset == 0
        for blocks, at, fitted, least in (
            (new, (series[first], offset[first]), head, self.n_head),
            (new.backwards(), (series, offset), tail, self.n_tail),
        ):
            again[_found(blocks, at, fitted, least, self.rounding)] = True
        return again


class _Blocks(NamedTuple):
    """Rows by series: series `s` has `size[s]` of them, from `begin[s]` on."""

    values: NDArray[Any]
    begin: Index
    size: Index

    @classmethod
    def of(cls, rows: Rows, labels: NDArray[Any]) -> _Blocks:
        """Sort rows into the series of some labels, and leave out the others."""
        place = places_of(_labels(rows), labels)
        order = np.argsort(place, kind="stable")
        size = np.bincount(place + 1, minlength=len(labels) + 1)
        return cls(rows.values[order], np.cumsum(size)[:-1], size[1:])

    def backwards(self) -> _Blocks:
        begin = len(self.values) - self.begin - self.size
        return _Blocks(self.values[::-1], begin, self.size)

    def rows(self) -> tuple[Index, Index]:
        """Give the series of each row, and how many rows stand before it there."""
        series = np.repeat(np.arange(len(self.size)), self.size)
        return series, np.arange(len(series)) - (np.cumsum(self.size) - self.size)[series]


def _labels(rows: Rows) -> NDArray[Any]:
    return np.zeros(len(rows), dtype=int) if rows.groups is None else rows.groups


def _n_telling(fitted: _Blocks, n: int, rounding: NDArray[Any]) -> Index:
    """How many first rows tell a series: one more than stand in it a second time."""
    series, offset = (a[fitted.rows()[1] > 0] for a in fitted.rows())
    begin = fitted.begin[series]
    pairs = np.stack([begin + offset, begin])
    room = np.minimum(fitted.size[series] - offset, n)
    twice = np.zeros(len(fitted.size), dtype=np.intp)
    common = _n_common(fitted.values, fitted.values, pairs, room, rounding)
    np.maximum.at(twice, series, common)
    return np.minimum(twice + 2, np.clip(fitted.size, 2, n))


def _found(
    new: _Blocks,
    at: tuple[Index, Index],
    fitted: _Blocks,
    least: Index,
    rounding: NDArray[Any],
) -> Index:
    """Give the series that hold their fitted rows at an offset, or as many as fit there."""
    series, offset = at
    pairs = np.stack([new.begin[series] + offset, fitted.begin[series]])
    room = np.minimum(new.size[series] - offset, fitted.size[series])
    common = _n_common(new.values, fitted.values, pairs, room, rounding)
    return series[(common == room) & (room >= least[series])]


def _n_common(
    a: NDArray[Any], b: NDArray[Any], pairs: Index, room: Index, rounding: NDArray[Any]
) -> Index:
    """How many rows of two tables agree from each pair of rows on: at most `room`."""
    common = np.zeros(len(room), dtype=np.intp)
    going = np.flatnonzero(room > 0)
    while len(going):
        i, j = pairs[:, going] + common[going]
        agree = (abs(a[i] - b[j]) <= rounding) | (np.isnan(a[i]) & np.isnan(b[j]))
        going = going[agree.all(axis=1)]
        common[going] += 1
        going = going[common[going] < room[going]]
    return common
