"""What a trained network says of all samples, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from ..losses import in_units
from ..network import LSTMNetwork
from ._data import SequenceData
from ._pieces import Sizes, count_predicted
from ._threads import OwnThreads

# Batches for each thread from which threads of their own predict them sooner.
LEAST_SIDE_BY_SIDE = 8
# The number of the first sample.
FIRST = torch.zeros(1, dtype=torch.int64, device="cpu")


def predict_batches(
    network: LSTMNetwork, link: Callable[..., Tensor], data: SequenceData
) -> NDArray[Any]:
    """Predict in batches of a fixed size, in the units of training.

    Parameters
    ----------
    network : LSTMNetwork
    link : callable (output, roles) -> Tensor
        Turns outputs into predictions.
    data : SequenceData

    Returns
    -------
    prediction : ndarray of shape (n_samples, n_classes) or \
            (n_samples, n_outputs, n_parameters)
    """
    return _by_batches(network, data, partial(_predict, network, link, data))


def predict_first(
    network: LSTMNetwork, link: Callable[..., Tensor], data: SequenceData
) -> NDArray[Any]:
    """Predict the first sample alone, in the units of training.

    Parameters
    ----------
    network : LSTMNetwork
    link : callable (output, roles) -> Tensor
    data : SequenceData

    Returns
    -------
    prediction : ndarray of shape (1, n_classes) or (1, n_outputs, n_parameters)
    """
    with torch.inference_mode():
        return _predict(network, link, data, FIRST).cpu().numpy()


def attention_batches(network: LSTMNetwork, data: SequenceData) -> NDArray[Any]:
    """Give the weight of each step, for attention pooling, in the order of time.

    Parameters
    ----------
    network : LSTMNetwork
    data : SequenceData

    Returns
    -------
    weights : ndarray of shape (n_samples, n_timesteps) or \
            (n_samples, n_timesteps, n_timesteps)
    """
    return _by_batches(network, data, partial(_attention, network, data))


def state_batches(network: LSTMNetwork, data: SequenceData) -> NDArray[Any]:
    """Give what the head reads of each sequence.

    Parameters
    ----------
    network : LSTMNetwork
    data : SequenceData

    Returns
    -------
    states : ndarray of shape (n_samples, state_size)
    """
    return _by_batches(network, data, partial(_state, network, data))


def trace_batches(
    network: LSTMNetwork, data: SequenceData, depth: int, *, backwards: bool
) -> NDArray[Any]:
    """Give the gates and states of a recurrent layer at each step, in the order of time.

    Parameters
    ----------
    network : LSTMNetwork
    data : SequenceData
    depth : int
        Number of the layer, from 0.
    backwards : bool
        Whether the second direction is asked for.

    Returns
    -------
    values : ndarray of shape (n_samples, n_timesteps, n_traced, hidden_size)
        In the order of `TRACED`. NaN where a step is unobserved.
    """
    return _by_batches(network, data, partial(_trace, network, data, depth, backwards))


def _by_batches(
    network: LSTMNetwork, data: SequenceData, compute: Callable[[Tensor], Tensor]
) -> NDArray[Any]:
    """Compute all samples in batches of a fixed size."""
    size = count_predicted(Sizes.of(network, *data.shape[1:]))
    order = data.order()
    with torch.inference_mode():
        if order.shape[0] <= size:
            return compute(order).cpu().numpy()
        # Blocks kept one by one would lie between the memory of the batches, and the
        # system's allocator could not use it again: there is one place for all.
        block = compute(order[:1])
    batches = order.split(size)
    values = block.new_empty(len(data), *block.shape[1:])
    fill = partial(_fill, compute)
    threads = OwnThreads()
    on_cpu = data.device.type == "cpu"
    if on_cpu and len(batches) >= LEAST_SIDE_BY_SIDE * threads.n_threads:
        threads.run(lambda: threads.map(fill, batches, values.split(size)))
    else:
        for batch, place in zip(batches, values.split(size), strict=True):
            fill(batch, place)
    return values.cpu().numpy()


@torch.inference_mode()
def _fill(compute: Callable[[Tensor], Tensor], index: Tensor, place: Tensor) -> None:
    # Other threads do not inherit the mode, in which the caller may be.
    place.copy_(compute(index))


def _predict(
    network: LSTMNetwork,
    link: Callable[..., Tensor],
    data: SequenceData,
    index: Tensor,
) -> Tensor:
    inputs: Any = data.gather(index)[0]
    with _without_autocast(data):
        read = inputs["x"], inputs["lengths"], inputs["future"], inputs["history"]
        output = network(*read)
        values = link(output, network.roles)
    if network.return_sequences:
        return in_time(values, inputs["lengths"], data, index, torch.nan)
    size, shift = inputs["size"], inputs["shift"]
    if size is None and shift is None:
        return values
    in_table = (0.0 if shift is None else shift, 1.0 if size is None else size)
    return in_units(values, network.roles, *in_table)


def _attention(network: LSTMNetwork, data: SequenceData, index: Tensor) -> Tensor:
    inputs: Any = data.gather(index)[0]
    with _without_autocast(data):
        weights = network.attention(inputs["x"], inputs["lengths"])
    placed = in_time(weights, inputs["lengths"], data, index, 0.0)
    if placed.ndim == 2:
        return placed
    across = in_time(placed.transpose(1, 2), inputs["lengths"], data, index, 0.0)
    return across.transpose(1, 2)


def _state(network: LSTMNetwork, data: SequenceData, index: Tensor) -> Tensor:
    inputs: Any = data.gather(index)[0]
    with _without_autocast(data):
        read, level = network.read(inputs["x"], inputs["lengths"])
        return network.state(read, level, inputs["lengths"])


def _trace(
    network: LSTMNetwork, data: SequenceData, depth: int, backwards: bool, index: Tensor
) -> Tensor:
    inputs: Any = data.gather(index)[0]
    with _without_autocast(data):
        values = network.trace(inputs["x"], inputs["lengths"], depth, backwards=backwards)
    together = torch.stack(list(values.values()), dim=2)
    return in_time(together, inputs["lengths"], data, index, torch.nan)


def in_time(
    values: Tensor,
    lengths: Tensor | None,
    data: SequenceData,
    index: Tensor,
    missing: float,
) -> Tensor:
    """Put values of steps, which come with the observed first, where they belong.

    Parameters
    ----------
    values : Tensor of shape (n_samples, n_timesteps, ...)
    lengths : Tensor of int of shape (n_samples,) or None
        Number of observed steps; None if all are.
    data : SequenceData
    index : Tensor of int of shape (n_samples,)
        Numbers of the samples.
    missing : float
        What stands at steps that are not observed.

    Returns
    -------
    in_time : Tensor of the shape of `values`
    """
    if lengths is None:
        return values
    step = torch.arange(values.shape[1], device=values.device)
    placed = torch.full_like(values, missing)
    placed[data.observed(index)] = values[step < lengths[:, None]]
    return placed


def _without_autocast(data: SequenceData) -> AbstractContextManager[Any]:
    """Compute in the network's own type, whatever the caller has set."""
    kind = data.device.type
    if not torch.is_autocast_enabled(kind):
        return nullcontext()
    return torch.autocast(kind, enabled=False)
