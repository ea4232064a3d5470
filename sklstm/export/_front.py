"""The front end as operators: categories, convolutions, patches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from ..network import CategoryEmbedding, CausalConvolutions, ConvolutionBranch, Patches
from ._graph import Graph, as_array
from ._sequences import Sequences, count_steps, observed_steps


def embedded(
    graph: Graph, embedding: CategoryEmbedding, sequences: Sequences, n_features: int
) -> Sequences:
    """Look categories up: the other features, then the vectors.

    Parameters
    ----------
    graph : Graph
    embedding : CategoryEmbedding
    sequences : Sequences
        A category that is missing is none of the known ones.
    n_features : int
        Features of a step.

    Returns
    -------
    sequences : Sequences
    """
    numeric = [i for i in range(n_features) if i not in embedding.sizes]
    parts = [graph.op("Gather", sequences.x, numeric, axis=2)] if numeric else []
    lookups: Any = embedding.lookups
    for feature, lookup in zip(embedding.sizes, lookups, strict=True):
        value = graph.op("Gather", sequences.x, feature, axis=2)
        known = as_array(lookup.known)[:-1]
        row = graph.op(
            "LabelEncoder",
            value,
            domain="ai.onnx.ml",
            keys_floats=known.tolist(),
            values_floats=(1.0 + np.arange(len(known))).tolist(),
            default_float=0.0,
        )
        row = graph.cast(row, np.int64)
        parts.append(graph.op("Gather", lookup.table.weight, row, axis=0))
    x = graph.op("Concat", *parts, axis=2) if len(parts) > 1 else parts[0]
    return replace(sequences, x=x)


def convolved(
    graph: Graph, convolutions: CausalConvolutions, sequences: Sequences
) -> Sequences:
    """Give features of the steps up to each."""
    z = graph.op("Transpose", sequences.x, perm=[0, 2, 1])
    for layer in convolutions.layers:
        z = graph.op("Relu", _convolution(graph, layer, z))
    return replace(sequences, x=graph.op("Transpose", z, perm=[0, 2, 1]))


def beside(graph: Graph, branch: ConvolutionBranch, sequences: Sequences) -> str:
    """Give the mean features of the convolutions beside, of shape (n_samples, n_filters).

    Batch normalisation is a factor and a shift after training. Both are put into the
    weights of the convolution before it.
    """
    observed = graph.cast(sequences.observed, np.float32)
    observed = graph.op("Transpose", observed, perm=[0, 2, 1])
    count = graph.op("ReduceSum", observed, [2], keepdims=0)
    count = graph.op("Max", count, 1.0)

    def mean(z: str) -> str:
        return graph.op("Div", graph.op("ReduceSum", z, [2], keepdims=0), count)

    z = graph.op("Transpose", sequences.x, perm=[0, 2, 1])
    z = graph.op("Mul", z, observed)
    for depth, (layer, norm) in enumerate(zip(branch.layers, branch.norms, strict=True)):
        z = graph.op("Relu", _convolution(graph, layer, z, norm))
        z = graph.op("Mul", z, observed)
        if depth < len(branch.excite):
            excite: Any = branch.excite[depth]
            inner = graph.op("Relu", linear(graph, excite.squeeze, mean(z)))
            gate = linear(graph, excite.excite, inner)
            gate = graph.op("Unsqueeze", graph.op("Sigmoid", gate), [2])
            z = graph.op("Mul", z, gate)
    return mean(z)


def patched(graph: Graph, patches: Patches, sequences: Sequences) -> Sequences:
    """Turn runs of steps into one each; the last ends at the last observed step.

    Parameters
    ----------
    graph : Graph
    patches : Patches
    sequences : Sequences

    Returns
    -------
    sequences : Sequences
        Of patches.
    """
    length, x = patches.patch_length, sequences.x

    def n_patches(n_steps: str) -> str:
        return graph.op("Div", graph.op("Add", n_steps, length - 1), length)

    lengths = n_patches(sequences.lengths)
    n_moved = graph.op("Sub", graph.op("Mul", lengths, length), sequences.lengths)
    # The step that stands at each place of the patches.
    n_places = graph.op("Mul", n_patches(count_steps(graph, x)), length)
    place = graph.op("Range", 0, n_places, 1)
    step = graph.op("Sub", place, graph.op("Unsqueeze", n_moved, [1]))
    is_step = graph.op("GreaterOrEqual", step, 0)
    until = graph.op("Less", step, graph.op("Unsqueeze", sequences.lengths, [1]))
    is_step = graph.op("And", is_step, until)
    step = graph.op("Unsqueeze", graph.op("Where", is_step, step, 0), [2])
    moved = graph.op("GatherND", x, step, batch_dims=1)
    moved = graph.op("Where", graph.op("Unsqueeze", is_step, [2]), moved, 0.0)
    n_values = patches.linear.in_features
    values = graph.op("Reshape", moved, [0, -1, n_values])
    z = graph.op("Relu", linear(graph, patches.linear, values))
    observed = observed_steps(graph, z, lengths)
    return Sequences(z, lengths, observed, observed)


def linear(graph: Graph, layer: nn.Linear, x: str) -> str:
    """Give a linear layer of values of shape (..., in_features)."""
    z = graph.op("MatMul", x, layer.weight.T.contiguous())
    return z if layer.bias is None else graph.op("Add", z, layer.bias)


def _convolution(graph: Graph, layer: Any, z: str, norm: Any = None) -> str:
    """Give a `Convolution`, and the `MaskedBatchNorm` that follows it, if any."""
    weight, bias = layer.convolution.weight, layer.convolution.bias
    if norm is not None:
        factor = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = weight * factor[:, None, None]
        bias = (bias - norm.running_mean) * factor + norm.bias
    return graph.op("Conv", z, weight, bias, pads=list(layer.padding))
