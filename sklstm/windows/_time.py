"""A time index: its order, its step, its gaps, and the clock of another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._groups import by_group, places_of
from ._time_index import is_time_index

_DAY = 86_400_000_000_000

# A group with fewer differences than this does not tell its own step from a gap.
_FEWEST = 3


@dataclass(frozen=True)
class Step:
    """How long a step of a time index is.

    Attributes
    ----------
    freq : str, offset or None
        A calendar whose steps are counted, so that a weekend is no gap in business days.
    asked : bool
        Whether the user gave `freq`: then each time stamp must lie on it. Otherwise those
        that do not are judged by `longest`.
    longest : float
        The longest time in nanoseconds that is no gap.
    groups : ndarray of shape (n_groups,)
        Groups that have a longest time of their own.
    longest_of : ndarray of float of shape (n_groups,)
        What it is.
    """

    freq: Any
    asked: bool = True
    longest: float = np.inf
    groups: Any = ()
    longest_of: Any = ()

    def longest_at(self, groups: NDArray[Any] | None) -> Any:
        """Longest time that is no gap, for each row or for all of them."""
        if groups is None or not len(self.groups):
            return self.longest
        place = places_of(groups, self.groups)
        return np.where(place < 0, self.longest, self.longest_of[place])[1:]


def check_ascending(time: Any, new: NDArray[np.bool_]) -> None:
    """Refuse a time index that stands still or runs backwards within a series.

    Parameters
    ----------
    time : time index of shape (n_rows,)
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
    step = np.diff(time.asi8 if is_time_index(time) else time.to_numpy())
    for found, what in ((step == 0, "duplicated"), (step < 0, "not sorted")):
        at = np.flatnonzero(found & ~new[1:])
        if len(at):
            raise ValueError(
                f"X must have a time index that is sorted, oldest first, and unique"
                f" within each group: it is {what} at {time[at[0] + 1]}. If the rows are"
                " of several series, name them: groups=."
            )


def check_freq(freq: Any) -> None:
    """Refuse what is no step of time.

    Parameters
    ----------
    freq : str, offset or None

    Raises
    ------
    ValueError
        If pandas cannot read it, or it does not go forward.
    """
    if freq is None:
        return
    import pandas as pd

    try:
        forward = pd.tseries.frequencies.to_offset(freq).n > 0
    except (TypeError, ValueError):
        forward = False
    if not forward:
        raise ValueError(
            "freq must be a pandas offset or its name, such as 'D' or 'h'. Got"
            f" {freq!r} instead."
        )


def check_freq_has_effect(freq: Any, time: Any) -> None:
    """Refuse a step of time where there is no time, or one that has its own.

    Parameters
    ----------
    freq : str, offset or None
    time : time index or None

    Raises
    ------
    ValueError
        If `freq` would be without effect.
    """
    if freq is None:
        return
    import pandas as pd

    if time is None or not is_time_index(time):
        raise ValueError(
            f"freq={freq!r} must come with times. Got rows with {_describe(time)}: give X"
            " a time index or name its column, time=."
        )
    if _is_period(time) and pd.tseries.frequencies.to_offset(freq) != time.freq:
        raise ValueError(
            "freq must be None, since the periods of X have a step of their own,"
            f" {time.freqstr!r}. Got {freq!r} instead."
        )


def learn_step(time: Any, groups: NDArray[Any] | None, freq: Any = None) -> Step | None:
    """Learn how long a step of a time index is.

    Parameters
    ----------
    time : time index or None
        Time of each row.
    groups : ndarray of shape (n_rows,) or None
        Label of each row's series.
    freq : str, offset or None
        The step, if the user knows it.

    Returns
    -------
    step : Step or None
        Without `freq`, the longest time that is no gap is one and a half times the median
        difference, which lets months and quarters differ in length. A single series also
        has its index's own freq. None if nothing can be learnt, or need not be, as with
        periods.
    """
    if time is None or _is_period(time):
        return None
    if freq is not None:
        return Step(freq)
    order, new = by_group(len(time), groups)
    within = ~new[1:]
    difference = np.diff(instants(time[order]))[within]
    if not len(difference):
        return None
    longest = 1.5 * float(np.median(difference))
    if groups is None:
        return Step(getattr(time, "freq", None), False, longest)
    labels, codes = np.unique(groups, return_inverse=True)
    codes = codes[order][1:][within]
    known = np.bincount(codes, minlength=len(labels)) >= _FEWEST
    medians = 1.5 * _medians(difference, codes, len(labels))[known]
    return Step(None, False, longest, labels[known], medians)


