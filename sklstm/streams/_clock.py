"""Where a series stands in time, and whether the next row follows without a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..windows._segments import Gaps, find_segments
from ..windows._time import Step, instants, lies_on_calendar


class Calendar(NamedTuple):
    """What of the times of a series is a gap.

    Attributes
    ----------
    step : Step or None
        Of this series.
    gaps : {"split", "ignore"}
    """

    step: Step | None
    gaps: Gaps

    @classmethod
    def of_series(cls, step: Step | None, gaps: Gaps, groups: Any) -> Calendar:
        """Give the calendar of one of many series.

        Parameters
        ----------
        step : Step or None
            Of all series.
        gaps : {"split", "ignore"}
        groups : ndarray of shape (1,) or None
            Its label.
        """
        if step is None or groups is None:
            return cls(step, gaps)
        longest = float(np.ravel(step.longest_at(np.repeat(groups, 2)))[0])
        return cls(replace(step, longest=longest, groups=(), longest_of=()), gaps)


class Clock(NamedTuple):
    """Where a series stands in time.

    Attributes
    ----------
    last : time index of shape (1,)
        The time of its last row.
    anchor : time index of shape (1,)
        A time of before from which the steps of a calendar are counted.
    """

    last: Any
    anchor: Any

    @classmethod
    def at(cls, times: Any, calendar: Calendar) -> Clock:
        """Set a clock by the times of rows, oldest first."""
        clock = cls(times[:1], times[:1])
        for i in range(1, len(times)):
            clock = clock.moved(times[i : i + 1], calendar)[0]
        return clock

    def moved(self, time: Any, calendar: Calendar) -> tuple[Clock, bool]:
        """Go on to the next row.

        Parameters
        ----------
        time : time index of shape (1,)
        calendar : Calendar

        Returns
        -------
        clock : Clock
        is_after_gap : bool

        Raises
        ------
        ValueError
            If time does not go forward, or does not lie on the steps that the user gave.
        """
        if time.hasnans:
            raise ValueError("row must have a time. Got NaT.")
        now, last = instants(time)[0], instants(self.last)[0]
        if now <= last:
            raise ValueError(
                "time must go forward within a series, from row to row. Got"
                f" {time[0]}, after {self.last[0]}."
            )
        step, gaps = calendar
        if gaps == "ignore":
            return Clock(time, self.anchor), False
        freq = None if step is None else step.freq
        if step is not None and freq is None:
            return Clock(time, self.anchor), bool(now - last > step.longest)
        times = self.last.append(time)
        if instants(self.anchor)[0] < last:
            times = self.anchor.append(times)
        starts = find_segments(len(times), None, times, step=step, gaps=gaps).starts
        anchor = self.anchor
        # Of months or business days no more are counted than lie between two rows.
        if freq is not None and lies_on_calendar(times, freq)[-1]:
            anchor = time
        return Clock(time, anchor), bool(starts[-1] == len(times) - 1)
