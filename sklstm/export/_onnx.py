"""A trained LSTM as a model of ONNX, which needs neither torch nor this package."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..estimators._predictive import loss_of
from ..files._plain_file import write_file
from ..fitting._one_step import as_it_stands
from ..network import Head
from ..samples._targets import Labels, Numbers
from ..training import TrainedModel
from ._answers import (
    as_sizes,
    in_units,
    numbered,
    outputs,
    quantiles_and_median,
    read_of,
    weighted_mean,
)
from ._graph import Graph
from ._level import with_level
from ._proto import Signature, as_model
from ._refused import check_read, check_written, lstm_of
from ._state import State, by_step, state_of

if TYPE_CHECKING:
    from onnx import ModelProto

INPUTS: Signature = {
    "x": (np.float32, ("n_samples", "n_timesteps", "n_features")),
    "lengths": (np.int64, ("n_samples",)),
}


def to_onnx(model: Any, path: str | os.PathLike[str] | None = None) -> ModelProto:
    """Write a trained LSTM as a model of ONNX, for onnxruntime and its like.

    The graph begins with sequences in the units of X and ends with what `predict` and
    `predict_proba` give: scaling, categories, missing values, levels and probabilities are
    inside. It is written from the weights, with operators of opset 18 (and `LabelEncoder`
    of ``ai.onnx.ml``, for categories).

    Inputs of the graph:

    - ``x``: float32 of shape (n_samples, n_timesteps, n_features). The steps of a 2-D X are
      sequences of one feature. Observed steps come first, oldest of them first; what stands
      behind them is not read. A value that is NaN, in a step that has others, is filled as
      `predict` fills it.
    - ``lengths``: int64 of shape (n_samples,), from 0 to n_timesteps: the number of
      observed steps of each sequence.

    Outputs, with the axes of `predict`:

    - of a regressor ``prediction``, float64 of shape (n_samples,) or
      (n_samples, n_outputs): the mean of a distribution, the median of quantiles. With
      several levels in `quantile` also ``quantiles``, which has one axis more, for the
      levels in ascending order;
    - of a classifier ``probabilities``, float32 of shape (n_samples, n_classes), and
      ``label``, int64 of shape (n_samples,): the number of the most probable class in
      `classes_`.

    With `return_sequences` there is an axis for the steps after the first, in the order in
    which they come in; NaN, and -1 as a label, stand behind the observed ones.

    Parameters
    ----------
    model : LSTMRegressor, LSTMClassifier or Pipeline
        Fitted. Of a `Pipeline` of `SlidingWindowTransformer` or `SequenceReshaper` and an
        LSTM, the LSTM is written: whoever calls the graph makes the sequences.
    path : path-like or None, default=None
        Of the file to write, too.

    Returns
    -------
    onnx_model : onnx.ModelProto
        Its ``metadata_props`` hold, as JSON, "classes", "levels" of quantiles, and
        "feature_names", where there are any.

    Raises
    ------
    ImportError
        If onnx is not installed.
    NotImplementedError
        If a parameter asks for what has no operators: `layer_norm`, a season, windows with
        values known ahead, or a distribution of your own as `loss`; or if a step of a
        pipeline changes numbers.
    TypeError
        If `model` is neither an LSTM nor a pipeline that ends in one.
    NotFittedError
        If it is not fitted.

    Notes
    -----
    The network computes in float32, also with ``dtype="float64"``. Predictions agree with
    those of `predict` to about 1e-6 of the spread of the targets. X itself comes in
    float32: of values whose changes are smaller than 1e-7 of their size, subtract a
    constant before `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.export import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(40, 12, 2)).astype("float32")
    >>> model = LSTMRegressor(max_epochs=1, random_state=0).fit(X, X[:, 0, 0])
    >>> onnx_model = to_onnx(model)
    >>> [value.name for value in onnx_model.graph.input]
    ['x', 'lengths']

    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession(onnx_model.SerializeToString())
    >>> (prediction,) = session.run(None, {"x": X, "lengths": np.full(40, 12)})
    >>> bool(np.allclose(prediction, model.predict(X), atol=1e-5))
    True
    """
    lstm = lstm_of(model)
    snapshot = as_it_stands(lstm)
    trained = snapshot._model
    check_written(trained)
    graph = Graph()
    metadata: dict[str, Any] = {"feature_names": trained.encoding.layout.feature_names_in}
    if isinstance(trained.targets, Labels):
        signature = _write_classes(graph, trained)
        metadata["classes"] = trained.targets.classes
    else:
        signature, metadata["levels"] = _write_numbers(graph, trained, snapshot)
    inputs = {**INPUTS, "x": _of_features(trained)}
    onnx_model = as_model(graph, inputs, signature, _as_json(metadata))
    if path is not None:
        write_file(path, onnx_model.SerializeToString())
    return onnx_model


def _of_features(model: TrainedModel) -> tuple[Any, tuple[str | int, ...]]:
    """Give the type and the axes of x."""
    return np.float32, ("n_samples", "n_timesteps", model.architecture["input_size"])


def _write_classes(graph: Graph, model: TrainedModel) -> Signature:
    """Write the probability of each class, and the most probable one."""
    head, n_classes = model.network.head, model.targets.n_values
    assert isinstance(head, Head)
    state = state_of(graph, model)
    logits = outputs(graph, head, state.value, np.arange(n_classes))
    probabilities = graph.op("Softmax", logits, axis=1)
    label = graph.op("ArgMax", probabilities, axis=1, keepdims=0)
    graph.give(by_step(graph, probabilities, state, np.nan), np.float32, "probabilities")
    graph.give(by_step(graph, label, state, -1), np.int64, "label")
    axes = _axes(model)
    return {
        "probabilities": (np.float32, (*axes, n_classes)),
        "label": (np.int64, axes),
    }


def _axes(model: TrainedModel) -> tuple[str, ...]:
    """Name the axes of samples, and of steps if each has an output."""
    return ("n_samples", "n_timesteps")[: 1 + model.network.return_sequences]


def _write_numbers(
    graph: Graph, model: TrainedModel, regressor: Any
) -> tuple[Signature, tuple[float, ...] | None]:
    """Write predictions, and quantiles where there are several levels."""
    loss, targets = loss_of(regressor, model), model.targets
    assert isinstance(targets, Numbers)
    read = read_of(loss)
    check_read(read, regressor.loss)
    assert read is not None
    state = state_of(graph, model)
    values = in_units(graph, _located(graph, model, state, read.located), targets)
    axes: tuple[str | int, ...] = _axes(model)
    if not targets.is_flat:
        axes = (*axes, targets.n_outputs)
    signature: Signature = {"prediction": (np.float64, axes)}
    levels = None
    if read.logits:
        logits = _values(graph, model, state, read.logits)
        prediction = weighted_mean(graph, values, logits, targets)
    elif len(read.located) > 1:
        levels = tuple(loss.levels)
        ordered, prediction = quantiles_and_median(graph, values, levels)
        signature["quantiles"] = (np.float64, (*axes, len(levels)))
        graph.give(by_step(graph, ordered, state, np.nan), np.float64, "quantiles")
    else:
        prediction = graph.op("Squeeze", values, [-1])
    graph.give(by_step(graph, prediction, state, np.nan), np.float64, "prediction")
    return signature, levels


def _values(
    graph: Graph, model: TrainedModel, state: State, wanted: tuple[int, ...]
) -> str:
    """Give values of the head, of shape (n_samples, n_outputs, n_wanted)."""
    network, n_outputs = model.network, model.targets.n_outputs
    assert isinstance(network.head, Head)
    chosen = numbered(n_outputs, len(network.roles), wanted)
    values = outputs(graph, network.head, state.value, chosen)
    return graph.op("Reshape", values, [-1, n_outputs, len(wanted)])


def _located(
    graph: Graph, model: TrainedModel, state: State, wanted: tuple[int, ...]
) -> str:
    """Give values on the scale of the targets, in the units of training."""
    network = model.network
    values = _values(graph, model, state, wanted)
    if state.level is not None and network.normaliser is not None:
        values = with_level(graph, network.normaliser, values, state.level)
    if network.roles[wanted[0]] == "size":
        values = as_sizes(graph, values)
    if state.size is not None:
        features = list(network.forecast_features)
        size = graph.op("Gather", state.size, features, axis=1)
        values = graph.op("Mul", values, graph.op("Unsqueeze", size, [2]))
    return values


def _as_json(metadata: dict[str, Any]) -> dict[str, str]:
    """Give what there is as JSON; labels of another kind as their text."""
    return {
        name: json.dumps(_listed(values), default=str)
        for name, values in metadata.items()
        if values is not None
    }


def _listed(values: Any) -> Any:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
