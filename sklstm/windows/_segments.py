"""Series within a table: where groups change, and where a time index has a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Gaps = Literal["split", "ignore"]


@dataclass(frozen=True)
class Segments:
    """Rows put in order, each series in one piece.

    Attributes
    ----------
    order : ndarray of int of shape (n_rows,)
        The row that stands at each place of the ordered table.
    positions : ndarray of int of shape (n_rows,)
        The place of each row in the ordered table (the inverse of `order`).
    starts : ndarray of int of shape (n_rows,)
        For each row, the place where its series begins in the ordered table.
    """

    order: NDArray[np.intp]
    positions: NDArray[np.intp]
    starts: NDArray[np.intp]

    @property
    def in_order(self) -> bool:
        """Whether the ordered table is the table as it came."""
        return bool((self.order == np.arange(len(self.order))).all())

    @property
    def n_segments(self) -> int:
        """Number of series."""
        return len(np.unique(self.starts))


def find_segments(
    n_rows: int,
    groups: NDArray[Any] | None = None,
    time: Any = None,
    *,
    freq: Any = None,
    gaps: Gaps = "split",
) -> Segments:
    """Find the pieces that no window may leave.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    groups : ndarray of shape (n_rows,) or None
        Label of each row's series. Rows of one group need not be neighbours.
    time : DatetimeIndex, PeriodIndex or None
        Time of each row, ascending and unique within a group.
    freq : str, offset or None
        Step of the time index; None takes the index's own, or else finds it.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp ends a series.

    Returns
    -------
    segments : Segments

    Raises
    ------
    ValueError
        If the time index is not ascending, or has a value twice, within a group.
    """
    if groups is None:
        order = np.arange(n_rows)
        new = np.zeros(n_rows, dtype=bool)
    else:
        codes = np.unique(groups, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        new = np.r_[False, np.diff(codes[order]) != 0]
    new[:1] = True
    if time is not None:
        ordered = time[order]
        check_ascending(ordered, new)
        if gaps == "split":
            # Taking rows from an index forgets its step.
            new = new | time_breaks(ordered, new, time.freq if freq is None else freq)
    positions = np.empty(n_rows, dtype=np.intp)
    positions[order] = np.arange(n_rows)
    starts = np.maximum.accumulate(np.where(new, np.arange(n_rows), 0))
    return Segments(order, positions, starts[positions])


def time_index_of(X: Any) -> Any:
    """Give the time index of a DataFrame or Series, or None if it has no such index."""
    index = getattr(X, "index", None)
    is_time = type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
    return index if is_time else None


def check_ascending(time: Any, new: NDArray[np.bool_]) -> None:
    """Refuse a time index that stands still or runs backwards within a series.

    Parameters
    ----------
    time : DatetimeIndex or PeriodIndex of shape (n_rows,)
        Time of each row, series after series.
    new : ndarray of bool of shape (n_rows,)
        Where a series begins.

    Raises
    ------
    ValueError
        Naming the first offending time stamp; or if one is missing.
    """
    if time.hasnans:
        raise ValueError("X must have a time index without missing values (NaT).")
    step = np.diff(time.asi8)
    for found, what in ((step == 0, "duplicated"), (step < 0, "not sorted")):
        at = np.flatnonzero(found & ~new[1:])
        if len(at):
            raise ValueError(
                f"X must have a time index that is sorted, oldest first, and unique"
                f" within each group: it is {what} at {time[at[0] + 1]}."
            )


def time_breaks(time: Any, new: NDArray[np.bool_], freq: Any) -> NDArray[np.bool_]:
    """Mark the rows that do not follow their predecessor by one step of the index.

    A calendar step (`freq`, or the index's own) is counted exactly, so that a weekend
    is no gap in business days. Without one, a gap is a difference of more than one and
    a half times the median difference, which lets months and quarters differ in length.

    Parameters
    ----------
    time : DatetimeIndex or PeriodIndex of shape (n_rows,)
        Time of each row, series after series.
    new : ndarray of bool of shape (n_rows,)
        Where a series begins.
    freq : str, offset or None
        Step of the index.

    Returns
    -------
    breaks : ndarray of bool of shape (n_rows,)

    Raises
    ------
    ValueError
        If a time stamp does not lie on the steps of `freq`.
    """
    if len(time) < 2:
        return np.zeros(len(time), dtype=bool)
    if type(time).__name__ == "PeriodIndex":
        step = np.diff(time.asi8)
        expected: float = time.freq.n
    elif freq is not None:
        step = np.diff(_calendar_positions(time, freq))
        expected = 1
    else:
        step = np.diff(time.asi8)
        inside = step[~new[1:]]
        expected = 1.5 * float(np.median(inside)) if len(inside) else np.inf
    return np.r_[False, step > expected]


def _calendar_positions(time: Any, freq: Any) -> NDArray[np.intp]:
    """Count the steps of a calendar up to each time stamp."""
    import pandas as pd

    calendar = pd.date_range(time.min(), time.max(), freq=freq)
    positions = calendar.get_indexer(time)
    if (positions < 0).any():
        off = time[int(np.argmax(positions < 0))]
        raise ValueError(
            f"freq={freq!r} must describe the time index of X: {off} is not on it."
        )
    return positions
