"""Attention of each step to the states of others."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._make import make


class StepAttention(nn.Module):
    r"""Let the output of each step read the states of other steps, as far as they matter.

    The "general" attention of Luong et al. [1]_, over the steps up to its own:

    .. math:: \alpha_{ts} = \mathrm{softmax}_s(h_t^\top W h_s), \quad
        c_t = \sum_s \alpha_{ts} h_s, \quad \tilde h_t = \tanh(U [c_t, h_t] + b)

    Parameters
    ----------
    state_size : int
        Values of a hidden state, both directions together.
    is_causal : bool
        Whether a step reads no later one.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Luong, M.-T. et al. (2015). Effective approaches to attention-based neural
       machine translation. EMNLP.

    Examples
    --------
    >>> attention = StepAttention(2, True, torch.float32)
    >>> weights = attention.weights(torch.zeros(1, 3, 2), None)
    >>> weights[0].round(decimals=2)[1].tolist()
    [0.5, 0.5, 0.0]
    """

    def __init__(self, state_size: int, is_causal: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.is_causal = is_causal
        self.score = make(nn.Linear, state_size, state_size, bias=False, dtype=dtype)
        self.join = make(nn.Linear, 2 * state_size, state_size, dtype=dtype)

    def forward(self, hidden: Tensor, lengths: Tensor | None) -> Tensor:
        """Give a state for each step that has read the others.

        Parameters
        ----------
        hidden : Tensor of shape (n_samples, n_timesteps, state_size)
            Observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        states : Tensor of the shape of `hidden`
        """
        unread = self._unread(hidden, lengths)
        # Torch's own keeps no weights: they would take the square of the steps.
        context = functional.scaled_dot_product_attention(
            hidden,
            self.score(hidden),
            hidden,
            attn_mask=None if unread is None or self.is_causal else ~unread,
            is_causal=self.is_causal,
            scale=1.0,
        )
        return self.join(torch.cat([context, hidden], dim=2)).tanh()

    def weights(self, hidden: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the weight of each step in each other.

        Parameters
        ----------
        hidden : Tensor of shape (n_samples, n_timesteps, state_size)
        lengths : Tensor of int of shape (n_samples,) or None

        Returns
        -------
        weights : Tensor of shape (n_samples, n_timesteps, n_timesteps)
            What a step reads is a row, of sum 1. Those of unobserved steps mean nothing.
        """
        score = hidden @ self.score(hidden).transpose(1, 2)
        unread = self._unread(hidden, lengths)
        if unread is not None:
            score = score.masked_fill(unread, -torch.inf)
        return score.softmax(dim=2)

    def _unread(self, hidden: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Tell which steps (last axis) a step does not read; None: it reads all."""
        step = torch.arange(hidden.shape[1], device=hidden.device)
        if self.is_causal:
            return step > step[:, None]  # Unobserved steps stand behind all others.
        if lengths is None:
            return None
        behind = step >= lengths[:, None].clamp_min(1)
        return behind[:, None].expand(-1, hidden.shape[1], -1)
