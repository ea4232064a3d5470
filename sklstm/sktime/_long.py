"""Long frames, with a column for the series and one for the time, as sktime's panels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd


def from_long(
    frame: pd.DataFrame,
    *,
    id: Hashable | list[Hashable],
    time: Hashable,
    value: Hashable | list[Hashable] | None = None,
) -> pd.DataFrame:
    """Give a long frame the index that sktime has for panels and hierarchies.

    A long frame has one row per series and time, as a database gives it. sktime says the
    series and the time in a `MultiIndex`, the time in its last level, sorted.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_rows, n_columns)
        Rows in any order. Another with `to_pandas`, such as one of polars, is turned into
        one of pandas.
    id : column name or list of column names
        What says the series. Several make a hierarchy, the outermost first.
    time : column name
        What says when a row was: dates, times, periods or whole numbers.
    value : column name, list of column names or None, default=None
        The columns to keep; None keeps all others.

    Returns
    -------
    panel : pandas.DataFrame of shape (n_rows, n_values)
        A copy, sorted by series and time.

    Raises
    ------
    ValueError
        If a column is not there, a series or time is missing, times are text, or a time
        comes up twice in a series.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.sktime import from_long
    >>> sales = pd.DataFrame(
    ...     {
    ...         "day": pd.to_datetime(["2024-05-02", "2024-05-01", "2024-05-01"]),
    ...         "store": ["a", "a", "b"],
    ...         "sold": [2.0, 1.0, 10.0],
    ...     }
    ... )
    >>> from_long(sales, id="store", time="day", value="sold")
                      sold
    store day
    a     2024-05-01   1.0
          2024-05-02   2.0
    b     2024-05-01  10.0
    """
    if hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    keys = [*(id if isinstance(id, list) else [id]), time]
    values = _values(frame, keys, value)
    _check_columns(frame, {"id": keys[:-1], "time": keys[-1:], "value": values})
    _check_keys(frame, keys)
    panel = frame.set_index(keys)[values].sort_index()
    again = panel.index.duplicated()
    if again.any():
        raise ValueError(
            "frame must have one row per series and time. Got more than one for"
            f" {_said(panel.index[again][0])}."
        )
    return panel


def _values(frame: Any, keys: list[Hashable], value: Any) -> list[Hashable]:
    if value is None:
        return [column for column in frame.columns if column not in keys]
    return list(value) if isinstance(value, list) else [value]


def _check_columns(frame: Any, named: dict[str, list[Hashable]]) -> None:
    for parameter, columns in named.items():
        for column in columns:
            if column not in frame.columns:
                there = ", ".join(map(repr, frame.columns))
                raise ValueError(
                    f"{parameter} must name a column of frame, which has {there}. Got"
                    f" {column!r}."
                )


def _check_keys(frame: Any, keys: list[Hashable]) -> None:
    for column in keys:
        missing = int(frame[column].isna().sum())
        if missing:
            raise ValueError(
                f"{column!r} must say the series or the time of every row. Got {missing}"
                " rows where it is missing."
            )
    times = frame[keys[-1]]
    if pd.api.types.infer_dtype(times) in ("string", "mixed", "mixed-integer"):
        raise ValueError(
            f"time must name a column of times. Got {keys[-1]!r}, which holds"
            f" {times.iloc[0]!r}: make times of it by pandas.to_datetime."
        )


def _said(labels: tuple[Hashable, ...]) -> str:
    return ", ".join(map(str, labels))
