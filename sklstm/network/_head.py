"""From the state after a sequence to outputs, with or without a known future."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ._core import make_lstm
from ._dropout import Dropout


class LinearHead(nn.Module):
    """Outputs that are linear in the state.

    Parameters
    ----------
    state_size : int
        Values of the state.
    output_size : int
        Values for each sequence.
    dropout : float
        Probability that a value of the state is dropped in training.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self, state_size: int, output_size: int, dropout: float, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = make_linear(state_size, output_size, dtype)

    def forward(self, state: Tensor, future: Tensor | None) -> Tensor:
        """Give the outputs.

        Parameters
        ----------
        state : Tensor of shape (n_samples, state_size)
        future : None
            Not read.

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        return self.linear(self.dropout(state))


class KnownFutureHead(nn.Module):
    """Outputs of one hidden layer over the state and all that is known of the future.

    Parameters
    ----------
    state_size : int
        Values of the state, and units of the hidden layer.
    output_size : int
        Values for each sequence.
    future_shape : tuple of int (n_leads, n_known)
        Rows ahead and features known there.
    dropout : float
        Probability that a hidden value is dropped in training.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self,
        state_size: int,
        output_size: int,
        future_shape: tuple[int, int],
        dropout: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        n_leads, n_known = future_shape
        self.hidden = make_linear(state_size + n_leads * n_known, state_size, dtype)
        self.head = LinearHead(state_size, output_size, dropout, dtype)

    def forward(self, state: Tensor, future: Tensor) -> Tensor:
        """Give the outputs.

        Parameters
        ----------
        state : Tensor of shape (n_samples, state_size)
        future : Tensor of shape (n_samples, n_leads, n_known)

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        both = torch.cat([state, future.flatten(1)], dim=1)
        return self.head(self.hidden(both).relu(), None)


class Decoder(nn.Module):
    r"""A second LSTM that reads the known future and gives outputs at each of its steps.

    It begins with what the encoder's state :math:`c` tells, and reads that state again at
    each step beside the known features :math:`u_t` [1]_:

    .. math:: (h_0, c_0) = \tanh(W c + b), \quad (h_t, c_t) = \mathrm{LSTM}([c, u_t])

    It does not read its own outputs: all steps are computed at once, in training and in
    prediction alike.

    Parameters
    ----------
    state_size : int
        Values of the encoder's state.
    output_size : int
        Values for each sequence: those of the first step, then those of the second, ...
    future_shape : tuple of int (n_leads, n_known)
        Steps to decode and features known at each.
    hidden_size : int
        Units of the decoder.
    dropout : float
        Probability that a hidden value is dropped in training.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Cho, K. et al. (2014). Learning phrase representations using RNN
       encoder-decoder for statistical machine translation. EMNLP.
    """

    def __init__(
        self,
        state_size: int,
        output_size: int,
        future_shape: tuple[int, int],
        hidden_size: int,
        dropout: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.n_steps, n_known = future_shape
        self.bridge = make_linear(state_size, 2 * hidden_size, dtype)
        self.lstm = make_lstm(state_size + n_known, hidden_size, dtype)
        self.head = LinearHead(hidden_size, output_size // self.n_steps, dropout, dtype)

    def forward(self, state: Tensor, future: Tensor | None) -> Tensor:
        """Give the outputs of all steps.

        Parameters
        ----------
        state : Tensor of shape (n_samples, state_size)
        future : Tensor of shape (n_samples, n_steps, n_known) or None

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        x = state[:, None].expand(-1, self.n_steps, -1)
        if future is not None:
            x = torch.cat([x, future], dim=2)
        h0, c0 = self.bridge(state).tanh()[None].chunk(2, dim=2)
        hidden, _ = self.lstm(x.contiguous(), (h0.contiguous(), c0.contiguous()))
        return self.head(hidden, None).flatten(1)


def make_linear(input_size: int, output_size: int, dtype: torch.dtype) -> nn.Linear:
    """Make a linear layer without drawing weights from the global generator."""
    empty = nn.Linear(input_size, output_size, device="meta", dtype=dtype)
    return empty.to_empty(device="cpu")
