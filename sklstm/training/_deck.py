"""The order in which samples come, each once before one comes again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._data import SequenceData

NONE_LEFT = torch.empty(0, dtype=torch.long, device="cpu")


class Deck:
    """Deals the numbers of samples like cards: shuffled when there are too few left.

    Parameters
    ----------
    generator : torch.Generator
        Shuffles, and may be drawn from by others in between.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.left = NONE_LEFT
        self._shuffled_by: Tensor | None = None

    def clear(self) -> None:
        """Forget what is left."""
        self.left, self._shuffled_by = NONE_LEFT, None

    def deal(self, data: SequenceData, n_samples: int) -> Tensor:
        """Give the numbers of the next samples.

        Parameters
        ----------
        data : SequenceData
        n_samples : int
            At most as many as there are.

        Returns
        -------
        order : Tensor of int of shape (n_samples,)
        """
        if len(self.left) < n_samples:
            self._shuffled_by = self.generator.get_state()
            self.left = torch.cat([self.left, data.order(self.generator)])
        order, self.left = self.left[:n_samples], self.left[n_samples:]
        return order

    def state_dict(self) -> dict[str, Any]:
        """Give what is left in little room: how many, and the state that shuffled them."""
        n_left = len(self.left)
        return {"n_left": n_left, "shuffled_by": self._shuffled_by if n_left else None}

    def load_state_dict(self, state: dict[str, Any], data: SequenceData) -> None:
        """Put back what was left of some data; the generator is moved.

        Parameters
        ----------
        state : dict
            As `state_dict` gives it.
        data : SequenceData
        """
        self.clear()
        if state["n_left"]:
            # What is left is the end of the last order.
            self._shuffled_by = state["shuffled_by"]
            self.generator.set_state(state["shuffled_by"])
            self.left = data.order(self.generator)[len(data) - state["n_left"] :]
