"""What is known ahead: the rows of X that lie behind the end of y."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._checks import check_times
from ._horizon import Horizon, distinct
from ._model import ForecastModel

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def known_ahead(
    model: ForecastModel,
    horizons: list[Horizon],
    X: pd.DataFrame | None,
    index: pd.Index,
) -> Array:
    """Look up what X says of the rows to come.

    Parameters
    ----------
    model : ForecastModel
        With columns that are known ahead.
    horizons : list of Horizon, of length n_series
        What is to be forecast. X must have the rows that are read for that, up to the last
        that is asked for; it should have those that are read beyond.
    X : pandas.DataFrame or None
    index : pandas.Index of length n_series * n_ahead
        Of all rows to come, series by series.

    Returns
    -------
    future : ndarray of shape (n_series, n_ahead, n_columns)
        NaN where nothing is known.

    Raises
    ------
    ValueError
        If X lacks a row or a column.
    """
    n_series, n_columns = len(horizons), model.n_targets + len(model.covariates)
    future = np.full((len(index), n_columns), np.nan)
    names = model.known_names
    read, needed = _rows_read(model, horizons, len(index) // n_series)
    if X is None and needed.any():
        raise ValueError(
            "X must be given to predict, with the columns that are known ahead:"
            f" {names}. Got None."
        )
    if X is not None:
        check_times(X, "X")
        place = X.index.get_indexer(index)
        _check_reach(index, place < 0, read, needed)
        known = X[names].to_numpy(np.float64, na_value=np.nan)[place]
        known[place < 0] = np.nan
        future[:, model.known] = known
        is_needed = needed.ravel()
        _warn_of_unknown(names, known[is_needed], index[is_needed])
    return future.reshape(n_series, -1, n_columns)


def _check_reach(index: pd.Index, absent: Mask, read: Mask, needed: Mask) -> None:
    """Refuse X that ends within the horizon, and warn of one that ends behind it."""
    within = absent & needed.ravel()
    if within.any():
        ahead = np.flatnonzero(needed.any(axis=0)) + 1
        raise ValueError(
            f"X must reach over the whole horizon, the steps {ahead[0]} to {ahead[-1]}"
            f" from the end of y. Got no row at {index[within][0]}."
        )
    behind = absent & read.ravel()
    if behind.any():
        _warn(
            "X should reach over all steps that were trained for: the network reads them"
            f" together. Got no row at {index[behind][0]}; the last known values are taken."
        )


def _warn_of_unknown(names: list[Any], known: Array, index: pd.Index) -> None:
    """Warn of columns that do not say all of the horizon.

    Parameters
    ----------
    names : list of column names, of length n_known
    known : ndarray of shape (n_rows, n_known)
        Of the rows that are needed.
    index : pandas.Index of length n_rows
    """
    unknown = np.isnan(known)
    if not unknown.any():
        return
    said = "X should say what columns that are known ahead will be."
    columns = [name for name, told in zip(names, unknown.T, strict=True) if told.any()]
    if unknown[:, unknown.any(axis=0)].all():
        what = f"nothing but NaN in {columns}"
    else:
        rows = np.flatnonzero(unknown.any(axis=1))
        what = f"NaN in {columns}, in {len(rows)} of {len(known)} rows, first at"
        what += f" {index[rows[0]]} and last at {index[rows[-1]]}"
    _warn(
        f"{said} Got {what}; the last known values are taken. What is only known up to now"
        " goes into past_covariates."
    )


def _warn(message: str) -> None:
    # Where `predict` was called: through sktime's and the forecaster's own methods.
    warnings.warn(message, UserWarning, stacklevel=8)


def _rows_read(
    model: ForecastModel, horizons: list[Horizon], n_ahead: int
) -> tuple[Mask, Mask]:
    """Tell which rows to come are read, and which of them lie within what is asked for.

    Each of shape (n_series, n_ahead).
    """
    by_horizon = {}
    for horizon in distinct(horizons):
        read = np.zeros(n_ahead, dtype=bool)
        ahead = np.unique(horizon.steps[horizon.steps > 0])
        if len(ahead):
            steps = model.steps_through(ahead)
            origins = np.unique(steps - model.nearest_steps(steps))
            lead = (origins[:, None] + model.steps).ravel()
            read[lead[lead > 0] - 1] = True
        within = np.arange(n_ahead) < horizon.steps.max()
        by_horizon[id(horizon)] = np.stack([read, read & within])
    rows = np.stack([by_horizon[id(horizon)] for horizon in horizons], axis=1)
    return rows[0], rows[1]
