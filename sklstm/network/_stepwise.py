"""Recurrent layers that torch has no kernel for: peepholes, layer normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ._make import make
from ._recurrence import hidden_states

Cell = Literal["lstm", "gru", "rnn", "peephole"]

# Values of each unit that the weights give at a step: one for each gate.
N_GATES = {"lstm": 4, "gru": 3, "rnn": 1, "peephole": 4}

# What can be seen of a cell at a step: gates, in the order of its weights, and states.
_OF_LSTM = ("input", "forget", "candidate", "output", "cell", "hidden")
TRACED = {
    "lstm": _OF_LSTM,
    "gru": ("reset", "update", "candidate", "hidden"),
    "rnn": ("hidden",),
    "peephole": _OF_LSTM,
}


class StepwiseLayer(nn.Module):
    r"""A recurrent layer computed one step after the other.

    With :math:`a_t = W x_t + b` and :math:`r_t = U h_{t-1} + b'`, each of which
    `layer_norm` normalises over all its gates before the bias is added [1]_:

    .. math::
        \text{rnn} \quad & h_t = \tanh(a_t + r_t) \\
        \text{lstm} \quad & i, f, g, o = a_t + r_t \\
            & c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g), \quad
              h_t = \sigma(o) \tanh(c_t) \\
        \text{gru} \quad & s = \sigma(a^s + r^s), \; z = \sigma(a^z + r^z), \;
              n = \tanh(a^n + s\, r^n), \\
            & h_t = (1 - z)\, n + z\, h_{t-1}

    A peephole [2]_ adds :math:`p_i c_{t-1}` and :math:`p_f c_{t-1}` to the input and the
    forget gate of the LSTM, and :math:`p_o c_t` to its output gate. With `layer_norm`,
    :math:`c_t` is normalised before the last tanh.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn", "peephole"}
    input_size : int
        Features of a step.
    hidden_size : int
        Units.
    layer_norm : bool
        Whether the gates, and the cell state before it is read, are normalised.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Ba, J. L., Kiros, J. R. and Hinton, G. E. (2016). Layer normalization.
       arXiv:1607.06450.
    .. [2] Gers, F. A. and Schmidhuber, J. (2000). Recurrent nets that time and count.
       IJCNN.

    Examples
    --------
    >>> layer = StepwiseLayer("peephole", 3, 5, False, torch.float32)
    >>> hidden, _ = layer(torch.zeros(2, 7, 3))
    >>> hidden.shape
    torch.Size([2, 7, 5])
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        layer_norm: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        n_values = N_GATES[cell] * hidden_size
        self.weight_ih = _empty(n_values, input_size, dtype=dtype)
        self.weight_hh = _empty(n_values, hidden_size, dtype=dtype)
        self.bias_ih = _empty(n_values, dtype=dtype)
        self.bias_hh = _empty(n_values, dtype=dtype)
        self.peephole = _empty(3, hidden_size, dtype=dtype) if cell == "peephole" else None

        def norm(size: int) -> nn.Module:
            return make(nn.LayerNorm, size, dtype=dtype) if layer_norm else nn.Identity()

        self.norm_ih, self.norm_hh = norm(n_values), norm(n_values)
        self.norm_cell = norm(hidden_size) if self._has_cell_state else None

    def forward(
        self, x: Tensor, state: Tensor | tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, None]:
        """Give the hidden state at each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
        state : Tensor of shape (1, n_samples, hidden_size), two of them, or None
            Where to begin: the hidden state and, of an LSTM, the cell state; None is zero.

        Returns
        -------
        hidden : Tensor of shape (n_samples, n_timesteps, hidden_size)
        nothing : None
            In the place of the last state that torch's layers give.
        """
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        norms: Any = (self.norm_ih, self.norm_hh, self.norm_cell)
        if not isinstance(self.norm_ih, nn.LayerNorm):
            norms = None
        return hidden_states(self.cell, x, state, weights, norms, self.peephole), None

    def trace(self, x: Tensor) -> dict[str, Tensor]:
        """Give the gates and states at each step, from a state of zero on.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)

        Returns
        -------
        values : dict of str to Tensor of shape (n_samples, n_timesteps, hidden_size)
            By the names of `TRACED`.
        """
        steps = list(self._steps(x, None))
        return {
            name: torch.stack([values[name] for values in steps], dim=1)
            for name in TRACED[self.cell]
        }

    def _steps(
        self, x: Tensor, state: Tensor | tuple[Tensor, Tensor] | None
    ) -> Iterator[dict[str, Tensor]]:
        """Give the gates and the state after each step."""
        zero = x.new_zeros(len(x), self.hidden_size)
        if state is None:
            hidden, cell = zero, zero
        elif isinstance(state, tuple):
            hidden, cell = (part[0] for part in state)
        else:
            hidden, cell = state[0], zero
        step = {"gru": self._gru, "rnn": self._rnn}.get(self.cell, self._lstm)
        inputs = self.norm_ih(x @ self.weight_ih.T) + self.bias_ih
        for a in inputs.unbind(1):
            r = self.norm_hh(hidden @ self.weight_hh.T) + self.bias_hh
            values = step(a, r, hidden, cell)
            hidden, cell = values["hidden"], values.get("cell", cell)
            yield values

    def _rnn(self, a: Tensor, r: Tensor, hidden: Tensor, cell: Tensor) -> dict[str, Tensor]:
        return {"hidden": (a + r).tanh()}

    def _gru(self, a: Tensor, r: Tensor, hidden: Tensor, cell: Tensor) -> dict[str, Tensor]:
        (a_s, a_z, a_n), (r_s, r_z, r_n) = a.chunk(3, dim=1), r.chunk(3, dim=1)
        s, z = (a_s + r_s).sigmoid(), (a_z + r_z).sigmoid()
        n = (a_n + s * r_n).tanh()
        hidden = (1 - z) * n + z * hidden
        return {"reset": s, "update": z, "candidate": n, "hidden": hidden}

    def _lstm(
        self, a: Tensor, r: Tensor, hidden: Tensor, cell: Tensor
    ) -> dict[str, Tensor]:
        i, f, g, o = (a + r).chunk(4, dim=1)
        if self.peephole is not None:
            i, f = i + self.peephole[0] * cell, f + self.peephole[1] * cell
        i, f, g = i.sigmoid(), f.sigmoid(), g.tanh()
        cell = f * cell + i * g
        if self.peephole is not None:
            o = o + self.peephole[2] * cell
        o = o.sigmoid()
        assert self.norm_cell is not None
        hidden = o * self.norm_cell(cell).tanh()
        gates = {"input": i, "forget": f, "candidate": g, "output": o}
        return {**gates, "cell": cell, "hidden": hidden}

    @property
    def _has_cell_state(self) -> bool:
        return self.cell in ("lstm", "peephole")


def _empty(*shape: int, dtype: torch.dtype) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape, dtype=dtype, device="cpu"))
