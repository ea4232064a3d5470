"""From the hidden states of all steps to one vector a sequence."""

from __future__ import annotations

import torch
from torch import Tensor


def last_observed(hidden: Tensor, lengths: Tensor | None, hidden_size: int) -> Tensor:
    """Give the state in which each direction ends.

    Forwards that is the last observed step; backwards the first, where the second
    direction has read all the others. A sequence of no observed step gives zeros, the
    state in which an LSTM begins.

    Parameters
    ----------
    hidden : Tensor of shape (n_samples, n_timesteps, n_directions * hidden_size)
        Observed steps first.
    lengths : Tensor of int of shape (n_samples,) or None
        Number of observed steps; None if all are.
    hidden_size : int
        Units of one direction.

    Returns
    -------
    state : Tensor of shape (n_samples, n_directions * hidden_size)
    """
    bidirectional = hidden.shape[2] > hidden_size
    if lengths is None:
        end = hidden[:, -1, :hidden_size]
        return torch.cat([end, hidden[:, 0, hidden_size:]], 1) if bidirectional else end
    last = (lengths - 1).clamp_min(0)[:, None, None].expand(-1, 1, hidden_size)
    end = hidden[:, :, :hidden_size].gather(1, last)[:, 0]
    state = torch.cat([end, hidden[:, 0, hidden_size:]], 1) if bidirectional else end
    return torch.where(lengths[:, None] > 0, state, 0)
