"""Targets that lie ahead of their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._features import is_frame
from ._segments import Gaps
from ._series import check_counts, read_series


def future_targets(
    y: ArrayLike,
    horizon: int,
    groups: str | list[str] | ArrayLike | None = None,
    *,
    time: str | ArrayLike | None = None,
    gaps: Gaps = "split",
    freq: Any = None,
) -> Any:
    """Give for each row the values that follow it in its series.

    Column ``k`` of row ``i`` is the value ``k + 1`` rows ahead, and NaN where the series
    ends before that: it is not yet known. Rows out are rows in, so the targets stay aligned
    with the rows that a `SlidingWindowTransformer` makes windows of.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, 1), or DataFrame
        The series to forecast, numbers or labels, oldest row first. A frame of pandas or
        polars may have the columns of `groups` and `time` besides. NaN is passed on.
    horizon : int
        How many steps to give.
    groups : str, list of str, array-like of shape (n_rows,) or None, default=None
        Series of each row, or the names of y's columns or index levels that say it. None
        takes, of a MultiIndex, all levels but that of time.
    time : str, array-like of shape (n_rows,) or None, default=None
        Time of each row, or the name of y's column or index level that says it. None takes
        the index of y, if it holds times, or its level that does; of a MultiIndex without
        any, its level of integers, the last one if there are several.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp ends a series: then what lies after the gap is no
        target of what lies before. "ignore" takes neighbouring rows as neighbouring steps.
    freq : str, pandas offset or None, default=None
        Step of the times.

    Returns
    -------
    targets : ndarray or DataFrame of shape (n_rows, horizon)
        A DataFrame with the index of y if y comes from pandas, and one of polars if y comes
        from there; the columns are named ``sold_lead_1, sold_lead_2, ...``. Integers become
        float64, and other labels objects, to leave room for NaN (for null in polars).

    Raises
    ------
    ValueError
        If y has several columns, if it cannot be told for certain which level of a
        MultiIndex is the time, or if an argument is out of range.

    See Also
    --------
    sliding_windows : Whole windows with the values that follow them.

    Examples
    --------
    >>> from sklstm import future_targets
    >>> future_targets([1.0, 2.0, 3.0, 10.0, 20.0], 2, groups=["a", "a", "a", "b", "b"])
    array([[ 2.,  3.],
           [ 3., nan],
           [nan, nan],
           [20., nan],
           [nan, nan]])
    >>> import pandas as pd
    >>> sold = pd.Series([5, 6, 7], pd.date_range("2024", periods=3), name="sold")
    >>> future_targets(sold, 2)
                sold_lead_1  sold_lead_2
    2024-01-01          6.0          7.0
    2024-01-02          7.0          NaN
    2024-01-03          NaN          NaN
    """
    check_counts(horizon=horizon)
    series, rows, segments = read_series(y, groups, time, gaps, freq, name="y", dtype=None)
    if rows.values.shape[1] != 1:
        raise ValueError(
            f"y must be one series to forecast. Got {rows.values.shape[1]} columns besides"
            " those of groups and time."
        )
    values = with_room_for_nan(rows.values[:, 0])[segments.order]
    place, stops = segments.positions, segments.stops[segments.positions]
    targets = np.full((len(values), horizon), np.nan, dtype=values.dtype)
    for step in range(1, horizon + 1):
        known = place + step < stops
        targets[known, step - 1] = values[place[known] + step]
    return _framed(targets, series)


def with_room_for_nan(values: NDArray[Any]) -> NDArray[Any]:
    """Give values in a type that holds NaN too.

    Parameters
    ----------
    values : ndarray

    Returns
    -------
    values : ndarray of float or object
    """
    if values.dtype.kind == "f":
        return values
    return values.astype(np.float64 if values.dtype.kind in "iu" else object)


def _framed(targets: NDArray[Any], series: Any) -> Any:
    """Give targets as the library of the series gives a table."""
    name = series.columns[0] if is_frame(series) else getattr(series, "name", None)
    names = [f"{name or 'y'}_lead_{step + 1}" for step in range(targets.shape[1])]
    library = type(series).__module__.partition(".")[0]
    if library == "polars":
        import polars as pl

        # A column of labels has nulls, since NaN is a number there.
        columns = {
            label: targets[:, k]
            if targets.dtype.kind == "f"
            else [None if value != value else value for value in targets[:, k]]
            for k, label in enumerate(names)
        }
        return pl.DataFrame(columns)
    if not hasattr(series, "iloc"):
        return targets
    import pandas as pd

    return pd.DataFrame(targets, index=series.index, columns=names)
