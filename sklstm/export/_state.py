"""From sequences to the state that the head reads, as operators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..training import TrainedModel
from ._core import attended, pooled, recurrent
from ._front import beside, convolved, embedded, patched
from ._graph import Graph
from ._level import Level, described, without_level
from ._sequences import Sequences, filled, own_size, standardised


class State(NamedTuple):
    """What the head reads of sequences, and what their forecasts get back.

    Attributes
    ----------
    value : str
        Name of the value, of shape (n_samples, state_size). With an output at each step,
        steps are rows: (n_samples * n_timesteps, state_size).
    level : Level or None
        Of forecasts.
    size : str or None
        Of each feature, of shape (n_samples, n_features).
    observed : str or None, default=None
        With an output at each step, which of them are observed: of bool, of shape
        (n_samples, n_timesteps, 1).
    """

    value: str
    level: Level | None
    size: str | None
    observed: str | None = None


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
    if network.return_sequences:
        steps = _of_steps(graph, model, sequences)
        return State(steps, None, None, sequences.observed)
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


def _of_steps(graph: Graph, model: TrainedModel, sequences: Sequences) -> str:
    """Give the states of all steps, as rows."""
    network = model.network
    if network.convolutions is not None:
        sequences = convolved(graph, network.convolutions, sequences)
    states = recurrent(graph, network.core, sequences, last=False)
    if network.step_attention is not None:
        states = attended(graph, network.step_attention, states, sequences)
    return graph.op("Reshape", states, [-1, network.state_size])


def by_step(graph: Graph, rows: str, state: State, missing: float) -> str:
    """Give each step of each sequence what its row says; the rows, if these are sequences.

    Parameters
    ----------
    graph : Graph
    rows : str
        Of shape (n_samples * n_timesteps, ...).
    state : State
    missing : float or int
        What stands where a step is not observed.

    Returns
    -------
    steps : str
        Of shape (n_samples, n_timesteps, ...).
    """
    if state.observed is None:
        return rows
    of_steps = graph.op("Shape", state.observed, start=0, end=2)
    of_rest = graph.op("Shape", rows, start=1)
    shape = graph.op("Concat", of_steps, of_rest, axis=0)
    ones = graph.op("Add", graph.op("Mul", of_rest, 0), 1)
    mask = graph.op("Concat", of_steps, ones, axis=0)
    observed = graph.op("Reshape", state.observed, mask)
    blank = graph.op("CastLike", missing, rows)
    return graph.op("Where", observed, graph.op("Reshape", rows, shape), blank)


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
