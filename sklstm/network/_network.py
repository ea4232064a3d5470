"""The network: input normaliser, recurrent core, pooling, head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._core import StackedLSTM
from ._dropout import Dropout
from ._head import Decoder, KnownFutureHead, LinearHead
from ._initialise import initialise
from ._instance_norm import InstanceNorm, InstanceNormMethod
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
    future_shape : tuple of int (n_leads, n_known), default=(0, 0)
        Rows after a sequence, and features known in each, that the head reads.
    decode : bool, default=False
        Whether the head is a second LSTM that goes through these rows.
    instance_norm : {"last", "standard"} or None, default=None
        Whether each sequence is seen relative to its own level.
    target_features : sequence of int of length output_size, default=()
        The feature that each output forecasts, for `instance_norm`.
    dtype : torch.dtype, default=torch.float32
        Type of the weights.
    seed : int, default=0
        Governs the initial weights.

    Attributes
    ----------
    hidden_size : int
    num_layers : int
        Recurrent layers, of which each direction counts.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        future_shape: tuple[int, int] = (0, 0),
        decode: bool = False,
        instance_norm: InstanceNormMethod | None = None,
        target_features: Sequence[int] = (),
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.num_layers = num_layers * (2 if bidirectional else 1)
        self.dtype = dtype
        self.normaliser = None
        if instance_norm is not None:
            self.normaliser = InstanceNorm(
                instance_norm, input_size, target_features, dtype
            )
        self.core = StackedLSTM(
            input_size, hidden_size, num_layers, dropout, bidirectional, dtype
        )
        state_size = self.core.output_size
        self.head: nn.Module
        if decode:
            self.head = Decoder(
                state_size, output_size, future_shape, hidden_size, dropout, dtype
            )
        elif future_shape[1]:
            self.head = KnownFutureHead(
                state_size, output_size, future_shape, dropout, dtype
            )
        else:
            self.head = LinearHead(state_size, output_size, dropout, dtype)
        initialise(self, torch.Generator("cpu").manual_seed(seed))

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, future: Tensor | None = None
    ) -> Tensor:
        """Give the outputs of the head.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Standardised inputs without NaN; observed steps first, oldest of them first.
        lengths : Tensor of int of shape (n_samples,) or None, default=None
            Number of observed steps of each sequence; None if all are.
        future : Tensor of shape (n_samples, n_leads, n_known) or None, default=None
            What is known of the rows after each sequence, standardised.

        Returns
        -------
        output : Tensor of shape (n_samples, output_size)
        """
        if self.normaliser is None:
            return self._read(x, lengths, future)
        z, level = self.normaliser(x, lengths)
        return self.normaliser.restore(self._read(z, lengths, future), level)

    def _read(self, x: Tensor, lengths: Tensor | None, future: Tensor | None) -> Tensor:
        state = last_observed(self.core(x, lengths), lengths, self.hidden_size)
        if self.training:
            return self.head(state, future)
        filled = None if future is None else _filled_up(future)
        return self.head(_filled_up(state), filled)[: len(state)]

    def drops(self) -> bool:
        """Tell whether any value is dropped in training."""
        return any(isinstance(m, Dropout) and m.p > 0 for m in self.modules())

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


def _filled_up(rows: Tensor) -> Tensor:
    """Add rows of zeros up to a multiple of `HEAD_ROWS`.

    A matrix product sums in another order for a few rows, or an odd number of them, than
    for many. Filled up, a prediction is the same to the last bit whatever else is in the
    call; the recurrent kernels are so by themselves.
    """
    sides = (0, 0) * (rows.ndim - 1)
    return functional.pad(rows, (*sides, 0, -len(rows) % HEAD_ROWS))
