"""What a net takes over from parameters that change between two runs of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

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
    for group in net.optimizer_.param_groups:
        # Torch's schedulers begin at the first rate that the optimiser ever had.
        group["lr"] = group["initial_lr"] = lr
        if weight_decay not in (None, net.weight_decay) and "weight_decay" in group:
            group["weight_decay"] = weight_decay
    net.lr, net.weight_decay = lr, weight_decay
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
    net.criterion, net.link = criterion, link
    net.initialize_criterion()
    net.criterion_.to(net.device)
    if weights := list(net.criterion_.parameters()):
        net.optimizer_.add_param_group({"params": weights})
