"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import optim
from torch.optim import lr_scheduler

# The fused kernels update all weights in one pass over memory.
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adam": partial(optim.Adam, fused=True),
    "adamw": partial(optim.AdamW, fused=True),
    "rmsprop": optim.RMSprop,
    "sgd": partial(optim.SGD, momentum=0.9, nesterov=True, fused=True),
}


def _cosine(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)


def _step(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    third = max(1, n_epochs // 3)
    return lr_scheduler.StepLR(optimizer, step_size=third, gamma=0.1)


def _plateau(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)


SCHEDULES: dict[str, Callable[[optim.Optimizer, int], Any]] = {
    "cosine": _cosine,
    "step": _step,
    "plateau": _plateau,
}


def make_schedule(schedule: Any, optimizer: optim.Optimizer, n_epochs: int) -> Any:
    """Make the object that changes the learning rate after each epoch.

    Parameters
    ----------
    schedule : {"constant", "cosine", "step", "plateau"} or callable
        A callable takes the optimiser and gives a scheduler of
        `torch.optim.lr_scheduler`.
    optimizer : torch.optim.Optimizer
    n_epochs : int
        Number of epochs that the schedule spans.

    Returns
    -------
    scheduler : object with a method `step`, or None for a constant rate
    """
    if schedule == "constant":
        return None
    if isinstance(schedule, str):
        return SCHEDULES[schedule](optimizer, n_epochs)
    return schedule(optimizer)
