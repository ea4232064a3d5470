"""One series of a stream: its last rows, and where it stands in time."""

from __future__ import annotations

import warnings
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..windows._segments import find_segments
from ..windows._windows import Windows
from ._alarm import Alarm
from ._clock import Calendar, Clock
from ._ring import Ring


class Place(NamedTuple):
    """Where a series stands.

    Attributes
    ----------
    start : int
        Number of the first row that a window may reach: of the series, or after a gap.
    clock : Clock or None
    """

    start: int
    clock: Clock | None


class Series:
    """The last rows of one series, and all that changes with the next.

    Parameters
    ----------
    history : Rows
        Fitted rows that come before, maybe none.
    calendar : Calendar
    reach : int
        The oldest lag of a window.
    n_kept : int
        Rows that can be taken back.
    alarm : Alarm or None
    """

    def __init__(
        self, history: Any, calendar: Calendar, reach: int, n_kept: int, alarm: Alarm | None
    ) -> None:
        values = history.values
        self.calendar = calendar
        self.reach = reach
        self.ring = Ring(reach + 1 + n_kept, values.shape[1], values.dtype)
        self.n_history = len(values)
        self.alarm = alarm
        self.before: deque[Place] = deque(maxlen=n_kept)
        # Rows without a target, oldest first: their numbers and times.
        self.waiting: deque[tuple[int, Any]] = deque()
        # Whether some have waited for longer than they are remembered.
        self.has_given_up = False
        start, clock = 0, None
        for row in values:
            self.ring.append(row)
        if len(values) and history.time is not None:
            step, gaps = calendar
            place = find_segments(len(values), None, history.time, step=step, gaps=gaps)
            start, clock = int(place.starts[-1]), Clock.at(history.time, calendar)
        self.place = Place(start, clock)

    @property
    def n_rows(self) -> int:
        """Rows of the stream, those that are gone included."""
        return self.ring.n_seen - self.n_history

    def next_place(self, time: Any) -> Place:
        """Tell where the series stands after a row of a time, which is not taken in yet.

        Parameters
        ----------
        time : time index of shape (1,) or None

        Returns
        -------
        place : Place
        """
        start, clock = self.place
        if time is None:
            return self.place
        if clock is None:
            return Place(start, Clock(time, time))
        moved, is_after_gap = clock.moved(time, self.calendar)
        if is_after_gap and not self.n_rows and self.n_history:
            warnings.warn(
                "context='fit' gives no history to a series that begins after a gap, at"
                f" {time[0]}, where the fitted rows end at {clock.last[0]}. gaps='ignore'"
                " takes them as neighbours.",
                UserWarning,
                stacklevel=4,
            )
        return Place(self.ring.n_seen if is_after_gap else start, moved)

    def append(self, values: NDArray[Any], place: Place) -> None:
        """Take a row in.

        Parameters
        ----------
        values : ndarray of shape (n_features,)
        place : Place
            As `next_place` gives it.
        """
        self.before.append(self.place)
        self.ring.append(values)
        self.place = place

    def pop(self) -> None:
        """Take the last row back."""
        self.ring.pop()
        self.place = self.before.pop()
        if self.waiting and self.waiting[-1][0] == self.ring.n_seen:
            self.waiting.pop()

    def wait(self, time: Any) -> None:
        """Note that the last row has no target yet.

        Parameters
        ----------
        time : int or None
            Of the row.
        """
        last = self.ring.n_seen - 1
        self.waiting.append((last, time))
        while last - self.waiting[0][0] > (self.before.maxlen or 0) - 1:
            self.waiting.popleft()
            self.has_given_up = True

    def find_waiting(self, values: NDArray[Any], time: Any) -> int | None:
        """Find the oldest row without a target that is the same as a row.

        Parameters
        ----------
        values : ndarray of shape (n_features,)
        time : int or None

        Returns
        -------
        number : int or None
            It waits no longer.
        """
        last = self.ring.n_seen - 1
        for place, (number, at) in enumerate(self.waiting):
            row = self.ring.last(1, last - number)[0]
            if at == time and np.array_equal(row, values, equal_nan=True):
                del self.waiting[place]
                return number
        return None

    def is_whole(self) -> bool:
        """Tell whether the last window holds no row before the start of the series."""
        return self.ring.n_seen - self.place.start > self.reach

    def rows_of(self, number: int) -> NDArray[Any]:
        """Give the rows that the window of a row reaches.

        Parameters
        ----------
        number : int
            Of the row.

        Returns
        -------
        rows : ndarray of shape (n_rows, n_features)
            A view.
        """
        after = self.ring.n_seen - 1 - number
        start = self.place.start if not after else self._start_of(number)
        n_rows = min(number - start, self.reach) + 1
        return self.ring.last(n_rows, after)

    def _start_of(self, number: int) -> int:
        # The place after a row is what stood before the next.
        return self.before[len(self.before) - (self.ring.n_seen - 1 - number)].start


def window_of(
    rows: NDArray[Any], lags: NDArray[np.intp], padding: Any, names: Any
) -> Windows:
    """Give the window that ends at the last of some rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        From the first row that it reaches.
    lags : ndarray of int of shape (n_timesteps,)
    padding : "edge" or float
    names : ndarray of str of shape (n_features,) or None

    Returns
    -------
    window : Windows of shape (1, n_timesteps, n_features)
    """
    ends = np.array([len(rows) - 1])
    starts = np.zeros(1, dtype=np.intp)
    return Windows(rows, ends, starts, lags, padding, names=names)
