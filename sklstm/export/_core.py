"""The recurrent layers and the pooling of their states, as operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..network import (
    Pooling,
    RecurrentLayer,
    RecurrentStack,
    StepAttention,
    StepwiseLayer,
)
from ..network._core import as_stepwise
from ._front import linear
from ._graph import Graph
from ._sequences import Sequences, count_steps

# ONNX's operator for each cell, and which of torch's gates each of its gates is.
OPERATORS = {
    "lstm": ("LSTM", (0, 3, 1, 2)),  # input, output, forget, cell
    "peephole": ("LSTM", (0, 3, 1, 2)),
    "gru": ("GRU", (1, 0, 2)),  # update, reset, hidden
    "rnn": ("RNN", (0,)),
}


def recurrent(
    graph: Graph, core: RecurrentStack, sequences: Sequences, *, last: bool
) -> str:
    """Give the states of the last layer.

    Parameters
    ----------
    graph : Graph
    core : RecurrentStack
    sequences : Sequences
    last : bool
        Whether only those are wanted in which each direction ends.

    Returns
    -------
    states : str
        Of shape (n_samples, n_timesteps, state_size), 0 behind the observed steps, or
        (n_samples, state_size).
    """
    # ONNX wants the steps first. Of a sequence of no observed step one is read in vain.
    hidden = graph.op("Transpose", sequences.x, perm=[1, 0, 2])
    lengths = graph.cast(graph.op("Max", sequences.lengths, 1), np.int32)
    ends = ""
    for layer in core.layers:
        assert isinstance(layer, RecurrentLayer)
        hidden, ends = _layer(graph, layer, hidden, lengths)
    if not last:
        return graph.op("Transpose", hidden, perm=[1, 0, 2])
    ends = graph.op("Transpose", ends, perm=[1, 0, 2])
    ends = graph.op("Reshape", ends, [0, core.output_size])
    return graph.op("Where", _any_observed(graph, sequences), ends, 0.0)


def pooled(graph: Graph, pooling: Pooling, hidden: str, sequences: Sequences) -> str:
    """Give one vector per sequence, of its states of all steps.

    Parameters
    ----------
    graph : Graph
    pooling : Pooling
        Of another method than "last".
    hidden : str
        Of shape (n_samples, n_timesteps, state_size).
    sequences : Sequences

    Returns
    -------
    state : str
        Of shape (n_samples, state_size).
    """
    observed = sequences.observed
    if pooling.method == "attention":
        score = graph.op("Tanh", linear(graph, pooling.hidden, hidden))
        score = linear(graph, pooling.score, score)
        least = torch.finfo(torch.float32).min
        weights = graph.op("Softmax", graph.op("Where", observed, score, least), axis=1)
        weights = graph.op("Where", observed, weights, 0.0)
        weighted = graph.op("Mul", weights, hidden)
        return graph.op("ReduceSum", weighted, [1], keepdims=0)
    if pooling.method == "mean":
        states = graph.op("Where", observed, hidden, 0.0)
        total = graph.op("ReduceSum", states, [1], keepdims=0)
        count = graph.cast(graph.op("Max", sequences.lengths, 1), np.float32)
        return graph.op("Div", total, graph.op("Unsqueeze", count, [1]))
    states = graph.op("Where", observed, hidden, -np.inf)
    largest = graph.op("ReduceMax", states, [1], keepdims=0)
    return graph.op("Where", _any_observed(graph, sequences), largest, 0.0)


def attended(
    graph: Graph, attention: StepAttention, hidden: str, sequences: Sequences
) -> str:
    """Let each step read the states of the others.

    Parameters
    ----------
    graph : Graph
    attention : StepAttention
    hidden : str
        Of shape (n_samples, n_timesteps, state_size).
    sequences : Sequences

    Returns
    -------
    states : str
        Of the same shape.
    """
    keys = graph.op("Transpose", linear(graph, attention.score, hidden), perm=[0, 2, 1])
    score = graph.op("MatMul", hidden, keys)
    if attention.is_causal:
        step = graph.op("Range", 0, count_steps(graph, hidden), 1)
        is_read = graph.op("LessOrEqual", step, graph.op("Unsqueeze", step, [1]))
    else:
        is_read = graph.op("Transpose", sequences.observed, perm=[0, 2, 1])
    least = torch.finfo(torch.float32).min
    weights = graph.op("Softmax", graph.op("Where", is_read, score, least), axis=2)
    both = graph.op("Concat", graph.op("MatMul", weights, hidden), hidden, axis=2)
    return graph.op("Tanh", linear(graph, attention.join, both))


def _layer(graph: Graph, layer: RecurrentLayer, x: str, lengths: str) -> tuple[str, str]:
    """Write a layer: its states at each step, and those in which each direction ends."""
    parts = (
        [layer.forwards] if layer.backwards is None else [layer.forwards, layer.backwards]
    )
    directions = [as_stepwise(part) for part in parts]
    cell, size = directions[0].cell, directions[0].hidden_size
    operator, order = OPERATORS[cell]
    attributes: dict[str, Any] = {"linear_before_reset": 1} if cell == "gru" else {}
    if len(directions) == 2:
        attributes["direction"] = "bidirectional"
    inputs: list[str | Tensor | None] = [
        x,
        _stacked(directions, order, "weight_ih"),
        _stacked(directions, order, "weight_hh"),
        torch.cat([_stacked(directions, order, f"bias_{of}") for of in ("ih", "hh")], 1),
        lengths,
    ]
    if cell == "peephole":
        # No initial states; then the peepholes of the input, output and forget gate.
        inputs += [None, None, _stacked(directions, (0, 2, 1), "peephole")]
    hidden, ends = graph.ops(operator, 2, *inputs, hidden_size=size, **attributes)
    if len(directions) == 1:
        return graph.op("Squeeze", hidden, [1]), ends
    hidden = graph.op("Transpose", hidden, perm=[0, 2, 1, 3])
    return graph.op("Reshape", hidden, [0, 0, 2 * size]), ends


def _stacked(directions: list[StepwiseLayer], order: tuple[int, ...], name: str) -> Tensor:
    """Give the weights of each direction, gate by gate in another order."""

    def ordered(weight: Tensor) -> Tensor:
        gates = weight.flatten(0, 1) if name == "peephole" else weight
        parts = gates.chunk(len(order))
        return torch.cat([parts[i] for i in order])

    return torch.stack([ordered(getattr(layer, name)) for layer in directions])


def _any_observed(graph: Graph, sequences: Sequences) -> str:
    """Tell which sequences have an observed step, of shape (n_samples, 1)."""
    return graph.op("Unsqueeze", graph.op("Greater", sequences.lengths, 0), [1])
