"""Layers of torch without a draw from the global generator."""

from __future__ import annotations

from typing import Any, TypeVar

from torch import nn

Layer = TypeVar("Layer", bound=nn.Module)


def make(kind: type[Layer], *sizes: int, **options: Any) -> Layer:
    """Make a layer whose weights are not set yet; see `initialise`.

    Parameters
    ----------
    kind : class of torch.nn.Module
    *sizes : int
    **options
        As `kind` takes them, `dtype` among them.

    Returns
    -------
    layer : torch.nn.Module
        On the CPU.
    """
    return kind(*sizes, device="meta", **options).to_empty(device="cpu")