def time_breaks(
    time: Any,
    new: NDArray[np.bool_],
    step: Step | None,
    groups: NDArray[Any] | None = None,
) -> NDArray[np.bool_]:
    """Mark the rows that do not follow their predecessor by one step of the index.

    Parameters
    ----------
    time : time index of shape (n_rows,)
        Time of each row, series after series.
    new : ndarray of bool of shape (n_rows,)
        Where a series begins. What is found there has no meaning.
    step : Step or None
        As `learn_step` gives it.
    groups : ndarray of shape (n_rows,) or None
        Label of each row.

    Returns
    -------
    breaks : ndarray of bool of shape (n_rows,)

    Raises
    ------
    ValueError
        If a time stamp does not lie on the steps that the user gave.
    """
    if _is_period(time):
        gap = np.diff(time.asi8) > time.freq.n
    elif step is None or len(time) < 2:
        gap = np.zeros(max(0, len(time) - 1), dtype=bool)
    else:
        gap = np.diff(instants(time)) > step.longest_at(groups)
        if step.freq is not None:
            place, off = _places_on_calendar(time, new, step.freq)
            if step.asked and off.any():
                raise ValueError(
                    f"freq={step.freq!r} must describe the time index of X:"
                    f" {time[int(np.argmax(off))]} is not on it."
                )
            gap = np.where(off[1:] | off[:-1], gap, np.diff(place) > 1)
    return np.r_[np.zeros(min(1, len(time)), dtype=bool), gap]


def lies_on_calendar(time: Any, freq: Any) -> NDArray[np.bool_]:
    """Tell which times of a series lie on the steps that are counted from its first.

    Parameters
    ----------
    time : time index of shape (n_rows,)
        Of one series.
    freq : str or offset

    Returns
    -------
    lies : ndarray of bool of shape (n_rows,)
    """
    new = np.zeros(len(time), dtype=bool)
    new[:1] = True
    return ~_places_on_calendar(time, new, freq)[1]


def instants(time: Any) -> NDArray[np.int64]:
    """Count the periods, the integers or the nanoseconds up to each time."""
    if not is_time_index(time):
        return time.to_numpy()
    return time.asi8 if _is_period(time) else time.as_unit("ns").asi8


def on_the_clock_of(fitted: Any, time: Any) -> Any:
    """Give a time index in the time zone of another.

    Parameters
    ----------
    fitted, time : time index or None

    Returns
    -------
    time : time index

    Raises
    ------
    ValueError
        If the two are of kinds that cannot be compared.
    """
    if _kind(fitted) != _kind(time):
        raise ValueError(
            f"X must have the same kind of time at fit and transform: expected"
            f" {_describe(fitted)}, got {_describe(time)}."
        )
    zone = getattr(fitted, "tz", None)
    return time if zone is None else time.tz_convert(zone)


def _is_period(time: Any) -> bool:
    return type(time).__name__ == "PeriodIndex"


def _kind(time: Any) -> tuple[Any, ...]:
    """Two times can be compared if and only if these are the same."""
    zoned = getattr(time, "tz", None) is not None
    return type(time), zoned, time.freqstr if _is_period(time) else None


def _describe(time: Any) -> str:
    if time is None:
        return "no time index"
    if not is_time_index(time):
        return "integers"
    kind, zoned, freq = _kind(time)
    detail = f" with freq {freq}" if freq else f" in time zone {time.tz}" if zoned else ""
    return kind.__name__ + detail


def _medians(
    values: NDArray[Any], codes: NDArray[np.intp], n_groups: int
) -> NDArray[np.float64]:
    """Median of each group; without meaning for a group without values."""
    ordered = values[np.lexsort((values, codes))]
    count = np.bincount(codes, minlength=n_groups)
    begin = np.cumsum(count) - count
    middle = [begin + (count - 1) // 2, begin + count // 2]
    return ordered.take(middle, mode="clip").mean(axis=0)


def _places_on_calendar(
    time: Any, new: NDArray[np.bool_], freq: Any
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Count the steps from the start of each series to its times; mark those between."""
    import pandas as pd

    offset = pd.tseries.frequencies.to_offset(freq)
    begin = np.flatnonzero(new)
    count = np.diff(np.r_[begin, len(time)])
    if isinstance(offset, pd.offsets.Day):
        length = offset.n * _DAY
        # A day is what a wall clock calls one, however many hours it has.
        time = time.tz_localize(None) if getattr(time, "tz", None) else time
    elif isinstance(offset, pd.offsets.Tick):
        length = offset.nanos
    elif not hasattr(time, "tz"):
        raise ValueError(
            f"freq must be a fixed length of time, such as 'h', as X has a TimedeltaIndex."
            f" Got {freq!r} instead."
        )
    else:
        place = np.concatenate(
            [
                pd.date_range(series[0], series[-1], freq=offset).get_indexer(series)
                for series in (time[i : i + n] for i, n in zip(begin, count, strict=True))
            ]
        )
        return place, place < 0
    clock = instants(time)
    place, rest = np.divmod(clock - np.repeat(clock[begin], count), length)
    return place, rest != 0
