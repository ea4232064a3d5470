"""Rows of one or many series as one table, and what pandas says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.datatypes import convert_to

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Panel:
    """Rows of one or many series, each in one piece, oldest row first.

    Attributes
    ----------
    frame : pandas.DataFrame of shape (n_rows, n_columns)
        Its index is the time, or, for many series, names the series and then the time.
    starts, stops : ndarray of int of shape (n_series,)
        Where each series begins, and where the next does.
    """

    frame: pd.DataFrame
    starts: Index
    stops: Index

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Panel:
        """Find the series of a frame.

        Parameters
        ----------
        frame : pandas.DataFrame

        Returns
        -------
        panel : Panel
        """
        if isinstance(frame.index, pd.MultiIndex):
            names = frame.index.droplevel(-1)
            codes = names.factorize()[0]
            if (np.diff(codes) < 0).any():
                order = np.argsort(codes, kind="stable")
                frame, codes = frame.iloc[order], codes[order]
            first = np.r_[True, np.diff(codes) > 0] if len(codes) else np.empty(0, bool)
        else:
            first = np.arange(len(frame)) == 0
        starts = np.flatnonzero(first)
        return cls(frame, starts, np.r_[starts[1:], len(frame)].astype(np.intp))

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> Index:
        """Number of rows of each series."""
        return self.stops - self.starts

    @property
    def values(self) -> NDArray[np.float64]:
        """The rows as numbers, of shape (n_rows, n_columns)."""
        return self.frame.to_numpy(dtype=np.float64, na_value=np.nan)

    @property
    def times(self) -> pd.Index:
        """The time of each row."""
        index = self.frame.index
        return index.get_level_values(-1) if isinstance(index, pd.MultiIndex) else index

    def names(self) -> list[tuple[Any, ...]]:
        """Name each series: ``()`` where there is one without a name."""
        index = self.frame.index
        if not isinstance(index, pd.MultiIndex):
            return [()] * len(self)
        return [tuple(row[:-1]) for row in index[self.starts]]

    def cutoffs(self) -> list[pd.Index]:
        """Give the last time of each series, as an index of one element."""
        times = self.times
        return [times[stop - 1 : stop] for stop in self.stops]

    def regular(self, freq: Any) -> Panel:
        """Add the rows that are missing between others, as rows of NaN.

        Parameters
        ----------
        freq : pandas offset, its name or None
            Step of time stamps; None leaves them. Periods and integers have their own.

        Returns
        -------
        panel : Panel
        """
        times = self.times
        parts = [times[i:j] for i, j in zip(self.starts, self.stops, strict=True)]
        full = [_without_gaps(part, freq) for part in parts]
        if all(len(a) == len(b) for a, b in zip(parts, full, strict=True)):
            return self
        return Panel.of(self.frame.reindex(self.index_at(full)))

    def index_at(self, times: list[pd.Index]) -> pd.Index:
        """Give the index of rows at some times of each series.

        Parameters
        ----------
        times : list of pandas.Index, of length n_series

        Returns
        -------
        index : pandas.Index
        """
        index = self.frame.index
        if not isinstance(index, pd.MultiIndex):
            return times[0].rename(index.name)
        firsts = index[self.starts].droplevel(-1)
        series = firsts.repeat([len(part) for part in times])
        levels = [series.get_level_values(i) for i in range(series.nlevels)]
        return pd.MultiIndex.from_arrays(
            [*levels, times[0].append(times[1:])], names=index.names
        )

    def tail(self, n_rows: int | Index) -> Panel:
        """Keep the last rows of each series.

        Parameters
        ----------
        n_rows : int, or ndarray of int of shape (n_series,)

        Returns
        -------
        panel : Panel
        """
        row = np.arange(len(self.frame))
        keep = row >= np.repeat(self.stops - n_rows, self.lengths)
        return Panel.of(_trimmed(self.frame[keep]))

    def without_last(self, n_rows: Index) -> Panel:
        """Leave out the last rows of each series.

        Parameters
        ----------
        n_rows : ndarray of int of shape (n_series,)

        Returns
        -------
        panel : Panel
        """
        row = np.arange(len(self.frame))
        return Panel.of(self.frame[row < np.repeat(self.stops - n_rows, self.lengths)])

    def only(self, names: list[tuple[Any, ...]]) -> Panel:
        """Keep the series of some names.

        Parameters
        ----------
        names : list of tuple

        Returns
        -------
        panel : Panel
        """
        wanted = set(names)
        chosen = [name in wanted for name in self.names()]
        return Panel.of(self.frame[np.repeat(chosen, self.lengths)])

    def followed_by(self, later: Panel) -> Panel:
        """Add rows to each series; they take the place of what was known from there on.

        Parameters
        ----------
        later : Panel

        Returns
        -------
        panel : Panel
            The series of both.
        """
        if not isinstance(self.frame.index, pd.MultiIndex):
            before = self.frame[self.frame.index < later.frame.index[0]]
            return Panel.of(pd.concat([before, later.frame]))
        firsts = dict(zip(later.names(), later.times[later.starts], strict=True))
        times = self.times
        keep = np.ones(len(self.frame), dtype=bool)
        for name, start, stop in zip(self.names(), self.starts, self.stops, strict=True):
            if name in firsts:
                keep[start:stop] = times[start:stop] < firsts[name]
        return Panel.of(pd.concat([self.frame[keep], later.frame]))


def series_name(name: tuple[Any, ...]) -> str:
    """Name a series in a message.

    Parameters
    ----------
    name : tuple
        As `Panel.names` gives it.

    Returns
    -------
    text : str

    Examples
    --------
    >>> series_name(("north", 3)), series_name(())
    ("series ('north', 3)", 'y')
    """
    if not name:
        return "y"
    return f"series {name[0]!r}" if len(name) == 1 else f"series {name!r}"


def as_frame(series: Any) -> pd.DataFrame | None:
    """Give series, a panel or a hierarchy of any type that sktime knows as a frame.

    Parameters
    ----------
    series : object
        None stays None.

    Returns
    -------
    frame : pandas.DataFrame or None
    """
    frames = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]
    return None if series is None else convert_to(series, frames)


def join(y: pd.DataFrame, X: pd.DataFrame | None, covariates: list[Any]) -> pd.DataFrame:
    """Put columns of X beside those of y, at the times of y.

    Parameters
    ----------
    y : pandas.DataFrame of shape (n_rows, n_series)
    X : pandas.DataFrame or None
        Rows at other times are left out, rows that are missing are NaN.
    covariates : list of column names
        Columns to take from X, in this order.

    Returns
    -------
    rows : pandas.DataFrame of shape (n_rows, n_series + n_columns)
        Columns are numbered, so that y and X may have names in common.

    Raises
    ------
    ValueError
        If a value is infinite.
    """
    parts = {"y": y.astype(np.float64)}
    if covariates:
        empty = pd.DataFrame(np.nan, index=y.index, columns=covariates)
        parts["X"] = empty if X is None else X[covariates].astype(np.float64)
        parts["X"] = parts["X"].reindex(y.index)
    for name, part in parts.items():
        if np.isinf(part.to_numpy()).any():
            raise ValueError(f"{name} must be finite or missing. Got infinity in it.")
    rows = pd.concat(list(parts.values()), axis=1)
    return rows.set_axis(range(rows.shape[1]), axis=1)


def _without_gaps(times: pd.Index, freq: Any) -> pd.Index:
    """Give all times from the first to the last; the same where a step is not known."""
    first, last = times[0], times[-1]
    if isinstance(times, pd.PeriodIndex):
        return pd.period_range(first, last, freq=times.freq)
    if isinstance(times, pd.DatetimeIndex):
        full = times if freq is None else pd.date_range(first, last, freq=freq)
        return full if times.isin(full).all() else times
    return pd.RangeIndex(first, last + 1)


def _trimmed(frame: pd.DataFrame) -> pd.DataFrame:
    """Forget the labels of rows that are gone: pandas keeps them with the index."""
    if isinstance(frame.index, pd.MultiIndex):
        return frame.set_axis(frame.index.remove_unused_levels(), axis=0)
    return frame.copy()
