"""From a forecaster's parameters to the model that it fits."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import ForecastingHorizon

from ..estimators._forecast_regressor import (
    ForecastRegressor,
    ForkingRegressor,
    ForkingSeq2SeqRegressor,
    Seq2SeqRegressor,
)
from ..estimators._predictive import REMEDY, regression_loss
from ..estimators._regressor import LSTMRegressor
from ..losses import Loss
from ..samples._inputs import plain
from ._checks import check_parameters
from ._horizon import all_steps, horizons_from, with_freq
from ._labels import Labels, check_numbered
from ._model import ForecastModel
from ._panel import Panel
from ._parameters import core_parameters
from ._sight import Sight, sight_of


def new_model(
    forecaster: Any,
    y: pd.DataFrame,
    X: pd.DataFrame | None,
    fh: ForecastingHorizon | None,
    seen: Sight | None = None,
) -> ForecastModel:
    """Make an untrained model for some series.

    Parameters
    ----------
    forecaster : LSTMForecaster
    y : DataFrame
        A series for each instance, channel by channel if the forecaster reads them so.
    X : DataFrame or None
    fh : ForecastingHorizon or None
    seen : Sight or None, default=None
        None is what the parameters say.

    Returns
    -------
    model : ForecastModel
    """
    check_parameters(forecaster, X)
    if forecaster.calibration_fraction is not None and not says_quantiles(forecaster):
        raise ValueError(
            f"calibration_fraction needs a loss that says more than a point: {REMEDY}. Got"
            f" loss={forecaster.loss!r}."
        )
    targets = list(y.columns)
    covariates = [] if X is None else list(X.columns)
    past = set(forecaster.past_covariates or [])
    known = [i for i, name in enumerate(covariates) if name not in past]
    labels = Labels.learn(X)
    categorical = [*labels.of, *(forecaster.categorical_features or [])]
    steps = _steps(forecaster, fh, y)
    if seen is None:
        seen = sight_of(forecaster, Panel.of(y).regular(forecaster._freq), int(steps[-1]))
    regressor = _kind(forecaster)(**core_parameters(forecaster, LSTMRegressor)).set_params(
        target_features=list(range(len(targets))),
        instance_scale=_instance_scale(forecaster, y),
        patch_length=seen.patch_length,
        season_length=seen.season_length,
        # A season that was left to the series need not be there.
        season="auto" if seen.season_length is None else forecaster.season,
        categorical_features=[
            len(targets) + covariates.index(name) for name in dict.fromkeys(categorical)
        ],
    )
    if X is not None:
        check_numbered(X, [name for name in categorical if name not in labels.of])
    return ForecastModel(
        regressor,
        seen.window_length,
        steps,
        targets,
        covariates,
        len(targets) + np.array(known, dtype=np.intp),
        labels,
        seen.least_rows,
    )


def _kind(forecaster: Any) -> type[ForecastRegressor]:
    """Give the class of the regressor."""
    if forecaster.strategy == "seq2seq":
        return ForkingSeq2SeqRegressor if forecaster.forking_sequences else Seq2SeqRegressor
    return ForkingRegressor if forecaster.forking_sequences else ForecastRegressor


def pretrained_copy(
    forecaster: Any, y: pd.DataFrame, X: pd.DataFrame | None, fh: ForecastingHorizon | None
) -> ForecastModel:
    """Copy the pretrained model, if it is one for these data.

    Parameters
    ----------
    forecaster : LSTMForecaster
    y : DataFrame
    X : DataFrame or None
    fh : ForecastingHorizon or None

    Returns
    -------
    model : ForecastModel

    Raises
    ------
    ValueError
        If the data have other columns, or the horizon has other steps.
    """
    check_parameters(forecaster, X)
    model: ForecastModel = copy.deepcopy(forecaster.pretrained_model_)
    if y.shape[1] != len(model.targets):
        raise ValueError(
            f"y must have as many columns as in pretrain, {len(model.targets)}. Got"
            f" {y.shape[1]}."
        )
    if set(y.columns) != set(model.targets):
        model.targets = list(y.columns)  # other series, in the same order
    columns = [] if X is None else list(X.columns)
    if set(columns) != set(model.covariates):
        raise ValueError(
            f"X must have the columns of pretrain, {model.covariates}. Got {columns}."
        )
    steps = model.steps if fh is None else _steps(forecaster, fh, y)
    unknown = np.setdiff1d(steps, model.steps)
    if len(unknown):
        raise ValueError(
            f"fh must be among the steps of pretrain, {model.steps.tolist()}. Got"
            f" {unknown.tolist()} as well."
        )
    return model


def says_quantiles(forecaster: Any) -> bool:
    """Tell whether a network with these parameters knows more than a point.

    Parameters
    ----------
    forecaster : LSTMForecaster

    Returns
    -------
    says : bool
    """
    loss = _loss(forecaster)
    return loss is not None and loss.says_quantiles


def are_of_one_size(forecaster: Any) -> bool:
    """Tell whether series are standardised one by one, as channels are.

    Counts are not: they would be none any more.
    """
    loss = _loss(forecaster)
    is_centred = loss is None or loss.is_centred
    return bool(forecaster.channel_independent and forecaster.standardize and is_centred)


def _loss(forecaster: Any) -> Loss | None:
    try:
        return regression_loss(
            forecaster.loss, plain(forecaster.quantile), plain(forecaster.n_mixtures)
        )
    except (KeyError, TypeError, ValueError):
        return None  # fit tells what is wrong


def _instance_scale(forecaster: Any, y: pd.DataFrame) -> Any:
    """Tell whether series are to be seen in units of their own size."""
    if forecaster.instance_scale != "auto":
        return forecaster.instance_scale
    return len(Panel.of(y)) > 1 and not are_of_one_size(forecaster)


def _steps(
    forecaster: Any, fh: ForecastingHorizon | None, y: pd.DataFrame
) -> NDArray[np.intp]:
    """Give the steps that the network has to learn, from the end of any series."""
    if forecaster.strategy == "recursive":
        return np.array([1])
    steps = all_steps(horizons_from(with_freq(fh, forecaster._freq), Panel.of(y)))
    steps = np.unique(np.maximum(steps, 1))  # in-sample forecasts are one step ahead
    return np.arange(1, steps[-1] + 1) if forecaster.strategy == "seq2seq" else steps
