"""Products of bfloat16, and sums of float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

_NOTHING: AbstractContextManager[None] = nullcontext()


class MixedModule(nn.Module):
    """A module whose large products may be of bfloat16 in training.

    What it adds up is float32, and so are its weights.

    Attributes
    ----------
    trains_mixed : bool
    """

    trains_mixed = False

    def mixed(self, device: torch.device) -> AbstractContextManager[Any]:
        """Let products be of bfloat16, if it is training and they are to be.

        Parameters
        ----------
        device : torch.device

        Returns
        -------
        context : context manager
        """
        if not (self.trains_mixed and self.training):
            return _NOTHING
        # Within a caller's autocast its cache would keep the weights of the first step.
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)
