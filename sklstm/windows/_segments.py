"""Series within a table, which end where the group changes or the time has a gap."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._groups import by_group
from ._time import Step, check_ascending, time_breaks

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
    after_gap : ndarray of bool of shape (n_rows,)
        For each row, whether its series begins because of a gap.
    series : ndarray of int of shape (n_rows,)
        Number of each row's series, which a gap does not part.
    """

    order: NDArray[np.intp]
    positions: NDArray[np.intp]
    starts: NDArray[np.intp]
    after_gap: NDArray[np.bool_]
    series: NDArray[np.intp]

    @property
    def in_order(self) -> bool:
        """Whether the ordered table is the table as it came."""
        return bool((self.order[1:] > self.order[:-1]).all())

    @property
    def stops(self) -> NDArray[np.intp]:
        """For each place of the ordered table, the place after the end of its series."""
        starts = self.starts if self.in_order else self.starts[self.order]
        begins = np.flatnonzero(np.diff(starts, prepend=-1))
        lengths = np.diff(np.append(begins, len(starts)))
        return np.repeat(begins + lengths, lengths)

    @property
    def n_segments(self) -> int:
        """Number of series."""
        return int((self.starts == self.positions).sum())

    def warn_of_gaps(self, oldest: int, freq: Any) -> None:
        """Warn if gaps cut most windows short: then they are hardly gaps.

        Parameters
        ----------
        oldest : int
            The oldest lag of a window.
        freq : str, offset or None
            What the user gave for it.
        """
        if not self.after_gap.any():
            return
        short = self.positions - self.starts < oldest
        n_cut, n_windows = int((short & self.after_gap).sum()), len(short)
        if n_cut > n_windows / 2:
            warnings.warn(
                f"Gaps in the time index of X cut {n_cut} of {n_windows} windows short. If"
                " these gaps are none, as weekends are none among trading days, set"
                f" gaps='ignore' or give the true step of time in freq (now {freq!r}).",
                UserWarning,
                stacklevel=3,
            )

    def warn_of_unused(self, context: int, time: Any, oldest: int) -> None:
        """Warn if a gap parts the rows that are context from those that follow them.

        Rows that bring a whole window along, as for its forecast, need no context.

        Parameters
        ----------
        context : int
            How many rows are context; they come first.
        time : time index of shape (n_rows,) or None
        oldest : int
            The oldest lag of a window.
        """
        if not context or time is None:
            return
        begins = (self.positions == self.starts) & self.after_gap
        begins[:context] = False
        late = np.flatnonzero(begins)
        late = late[self.order[self.positions[late] - 1] < context]
        n_rows = self.stops[self.positions[late]] - self.positions[late]
        late = late[n_rows <= oldest]
        if len(late):
            last = self.order[self.positions[late[0]] - 1]
            warnings.warn(
                f"context='fit' gives no history to {len(late)} series of X that begin"
                f" after a gap: the first at {time[late[0]]}, where the fitted rows end at"
                f" {time[last]}. Give the rows before them along, or fit on rows that end"
                " where these begin; gaps='ignore' takes both as neighbours.",
                UserWarning,
                stacklevel=4,
            )


def find_segments(
    n_rows: int,
    groups: NDArray[Any] | None = None,
    time: Any = None,
    *,
    step: Step | None = None,
    gaps: Gaps = "split",
) -> Segments:
    """Find the pieces that no window may leave.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    groups : ndarray of shape (n_rows,) or None
        Label of each row's series. Rows of one group need not be neighbours.
    time : time index or None
        Time of each row, ascending and unique within a group.
    step : Step or None
        As `learn_step` gives it.
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
    order, new = by_group(n_rows, groups)
    breaks = np.zeros(n_rows, dtype=bool)
    if time is not None:
        ordered = time[order]
        check_ascending(ordered, new)
        if gaps == "split":
            labels = None if groups is None else groups[order]
            breaks = ~new & time_breaks(ordered, new, step, labels)
    begins = np.flatnonzero(new | breaks)
    starts = np.repeat(begins, np.diff(np.append(begins, n_rows)))
    series = np.broadcast_to(np.intp(0), n_rows)
    if groups is not None:
        series = np.cumsum(new)
        series -= 1
    positions = order
    if not (order[1:] > order[:-1]).all():
        positions = np.empty(n_rows, dtype=np.intp)
        positions[order] = np.arange(n_rows)
        starts, series = starts[positions], series[positions]
    return Segments(order, positions, starts, breaks[starts], series)
