"""What a net takes over from parameters that change between two runs of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ._net import SequenceNet


def adopt_settings(
    net: SequenceNet,
    *,
    lr: float,
    weight_decay: float | None,
    callbacks: list[Any] | None,
    verbose: int,
    **others: Any,
) -> None:
    """Train on with other settings.

    Parameters
    ----------
    net : SequenceNet
    lr : float
        Where the learning rate starts.
    weight_decay : float or None
        For optimisers that have it; None leaves theirs.
    callbacks : list or None
        Are initialised anew if they differ from those of before, or `verbose` does.
    verbose : int
    **others
        Parameters that the net reads when it trains, such as `batch_size`.
    """
    for name, value in others.items():
        setattr(net, name, value)
    if weight_decay != net.weight_decay:
        _set_weight_decay(net, weight_decay)
    for group in net.optimizer_.param_groups:
        # Torch's schedulers begin at the first rate that the optimiser ever had.
        group["lr"] = group["initial_lr"] = lr
    net.lr = lr
    if (callbacks, verbose) != (net.callbacks, net.verbose):
        net.callbacks, net.verbose = callbacks, verbose
        net.initialize_callbacks()


def adopt_loss(
    net: SequenceNet,
    *,
    criterion: Callable[[], nn.Module],
    link: Callable[[Tensor], Tensor],
) -> None:
    """Train on with another loss, and with the weights that it may have.

    Parameters
    ----------
    net : SequenceNet
    criterion : callable () -> torch.nn.Module
        Makes the loss.
    link : callable (output) -> Tensor
        Turns outputs into predictions.
    """
    _forget(net.optimizer_, list(net.criterion_.parameters()))
    net.criterion, net.link = criterion, link
    net.initialize_criterion()
    net.criterion_.to(net.device)
    net.optimizer_.param_groups[0]["params"].extend(net.criterion_.parameters())


def _set_weight_decay(net: SequenceNet, weight_decay: float | None) -> None:
    """Set it, or go back to the optimiser's own, for optimisers that have it."""
    net.weight_decay = weight_decay
    if weight_decay is None:
        own = net.optimizer([torch.zeros(1, device="cpu")], lr=net.lr)
        weight_decay = own.defaults.get("weight_decay")
    for group in net.optimizer_.param_groups:
        if "weight_decay" in group:
            group["weight_decay"] = weight_decay


def _forget(optimizer: Optimizer, weights: list[nn.Parameter]) -> None:
    """Let an optimiser forget weights that are trained no more."""
    for group in optimizer.param_groups:
        group["params"] = [w for w in group["params"] if all(w is not x for x in weights)]
    for weight in weights:
        optimizer.state.pop(weight, None)
