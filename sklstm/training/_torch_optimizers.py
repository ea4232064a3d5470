"""Optimisers of torch that do not import its compiler."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import optim


class WithoutCompiler(optim.Optimizer):
    """An optimiser that computes what torch's own does, and is ready sooner.

    Torch tells its compiler to keep out of an optimiser, and imports it to say so: the
    first step in a process so takes longer than a short training.
    """

    add_param_group = inspect.unwrap(optim.Optimizer.add_param_group)
    zero_grad = inspect.unwrap(optim.Optimizer.zero_grad)
    state_dict = inspect.unwrap(optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(optim.Optimizer.load_state_dict)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the weights, as in the class that this one inherits from."""
        with torch.no_grad():
            return inspect.unwrap(super().step)(self, closure)


class Adam(WithoutCompiler, optim.Adam):
    """`torch.optim.Adam`."""


class AdamW(WithoutCompiler, optim.AdamW):
    """`torch.optim.AdamW`."""


class RMSprop(WithoutCompiler, optim.RMSprop):
    """`torch.optim.RMSprop`."""


class SGD(WithoutCompiler, optim.SGD):
    """`torch.optim.SGD`."""
