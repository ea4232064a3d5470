"""Times of any class, as one of pandas' time indices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

# What `pandas.api.types.infer_dtype` calls objects that are times.
_INSTANTS = ("datetime64", "datetime", "date")
_ELAPSED = ("timedelta64", "timedelta")
_CLASSES = ("PeriodIndex", "DatetimeIndex", "TimedeltaIndex")


def as_time_index(values: Any) -> Any:
    """Give times as a time index; what holds no times gives None.

    Parameters
    ----------
    values : array-like of shape (n_rows,)
        An index, a column of pandas or polars, an array or a list. Datetimes, dates,
        periods and elapsed times count as times, whatever holds them: pandas' own classes,
        Arrow, categories, or Python objects. An interval of times begins at its left end.
        A missing time is NaT.

    Returns
    -------
    times : DatetimeIndex, PeriodIndex, TimedeltaIndex or None

    Raises
    ------
    ValueError
        If times cannot be compared with each other, as with and without a time zone.

    Examples
    --------
    >>> from datetime import date
    >>> as_time_index([date(2024, 1, 1), date(2024, 1, 2)])
    DatetimeIndex(['2024-01-01', '2024-01-02'], dtype='datetime64[...]', freq=None)
    >>> as_time_index([20240101, 20240102]) is None
    True
    """
    if is_time_index(values):
        return values
    import pandas as pd

    index = _as_index(values)
    if is_time_index(index):
        return index
    if index.dtype.kind in "biuf":
        return None
    if isinstance(index.dtype, pd.CategoricalDtype):
        return as_time_index(index.astype(index.categories.dtype))
    if isinstance(index.dtype, pd.IntervalDtype):
        return as_time_index(index.left)
    kind = pd.api.types.infer_dtype(index, skipna=True)
    if kind not in (*_INSTANTS, *_ELAPSED, "period"):
        return None
    if index.dtype.kind == "M" and kind != "date":
        return pd.DatetimeIndex(index)
    convert = pd.to_datetime if kind in _INSTANTS else pd.to_timedelta
    try:
        return (pd.PeriodIndex if kind == "period" else convert)(index.astype(object))
    except ValueError as error:
        raise ValueError(
            f"X must have times that can be compared with each other. {error}"
        ) from error


def as_integers(values: Any) -> Any:
    """Give integers as an index; what holds anything else gives None.

    Parameters
    ----------
    values : array-like of shape (n_rows,)

    Returns
    -------
    numbers : Index of int64 or None

    Examples
    --------
    >>> as_integers([3, 4, 6])
    Index([3, 4, 6], dtype='int64')
    >>> as_integers([3.0, 4.0]) is None
    True
    """
    import pandas as pd

    index = _as_index(values)
    if isinstance(index.dtype, pd.CategoricalDtype):
        index = index.astype(index.categories.dtype)
    if not pd.api.types.is_integer_dtype(index.dtype) or index.hasnans:
        return None
    return pd.Index(index.to_numpy(dtype=np.int64), name=index.name)


def is_time_index(index: Any) -> bool:
    """Tell whether something is a time index of pandas already."""
    return type(index).__name__ in _CLASSES


def _as_index(values: Any) -> Any:
    import pandas as pd

    zone = getattr(getattr(values, "dtype", None), "time_zone", None)
    if type(values).__module__.partition(".")[0] == "polars":
        # Without a zone of its own, NumPy gets the instants of UTC.
        values = values.to_numpy()
    index = pd.Index(values, tupleize_cols=False)
    return index if zone is None else index.tz_localize("UTC").tz_convert(zone)


def looks_like_times(values: Any) -> bool:
    """Tell whether texts, or numbers with fractions, may be times of rows.

    Parameters
    ----------
    values : Index of length n_rows

    Returns
    -------
    may_be : bool

    Examples
    --------
    >>> import pandas as pd
    >>> looks_like_times(pd.Index(["2024-01-31", "2024-02-29"]))
    True
    >>> looks_like_times(pd.Index(["AAPL", "MSFT"]))
    False
    """
    import pandas as pd

    if values.dtype.kind == "f":
        return True
    if isinstance(values.dtype, pd.CategoricalDtype):
        return looks_like_times(values.categories)
    first = values[0] if len(values) else None
    if not isinstance(first, str) or not any(letter.isdigit() for letter in first):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats that pandas guesses
        return bool(pd.notna(pd.to_datetime(first, errors="coerce")))
