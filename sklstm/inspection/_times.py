"""When the steps of a sequence were, where its rows tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ..fitting._inside import unwrapped
from ..windows._keys import find_keys
from ..windows._transformer import SlidingWindowTransformer
from ..windows._windows import Windows


def step_times(estimator: Any, X: Any, sequences: Any, sample: int) -> Any:
    """Give the times of the steps of one sequence.

    Parameters
    ----------
    estimator : estimator
        As in `sklstm.inspection.gate_activations`.
    X : object
        What it predicts from.
    sequences : array-like of shape (n_samples, n_timesteps, n_features)
        X as its LSTM reads it.
    sample : int
        Number of the sequence, from 0.

    Returns
    -------
    times : Index of shape (n_timesteps,) or None
        NaT (NaN of a number) is not known: a row before those of X. None if no step's is.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMRegressor, SlidingWindowTransformer
    >>> days = pd.period_range("2024-05-01", periods=4, freq="D")
    >>> X = pd.DataFrame({"sold": [1.0, 2.0, 3.0, 4.0]}, index=days)
    >>> windows = SlidingWindowTransformer(window_length=2).fit(X)
    >>> model = make_pipeline(windows, LSTMRegressor())
    >>> step_times(model, X, windows.transform(X), 3)
    PeriodIndex(['2024-05-03', '2024-05-04'], dtype='period[D]')
    """
    if not isinstance(sequences, Windows):
        return None
    estimator = unwrapped(estimator)
    if hasattr(estimator, "cutoff"):
        return _of_forecaster(estimator, X, sequences, sample)
    times = _of_rows(estimator, X)
    if times is None or len(times) != len(sequences):
        return None
    # Row i of X is where window i ends, wherever that lies in the table.
    order = np.argsort(sequences.ends, kind="stable")
    rows = sequences.ends[sample] - sequences.lags
    place = np.searchsorted(sequences.ends, rows, sorter=order)
    row = order[np.minimum(place, len(order) - 1)]
    is_known = (sequences.ends[row] == rows) & (rows >= sequences.starts[sample])
    return _taken(times, np.where(is_known, row, -1))


def _of_rows(estimator: Any, X: Any) -> Any:
    """Give the times of the rows of X, as the windows of a pipeline find them."""
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    makers = [step for step in steps if isinstance(step, SlidingWindowTransformer)]
    if not makers or not hasattr(X, "shape"):
        return None
    try:
        return find_keys(X, makers[0].groups, makers[0].time).time
    except ValueError:  # a step before has made the columns of groups and time
        return None


def _of_forecaster(forecaster: Any, X: Any, windows: Windows, sample: int) -> Any:
    """Give the times of a window of a forecaster of one series."""
    y = X[0] if isinstance(X, tuple) else X
    if y is None and len(windows) == 1:
        cutoff = forecaster.cutoff
        freq = getattr(cutoff, "freq", None)
        if freq is None:
            return None
        return type(cutoff)([cutoff[0] - int(lag) * freq for lag in windows.lags])
    index: Any = getattr(y, "index", None)
    if getattr(index, "nlevels", 0) != 1 or len(index) != len(windows.table):
        return None
    rows = windows.ends[sample] - windows.lags
    return _taken(index, np.where(rows < windows.starts[sample], -1, rows))


def _taken(times: Any, rows: Any) -> Any:
    """Give the times of some rows; those of row -1 are not known."""
    if (rows < 0).all():
        return None
    import pandas as pd

    return pd.Index(pd.Series(times).reindex(rows).array)
