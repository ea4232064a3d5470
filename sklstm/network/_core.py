"""The recurrent core: layers of `torch.nn.LSTM`, in one direction or both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ._dropout import Dropout


class RecurrentLayer(nn.Module):
    """One LSTM layer, read forwards or in both directions.

    A second direction reads the *observed* steps from the last to the first. It is an LSTM
    of its own rather than ``torch.nn.LSTM(bidirectional=True)``, which would begin with the
    steps that are not there; so dense tensors suffice, and torch's fast kernels are used.

    Parameters
    ----------
    input_size : int
        Features of a step.
    hidden_size : int
        Units of each direction.
    bidirectional : bool
        Whether there is a second direction.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bidirectional: bool, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.forwards = make_lstm(input_size, hidden_size, dtype)
        self.backwards = (
            make_lstm(input_size, hidden_size, dtype) if bidirectional else None
        )

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the hidden state at each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Observed steps first, then whatever fills the rest.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        hidden : Tensor of shape (n_samples, n_timesteps, n_directions * hidden_size)
        """
        hidden = self.forwards(x)[0]
        if self.backwards is None:
            return hidden
        reverse = self.backwards(_flip(x, lengths))[0]
        return torch.cat([hidden, _flip(reverse, lengths)], dim=2)


class StackedLSTM(nn.Module):
    """LSTM layers one on the other, with dropout between them.

    Parameters
    ----------
    input_size : int
        Features of a step.
    hidden_size : int
        Units of each direction of each layer.
    num_layers : int
        Number of layers.
    dropout : float
        Probability that a value between two layers is dropped in training.
    bidirectional : bool
        Whether each layer reads in both directions.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        dropout: float,
        bidirectional: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.output_size = hidden_size * (2 if bidirectional else 1)
        sizes = [input_size] + [self.output_size] * (num_layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(size, hidden_size, bidirectional, dtype) for size in sizes
        )
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the last layer's hidden state at each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None

        Returns
        -------
        hidden : Tensor of shape (n_samples, n_timesteps, output_size)
        """
        hidden = x
        for depth, layer in enumerate(self.layers):
            hidden = layer(hidden if depth == 0 else self.dropout(hidden), lengths)
        return hidden


def make_lstm(input_size: int, hidden_size: int, dtype: torch.dtype) -> nn.LSTM:
    """Make an LSTM without drawing weights from the global generator."""
    empty = nn.LSTM(input_size, hidden_size, batch_first=True, device="meta", dtype=dtype)
    return empty.to_empty(device="cpu")


def _flip(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse the observed steps of each sequence; the others stay behind them."""
    if lengths is None:
        return x.flip(1)
    step = torch.arange(x.shape[1], device=x.device)
    source = lengths[:, None] - 1 - step
    source = torch.where(source >= 0, source, step)
    return x.gather(1, source[:, :, None].expand_as(x))
