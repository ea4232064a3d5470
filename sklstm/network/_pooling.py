"""From the hidden states of all steps to one vector a sequence."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ._make import make
from ._observed import observed_steps

PoolingMethod = Literal["last", "mean", "max", "attention"]


class Pooling(nn.Module):
    r"""Sum the hidden states up: the last, their mean, maximum, or a learnt mean.

    "attention" is a mean with weights that depend on the states [1]_:

    .. math:: \alpha_t = \mathrm{softmax}_t(v^\top \tanh(W h_t + b)), \quad
        s = \sum_t \alpha_t h_t

    Only observed steps count. A sequence of no observed step gives zeros.

    Parameters
    ----------
    method : {"last", "mean", "max", "attention"}
        "last" is the state in which each direction ends.
    state_size : int
        Values of a hidden state, both directions together.
    hidden_size : int
        Units of one direction.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Yang, Z. et al. (2016). Hierarchical attention networks for document
       classification. NAACL.

    Examples
    --------
    >>> hidden = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> Pooling("mean", 1, 1, torch.float32)(hidden, torch.tensor([2]))
    tensor([[2.]])
    """

    def __init__(
        self,
        method: PoolingMethod,
        state_size: int,
        hidden_size: int,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.method = method
        self.hidden_size = hidden_size
        if method == "attention":
            self.hidden = make(nn.Linear, state_size, state_size, dtype=dtype)
            self.score = make(nn.Linear, state_size, 1, bias=False, dtype=dtype)

    def forward(self, hidden: Tensor, lengths: Tensor | None) -> Tensor:
        """Give one vector a sequence.

        Parameters
        ----------
        hidden : Tensor of shape (n_samples, n_timesteps, state_size)
            Observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        state : Tensor of shape (n_samples, state_size)
        """
        if self.method == "last":
            return last_observed(hidden, lengths, self.hidden_size)
        if self.method == "attention":
            return (self.weights(hidden, lengths)[:, None] @ hidden)[:, 0]
        if lengths is None:
            return hidden.mean(dim=1) if self.method == "mean" else hidden.amax(dim=1)
        observed = observed_steps(hidden, lengths)
        if self.method == "mean":
            count = lengths.clamp_min(1)[:, None]
            return hidden.where(observed, 0.0).sum(dim=1) / count
        largest = hidden.where(observed, -torch.inf).amax(dim=1)
        return torch.where(lengths[:, None] > 0, largest, 0.0)

    def weights(self, hidden: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the weight of each step, for "attention".

        Parameters
        ----------
        hidden : Tensor of shape (n_samples, n_timesteps, state_size)
        lengths : Tensor of int of shape (n_samples,) or None

        Returns
        -------
        weights : Tensor of shape (n_samples, n_timesteps)
            Of sum 1, and 0 at steps that are not observed; all 0 if none is.
        """
        score = self.score(self.hidden(hidden).tanh())
        if lengths is None:
            return score.softmax(dim=1)[:, :, 0]
        observed = observed_steps(hidden, lengths)
        weights = score.masked_fill(~observed, torch.finfo(score.dtype).min).softmax(dim=1)
        return weights.where(observed, 0.0)[:, :, 0]


def last_observed(hidden: Tensor, lengths: Tensor | None, hidden_size: int) -> Tensor:
    """Give the state in which each direction ends.

    Forwards that is the last observed step; backwards the first, where the second
    direction has read all the others. A sequence of no observed step gives zeros, the
    state in which a recurrent layer begins.

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
