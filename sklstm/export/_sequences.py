"""What happens to sequences before the network reads them, as operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..samples._scaling import Scaling
from ._graph import Array, Graph


@dataclass(frozen=True)
class Sequences:
    """Names of the values that make up sequences in a graph.

    Attributes
    ----------
    x : str
        Of shape (n_samples, n_timesteps, n_features): observed steps first.
    lengths : str
        Of shape (n_samples,): the number of observed steps.
    observed : str
        Of bool, of shape (n_samples, n_timesteps, 1): whether a step is observed.
    seen : str
        Of bool, of the shape of `x` or of `observed`: whether a value was known at its
        step, or before.
    """

    x: str
    lengths: str
    observed: str
    seen: str


def standardised(graph: Graph, x: str, lengths: str, scaling: Scaling) -> Sequences:
    """Standardise the features; what stands behind the observed steps becomes 0.

    Parameters
    ----------
    graph : Graph
    x, lengths : str
    scaling : Scaling

    Returns
    -------
    sequences : Sequences
        NaN is a value that is missing.
    """
    if scaling.mean.any() or (scaling.scale != 1).any():
        # In float64, as in training: a small change of a large value would be lost.
        x = graph.op("Sub", graph.cast(x, np.float64), scaling.mean)
        x = graph.cast(graph.op("Div", x, scaling.scale), np.float32)
    observed = observed_steps(graph, x, lengths)
    x = graph.op("Where", observed, x, 0.0)
    return Sequences(x, lengths, observed, observed)


def observed_steps(graph: Graph, x: str, lengths: str) -> str:
    """Tell which steps are observed, of shape (n_samples, n_timesteps, 1)."""
    step = graph.op("Range", 0, count_steps(graph, x), 1)
    observed = graph.op("Less", step, graph.op("Unsqueeze", lengths, [1]))
    return graph.op("Unsqueeze", observed, [2])


def count_steps(graph: Graph, x: str) -> str:
    """Give the number of steps, as a scalar."""
    return graph.op("Squeeze", graph.op("Shape", x, start=1, end=2), [0])


def filled(
    graph: Graph, sequences: Sequences, stands_in: Array, takes_first: Array
) -> Sequences:
    """Let a value that is missing be the last that was known.

    Parameters
    ----------
    graph : Graph
    sequences : Sequences
    stands_in : ndarray of float32 of shape (n_features,)
        What stands where no value has been known yet.
    takes_first : ndarray of bool of shape (n_features,)
        Features in which the first known value stands there, if there is one.

    Returns
    -------
    sequences : Sequences
        Without NaN.
    """
    # A sum is NaN if a part of it is.
    any_missing = graph.op("IsNaN", graph.op("ReduceSum", sequences.x, keepdims=0))
    fill, leave = graph.branch(), graph.branch()
    for branch, found in (
        (fill, _filled(fill, sequences, stands_in, takes_first)),
        (leave, sequences),
    ):
        branch.give(found.x)
        branch.give(found.seen, np.bool_)
    x, seen = graph.ops("If", 2, any_missing, then_branch=fill, else_branch=leave)
    return replace(sequences, x=x, seen=seen)


def _filled(
    graph: Graph, sequences: Sequences, stands_in: Array, takes_first: Array
) -> Sequences:
    """Fill, where something is missing."""
    x = sequences.x
    missing = graph.op("IsNaN", x)
    known = graph.cast(graph.op("Not", missing), np.int64)
    # How many values of the feature have been known up to a step.
    count = graph.op("CumSum", known, 1)
    # The steps of known values, in the order of time; then the others.
    n_steps = count_steps(graph, x)
    step = graph.op("Unsqueeze", graph.op("Range", 0, n_steps, 1), [1])
    rank = graph.op("Sub", graph.op("Mul", known, n_steps), step)
    n_ranked = graph.op("Unsqueeze", n_steps, [0])
    _, order = graph.ops("TopK", 2, rank, n_ranked, axis=1)
    place = graph.op("Max", graph.op("Sub", count, 1), 0)
    source = graph.op("GatherElements", order, place, axis=1)
    last = graph.op("GatherElements", x, source, axis=1)
    begun = graph.op("Greater", count, 0)
    is_there = begun
    if takes_first.any():
        is_there = graph.op("Or", begun, takes_first)
        is_there = graph.op("And", is_there, graph.op("Not", graph.op("IsNaN", last)))
    x = graph.op("Where", is_there, last, stands_in)
    return replace(sequences, x=x, seen=graph.op("And", begun, sequences.observed))


def own_size(
    graph: Graph,
    sequences: Sequences,
    relative: Sequence[int],
    zero_sizes: Sequence[float],
    n_features: int,
) -> tuple[Sequences, str]:
    """Divide features by their mean absolute value over the observed steps.

    Parameters
    ----------
    graph : Graph
    sequences : Sequences
        NaN is a value that is missing.
    relative : sequence of int
        The features that are divided.
    zero_sizes : sequence of float
        What zeros alone are divided by; empty is nothing.
    n_features : int

    Returns
    -------
    sequences : Sequences
    size : str
        Of shape (n_samples, n_features).
    """
    is_relative = np.isin(np.arange(n_features), relative)
    missing = graph.op("IsNaN", sequences.x)
    sizes = graph.op("Where", missing, 0.0, graph.op("Abs", sequences.x))
    known = graph.op("And", graph.op("Not", missing), sequences.observed)
    count = graph.op("ReduceSum", graph.cast(known, np.float32), [1], keepdims=0)
    total = graph.op("ReduceSum", sizes, [1], keepdims=0)
    size = graph.op("Div", total, graph.op("Max", count, 1.0))
    size = graph.op("Where", graph.op("Greater", count, 0.0), size, 1.0)
    if zero_sizes:
        instead = np.zeros(n_features, dtype=np.float32)
        instead[list(relative)] = zero_sizes
        size = graph.op("Where", graph.op("Greater", size, 0.0), size, instead)
    divides = graph.op("And", graph.op("Greater", size, 0.0), is_relative)
    divisor = graph.op("Unsqueeze", graph.op("Where", divides, size, 1.0), [1])
    return replace(sequences, x=graph.op("Div", sequences.x, divisor)), size
