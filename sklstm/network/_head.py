"""From the state after a sequence to outputs, with or without a known future."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ._core import make_layer, states_of
from ._dropout import Dropout
from ._make import make
from ._stepwise import Cell


class Head(nn.Module):
    """Outputs that are linear in the state, or in hidden layers over it.

    Parameters
    ----------
    state_size : int
        Values of the state.
    output_size : int
        Values for each sequence.
    hidden_sizes : sequence of int
        Units of the hidden layers, each with a rectifier. Without any, one of `state_size`
        units reads what is known of the future.
    future_shape : tuple of int (n_leads, n_known)
        Rows ahead and features known there, which the first layer reads beside the state.
    dropout : float
        Probability that a value of a hidden layer is dropped in training.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> head = Head(5, 2, [16], (0, 0), 0.0, torch.float32)
    >>> head(torch.zeros(3, 5)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        state_size: int,
        output_size: int,
        hidden_sizes: Sequence[int],
        future_shape: tuple[int, int],
        dropout: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        n_leads, n_known = future_shape
        if n_known and not hidden_sizes:
            hidden_sizes = [state_size]
        sizes = [state_size + n_leads * n_known, *hidden_sizes]
        self.hidden = nn.ModuleList(
            make(nn.Linear, *pair, dtype=dtype) for pair in pairwise(sizes)
        )
        self.dropout = Dropout(dropout)
        self.linear = make(nn.Linear, sizes[-1], output_size, dtype=dtype)

    @torch.no_grad()
    def begin_at(self, values: Sequence[float]) -> None:
        """Move the first outputs to values, which are repeated for all of them.

        Parameters
        ----------
        values : sequence of float
            Their number divides that of the outputs.
        """
        bias = self.linear.bias
        moved = torch.tensor(values, dtype=bias.dtype, device="cpu")
        bias.add_(moved.repeat(len(bias) // len(moved)))

    @torch.no_grad()
    def begin_linear(self, slopes: Tensor) -> None:
        """Let outputs begin linear in the last values of the state, where they are.

        Parameters
        ----------
        slopes : Tensor of shape (output_size, n_values)
        """
        if not len(self.hidden):
            self.linear.weight[:, -slopes.shape[1] :].copy_(slopes)

    def forward(self, state: Tensor, future: Tensor | None = None) -> Tensor:
        """Give the outputs.

        Parameters
        ----------
        state : Tensor of shape (..., state_size)
        future : Tensor of shape (..., n_leads, n_known) or None, default=None

        Returns
        -------
        output : Tensor of shape (..., output_size)
        """
        return self.linear(self.before_last_layer(state, future))  # type: ignore[no-any-return]

    def before_last_layer(self, state: Tensor, future: Tensor | None = None) -> Tensor:
        """Give what the last layer reads.

        Parameters
        ----------
        state, future
            As in `forward`.

        Returns
        -------
        read : Tensor of shape (..., n_values)
        """
        x = state if future is None else torch.cat([state, future.flatten(1)], dim=1)
        for layer in self.hidden:
            x = self.dropout(layer(x).relu())
        return x


class Decoder(nn.Module):
    r"""A second recurrent layer that reads the known future and gives outputs at each step.

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
    hidden_sizes : sequence of int
        Units of hidden layers between the decoder and its outputs.
    future_shape : tuple of int (n_leads, n_known)
        Steps to decode and features known at each.
    cell : {"lstm", "gru", "rnn", "peephole"}
    hidden_size : int
        Units of the decoder.
    layer_norm : bool
        Whether its gates are normalised.
    dropout : float
        Probability that a value that the decoder gives is dropped in training.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Cho, K. et al. (2014). Learning phrase representations using RNN
       encoder-decoder for statistical machine translation. EMNLP.

    Examples
    --------
    >>> decoder = Decoder(5, 6, [], (3, 2), "lstm", 4, False, 0.0, torch.float32)
    >>> decoder(torch.zeros(7, 5), torch.zeros(7, 3, 2)).shape
    torch.Size([7, 6])
    """

    def __init__(
        self,
        state_size: int,
        output_size: int,
        hidden_sizes: Sequence[int],
        future_shape: tuple[int, int],
        cell: Cell,
        hidden_size: int,
        layer_norm: bool,
        dropout: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.n_steps, n_known = future_shape
        self.n_states = 2 if cell in ("lstm", "peephole") else 1
        n_values = self.n_states * hidden_size
        self.bridge = make(nn.Linear, state_size, n_values, dtype=dtype)
        self.layer = make_layer(cell, state_size + n_known, hidden_size, layer_norm, dtype)
        self.dropout = Dropout(dropout)
        n_outputs = output_size // self.n_steps
        self.head = Head(hidden_size, n_outputs, hidden_sizes, (0, 0), dropout, dtype)

    def begin_at(self, values: Sequence[float]) -> None:
        """Move the first outputs of each step to values, as `Head` does."""
        self.head.begin_at(values)

    def begin_linear(self, slopes: Tensor) -> None:
        """Do nothing: outputs are not linear in the state."""

    def forward(self, state: Tensor, future: Tensor | None = None) -> Tensor:
        """Give the outputs of all steps.

        Parameters
        ----------
        state : Tensor of shape (n_samples, state_size)
        future : Tensor of shape (n_samples, n_steps, n_known) or None, default=None

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        x = state[:, None].expand(-1, self.n_steps, -1)
        if future is not None:
            x = torch.cat([x, future], dim=2)
        parts = self.bridge(state).tanh()[None].chunk(self.n_states, dim=2)
        first = tuple(part.contiguous() for part in parts)
        begin = first if self.n_states == 2 else first[0]
        hidden = states_of(self.layer, x.contiguous(), begin)
        return self.head(self.dropout(hidden)).flatten(1)
