"""Initial weights, drawn from a generator of their own."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights as PyTorch does, but from `generator`.

    Every weight of a recurrent or linear layer is uniform in ``±1 / sqrt(n)``, with ``n``
    the hidden size of the one and the inputs of the other (the scheme of
    `torch.nn.LSTM.reset_parameters` and `torch.nn.Linear.reset_parameters`). PyTorch's own
    constructors draw from the global generator, which is not ours to move.

    Parameters
    ----------
    module : torch.nn.Module
        Its weights are overwritten.
    generator : torch.Generator
        A generator on the CPU, so that one seed gives one model on every device.
    """
    for layer in module.modules():
        if isinstance(layer, nn.RNNBase):
            bound = layer.hidden_size**-0.5
        elif isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
        else:
            continue
        for weight in layer.parameters(recurse=False):
            draw = torch.empty_like(weight, device="cpu")
            weight.copy_(draw.uniform_(-bound, bound, generator=generator))
