"""Values over their times, of whatever a user has them in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..windows._time_index import as_time_index

Array = NDArray[Any]


class Line(NamedTuple):
    """Values over their times.

    Attributes
    ----------
    times : ndarray of shape (n,)
        datetime64, or numbers.
    values : ndarray of float of shape (n,)
    """

    times: Array
    values: Array

    @property
    def has_dates(self) -> bool:
        """Whether the times are dates."""
        return self.times.dtype.kind == "M"


def as_line(series: Any, name: str, *, start: int = 0, times: Array | None = None) -> Line:
    """Read one series.

    Parameters
    ----------
    series : Series, DataFrame of one column, or array-like of shape (n,) or (n, 1)
    name : str
        The argument, for messages.
    start : int, default=0
        Number of its first row, where it has no index.
    times : ndarray of shape (n,) or None, default=None
        Its times, where it has no index.

    Returns
    -------
    line : Line

    Raises
    ------
    ValueError
        If there are several columns or series, or values that are no numbers.
    """
    values = _as_column(series, name)
    given = axis_times(getattr(series, "index", None), name)
    if given is None:
        given = np.arange(start, start + len(values)) if times is None else times
    if len(given) != len(values):
        raise ValueError(
            f"{name} must have {len(given)} values, one for each time. Got {len(values)}."
        )
    return Line(given, values)


def _as_column(series: Any, name: str) -> Array:
    try:
        values = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers. Got one that is none: {error}."
        ) from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"{name} must be one series, of shape (n_rows,) or (n_rows, 1). Got"
            f" {values.shape}."
        )
    return values


def axis_times(index: Any, name: str) -> Array | None:
    """Give an index as what an axis shows.

    Parameters
    ----------
    index : Index of pandas, or something else that is none
    name : str
        Whose index it is, for messages.

    Returns
    -------
    times : ndarray of shape (n,) or None
        Dates without their zone; of periods the first instant; elapsed times in days; or
        numbers. None if there is no index.

    Raises
    ------
    ValueError
        If it has several levels, or holds neither times nor numbers.
    """
    if index is None or callable(index):  # lists have a method of this name
        return None
    if getattr(index, "nlevels", 1) > 1:
        raise ValueError(
            f"{name} must be one series, whose index has one level. Got {index.nlevels}"
            " levels."
        )
    times = as_time_index(index)
    if times is None:
        numbers = index.to_numpy()
        if numbers.dtype.kind in "iuf":
            return np.asarray(numbers)
        raise ValueError(
            f"{name} must have an index of times or of numbers. Got one of {index.dtype}."
        )
    return _without_class(times)


def _without_class(times: Any) -> Array:
    kind = type(times).__name__
    if kind == "PeriodIndex":
        times = times.to_timestamp()
    elif kind == "TimedeltaIndex":
        return np.asarray(times.to_numpy() / np.timedelta64(1, "D"))
    elif times.tz is not None:
        times = times.tz_localize(None)
    return np.asarray(times.to_numpy())


def are_alike(lines: list[tuple[str, Line]]) -> None:
    """Refuse dates and numbers on one axis.

    Parameters
    ----------
    lines : list of (name, Line)

    Raises
    ------
    ValueError
        If some have dates and others do not.
    """
    (first, line), *others = lines
    for name, other in others:
        if other.has_dates != line.has_dates:
            kinds = {True: "dates", False: "numbers"}
            raise ValueError(
                f"{name} must have {kinds[line.has_dates]} as its index, as {first} has."
                f" Got {kinds[other.has_dates]}."
            )
