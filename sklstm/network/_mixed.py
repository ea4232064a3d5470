"""Layers that compute in bfloat16 in training, with weights of float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

_NOTHING: AbstractContextManager[None] = nullcontext()


class MixedModule(nn.Module):
    """A module that may compute in bfloat16 in training.

    Its weights stay float32, and so do their gradients and what it gives.

    Attributes
    ----------
    trains_mixed : bool
    """

    trains_mixed = False

    def mixed(self, device: torch.device) -> AbstractContextManager[Any]:
        """Compute in bfloat16, if it is training and is to.

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
