"""Arguments of the functions: counts, and rows with their series and time."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from ._features import refuse_times, unmasked
from ._keys import find_keys, split_names, without
from ._rows import Rows
from ._segments import Segments, find_segments
from ._time import check_freq, check_freq_has_effect, learn_step


def check_counts(**counts: Any) -> None:
    """Refuse what is no positive int.

    Parameters
    ----------
    **counts : object
        Arguments by name.

    Raises
    ------
    ValueError
        Naming the first that is none.
    """
    for name, value in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r} instead.")


def read_series(
    X: Any,
    groups: Any,
    time: Any,
    gaps: Any,
    freq: Any,
    *,
    name: str = "X",
    dtype: Any = (np.float64, np.float32),
) -> tuple[Any, Rows, Segments]:
    """Read rows, and find the series that no window may leave.

    Parameters
    ----------
    X : array-like of shape (n_rows,) or (n_rows, n_features)
    groups, time : names, array-like of shape (n_rows,) or None
        Which columns or index levels of X say them, or what they say.
    gaps : {"split", "ignore"}
    freq : str, pandas offset or None
    name : str, default="X"
        The argument, for messages.
    dtype : None or tuple of dtypes, default=(numpy.float64, numpy.float32)
        Types of the values that are kept; others become the first. None keeps any.

    Returns
    -------
    features : array-like of shape (n_rows,) or (n_rows, n_features)
        X without the columns of groups and time.
    rows : Rows
    segments : Segments

    Raises
    ------
    ValueError
        If an argument is out of range, or the series or the time of a row cannot be told.
    """
    if gaps not in ("split", "ignore"):
        raise ValueError(f"gaps must be 'split' or 'ignore'. Got {gaps!r} instead.")
    check_freq(freq)
    keys = find_keys(X, *split_names(X, groups, time), name=name)
    features = without(X, keys.columns) if keys.columns else X
    if not np.ndim(features):
        raise ValueError(
            f"{name} must be of shape (n_rows,) or (n_rows, n_columns). Got {X!r:.60}."
        )
    refuse_times(features, name)
    values = as_rows(features, name, None if dtype is None else list(dtype))
    rows = Rows.read(values, keys)
    check_freq_has_effect(freq, rows.time)
    step = learn_step(rows.time, rows.groups, freq)
    segments = find_segments(len(rows), rows.groups, rows.time, step=step, gaps=gaps)
    return features, rows, segments


def as_rows(series: ArrayLike, name: str, dtype: Any) -> NDArray[Any]:
    """Read a series of numbers or labels; one dimension is one feature.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
    name : str
        The argument, for messages.
    dtype : None or list of dtypes
        As `sklearn.utils.check_array` takes it.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_features)
    """
    series = unmasked(series)
    if np.ndim(series) == 1:
        series = np.asarray(series).reshape(-1, 1)
    return check_array(series, dtype=dtype, ensure_all_finite="allow-nan", input_name=name)
