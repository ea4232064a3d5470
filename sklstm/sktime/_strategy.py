"""Which of two networks forecasts, where columns are known ahead: the last rows tell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import ForecastingHorizon

from ..fitting._ranks import current_ranks
from ..training import is_same
from ._backtest import errors_of_last, means_by_series, rows_to_calibrate
from ._checks import is_auto
from ._model import ForecastModel
from ._new_model import new_model
from ._panel import Panel
from ._sight import Sight

Array = NDArray[Any]
Index = NDArray[np.intp]

# What the rival has where a parameter is left at its default. Columns may say what the
# season does; and what keeps a network with little to learn from near to the season keeps
# it from them.
RIVAL = {"season_length": None, "dropout": 0.0, "weight_decay": 0.0}
# Of a series this part judges, but a horizon at least and, at most, two or so many rows.
PART_THAT_JUDGES, ROWS_THAT_JUDGE = 0.2, 24
# Errors are alike that differ by less than this, beside what a series deviates from its
# mean, and beside its size: of a series that never changes both are next to nothing.
OF_DEVIATION, OF_SIZE = 0.01, 1e-6


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
    panel, fraction = read(model), forecaster.calibration_fraction
    if fraction is not None:
        # What calibrates must not have been looked at before.
        panel = panel.without_last(rows_to_calibrate(panel, model, fraction))
    n_later = _rows_that_judge(panel, model)
    if not n_later.any():
        return model
    rival = _rival(forecaster, model, y, X, fh)
    errors = [_errors(candidate, panel, n_later) for candidate in (model, rival)]
    return rival if _is_better(errors[1], errors[0], panel) else model


def _may_decode(model: ForecastModel) -> bool:
    """Tell whether columns are known ahead, and each step on the way is forecast.

    Processes with rows of their own would each choose by these.
    """
    ranks = current_ranks()
    if ranks is not None and ranks.owns_rows:
        return False
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
    other, table = copy.copy(forecaster), forecaster._shared_parameters
    # Who names a season wants one.
    kept = () if is_auto(forecaster.season) else ("season_length",)
    for name in RIVAL.keys() - set(kept):
        if is_same(getattr(forecaster, name), table[name].default):
            setattr(other, name, RIVAL[name])
    other.strategy = "seq2seq"
    keeps_season = other.season_length is not None
    seen = Sight(
        model.window_length,
        model.least_rows,
        model.regressor.season_length if keeps_season else None,
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


def _errors(model: ForecastModel, panel: Panel, n_later: Index) -> Array:
    """Train such a model on the rows before the last, and judge it by these.

    The errors are NaN where it cannot be trained on them.
    """
    nothing = np.full((len(panel), model.n_targets), np.nan)
    before = panel.without_last(n_later)
    trained = copy.copy(model)
    # Neither the callbacks of a user nor a state of random numbers are for this.
    trained.regressor = copy.copy(model.regressor).set_params(
        checkpoint=None,
        callbacks=None,
        verbose=0,
        random_state=copy.deepcopy(model.regressor.random_state),
    )
    if not trained.can_fit(before):
        return nothing
    try:
        trained.fit(before)
    except ValueError as error:
        if getattr(error, "is_divergence", False):
            return nothing
        raise
    return errors_of_last(trained, panel, n_later)


def _is_better(errors: Array, others: Array, panel: Panel) -> bool:
    """Tell whether errors are smaller than others; each series and column counts alike."""
    values = panel.values[:, : errors.shape[1]]
    series = np.repeat(np.arange(len(panel)), panel.lengths)
    level = means_by_series(values, series, len(panel))
    deviation = means_by_series(np.abs(values - level[series]), series, len(panel))
    size = means_by_series(np.abs(values), series, len(panel))
    alike = OF_DEVIATION * deviation + OF_SIZE * size + np.finfo(float).tiny
    ratio = np.log((errors + alike) / (others + alike))
    known = ratio[~np.isnan(ratio)]
    return bool(len(known)) and float(known.mean()) < 0
