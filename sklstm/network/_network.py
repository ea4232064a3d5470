"""The network: recurrent core, pooling, head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._core import StackedLSTM
from ._dropout import Dropout
from ._initialise import initialise
from ._pooling import last_observed

# Rows that the head takes at once, in prediction: a multiple of this.
HEAD_ROWS = 32


class LSTMNetwork(nn.Module):
    """Sequences in, one row of outputs each out.

    Parameters
    ----------
    input_size : int
        Features of a step.
    output_size : int
        Values of the head.
    hidden_size : int
        Units of each direction of each layer.
    num_layers : int
        Number of LSTM layers.
    dropout : float
        Probability of zero between the layers and before the head.
    bidirectional : bool
        Whether the layers read in both directions.
    dtype : torch.dtype, default=torch.float32
        Type of the weights.
    seed : int, default=0
        Governs the initial weights.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.core = StackedLSTM(
            input_size, hidden_size, num_layers, dropout, bidirectional, dtype
        )
        self.dropout = Dropout(dropout)
        head = nn.Linear(self.core.output_size, output_size, device="meta", dtype=dtype)
        self.head = head.to_empty(device="cpu")
        initialise(self, torch.Generator().manual_seed(seed))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give the outputs of the head.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Standardised inputs without NaN; observed steps first, oldest of them first.
        lengths : Tensor of int of shape (n_samples,) or None, default=None
            Number of observed steps of each sequence; None if all are.

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        hidden = self.core(x, lengths)
        state = self.dropout(last_observed(hidden, lengths, self.hidden_size))
        if self.training:
            return self.head(state)
        return self.head(_filled_up(state))[: len(state)]

    def seed_dropout(self, seed: int, device: torch.device) -> None:
        """Give all dropout one generator, on the device where the network computes.

        Parameters
        ----------
        seed : int
        device : torch.device
        """
        generator = torch.Generator(device).manual_seed(seed)
        for module in self.modules():
            if isinstance(module, Dropout):
                module.generator = generator


def _filled_up(state: Tensor) -> Tensor:
    """Add rows of zeros up to a multiple of `HEAD_ROWS`.

    A matrix product sums in another order for a few rows, or an odd number of them, than
    for many. Filled up, a prediction is the same to the last bit whatever else is in the
    call; the recurrent kernels are so by themselves.
    """
    return functional.pad(state, (0, 0, 0, -len(state) % HEAD_ROWS))
