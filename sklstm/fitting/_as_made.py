"""Modules of torch whose work may be done at once, without their call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.modules import module as all_modules


def is_as_made(module: Any, forwards: Mapping[type[nn.Module], Any]) -> bool:
    """Tell whether a module is as torch made it, and nobody listens to its call.

    Parameters
    ----------
    module : object
    forwards : mapping of type to function
        The kinds of modules that are meant, each with torch's own `forward`.

    Returns
    -------
    is_as_made : bool

    Examples
    --------
    >>> loss, forwards = nn.MSELoss(), {nn.MSELoss: nn.MSELoss.forward}
    >>> is_as_made(loss, forwards), is_as_made(nn.L1Loss(), forwards)
    (True, False)
    >>> handle = loss.register_forward_hook(print)
    >>> is_as_made(loss, forwards)
    False
    """
    kind = type(module)
    return (
        kind in forwards
        and kind.forward is forwards[kind]
        and "forward" not in vars(module)
        and not (module._forward_hooks or module._forward_pre_hooks)
        and not (module._backward_hooks or module._backward_pre_hooks)
        and not all_modules._has_any_global_hook()
    )
