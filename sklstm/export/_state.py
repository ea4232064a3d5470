"""From sequences to the state that the head reads, as operators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..training import TrainedModel
from ._core import pooled, recurrent
from ._front import beside, convolved, embedded, patched
from ._graph import Graph
from ._level import Level, described, without_level
from ._sequences import Sequences, filled, own_size, standardised


class State(NamedTuple):
    """What the head reads of sequences, and what their forecasts get back.

    Attributes
    ----------
    value : str
        Name of the value, of shape (n_samples, state_size).
    level : Level or None
        Of forecasts.
    size : str or None
        Of each feature, of shape (n_samples, n_features).
    """

    value: str
    level: Level | None
    size: str | None


def state_of(graph: Graph, model: TrainedModel) -> State:
    """Write all that comes before the head.

    Parameters
    ----------
    graph : Graph
        With the inputs "x" and "lengths".
    model : TrainedModel

    Returns
    -------
    state : State
    """
    network = model.network
    sequences, size = _prepared(graph, model)
    level = None
    if network.normaliser is not None:
        sequences, level = without_level(graph, network.normaliser, sequences)
    if network.embedding is not None:
        n_features = model.architecture["input_size"]
        sequences = embedded(graph, network.embedding, sequences, n_features)
    parts = [_pooled(graph, model, sequences)]
    if network.branch is not None:
        parts.append(beside(graph, network.branch, sequences))
    if network.normaliser is not None and level is not None and network.reads_level:
        parts.append(described(graph, network.normaliser, level))
    value = graph.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
    return State(value, level if network.forecast_features else None, size)


def _prepared(graph: Graph, model: TrainedModel) -> tuple[Sequences, str | None]:
    """Standardise, take the own size out, and fill what is missing."""
    network, encoding = model.network, model.encoding
    n_features = model.architecture["input_size"]
    sequences = standardised(graph, "x", "lengths", encoding.scaling)
    size = None
    if encoding.relative:
        sizes = encoding.relative, encoding.zero_sizes
        sequences, size = own_size(graph, sequences, *sizes, n_features)
    is_category = np.isin(np.arange(n_features), list(encoding.categories))
    # No category is negative: it stands for one that is missing.
    stands_in = np.where(is_category, -1, 0).astype(np.float32)
    takes_first = ~is_category & (network.normaliser is not None)
    return filled(graph, sequences, stands_in, takes_first), size


def _pooled(graph: Graph, model: TrainedModel, sequences: Sequences) -> str:
    """Give the pooled states of the recurrent layers."""
    network = model.network
    if network.convolutions is not None:
        sequences = convolved(graph, network.convolutions, sequences)
    if network.patches is not None:
        sequences = patched(graph, network.patches, sequences)
    is_last = network.pooling.method == "last"
    states = recurrent(graph, network.core, sequences, last=is_last)
    return states if is_last else pooled(graph, network.pooling, states, sequences)
