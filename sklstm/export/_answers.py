"""From the state of a sequence to what `predict` gives, as operators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..losses import (
    GaussianLoss,
    Loss,
    MixtureLoss,
    NegativeBinomialLoss,
    QuantileLoss,
    StudentTLoss,
)
from ..losses._between import at_normal
from ..losses._roles import LEAST_SIZE, SHARPNESS
from ..network import Head
from ..samples._targets import Numbers
from ._front import linear
from ._graph import Graph, as_array


class Read(NamedTuple):
    """Which of the values that the head gives for a target are read.

    Attributes
    ----------
    located : tuple of int
        Those that lie on the scale of the target.
    logits : tuple of int, default=()
        What their weights come from, where their mean is predicted.
    """

    located: tuple[int, ...]
    logits: tuple[int, ...] = ()


def read_of(loss: Loss) -> Read | None:
    """Tell which values a prediction needs; None where only the loss itself knows.

    Parameters
    ----------
    loss : Loss

    Returns
    -------
    read : Read or None

    Examples
    --------
    >>> read_of(Loss(GaussianLoss())), read_of(Loss(MixtureLoss(2)))
    (Read(located=(0,), logits=()), Read(located=(0, 1), logits=(4, 5)))
    """
    criterion, kind = loss.criterion, type(loss.criterion)
    if not loss.is_of_parameters:
        return Read((0,))
    if kind is QuantileLoss:
        return Read(tuple(range(len(criterion.levels))))  # type: ignore[attr-defined]
    if kind in (GaussianLoss, StudentTLoss, NegativeBinomialLoss):
        return Read((0,))
    if kind is MixtureLoss:
        n = criterion.n_mixtures  # type: ignore[attr-defined]
        return Read(tuple(range(n)), tuple(range(2 * n, 3 * n)))
    return None


def outputs(graph: Graph, head: Head, state: str, chosen: NDArray[np.intp]) -> str:
    """Give some of the outputs of a head, of shape (n_samples, n_chosen)."""
    for layer in head.hidden:
        state = graph.op("Relu", linear(graph, layer, state))  # type: ignore[arg-type]
    weight, bias = as_array(head.linear.weight), as_array(head.linear.bias)
    z = graph.op("MatMul", state, np.ascontiguousarray(weight[chosen].T))
    return graph.op("Add", z, bias[chosen])


def numbered(n_outputs: int, n_values: int, wanted: tuple[int, ...]) -> NDArray[np.intp]:
    """Give the numbers of some values of each output, output by output.

    Examples
    --------
    >>> numbered(2, 3, (0, 2))
    array([0, 2, 3, 5])
    """
    return np.add.outer(np.arange(n_outputs) * n_values, wanted).ravel()


def as_sizes(graph: Graph, values: str) -> str:
    """Give sizes, which are positive."""
    soft = graph.op("Softplus", graph.op("Mul", values, SHARPNESS))
    return graph.op("Add", graph.op("Div", soft, SHARPNESS), LEAST_SIZE)


def in_units(graph: Graph, values: str, targets: Numbers) -> str:
    """Give values of shape (n_samples, n_outputs, n_values) in the units of y."""
    values = graph.cast(values, np.float64)
    scaling = targets.scaling
    if scaling is not None:
        values = graph.op("Mul", values, scaling.scale[:, None])
        values = graph.op("Add", values, scaling.mean[:, None])
    # Of a flat y the axis of the outputs falls away.
    return graph.op("Squeeze", values, [1]) if targets.is_flat else values


def weighted_mean(graph: Graph, values: str, logits: str, targets: Numbers) -> str:
    """Give the mean of values in the units of y, with weights of a softmax."""
    weights = graph.cast(graph.op("Softmax", logits, axis=-1), np.float64)
    if targets.is_flat:
        weights = graph.op("Squeeze", weights, [1])
    return graph.op("ReduceSum", graph.op("Mul", weights, values), [-1], keepdims=0)


def quantiles_and_median(
    graph: Graph, values: str, levels: tuple[float, ...]
) -> tuple[str, str]:
    """Put quantiles in order, and read the median off them."""
    ordered, _ = graph.ops("TopK", 2, values, [len(levels)], axis=-1, largest=0)
    # The median is a weighted sum of quantiles: its weights are what it makes of units.
    shares = at_normal(np.eye(len(levels)), ndtri(levels), np.zeros(1))
    median = graph.op("MatMul", ordered, np.ascontiguousarray(shares))
    return ordered, graph.op("Squeeze", median, [-1])
