"""Which steps of a sequence are observed."""

from __future__ import annotations

import torch
from torch import Tensor


def observed_steps(x: Tensor, lengths: Tensor) -> Tensor:
    """Tell which steps are observed: the first of each sequence.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
    lengths : Tensor of int of shape (n_samples,)
        Number of observed steps.

    Returns
    -------
    observed : Tensor of bool of shape (n_samples, n_timesteps, 1)

    Examples
    --------
    >>> observed_steps(torch.zeros(2, 3, 1), torch.tensor([1, 3]))[:, :, 0].int()
    tensor([[1, 0, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    step = torch.arange(x.shape[1], device=x.device)
    return (step < lengths[:, None])[:, :, None]
