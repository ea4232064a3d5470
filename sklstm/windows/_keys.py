"""What says, in X or beside it, to which series a row belongs and at which time it lies."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._features import are_times, is_frame
from ._levels import Uncertain, complete, joined
from ._order import check_same_order
from ._time_index import as_integers, as_time_index, is_time_index

Names = Hashable | Sequence[Hashable] | None


class Keys(NamedTuple):
    """The series and the time of rows, and where in X they stand.

    Attributes
    ----------
    groups : array-like of shape (n_rows,) or None
        Labels, as they came.
    time : DatetimeIndex, PeriodIndex, TimedeltaIndex, Index of int64 or None
    columns : tuple of int
        Columns of X that hold either, and are no features.
    """

    groups: Any
    time: Any
    columns: tuple[int, ...]


class _Found(NamedTuple):
    """A column or an index level that was asked for by its name."""

    values: Any
    column: int | None
    level: int | None


def find_keys(
    X: Any,
    groups: Names = None,
    time: Hashable | None = None,
    labels: ArrayLike | None = None,
    times: ArrayLike | None = None,
    *,
    name: str = "X",
) -> Keys:
    """Find the series and the time of each row.

    What is neither named nor given is looked for in the index of a pandas frame. The level
    that holds times is the time, wherever it stands. Failing that, it is a level of
    integers: the only one, or the last level. The other levels are the series. The index of
    a frame with a single level counts if it holds times.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        As the user gave it, with its columns and its index.
    groups : name or list of names or None, default=None
        Columns or index levels of X that say the series.
    time : name or None, default=None
        The column or index level of X that says the time.
    labels : array-like of shape (n_rows,) or None, default=None
        The series of each row, in place of `groups`.
    times : array-like of shape (n_rows,) or None, default=None
        The time of each row, in place of `time`.
    name : str, default="X"
        The argument X, for messages.

    Returns
    -------
    keys : Keys

    Raises
    ------
    ValueError
        If X has no column or level of a name, something is given twice, or it cannot be
        told for certain which level is the time.
    """
    _check_given_once("groups", groups, labels)
    _check_given_once("time", time, times)
    check_same_order(X, labels, "groups")
    check_same_order(X, times, "time")
    wanted = as_names(groups)
    _check_names(groups, wanted, time)
    series = [_find(X, label, f"groups={label!r}", name) for label in wanted]
    for label, key in zip(wanted, series, strict=True):
        _check_names_series(key.values, f"groups={label!r}")
    if labels is not None:
        _check_names_series(labels, "groups")
    found = None if time is None else _find(X, time, f"time={time!r}", name)
    if found is not None:
        clock = _read_time(found.values, f"time={time!r}")
    elif times is not None:
        clock = _read_time(times, "time")
    else:
        clock = None
    columns = {key.column for key in (*series, found) if key and key.column is not None}
    if series:
        labels = joined([key.values for key in series])
    taken = {key.level for key in (*series, found) if key and key.level is not None}
    index = getattr(X, "index", None)
    if hasattr(index, "nlevels"):
        try:
            labels, clock = complete(index, labels, clock, taken)
        except Uncertain as error:
            raise ValueError(f"{name} must {error}") from None
    return Keys(labels, clock, tuple(sorted(columns)))


def _check_given_once(key: str, named: Any, given: Any) -> None:
    if named is not None and given is not None:
        raise ValueError(
            f"{key} must be given once: as the parameter {key}={named!r}, or as metadata of"
            " fit and transform. Got both."
        )


def _check_names(groups: Names, wanted: list[Hashable], time: Hashable | None) -> None:
    once = len(set(wanted)) == len(wanted) > 0
    if groups is not None and not (once and time not in wanted):
        raise ValueError(
            "groups must name at least one column or index level, each once, and not that"
            f" of time. Got groups={groups!r} and time={time!r}."
        )


def _check_names_series(labels: Any, parameter: str) -> None:
    """Refuse times as the names of series: each row would be one of its own."""
    if are_times(labels):
        raise ValueError(
            f"{parameter} must have names of series. Got times: if they are"
            " the time of the rows, say time=; if they do name the series, such as the day"
            " on which each began, make text of them, astype(str)."
        )


def without(X: Any, columns: Sequence[int]) -> Any:
    """Give a frame without some of its columns.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        Of pandas or polars.
    columns : sequence of int

    Returns
    -------
    features : DataFrame of shape (n_rows, n_features)

    Raises
    ------
    ValueError
        If none is left.
    """
    kept = [place for place in range(X.shape[1]) if place not in columns]
    if not kept:
        raise ValueError(
            f"X must have a column besides those of groups and time. Got {list(X.columns)}."
        )
    return X.iloc[:, kept] if hasattr(X, "iloc") else X[:, kept]


def split_names(X: Any, groups: Any, time: Any) -> tuple[Names, Any, Any, Any]:
    """Tell names of columns and levels from arrays, where an argument may be either.

    A string is a name, and so is each string of a list if X has them all and none stands
    twice; anything else is an array.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
    groups : name, list of names, array-like of shape (n_rows,) or None
    time : name, array-like of shape (n_rows,) or None

    Returns
    -------
    groups, time, labels, times
        As `find_keys` takes them.
    """
    named = isinstance(groups, str)
    if isinstance(groups, list | tuple) and all(isinstance(g, str) for g in groups):
        # As labels they would make a series of each row.
        once = len(set(groups)) == len(groups) > 0
        named = once and set(groups) <= set(_names_of(X))
    names, labels = (groups, None) if named else (None, groups)
    if isinstance(time, str):
        return names, time, labels, None
    return names, None, labels, time


def as_names(names: Names) -> list[Hashable]:
    """Give one name, several or none as a list."""
    if names is None:
        return []
    return list(names) if isinstance(names, list | tuple) else [names]


def _names_of(X: Any) -> list[Any]:
    columns = list(X.columns) if is_frame(X) else []
    return columns + list(getattr(getattr(X, "index", None), "names", ()))


def _find(X: Any, label: Hashable, parameter: str, name: str) -> _Found:
    """Find a column or an index level by its name."""
    columns = list(X.columns) if is_frame(X) else []
    index: Any = getattr(X, "index", None)
    levels = list(getattr(index, "names", ()))
    places = [place for place, column in enumerate(columns) if column == label]
    level = [place for place, other in enumerate(levels) if other == label]
    if len(places) + len(level) != 1:
        several = bool(places or level)
        got = _describe_names(X, columns, levels, name, several=several)
        raise ValueError(f"{parameter} must be one column or index level of {name}. {got}")
    if level:
        return _Found(index.get_level_values(level[0]), None, level[0])
    column = X.iloc[:, places[0]] if hasattr(X, "iloc") else X[label]
    return _Found(column, places[0], None)


def _describe_names(X: Any, columns: Any, levels: Any, name: str, *, several: bool) -> str:
    if several:
        return "Got several of that name: rename the others."
    got = f"Got columns {columns} and index levels {levels}."
    if not columns and not any(levels):
        got = f"Got {type(X).__name__} without names."
    if name != "X":  # of a function, which no step comes before
        return f"{got} Give a frame that has it beside the values, or what it holds."
    return (
        f"{got} If an earlier step of a pipeline drops or renames it, put the window step"
        " first, or let the earlier steps keep names and index:"
        " set_output(transform='pandas')."
    )


def _read_time(values: Any, name: str) -> Any:
    """Read what the user says is the time."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} must have no missing values. Got masked ones.")
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if not is_time_index(values) and np.ndim(values) != 1:
        raise ValueError(
            f"{name} must have one time for each row of X. Got {values!r:.60}."
        )
    clock = as_time_index(values)
    clock = as_integers(values) if clock is None else clock
    if clock is None:
        kind = getattr(values, "dtype", type(next(iter(values), None)).__name__)
        raise ValueError(
            f"{name} must hold datetimes, dates, periods, elapsed times or integers. Got"
            f" {kind}: see pandas.to_datetime."
        )
    return clock
