"""Which of two networks forecasts, where columns are known ahead: the last rows tell."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import ForecastingHorizon

from ..training import is_same
from ._backtest import relative_error
from ._checks import is_auto
from ._model import ForecastModel
from ._new_model import new_model
from ._panel import Panel
from ._sight import Sight

Index = NDArray[np.intp]

# What the rival has where a parameter has its default. Columns may say what the season
# does; and what keeps a network with little to learn from near to the season keeps it from
# them.
RIVAL = {"season_length": None, "dropout": 0.0, "weight_decay": 0.0}
# Of a series this part judges, but a horizon at least and, at most, two or so many rows.
PART_THAT_JUDGES, ROWS_THAT_JUDGE = 0.2, 24


def chosen_model(
    forecaster: Any,
    y: pd.DataFrame,
    X: pd.DataFrame | None,
    fh: ForecastingHorizon | None,
    read: Callable[[ForecastModel], Panel],
) -> ForecastModel:
    """Make an untrained model by the strategy of a forecaster, or by the better one.

    Parameters
    ----------
    forecaster : LSTMForecaster
    y : DataFrame
    X : DataFrame or None
    fh : ForecastingHorizon or None
    read : callable (ForecastModel) -> Panel
        Gives the rows, with the columns of a model.

    Returns
    -------
    model : ForecastModel
    """
    model = new_model(forecaster, y, X, fh)
    if not is_auto(forecaster.strategy) or not _may_decode(model):
        return model
    panel = read(model)
    n_later = _rows_that_judge(panel, model)
    if not n_later.any():
        return model
    rival = _rival(forecaster, model, y, X, fh)
    errors = [_error(candidate, panel, n_later) for candidate in (model, rival)]
    return rival if errors[1] < errors[0] else model


def _may_decode(model: ForecastModel) -> bool:
    """Tell whether columns are known ahead, and each step on the way is forecast."""
    steps = np.arange(1, model.steps[-1] + 1)
    return bool(len(model.known)) and np.array_equal(model.steps, steps)


def _rival(
    forecaster: Any,
    model: ForecastModel,
    y: pd.DataFrame,
    X: pd.DataFrame | None,
    fh: ForecastingHorizon | None,
) -> ForecastModel:
    """Make the encoder-decoder that reads as many rows as the other one."""
    other = copy.copy(forecaster)
    signature = inspect.signature(type(forecaster)).parameters
    for name, value in RIVAL.items():
        if is_same(getattr(forecaster, name), signature[name].default):
            setattr(other, name, value)
    other.strategy = "seq2seq"
    season_length = model.regressor.season_length
    seen = Sight(
        model.window_length,
        model.least_rows,
        season_length if other.season_length is not None else None,
        model.regressor.patch_length,
    )
    return new_model(other, y, X, fh, seen)


def _rows_that_judge(panel: Panel, model: ForecastModel) -> Index:
    """Count the last rows of each series that judge; none where all have to train."""
    horizon = int(model.steps[-1])
    n_windows = panel.lengths - model.least_rows - horizon + 1
    part = (PART_THAT_JUDGES * panel.lengths).astype(int)
    n_rows = np.clip(part, horizon, max(2 * horizon, ROWS_THAT_JUDGE))
    return np.where(n_windows > n_rows, n_rows, 0)


def _error(model: ForecastModel, panel: Panel, n_later: Index) -> float:
    """Train a copy on the rows before the last, and judge it by these."""
    trained = copy.deepcopy(model)
    trained.regressor.set_params(checkpoint=None, callbacks=None, verbose=0)
    trained.fit(panel.without_last(n_later))
    return relative_error(trained, panel, n_later)
