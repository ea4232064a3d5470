"""What cannot be written as ONNX, by the parameter that asks for it."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators._lstm import LSTMEstimator
from ..training import TrainedModel
from ..windows._reshaper import SequenceReshaper
from ..windows._transformer import SlidingWindowTransformer

# Steps of a pipeline that lay rows out as sequences, and leave the numbers as they are.
LAYOUTS = (SlidingWindowTransformer, SequenceReshaper)


def lstm_of(model: Any) -> LSTMEstimator:
    """Find the LSTM that is to be written.

    Parameters
    ----------
    model : estimator
        An LSTM, or a pipeline of windows and an LSTM. Fitted.

    Returns
    -------
    lstm : LSTMRegressor or LSTMClassifier
        Fitted.

    Raises
    ------
    TypeError
        If it is neither.
    NotImplementedError
        If a step of the pipeline changes numbers.
    NotFittedError
        If it is not fitted.
    """
    lstm = model
    if isinstance(model, Pipeline):
        lstm = model.steps[-1][1]
        for name, step in model.steps[:-1]:
            _check_step(name, step)
    if not isinstance(lstm, LSTMEstimator):
        raise TypeError(
            "model must be an LSTMRegressor, an LSTMClassifier or a Pipeline that ends in"
            " one; of an estimator of whole series, its estimator_. Got"
            f" {_kind(lstm)}{' at its end' if lstm is not model else ''}."
        )
    check_is_fitted(lstm)
    return lstm


def check_written(model: TrainedModel) -> None:
    """Refuse a model of which a part has no operators.

    Parameters
    ----------
    model : TrainedModel

    Raises
    ------
    NotImplementedError
        Naming the parameter.
    """
    if model.architecture["layer_norm"]:
        raise _refusal("layer_norm", "be False", True)
    if model.network.forks is not None:
        raise _refusal("forking_sequences", "be False", True)
    season = model.encoding.season
    if season is not None:
        method = f", with season={season.method!r}"
        raise _refusal("season_length", "be None", f"{season.length}{method}")
    if any(model.architecture["future_shape"]) or model.architecture.get("decode"):
        raise _refusal("X", "have nothing known ahead", "windows that have")


def check_read(read: Any, loss: Any) -> None:
    """Refuse a distribution whose mean is not known here.

    Parameters
    ----------
    read : Read or None
    loss : object
        The parameter.

    Raises
    ------
    NotImplementedError
    """
    if read is None:
        raise _refusal("loss", "be one that has a name, or give a point", f"{loss!r}")


def _check_step(name: str, step: Any) -> None:
    if step in (None, "passthrough") or isinstance(step, LAYOUTS):
        return
    raise NotImplementedError(
        "model must be an LSTM, or a Pipeline of SlidingWindowTransformer or"
        f" SequenceReshaper and an LSTM, to be written as ONNX. Got {_kind(step)} in its"
        f" step {name!r}: write model[-1], and let the caller apply what comes before; or"
        " leave the step out, if standardize=True does the same."
    )


def _refusal(name: str, must: str, value: Any) -> NotImplementedError:
    return NotImplementedError(f"{name} must {must}, to be written as ONNX. Got {value}.")


def _kind(value: Any) -> str:
    return type(value).__name__
