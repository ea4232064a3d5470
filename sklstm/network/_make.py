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
    layer = kind.__new__(kind)
    # A method of the instance, which the constructor calls to draw. (The device "meta"
    # would do without, but its first tensor makes torch import a part of its compiler.)
    vars(layer)["reset_parameters"] = _draw_nothing
    layer.__init__(*sizes, device="cpu", **options)  # type: ignore[misc]
    del vars(layer)["reset_parameters"]
    return layer


def _draw_nothing() -> None:
    pass
