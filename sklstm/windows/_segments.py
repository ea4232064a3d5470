"""Series within a table: where groups change, and where a time index has a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Gaps = Literal["split", "ignore"]

# A calendar step, or the longest time in nanoseconds that is no gap.
Step = Any


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
    step: Step = None,
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
    step : str, offset, float or None
        Step of the time index, as `learn_step` gives it.
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
    order, new = _by_group(n_rows, groups)
    if time is not None:
        ordered = time[order]
        check_ascending(ordered, new)
        if gaps == "split":
            new = new | time_breaks(ordered, step)
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


def learn_step(time: Any, groups: NDArray[Any] | None, freq: Any = None) -> Step:
    """Learn how long a step of a time index is.

    Parameters
    ----------
    time : DatetimeIndex, PeriodIndex or None
        Time of each row.
    groups : ndarray of shape (n_rows,) or None
        Label of each row's series.
    freq : str, offset or None
        The step, if it is known.

    Returns
    -------
    step : str, offset, float or None
        A calendar step: `freq`, or, of a single series, the index's own. Failing that, the
        longest time in nanoseconds that is no gap: one and a half times the median
        difference, which lets months and quarters differ in length. None if nothing can be
        learnt, or need not be, as with periods.
    """
    if type(time).__name__ != "DatetimeIndex":
        return None
    if freq is not None:
        return freq
    if groups is None and time.freq is not None:
        return time.freq
    order, new = _by_group(len(time), groups)
    difference = np.diff(_nanoseconds(time[order]))[~new[1:]]
    return 1.5 * float(np.median(difference)) if len(difference) else None


def time_breaks(time: Any, step: Step) -> NDArray[np.bool_]:
    """Mark the rows that do not follow their predecessor by one step of the index.

    Parameters
    ----------
    time : DatetimeIndex or PeriodIndex of shape (n_rows,)
        Time of each row, series after series.
    step : str, offset, float or None
        As `learn_step` gives it. A calendar step is counted exactly, so that a weekend is
        no gap in business days.

    Returns
    -------
    breaks : ndarray of bool of shape (n_rows,)

    Raises
    ------
    ValueError
        If a time stamp does not lie on the steps of a calendar.
    """
    if type(time).__name__ == "PeriodIndex":
        gap = np.diff(time.asi8) > time.freq.n
    elif step is None or len(time) < 2:
        gap = np.zeros(max(0, len(time) - 1), dtype=bool)
    elif isinstance(step, float):
        gap = np.diff(_nanoseconds(time)) > step
    else:
        gap = np.diff(_calendar_positions(time, step)) > 1
    return np.r_[np.zeros(min(1, len(time)), dtype=bool), gap]


def _by_group(
    n_rows: int, groups: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Order that puts each group in one piece, and where in it a group begins."""
    if groups is None:
        order = np.arange(n_rows)
        new = np.zeros(n_rows, dtype=bool)
    else:
        codes = np.unique(groups, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        new = np.r_[False, np.diff(codes[order]) != 0]
    new[:1] = True
    return order, new


def _nanoseconds(time: Any) -> NDArray[np.int64]:
    return time.as_unit("ns").asi8


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
