"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import optim
from torch.optim import lr_scheduler

from ._listeners import EpochSchedule, StepSchedule, TrainingListener
from ._torch_optimizers import SGD, Adam, AdamW, RMSprop

# The fused kernels update all weights in one pass over memory.
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adam": partial(Adam, fused=True),
    "adamw": partial(AdamW, fused=True),
    "rmsprop": RMSprop,
    "sgd": partial(SGD, momentum=0.9, nesterov=True, fused=True),
}


def _cosine(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)


def _step(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    third = max(1, n_epochs // 3)
    return lr_scheduler.StepLR(optimizer, step_size=third, gamma=0.1)


def _plateau(optimizer: optim.Optimizer, n_epochs: int) -> Any:
    return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)


def _one_cycle(optimizer: optim.Optimizer, n_steps: int) -> Any:
    rates = [group["lr"] for group in optimizer.param_groups]
    return lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=n_steps + 1, cycle_momentum=False
    )


def _warmup(optimizer: optim.Optimizer, n_steps: int) -> Any:
    n_rising = math.ceil(n_steps / 10)

    def share(step: int) -> float:
        if step < n_rising:
            return (step + 1) / n_rising
        done = (step - n_rising) / max(1, n_steps - n_rising)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    return lr_scheduler.LambdaLR(optimizer, share)


EPOCH_SCHEDULES: dict[str, Callable[[optim.Optimizer, int], Any]] = {
    "cosine": _cosine,
    "step": _step,
    "plateau": _plateau,
}
STEP_SCHEDULES: dict[str, Callable[[optim.Optimizer, int], Any]] = {
    "one_cycle": _one_cycle,
    "warmup": _warmup,
}
SCHEDULES = (*EPOCH_SCHEDULES, *STEP_SCHEDULES)


def _own_schedule(schedule: Callable[[optim.Optimizer], Any], optimizer: Any) -> Any:
    try:
        scheduler = schedule(optimizer)
    except TypeError as error:
        raise TypeError(
            "learning_rate_schedule must take the optimiser and nothing else: set its other"
            f" arguments with functools.partial. Got {schedule!r}."
        ) from error
    if not hasattr(scheduler, "step"):
        raise TypeError(
            "learning_rate_schedule must give a scheduler of torch.optim.lr_scheduler, or"
            f" another object with a method step. Got {scheduler!r} from {schedule!r}."
        )
    return scheduler


def make_schedule(
    schedule: Any, optimizer: optim.Optimizer, n_epochs: int, n_batches: int
) -> list[TrainingListener]:
    """Make what changes the learning rate after each epoch, or each step.

    Parameters
    ----------
    schedule : {"constant", "cosine", "step", "plateau", "one_cycle", "warmup"} or callable
        A callable takes the optimiser and gives a scheduler of
        `torch.optim.lr_scheduler`, for epochs.
    optimizer : torch.optim.Optimizer
    n_epochs : int
        Number of epochs that the schedule spans.
    n_batches : int
        Steps of an epoch.

    Returns
    -------
    listeners : list of TrainingListener
        Empty for a constant rate, else one.

    Examples
    --------
    >>> import torch
    >>> optimizer = optim.SGD([torch.zeros(1)], lr=0.2)
    >>> [schedule] = make_schedule("cosine", optimizer, n_epochs=2, n_batches=10)
    >>> optimizer.step()
    >>> asks_to_stop = schedule.on_epoch_end(net=None)
    >>> optimizer.param_groups[0]["lr"]
    0.1
    """
    if schedule == "constant":
        return []
    if not isinstance(schedule, str):
        return [EpochSchedule(_own_schedule(schedule, optimizer))]
    if schedule in STEP_SCHEDULES:
        return [StepSchedule(STEP_SCHEDULES[schedule](optimizer, n_epochs * n_batches))]
    return [EpochSchedule(EPOCH_SCHEDULES[schedule](optimizer, n_epochs))]
