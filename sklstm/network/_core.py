"""The recurrent core: layers of any cell, in one direction or both."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import torch
from torch import Tensor, nn

from ..fitting._as_made import is_as_made
from ._compiled import is_compiled, lstm
from ._dropout import Dropout
from ._make import make
from ._mixed import MixedModule
from ._packed_weights import is_packed, packed_lstm
from ._recurrence import hidden_states
from ._stepwise import Cell, StepwiseLayer

# Cells for which torch has fast kernels.
FUSED: dict[str, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

_FORWARDS: dict[type[nn.Module], Any] = {kind: kind.forward for kind in FUSED.values()}
N_WEIGHTS = 4
_weights_of = itemgetter("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


class RecurrentLayer(nn.Module):
    """One recurrent layer, read forwards or in both directions.

    A second direction reads the *observed* steps from the last to the first. It is a layer
    of its own rather than ``torch.nn.LSTM(bidirectional=True)``, which would begin with the
    steps that are not there; so dense tensors suffice, and torch's fast kernels are used.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn", "peephole"}
    input_size : int
        Features of a step.
    hidden_size : int
        Units of each direction.
    bidirectional : bool
        Whether there is a second direction.
    layer_norm : bool
        Whether the gates are normalised.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        bidirectional: bool,
        layer_norm: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.forwards = make_layer(cell, input_size, hidden_size, layer_norm, dtype)
        self.backwards = None
        if bidirectional:
            self.backwards = make_layer(cell, input_size, hidden_size, layer_norm, dtype)

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
        hidden = states_of(self.forwards, x)
        if self.backwards is None:
            return hidden
        reverse = states_of(self.backwards, _flip(x, lengths))
        return torch.cat([hidden, _flip(reverse, lengths)], dim=2)

    def trace(
        self, x: Tensor, lengths: Tensor | None, *, backwards: bool
    ) -> dict[str, Tensor]:
        """Give the gates and states of one direction at each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None
        backwards : bool
            Whether the second direction is asked for.

        Returns
        -------
        values : dict of str to Tensor of shape (n_samples, n_timesteps, hidden_size)
            Where the direction reads the step.
        """
        if not backwards:
            return as_stepwise(self.forwards).trace(x)
        assert self.backwards is not None
        values = as_stepwise(self.backwards).trace(_flip(x, lengths))
        return {name: _flip(value, lengths) for name, value in values.items()}


class RecurrentStack(MixedModule):
    """Recurrent layers one on the other, with dropout between them.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn", "peephole"}
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
    layer_norm : bool
        Whether the gates are normalised.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> stack = RecurrentStack("gru", 3, 5, 2, 0.0, True, False, torch.float32)
    >>> stack(torch.zeros(2, 7, 3), None).shape
    torch.Size([2, 7, 10])
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        dropout: float,
        bidirectional: bool,
        layer_norm: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.output_size = hidden_size * (2 if bidirectional else 1)
        sizes = [input_size] + [self.output_size] * (num_layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(cell, size, hidden_size, bidirectional, layer_norm, dtype)
            for size in sizes
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
        with self.mixed(x.device):
            for depth, layer in enumerate(self.layers):
                hidden = layer(hidden if depth == 0 else self.dropout(hidden), lengths)
        return hidden.to(x.dtype)

    def trace(
        self, x: Tensor, lengths: Tensor | None, depth: int, *, backwards: bool
    ) -> dict[str, Tensor]:
        """Give the gates and states of one layer, in prediction, as the layer does.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        lengths : Tensor of int of shape (n_samples,) or None
        depth : int
            Number of the layer, from 0.
        backwards : bool

        Returns
        -------
        values : dict of str to Tensor of shape (n_samples, n_timesteps, hidden_size)
        """
        for below in self.layers[:depth]:
            x = below(x, lengths)
        layer: RecurrentLayer = self.layers[depth]  # type: ignore[assignment]
        return layer.trace(x, lengths, backwards=backwards)


def make_layer(
    cell: Cell, input_size: int, hidden_size: int, layer_norm: bool, dtype: torch.dtype
) -> nn.Module:
    """Make a layer of one direction: torch's own where it has one."""
    if layer_norm or cell not in FUSED:
        return StepwiseLayer(cell, input_size, hidden_size, layer_norm, dtype)
    return make(FUSED[cell], input_size, hidden_size, batch_first=True, dtype=dtype)


def states_of(
    layer: nn.Module, x: Tensor, state: Tensor | tuple[Tensor, Tensor] | None = None
) -> Tensor:
    """Give the hidden state after each step.

    On the CPU torch has a fast kernel for its LSTM alone, so that the steps of its other
    layers are computed here.

    Parameters
    ----------
    layer : torch.nn.LSTM, GRU or RNN of one layer and direction, or StepwiseLayer
    x : Tensor of shape (n_samples, n_timesteps, input_size)
    state : Tensor of shape (1, n_samples, hidden_size), two of them, or None, default=None
        Where to begin: the hidden state and, of an LSTM, the cell state; None is zero.

    Returns
    -------
    hidden : Tensor of shape (n_samples, n_timesteps, hidden_size)
    """
    if x.device.type != "cpu" or torch.jit.is_tracing() or not _is_plain(layer):  # type: ignore[attr-defined]
        return layer(x, state)[0]  # type: ignore[no-any-return]
    if state is None and is_compiled(layer):
        return lstm(layer, x)
    weights = _weights_of(layer._parameters)
    if not isinstance(layer, nn.LSTM):
        kind = "gru" if isinstance(layer, nn.GRU) else "rnn"
        return hidden_states(kind, x, state, weights)
    if state is None:
        state = (x.new_zeros(1, x.shape[0], layer.hidden_size),) * 2
    if is_packed(layer, x, weights):
        return packed_lstm(layer, x, state, weights)
    # What the layer does around the kernel takes half as long as that of a small batch.
    return torch.lstm(x, state, weights, True, 1, 0.0, layer.training, False, True)[0]  # type: ignore[arg-type]


def _is_plain(layer: nn.Module) -> bool:
    """Tell whether a layer is as torch made it, with no weight made by another module."""
    return (
        is_as_made(layer, _FORWARDS)
        and len(layer._parameters) == N_WEIGHTS
        and not layer._modules
    )


def as_stepwise(layer: nn.Module) -> StepwiseLayer:
    """Give a layer of torch as one that shows its gates, with the same weights.

    Parameters
    ----------
    layer : torch.nn.LSTM, GRU or RNN of one layer and direction, or StepwiseLayer

    Returns
    -------
    stepwise : StepwiseLayer
    """
    if isinstance(layer, StepwiseLayer):
        return layer
    assert isinstance(layer, nn.RNNBase)
    cell = next(name for name, kind in FUSED.items() if isinstance(layer, kind))
    sizes = layer.input_size, layer.hidden_size
    stepwise = StepwiseLayer(cell, *sizes, False, layer.weight_ih_l0.dtype)  # type: ignore[arg-type]
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(stepwise, name, getattr(layer, f"{name}_l0"))
    return stepwise


def _flip(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse the observed steps of each sequence; the others stay behind them."""
    if lengths is None:
        return x.flip(1)
    step = torch.arange(x.shape[1], device=x.device)
    source = lengths[:, None] - 1 - step
    source = torch.where(source >= 0, source, step)
    return x.gather(1, source[:, :, None].expand_as(x))
