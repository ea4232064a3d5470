"""The levels of an index: which is the time, and which are the series."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._groups import check_none_missing
from ._time_index import as_integers, as_time_index, looks_like_times


class Uncertain(ValueError):
    """What an index would have to do for it to be told."""


def joined(keys: list[Any]) -> Any:
    """Make one label of several for each row, a tuple.

    Parameters
    ----------
    keys : list of array-like of shape (n_rows,)

    Returns
    -------
    labels : array-like of shape (n_rows,)
        A single key as it came.

    Raises
    ------
    ValueError
        If one of several keys has missing values.
    """
    if len(keys) == 1:
        return keys[0]
    arrays = [np.asarray(key) for key in keys]
    for array in arrays:
        check_none_missing(array, "groups")
    labels = np.empty(len(arrays[0]), dtype=object)
    labels[:] = list(zip(*arrays, strict=True))
    return labels


def complete(index: Any, labels: Any, clock: Any, taken: set[Any]) -> tuple[Any, Any]:
    """Find in an index what has not been said: the time, the series or both.

    Parameters
    ----------
    index : Index of shape (n_rows,)
    labels : array-like of shape (n_rows,) or None
        The series of each row, if that is known.
    clock : time index of shape (n_rows,) or None
        The time of each row, if that is known.
    taken : set of int
        Levels that are spoken for.

    Returns
    -------
    labels, clock
        Of a MultiIndex, labels are found always.

    Raises
    ------
    Uncertain
        If it cannot be told which level is which.
    """
    levels = {i: index.get_level_values(i) for i in range(index.nlevels) if i not in taken}
    if type(index).__name__ != "MultiIndex":
        is_free = clock is None and 0 in levels
        if is_free:
            clock = as_time_index(levels[0])
        if is_free and clock is None and labels is None:
            _check_tells_nothing(levels[0])
        return labels, clock
    times = {i: as_time_index(level) for i, level in levels.items()}
    dated = [i for i, level in times.items() if level is not None]
    if clock is None:
        place = _time_level(levels, dated, index.names, certain=labels is not None)
        if place is not None:
            level = levels.pop(place)
            clock = times[place] if place in dated else as_integers(level)
    elif labels is None and dated:
        raise Uncertain(
            "tell its series. Its index has, besides the time that was given, times in"
            f" {_describe(dated, index.names)}: name the levels of the series, groups=."
        )
    if labels is None and index.nlevels > 1:
        if not levels:
            raise Uncertain(
                "tell its series. Each level of its index was named: name the columns of"
                " the series too, groups=."
            )
        labels = joined(list(levels.values()))
    return labels, clock


def _check_tells_nothing(index: Any) -> None:
    """Refuse an index that says a series or a time, but not which of the two."""
    if index.dtype.kind != "f" and looks_like_times(index):
        raise Uncertain(
            f"have its times as datetimes. Got an index that looks like them, {index[0]!r}:"
            " make times of it, with pandas.to_datetime, or drop it, with reset_index."
        )
    if not index.is_unique:
        twice = index[index.duplicated()].tolist()[0]
        raise Uncertain(
            f"tell its series. Got an index that has {twice!r} more than once: if it names"
            " the series, say so, groups=; if it says nothing, drop it, with reset_index."
        )


def _time_level(
    levels: dict[int, Any], dated: list[int], names: Any, *, certain: bool
) -> int | None:
    """Find the level of a MultiIndex that is the time; None if there need be none."""
    if len(dated) > 1:
        raise Uncertain(
            f"have one time for each row. Got times in {_describe(dated, names)}: name one,"
            " time=."
        )
    if dated:
        return dated[0]
    written = [i for i, level in levels.items() if looks_like_times(level)]
    if written and not certain:
        raise Uncertain(
            "tell which level of its MultiIndex is the time. Got what looks like times in"
            f" {_describe(written, names)}: make times of it, with pandas.to_datetime, or"
            " name the level, time=."
        )
    whole = [i for i, level in levels.items() if as_integers(level) is not None]
    if len(whole) == 1 or (whole and whole[-1] == max(levels)):
        return whole[-1]
    if certain:
        return None
    found = (
        f"several levels of integers, {_describe(whole, names)}" if whole else "no times"
    )
    raise Uncertain(
        f"tell which level of its MultiIndex is the time. Got {found}: name it, time=,"
        " or name the series alone, groups=, if the rows have no time but their order."
    )


def _describe(places: list[int], names: Any) -> str:
    return " and ".join(
        f"level {i}" if names[i] is None else f"level {names[i]!r}" for i in places
    )
