"""What may be a feature: numbers. Masked ones are missing, and times are refused."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TIMES = (
    "datetime64",
    "datetime",
    "date",
    "timedelta64",
    "timedelta",
    "period",
    "time",
)


def unmasked(X: Any) -> Any:
    """Give a masked array as a plain one with NaN where it is masked.

    Parameters
    ----------
    X : object
        Anything but a masked array is given back as it is.

    Returns
    -------
    X : object

    Examples
    --------
    >>> import numpy as np
    >>> unmasked(np.ma.masked_equal([1, 2, 3], 2))
    array([ 1., nan,  3.])
    """
    if not isinstance(X, np.ma.MaskedArray):
        return X
    if X.dtype.kind not in "fc":
        X = X.astype(object if X.dtype.kind not in "iub" else np.float64)
    return X.filled(np.nan)


def refuse_times(X: Any, name: str = "X") -> None:
    """Refuse times among the features, which would become numbers like 1.7e18.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features) or (n_rows,)
        A frame of pandas or polars, an array, or lists.
    name : str, default="X"
        The argument, for messages.

    Raises
    ------
    ValueError
        Naming the first column of times.
    """
    if _is_number(getattr(X, "dtype", None)):
        return
    if hasattr(X, "to_frame"):
        X = X.to_frame()
    if is_frame(X):
        numbers = {i for i, kind in enumerate(list(X.dtypes)) if _is_number(kind)}
        for place, label in enumerate(X.columns):
            if place in numbers:
                continue
            column = X.iloc[:, place] if hasattr(X, "iloc") else X[label]
            if _holds_times(column):
                way = f"time={label!r}"
                raise ValueError(_refusal(name, repr(label), column.dtype, way))
            if _holds_text(column):
                raise ValueError(
                    f"{name} must have numbers in its columns. Got text in column"
                    f" {label!r}. If it tells the series of the rows, say so where windows"
                    f" are made: groups={label!r}. If it is a category, give each one a"
                    " number, and name the feature in categorical_features."
                )
        return
    row = _first_row(X)
    for place, value in enumerate(row):
        if row.dtype.kind in "mM" or _is_time(value):
            kind = row.dtype if row.dtype.kind in "mM" else type(value).__name__
            raise ValueError(_refusal(name, str(place), kind, "time="))


def _is_number(kind: Any) -> bool:
    return isinstance(kind, np.dtype) and kind.kind in "fiub"


def is_frame(X: Any) -> bool:
    """Tell whether X is a DataFrame of pandas or polars."""
    if type(X).__module__.partition(".")[0] == "polars":
        return type(X).__name__ == "DataFrame"
    return hasattr(X, "iloc") and hasattr(X, "columns")


def _refusal(name: str, column: str, kind: Any, way: str) -> str:
    return (
        f"{name} must have numbers in its columns. Got times in column {column} ({kind})."
        f" If they are the time of the rows, say so where windows are made: {way}."
        " Otherwise make numbers of them, such as the hour or the weekday."
    )


def _first_row(X: Any) -> NDArray[Any]:
    """Give the first row of what may hold times; empty if it holds none."""
    none = np.empty(0)
    if isinstance(X, list | tuple):
        row = X[0] if len(X) else []
        if isinstance(row, np.ndarray):
            return _first_row(row[None])
        cells = np.empty(1 if not isinstance(row, list | tuple) else len(row), dtype=object)
        for place in range(len(cells)):
            cells[place] = row[place] if isinstance(row, list | tuple) else row
        return cells
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "mMO" or not X.size:
        return none
    return X[0].ravel() if X.ndim > 1 else X[:1]


def _holds_times(column: Any) -> bool:
    """Tell whether a column of pandas or polars holds times."""
    dtype: Any = getattr(column, "dtype", None)
    if hasattr(dtype, "is_temporal"):
        return bool(dtype.is_temporal())
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return False
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return _holds_times(pd.Series(dtype.categories))
    if isinstance(dtype, pd.IntervalDtype):
        return str(dtype.subtype).startswith(("datetime", "timedelta"))
    return pd.api.types.infer_dtype(column, skipna=True) in _TIMES


def are_times(labels: Any) -> bool:
    """Tell whether labels of rows, of any kind, are times.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)

    Returns
    -------
    are_times : bool

    Examples
    --------
    >>> import numpy as np
    >>> are_times(np.array(["2024-05-01"], dtype="datetime64[D]")), are_times(["a", "b"])
    (True, False)
    """
    if type(labels).__module__.partition(".")[0] in ("pandas", "polars"):
        return _holds_times(labels)
    values = np.asarray(labels)
    first = values.flat[0] if values.size else None
    return values.dtype.kind in "mM" or _is_time(first)


def _holds_text(column: Any) -> bool:
    """Tell whether a column of pandas or polars begins with text."""
    values = column.drop_nulls() if hasattr(column, "drop_nulls") else column.dropna()
    return len(values) > 0 and isinstance(values[:1].to_numpy()[0], str)


def _is_time(value: Any) -> bool:
    """Tell whether an object of an array is a time."""
    kinds = (date, time, timedelta, np.datetime64, np.timedelta64)
    return isinstance(value, kinds) or type(value).__name__ == "Period"
