"""Initial weights, drawn from a generator of their own."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ._core import RecurrentLayer
from ._stepwise import StepwiseLayer


@torch.no_grad()
def initialise(
    module: nn.Module, generator: torch.Generator, memory_length: int | None = None
) -> None:
    r"""Draw all weights as PyTorch does, but from `generator`.

    Every weight of a recurrent, linear or convolutional layer is uniform in
    ``±1 / sqrt(n)``, with ``n`` the hidden size of the first and the inputs of a unit of
    the others; an embedding is standard normal (the schemes of the `reset_parameters` of
    PyTorch's layers). PyTorch's own constructors draw from the global generator, which is
    not ours to move.

    With a `memory_length` :math:`T` the gates that keep the state begin open for 2 to
    :math:`T` steps [1]_: their bias is :math:`\log u`, with :math:`u` uniform in
    :math:`[1, T - 1]`, and that of an LSTM's input gate :math:`-\log u`.

    Parameters
    ----------
    module : torch.nn.Module
        Its weights are overwritten.
    generator : torch.Generator
        A generator on the CPU, so that one seed gives one model on every device.
    memory_length : int or None, default=None

    References
    ----------
    .. [1] Tallec, C. and Ollivier, Y. (2018). Can recurrent neural networks warp time?
       ICLR.
    """
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.LayerNorm):
            layer.reset_parameters()  # draws nothing
        elif isinstance(layer, nn.Embedding):
            draw = torch.empty_like(layer.weight, device="cpu").normal_(generator=generator)
            draw[layer.padding_idx] = 0.0
            layer.weight.copy_(draw)
        elif bound := _bound(layer):
            for weight in layer.parameters(recurse=False):
                draw = torch.empty_like(weight, device="cpu")
                weight.copy_(draw.uniform_(-bound, bound, generator=generator))
    if memory_length is not None:
        for layer in _recurrent(module):
            _open_gates(layer, generator, memory_length)


def _bound(layer: nn.Module) -> float:
    """Give the bound of a layer's weights; 0 if it has none of its own to draw."""
    if isinstance(layer, nn.RNNBase | StepwiseLayer):
        return layer.hidden_size**-0.5
    if isinstance(layer, nn.Linear):
        return layer.in_features**-0.5
    if isinstance(layer, nn.Conv1d):
        return (layer.in_channels * layer.kernel_size[0]) ** -0.5
    return 0.0


def _recurrent(module: nn.Module) -> Iterator[nn.Module]:
    for layer in module.modules():
        if isinstance(layer, RecurrentLayer):
            yield from (part for part in (layer.forwards, layer.backwards) if part)


def _open_gates(layer: nn.Module, generator: torch.Generator, memory_length: int) -> None:
    """Set the biases of the gates that keep the state."""
    longest = max(2, memory_length) - 1
    size = int(layer.hidden_size)  # type: ignore[arg-type]
    steps = torch.empty(size, device="cpu").uniform_(1, longest, generator=generator)
    bias_ih, bias_hh = _biases(layer)
    if len(bias_ih) == 4 * size:  # input and forget gate come first
        keep, other = slice(size, 2 * size), slice(0, size)
        bias_ih[other], bias_hh[other] = -steps.log(), 0.0
    elif len(bias_ih) == 3 * size:  # the update gate keeps
        keep = slice(size, 2 * size)
    else:
        return
    bias_ih[keep], bias_hh[keep] = steps.log(), 0.0


def _biases(layer: nn.Module) -> tuple[Tensor, Tensor]:
    suffix = "" if isinstance(layer, StepwiseLayer) else "_l0"
    return getattr(layer, f"bias_ih{suffix}"), getattr(layer, f"bias_hh{suffix}")
