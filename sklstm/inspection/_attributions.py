"""What a prediction rests on: each step of each feature, in the target's units."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch
from torch import Tensor

from ..estimators._lstm import LSTMEstimator
from ..estimators._predictive import loss_of
from ..fitting._numbers import is_integer
from ..training import SequenceData, TrainedModel, in_time
from ..windows._refilled import refilled
from ..windows._windows import Windows
from ._inside import inside, reader
from ._paths import Along, integrated, occluded
from ._response import Response, gradients

Array = NDArray[Any]

# Samples that are attributed at once.
BATCH_SIZE = 128
# Largest error of completeness, as a share of the largest change, that is not warned of.
MOST_ERROR = 0.05
Method = Literal["integrated_gradients", "occlusion"]


def attributions(
    estimator: Any,
    X: Any,
    *,
    method: Method = "integrated_gradients",
    target: Any = None,
    baseline: ArrayLike | None = None,
    n_points: int = 50,
) -> Bunch:
    r"""Attribute predictions to the steps and features of their sequences.

    *Integrated gradients* [1]_ follow the prediction :math:`f` on a straight line from a
    baseline :math:`b` to the sequence :math:`x`:

    .. math:: a_{tj} = (x_{tj} - b_{tj}) \int_0^1
        \frac{\partial f}{\partial x_{tj}}\bigl(b + u (x - b)\bigr)\, du

    They add up to :math:`f(x) - f(b)`. *Occlusion* is the change of the prediction where
    one value alone is that of the baseline, :math:`a_{tj} = f(x) - f(x \text{ with }
    x_{tj} = b_{tj})`; these do not add up where values act together.

    Both begin behind what is taken out of a sequence and put back on its forecast: its
    level (`instance_norm`), its season and its size. These stay those of the sequence, and
    are attributed to no step; else a network that forecasts changes from the last value
    would be said to look at the last step alone. The same holds for what is known of the
    rows to come.

    Parameters
    ----------
    estimator : estimator
        A fitted `LSTMRegressor` or `LSTMClassifier`, a pipeline or a search that ends in
        one, or an estimator of `sklstm.sktime`.
    X : array-like of shape (n_samples, n_timesteps[, n_features])
        What the estimator predicts from, as in `gate_activations`.
    method : {"integrated_gradients", "occlusion"}, default="integrated_gradients"
    target : int, label or None, default=None
        The output to explain: its number, of a regressor; a class, of a classifier, whose
        probability is explained. None is the only output, or the class that is predicted
        for each sample.
    baseline : array-like that broadcasts to the shape of X, or None, default=None
        Sequences to compare with, in the units of X, each seen in its own level. None
        stands for nothing to tell: each feature at its training mean, or at the level of
        the sequence where that is taken out, and categories that are not known.
    n_points : int, default=50
        Points of the line (Gauss and Legendre's) at which gradients are taken. Sequences
        whose attributions then miss a hundredth of the largest change are followed in steps
        as short as their gradients ask for, each checked by the change of the prediction:
        normalised gates (`layer_norm`) turn sharply where little is to be read. It takes
        some ten times as long.

    Returns
    -------
    explanation : Bunch
        attributions : ndarray of shape (n_samples, n_timesteps, n_features)
            In the units of the target, or of a probability; 0 at unobserved steps.
        predictions : ndarray of shape (n_samples,)
            Of the target.
        baseline_predictions : ndarray of shape (n_samples,)
            Of the baseline, in the place of the sequence.
        completeness_error : ndarray of shape (n_samples,)
            Sum of the attributions, less the difference of these predictions.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If there is no LSTM, or its target is transformed around it.

    Warns
    -----
    UserWarning
        If integrated gradients still do not add up.

    References
    ----------
    .. [1] Sundararajan, M., Taly, A. & Yan, Q. (2017). Axiomatic attribution for deep
       networks. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import attributions
    >>> X = np.random.default_rng(0).normal(size=(400, 5, 2))
    >>> y = 3 * X[:, 4, 1]
    >>> model = LSTMRegressor(max_epochs=20, random_state=0).fit(X, y)
    >>> a = attributions(model, X)
    >>> size = np.abs(a.attributions).mean(axis=0)
    >>> [int(i) for i in np.unravel_index(size.argmax(), size.shape)]
    [4, 1]
    >>> bool(np.abs(a.completeness_error).max() < 1e-3)
    True
    """
    if method not in ("integrated_gradients", "occlusion"):
        raise ValueError(
            f"method must be 'integrated_gradients' or 'occlusion'. Got {method!r}."
        )
    if not is_integer(n_points, least=1):
        raise ValueError(f"n_points must be an int of at least 1. Got {n_points!r}.")
    found = reader(estimator, X)
    if getattr(found.estimator, "return_sequences", False):
        raise ValueError(
            "return_sequences must be False for attributions, which explain one output of a"
            " sequence. Got True: explain an estimator of what follows the step."
        )
    if getattr(found.estimator, "transformer_", None) is not None:
        raise TypeError(
            "estimator must say its target as the network does. Got"
            f" {type(found.estimator).__name__}: explain its regressor_, in its units."
        )
    lstm, sequences = inside(found.estimator, found.sequences)
    model, windows = lstm._fitted(sequences)
    response = Response(model, loss_of(lstm, model), _number_of(lstm, model, target))
    data = model.data(windows)
    other = None if baseline is None else model.data(_as_windows(baseline, windows))
    along: Along = integrated(n_points) if method == "integrated_gradients" else occluded
    parts = [
        _attribute(response, along, data, other, index)
        for index in data.order().split(BATCH_SIZE)
    ]
    values, predictions, begins = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    if found.units is not None:
        shift, scale = found.units
        values = values * scale[:, None, None]
        predictions, begins = shift + scale * predictions, shift + scale * begins
    if method == "integrated_gradients":
        _warn_if_incomplete(values, predictions - begins, n_points)
    return Bunch(
        attributions=values,
        predictions=predictions,
        baseline_predictions=begins,
        completeness_error=values.sum(axis=(1, 2)) - (predictions - begins),
    )


def _attribute(
    response: Response,
    along: Along,
    data: SequenceData,
    other: SequenceData | None,
    index: Tensor,
) -> tuple[Array, Array, Array]:
    """Attribute the predictions of some samples."""
    network = response.model.network
    features = network.read_features(data.shape[2])
    with gradients(network.device):
        read, frame = response.read(data, index)
        begin = torch.zeros_like(read) if other is None else response.read(other, index)[0]
        target = response.classes(read, frame)

        def predict(z: Tensor) -> Tensor:
            return response(z, frame, target)

        values = along(predict, read, begin, features)
        with torch.no_grad():
            whole, nothing = (predict(z).cpu().numpy() for z in (read, begin))
    placed = in_time(values, frame.inputs["lengths"], data, index, 0.0)
    return placed.cpu().numpy(), whole, nothing


def _warn_if_incomplete(values: Array, moved: Array, n_points: int) -> None:
    """Warn if attributions are far from adding up."""
    error = float(np.abs(values.sum(axis=(1, 2)) - moved).max(initial=0.0))
    span = float(np.abs(moved).max(initial=0.0))
    if error > MOST_ERROR * span:
        warnings.warn(
            f"Attributions are off by {error:.3g} where predictions move by {span:.3g}: the"
            f" gradients change too fast for n_points={n_points}. Raise it, or take"
            ' method="occlusion".',
            UserWarning,
            stacklevel=3,
        )


def _number_of(lstm: LSTMEstimator, model: TrainedModel, target: Any) -> int | None:
    """Give the number of an output or of a class; None is the class that is predicted."""
    if model.link == "softmax":
        if target is None:
            return None
        classes = lstm.classes_.tolist()  # type: ignore[attr-defined]
        if target not in classes:
            raise ValueError(
                f"target must be one of the classes, {classes}. Got {target!r}."
            )
        return classes.index(target)
    n_outputs = model.targets.n_outputs
    if target is None and n_outputs == 1:
        return 0
    if not is_integer(target, least=0) or target >= n_outputs:
        raise ValueError(
            f"target must be the number of one of the {n_outputs} outputs, from 0. Got"
            f" {target!r}."
        )
    return int(target)


def _as_windows(baseline: ArrayLike, windows: Windows) -> Windows:
    """Read sequences to compare with, which are observed where others are."""
    n_features = windows.shape[2]
    values = np.asarray(baseline, np.float64)
    if n_features == 1 and values.ndim and values.shape[-1] != 1:
        values = values[..., None]
    try:
        table = np.array(np.broadcast_to(values, windows.shape))
    except ValueError:
        raise ValueError(
            f"baseline must broadcast to the shape of X, {windows.shape}. Got shape"
            f" {np.shape(baseline)}."
        ) from None
    observed = ~np.isnan(np.asarray(windows)).all(axis=2)
    if np.isnan(table[observed]).all(axis=1).any() or np.isinf(table).any():
        raise ValueError(
            "baseline must be finite where X is observed. Got NaN or infinity."
        )
    table[~observed] = np.nan
    return refilled(windows, table)
