"""What a trained net says of all samples, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from ._data import SequenceData
from ._net import SequenceNet
from ._workers import Workers

# Batches for each thread from which threads of their own predict them sooner.
LEAST_SIDE_BY_SIDE = 8


def predict_batches(net: SequenceNet, data: SequenceData) -> NDArray[Any]:
    """Predict in batches of a fixed size, in the units of training.

    Parameters
    ----------
    net : SequenceNet
    data : SequenceData

    Returns
    -------
    prediction : ndarray of shape (n_samples, n_values)
    """
    return _by_batches(net, data, partial(_predict, net, data))


def attention_batches(net: SequenceNet, data: SequenceData) -> NDArray[Any]:
    """Give the weight of each step, for attention pooling, in the order of time.

    Parameters
    ----------
    net : SequenceNet
    data : SequenceData

    Returns
    -------
    weights : ndarray of shape (n_samples, n_timesteps)
    """
    return _by_batches(net, data, partial(_attention, net, data))


def _by_batches(
    net: SequenceNet, data: SequenceData, compute: Callable[[Tensor], Tensor]
) -> NDArray[Any]:
    """Compute all samples in batches of a fixed size."""
    size = net.count_predicted(data)
    batches = data.order().split(size)
    if len(batches) == 1:
        return compute(batches[0]).cpu().numpy()
    # Blocks kept one by one would lie between the memory of the batches, and the system's
    # allocator could not use it again: there is one place for all.
    block = compute(batches[0][:1])
    values = block.new_empty(len(data), *block.shape[1:])
    workers = Workers()
    on_cpu = data.ends.device.type == "cpu"
    pays = on_cpu and len(batches) >= LEAST_SIDE_BY_SIDE * workers.n_workers
    with workers if pays else nullcontext():
        workers.map(partial(_fill, compute), batches, values.split(size))
    return values.cpu().numpy()


@torch.inference_mode()
def _fill(compute: Callable[[Tensor], Tensor], index: Tensor, place: Tensor) -> None:
    # Workers do not inherit the mode, in which the caller may be.
    place.copy_(compute(index))


@torch.inference_mode()
def _predict(net: SequenceNet, data: SequenceData, index: Tensor) -> Tensor:
    return net.link(net.infer(data.gather(index)[0]))


@torch.inference_mode()
def _attention(net: SequenceNet, data: SequenceData, index: Tensor) -> Tensor:
    inputs, _ = data.gather(index)
    weights = net.module_.attention(inputs["x"], inputs["lengths"])
    if inputs["lengths"] is None:
        return weights
    # The batch has the observed steps first; each weight goes back to its own.
    observed = data.observed(index)
    step = torch.arange(weights.shape[1], device=weights.device)
    first = step < inputs["lengths"][:, None]
    return torch.zeros_like(weights).masked_scatter(observed, weights[first])
