"""What a forecaster of sktime has seen and says, without importing sktime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError


def seen_by(forecaster: Any, y_train: Any) -> Any:
    """Give the series that a fitted forecaster has seen.

    Parameters
    ----------
    forecaster : forecaster of sktime
    y_train : Series, DataFrame or None
        What the user says; None asks the forecaster.

    Returns
    -------
    y_train : Series or DataFrame

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is no forecaster.
    ValueError
        If it has not kept the series.
    """
    kind = type(forecaster).__name__
    if not all(hasattr(forecaster, part) for part in ("predict", "cutoff", "get_tag")):
        raise TypeError(f"forecaster must be a forecaster of sktime. Got {kind}.")
    if not forecaster.is_fitted:
        raise NotFittedError(f"This {kind} is not fitted yet. Call fit before.")
    if y_train is None:
        # sktime keeps it where its configuration says so (`remember_data`).
        y_train = getattr(forecaster, "_y", None)
        if getattr(y_train, "index", None) is None:
            raise ValueError(
                f"y_train must be given where the forecaster has not kept it. Got None, and"
                f" a {kind} without it."
            )
    return y_train


def intervals_of(forecaster: Any, fh: Any, X: Any, coverage: Any) -> Any:
    """Give the intervals that a forecaster predicts; None if it has none.

    Parameters
    ----------
    forecaster : forecaster of sktime
        Fitted.
    fh, X : object
        As its `predict` takes them.
    coverage : float, sequence of float or None
        None asks for none.

    Returns
    -------
    intervals : DataFrame or None
    """
    if coverage is None or not forecaster.get_tag("capability:pred_int", False):
        return None
    levels = np.atleast_1d(np.asarray(coverage, dtype=np.float64)).tolist()
    return forecaster.predict_interval(fh=fh, X=X, coverage=levels)


def by_coverage(intervals: Any) -> Mapping[float, Any] | None:
    """Give intervals by their coverage, also those of sktime.

    Parameters
    ----------
    intervals : mapping of float to array-like of shape (n_steps, 2), DataFrame or None
        A frame has three levels of columns: the variable, the coverage, and the end.

    Returns
    -------
    intervals : mapping of float to array-like of shape (n_steps, 2), or None

    Raises
    ------
    ValueError
        If they are neither, or of several series.
    """
    if intervals is None or isinstance(intervals, Mapping):
        return intervals
    columns: Any = getattr(intervals, "columns", None)
    if getattr(columns, "nlevels", 0) != 3:
        raise ValueError(
            "intervals must be a mapping of coverages to ends, or a frame of sktime's"
            f" predict_interval. Got {type(intervals).__name__}."
        )
    variables = list(dict.fromkeys(columns.get_level_values(0)))
    if len(variables) > 1:
        raise ValueError(f"intervals must be of one series. Got {len(variables)}.")
    found = intervals[variables[0]]
    coverages = dict.fromkeys(found.columns.get_level_values(0))
    return {float(each): found[each][["lower", "upper"]].to_numpy() for each in coverages}
