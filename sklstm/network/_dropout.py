"""Dropout whose randomness belongs to the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import torch
from torch import Tensor, nn

_thread = local()


@contextmanager
def dropout_seed(seed: int | None) -> Iterator[None]:
    """Let all dropout of this thread draw from a generator of this seed.

    Threads that share a network cannot share a generator: who draws first would decide.

    Parameters
    ----------
    seed : int or None
        None leaves dropout as it is.

    Yields
    ------
    None
    """
    if seed is not None:
        _thread.generator = torch.Generator("cpu").manual_seed(seed)
    try:
        yield
    finally:
        _thread.generator = None


class Dropout(nn.Module):
    """Set a share of the values to zero in training, from a generator of its own.

    With a probability ``p`` a value becomes 0, else it is divided by ``1 - p`` (Srivastava
    et al., 2014). `torch.nn.Dropout` draws from the global generator, which threads share.

    Parameters
    ----------
    p : float
        Probability of zero, in [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator: torch.Generator | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Each training run brings its own generator: none travels in a pickle, where one
        # of a GPU could not be read on a machine without.
        return {**self.__dict__, "generator": None}

    def forward(self, x: Tensor) -> Tensor:
        """Drop values in training; give `x` itself in evaluation.

        Parameters
        ----------
        x : Tensor of any shape

        Returns
        -------
        y : Tensor of the shape of `x`
        """
        if not self.training or self.p == 0:
            return x
        generator = getattr(_thread, "generator", None) or self.generator
        keep = torch.empty_like(x).bernoulli_(1 - self.p, generator=generator)
        return x * keep.div_(1 - self.p)
