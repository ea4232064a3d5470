"""sktime's panels of whole series as sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.datatypes import convert_to

from ..inspection._inside import Inside
from ..windows._windows import Windows

Panel = NDArray[Any] | list[pd.DataFrame]


def channel_names(X: Panel) -> list[Any] | None:
    """Give the names of the channels; None for an array.

    Parameters
    ----------
    X : ndarray or list of DataFrame

    Returns
    -------
    names : list or None
    """
    return None if isinstance(X, np.ndarray) else list(X[0].columns)


def inspected(adapter: Any, X: Any) -> Inside:
    """Give the estimator inside one of whole series, and series as it reads them.

    Parameters
    ----------
    adapter : LSTMTimeSeriesClassifier or LSTMTimeSeriesRegressor
    X : panel of any type that sktime knows, or ``...``
        The latter asks for the estimator alone.

    Returns
    -------
    inside : Inside
    """
    adapter.check_is_fitted()
    if X is ...:
        return Inside(adapter.estimator_, None)
    X = convert_to(X, adapter.get_tag("X_inner_mtype"), as_scitype="Panel")
    return Inside(adapter.estimator_, as_sequences(X, adapter._channels))


def as_sequences(X: Panel, channels: list[Any] | None = None) -> NDArray[Any] | Windows:
    """Read a panel as sequences, oldest step first.

    Parameters
    ----------
    X : ndarray of shape (n_instances, n_channels, n_timesteps), or list of DataFrame
        A frame of shape (n_timesteps, n_channels) an instance; lengths may differ.
    channels : list of column names or None, default=None
        Order in which to read the columns of frames that have all of them.

    Returns
    -------
    sequences : ndarray or Windows of shape (n_instances, n_timesteps, n_channels)
        Where lengths differ, steps before the start of a series are unobserved.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> series = [pd.DataFrame([1.0, 2.0]), pd.DataFrame([3.0])]
    >>> np.asarray(as_sequences(series))[:, :, 0]
    array([[ 1.,  2.],
           [nan,  3.]])
    """
    if isinstance(X, np.ndarray):
        return X.transpose(0, 2, 1)
    if channels is not None and set(channels) <= set(X[0].columns):
        X = [series[channels] for series in X]
    lengths = np.array([len(series) for series in X])
    stops = np.cumsum(lengths)
    table = np.concatenate([series.to_numpy(np.float64) for series in X])
    lags = np.arange(lengths.max() - 1, -1, -1)
    return Windows(table, stops - 1, stops - lengths, lags)
