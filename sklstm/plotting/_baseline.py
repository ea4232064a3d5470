"""The loss of a network that has learnt nothing of X, where a fitted model tells it."""

from __future__ import annotations

from typing import Any, NamedTuple

from scipy.special import entr

from ..estimators._lstm import LSTMEstimator
from ..samples._targets import Labels, Numbers
from ..training import TrainedModel

# What the losses by name are called on an axis.
NAMES = {
    "squared_error": "Squared error",
    "absolute_error": "Absolute error",
    "huber": "Huber loss",
    "quantile": "Pinball loss",
    "cross_entropy": "Cross-entropy",
    "gaussian": "Negative log-likelihood",
    "student_t": "Negative log-likelihood",
    "negative_binomial": "Negative log-likelihood",
    "mixture": "Negative log-likelihood",
}


class Baseline(NamedTuple):
    """The training loss of the best constant answer.

    Attributes
    ----------
    loss : float
    name : str
        What is always said.
    """

    loss: float
    name: str


def baseline_of(estimator: LSTMEstimator) -> Baseline | None:
    """Tell which loss the best constant answer has on the training samples.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
        Fitted.

    Returns
    -------
    baseline : Baseline or None
        None where the model does not tell it.
    """
    model = estimator._model
    # The units are those of the first call of fit; the samples of later ones may be others.
    if model.memory.n_runs > 1:
        return None
    loss, *options = model.memory.settings["loss"]
    if loss == "squared_error" and _has_variance_one(model):
        return Baseline(1.0, "Always the mean")
    if loss == "cross_entropy" and getattr(estimator, "class_weight", None) is None:
        return Baseline(_entropy(model.targets, *options), "Always the class shares")
    return None


def loss_name_of(estimator: LSTMEstimator) -> str:
    """Tell what is on the axis of a loss.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
        Fitted.

    Returns
    -------
    name : str
    """
    model = estimator._model
    loss = model.memory.settings["loss"][0]
    name = NAMES.get(loss, "Loss") if isinstance(loss, str) else "Loss"
    is_scaled = getattr(model.targets, "scaling", None) is not None
    return f"{name} of standardised targets" if is_scaled else name


def _has_variance_one(model: TrainedModel) -> bool:
    """Tell whether training targets are standardised by their own mean and deviation."""
    targets = model.targets
    if not isinstance(targets, Numbers) or targets.scaling is None:
        return False
    # A forecast is scaled like the feature that it forecasts.
    if model.network.forecast_features or model.encoding.relative:
        return False
    # A target that is missing beside others loses nothing; a constant one has a scale of 1.
    may_lack_some = targets.may_miss and targets.n_outputs > 1
    return not may_lack_some and not bool((targets.scaling.scale == 1).any())


def _entropy(targets: Any, label_smoothing: float) -> float:
    """Give the entropy of the shares of the classes, which are smoothed as labels are."""
    assert isinstance(targets, Labels)
    share = targets.totals / targets.totals.sum()
    share = (1 - label_smoothing) * share + label_smoothing / len(share)
    return float(entr(share).sum())
