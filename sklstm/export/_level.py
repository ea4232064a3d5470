"""Each sequence's own level, as operators."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from ..network import InstanceNorm
from ..network._instance_norm import FARTHEST, LEAST_DEVIATION, TINY
from ._graph import Graph
from ._sequences import Sequences


@dataclass(frozen=True)
class Level:
    """Names of the values that say where sequences lie.

    Attributes
    ----------
    center, spread : str
        Of shape (n_samples, n_features).
    """

    center: str
    spread: str


def without_level(
    graph: Graph, norm: InstanceNorm, sequences: Sequences
) -> tuple[Sequences, Level]:
    """Take the level out.

    Parameters
    ----------
    graph : Graph
    norm : InstanceNorm
    sequences : Sequences

    Returns
    -------
    sequences : Sequences
    level : Level
    """
    count = _count(graph, sequences)
    center, spread = _level(graph, norm, sequences, count)
    is_known = graph.op("And", graph.op("Greater", count, 0.0), norm.has_level)
    level = Level(
        graph.op("Where", is_known, center, 0.0), graph.op("Where", is_known, spread, 1.0)
    )
    scale = graph.op("Mul", level.spread, norm.input_scale)
    x = graph.op("Sub", sequences.x, graph.op("Unsqueeze", level.center, [1]))
    x = graph.op("Div", x, graph.op("Unsqueeze", scale, [1]))
    if norm.method == "affine":
        affine = graph.op("Add", graph.op("Mul", x, norm.log_weight.exp()), norm.bias)
        x = graph.op("Where", graph.op("Unsqueeze", is_known, [1]), affine, x)
    return replace(sequences, x=x), level


def with_level(graph: Graph, norm: InstanceNorm, values: str, level: Level) -> str:
    """Put the level back on values of shape (n_samples, n_outputs, n_values)."""
    features = norm.target_features
    center = graph.op("Gather", level.center, features, axis=1)
    spread = graph.op("Gather", level.spread, features, axis=1)
    scale, shift = norm.output_scale, None
    if norm.method == "affine":
        scale = scale / norm.log_weight.exp()[features]
        shift = norm.bias[features]
    spread = graph.op("Mul", spread, scale)
    if shift is not None:
        center = graph.op("Sub", center, graph.op("Mul", spread, shift))
    values = graph.op("Mul", values, graph.op("Unsqueeze", spread, [2]))
    return graph.op("Add", values, graph.op("Unsqueeze", center, [2]))


def described(graph: Graph, norm: InstanceNorm, level: Level) -> str:
    """Give the level as features, of shape (n_samples, n_described)."""
    mean, scale = (
        values[:, norm.has_level].flatten()
        for values in (norm.level_mean, norm.level_scale)
    )
    features = torch.nonzero(norm.has_level)[:, 0]
    center = graph.op("Gather", level.center, features, axis=1)
    spread = graph.op("Log", graph.op("Gather", level.spread, features, axis=1))
    pair = graph.op("Concat", center, spread, axis=1)
    z = graph.op("Div", graph.op("Sub", pair, mean), scale)
    return graph.op("Clip", z, -FARTHEST, FARTHEST)


def _count(graph: Graph, sequences: Sequences) -> str:
    """Count what is known, of shape (n_samples, n_features) or (n_samples, 1)."""
    seen = graph.cast(sequences.seen, np.float32)
    return graph.op("ReduceSum", seen, [1], keepdims=0)


def _level(
    graph: Graph, norm: InstanceNorm, sequences: Sequences, count: str
) -> tuple[str, str | float]:
    """Give center and spread, whatever they are where nothing is known."""
    x = sequences.x
    if norm.method == "last":
        return last_step(graph, x, sequences.lengths), 1.0
    if norm.method == "level":
        return _smoothed(graph, norm.decay, sequences), 1.0
    count = graph.op("Max", count, 1.0)
    x = graph.op("Where", sequences.seen, x, 0.0)
    center = graph.op("Div", graph.op("ReduceSum", x, [1], keepdims=0), count)
    deviation = graph.op("Sub", x, graph.op("Unsqueeze", center, [1]))
    deviation = graph.op("Where", sequences.seen, deviation, 0.0)
    squares = graph.op("ReduceSumSquare", deviation, [1], keepdims=0)
    variance = graph.op("Div", squares, count)
    size = graph.op("Add", variance, graph.op("Mul", center, center))
    least = graph.op("Add", graph.op("Mul", size, LEAST_DEVIATION**2), TINY)
    return center, graph.op("Sqrt", graph.op("Max", variance, least))


def last_step(graph: Graph, x: str, lengths: str) -> str:
    """Give the last observed step of each sequence, of shape (n_samples, n_features)."""
    last = graph.op("Max", graph.op("Sub", lengths, 1), 0)
    index = graph.op("Unsqueeze", last, [1])
    return graph.op("GatherND", x, index, batch_dims=1)


def _smoothed(graph: Graph, decay: float, sequences: Sequences) -> str:
    """Give the mean of what is known, with weights that fall into the past."""
    seen = graph.cast(sequences.seen, np.float32)
    # Counted from the end; 0 is the last that is known.
    ago = graph.op("Sub", graph.op("CumSum", seen, 1, reverse=1), 1.0)
    weight = graph.op("Pow", float(decay), graph.op("Max", ago, 0.0))
    weight = graph.op("Mul", weight, seen)
    total = graph.op("ReduceSum", weight, [1], keepdims=0)
    total = graph.op("Where", graph.op("Greater", total, 0.0), total, 1.0)
    weighted = graph.op("Mul", weight, sequences.x)
    return graph.op("Div", graph.op("ReduceSum", weighted, [1], keepdims=0), total)
