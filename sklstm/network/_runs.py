"""A layer's way through all steps, and back: one for each cell.

Steps write into arrays that are laid out once. Backwards, each gradient of a step is that
of a state times a factor which is known after the way forward: so all factors are computed
at once, and a step is some products. The gradients of the weights are one product over all
steps. The equations themselves stand in `_stepwise`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_sigmoid_backward = torch.ops.aten.sigmoid_backward.default
_tanh_backward = torch.ops.aten.tanh_backward.default
_norm_backward = torch.ops.aten.native_layer_norm_backward.default

# That of torch.nn.LayerNorm.
EPSILON = 1e-5


class Norm:
    """A layer normalisation at each step of a run.

    Parameters
    ----------
    gain, bias : Tensor of shape (size,)
    """

    def __init__(self, gain: Tensor, bias: Tensor) -> None:
        self.gain, self.bias = gain, bias
        self._kept: list[tuple[Tensor, ...]] = []

    def forward(self, raw: Tensor) -> Tensor:
        """Normalise the values of the next step, of shape (n_samples, size)."""
        shape = self.gain.shape
        value, *moments = torch.native_layer_norm(raw, shape, self.gain, self.bias, EPSILON)
        self._kept.append((raw, *moments))
        return value

    def backward(self, step: int, gradient: Tensor) -> Tensor:
        """Give the gradient of what was normalised in a step."""
        return self._gradients(gradient, self._kept[step], [True, False, False])[0]

    def of_weights(self, gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Give those of gain and bias, from the gradients of all steps."""
        kept = [torch.cat(parts) for parts in zip(*self._kept, strict=True)]
        return self._gradients(gradients.flatten(0, 1), kept, [False, True, True])[1:]

    def _gradients(self, gradient: Tensor, kept: Any, wanted: list[bool]) -> Any:
        raw, mean, scale = kept
        shape = self.gain.shape
        return _norm_backward(
            gradient, raw, shape, mean, scale, self.gain, self.bias, wanted
        )


class Run:
    """A layer's way through all steps, and back.

    Parameters
    ----------
    inputs : Tensor of shape (n_timesteps, n_samples, n_values)
        What the inputs give to each value of a step, biases included.
    hidden : Tensor of shape (n_samples, hidden_size)
        Where it begins.
    weight : Tensor of shape (n_values, hidden_size)
        Of the hidden state before.
    norm : Norm or None
        Of what that weight gives.

    Attributes
    ----------
    hidden : Tensor of shape (n_timesteps + 1, n_samples, hidden_size)
        Before the first step, and after each.
    """

    def __init__(
        self, inputs: Tensor, hidden: Tensor, weight: Tensor, norm: Norm | None
    ) -> None:
        self.inputs = inputs
        self.hidden = _begin(hidden, len(inputs))
        self.weight, self.transposed = weight, weight.t()
        self.norm = norm
        # The gradient of the products of hidden states with the weight.
        self._of_products = weight.new_empty(0)

    def forward(self) -> None:
        """Go through all steps."""
        raise NotImplementedError

    def backward(self, seen: Tensor) -> dict[str, Tensor]:
        """Give the gradients of what the layer was given.

        Parameters
        ----------
        seen : Tensor of shape (n_timesteps, n_samples, hidden_size)
            Of the hidden states, by what reads them.

        Returns
        -------
        gradients : dict of str to Tensor
        """
        raise NotImplementedError

    def _sum(self, inputs: Tensor, hidden: Tensor, out: Tensor) -> None:
        """Add what inputs and hidden state give to the values of a step."""
        if self.norm is None:
            torch.addmm(inputs, hidden, self.transposed, out=out)
        else:
            torch.add(inputs, self.norm.forward(hidden @ self.transposed), out=out)

    def _back(self, step: int, gradient: Tensor, also: Tensor) -> Tensor:
        """Give the gradient of the hidden state before a step; something adds to it."""
        if self.norm is not None:
            gradient = self.norm.backward(step, gradient)
            self._of_products[step] = gradient
        return torch.addmm(also, gradient, self.weight)

    def _of_weights(self, gradients: Tensor) -> dict[str, Tensor]:
        """Give the gradients of the weight, and of the norm, from those of all steps."""
        found = {}
        if self.norm is None:
            self._of_products = gradients
        else:
            found["gain"], found["bias"] = self.norm.of_weights(gradients)
        found["weight"] = self._of_products.flatten(0, 1).t() @ self.hidden[:-1].flatten(
            0, 1
        )
        return found

    def _lay_out(self, gradients: Tensor) -> None:
        if self.norm is not None:
            self._of_products = torch.empty_like(gradients)


class RNNRun(Run):
    """The way through a plain recurrent layer."""

    def forward(self) -> None:
        """Go through all steps."""
        before, *after = self.hidden.unbind(0)
        for a, hidden in zip(self.inputs.unbind(0), after, strict=True):
            self._sum(a, before, hidden)
            before = hidden.tanh_()

    def backward(self, seen: Tensor) -> dict[str, Tensor]:
        """Give the gradients of what the layer was given."""
        gradients = 1 - self.hidden[1:] ** 2
        self._lay_out(gradients)
        of_step, seen_before = gradients.unbind(0), _before(seen)
        d_hidden = seen[-1]
        for t in reversed(range(len(of_step))):
            d_hidden = self._back(t, of_step[t].mul_(d_hidden), seen_before[t])
        return {"inputs": gradients, "hidden": d_hidden, **self._of_weights(gradients)}


class GRURun(Run):
    """The way through a layer of gated recurrent units.

    Parameters
    ----------
    bias : Tensor of shape (n_values,)
        Of what the weight gives; the norm's, where there is one.
    """

    def __init__(self, *args: Any, bias: Tensor) -> None:
        super().__init__(*args)
        self.bias = bias

    def forward(self) -> None:
        """Go through all steps."""
        size = self.weight.shape[1]
        self.gates = torch.empty_like(self.inputs)
        self.recurrent = torch.empty_like(self.inputs)
        both, reset, update, candidate = _views(self.gates, size)
        a_both, *_, a_candidate = _views(self.inputs, size)
        r_both, *_, r_candidate = _views(self.recurrent, size)
        before, *after = self.hidden.unbind(0)
        for t, hidden in enumerate(after):
            self._recur(before, self.recurrent[t])
            torch.add(a_both[t], r_both[t], out=both[t]).sigmoid_()
            torch.addcmul(
                a_candidate[t], reset[t], r_candidate[t], out=candidate[t]
            ).tanh_()
            before = torch.lerp(candidate[t], before, update[t], out=hidden)

    def _recur(self, hidden: Tensor, out: Tensor) -> None:
        if self.norm is None:
            torch.addmm(self.bias, hidden, self.transposed, out=out)
        else:
            out.copy_(self.norm.forward(hidden @ self.transposed))

    def backward(self, seen: Tensor) -> dict[str, Tensor]:
        """Give the gradients of what the layer was given."""
        reset, update, candidate = self.gates.chunk(3, dim=2)
        recurrent = self.recurrent.chunk(3, dim=2)[2]
        of_candidate = _tanh_backward(1 - update, candidate)
        factors = torch.stack(
            [
                _sigmoid_backward(of_candidate * recurrent, reset),
                _sigmoid_backward(self.hidden[:-1] - candidate, update),
                of_candidate * reset,
            ],
            dim=2,
        )
        of_recurrent = factors.flatten(2)
        self._lay_out(of_recurrent)
        of_gates, of_step, kept = (x.unbind(0) for x in (factors, of_recurrent, update))
        d_hidden, seen_before = seen[-1], _before(seen)
        for t in reversed(range(len(of_step))):
            of_gates[t].mul_(d_hidden[:, None])
            of_candidate[t].mul_(d_hidden)
            also = torch.addcmul(seen_before[t], d_hidden, kept[t])
            d_hidden = self._back(t, of_step[t], also)
        gradients = torch.cat([factors[:, :, :2].flatten(2), of_candidate], dim=2)
        found = {"inputs": gradients, "hidden": d_hidden, **self._of_weights(of_recurrent)}
        return {"bias": of_recurrent.sum((0, 1)), **found}


class LSTMRun(Run):
    """The way through a layer of an LSTM.

    Parameters
    ----------
    cell : Tensor of shape (n_samples, hidden_size)
        Where the cell state begins.
    peephole : Tensor of shape (3, hidden_size) or None
        What input, forget and output gate see of the cell state.
    norm_cell : Norm or None
        Of the cell state before it is read.
    """

    def __init__(
        self, *args: Any, cell: Tensor, peephole: Tensor | None, norm_cell: Norm | None
    ) -> None:
        super().__init__(*args)
        self.cell = _begin(cell, len(self.inputs))
        self.peephole, self.norm_cell = peephole, norm_cell

    def forward(self) -> None:
        """Go through all steps."""
        self.gates = torch.empty_like(self.inputs)
        self.read = torch.empty_like(self.hidden[1:])
        gates, inputs = self.gates.unbind(0), self.inputs.unbind(0)
        both, i, f, g, o = _views(self.gates, self.weight.shape[1])
        read, hidden, cell = (x.unbind(0) for x in (self.read, self.hidden, self.cell))
        for t in range(len(inputs)):
            self._sum(inputs[t], hidden[t], gates[t])
            if self.peephole is not None:
                i[t].addcmul_(cell[t], self.peephole[0])
                f[t].addcmul_(cell[t], self.peephole[1])
            both[t].sigmoid_()
            torch.mul(f[t], cell[t], out=cell[t + 1]).addcmul_(i[t], g[t].tanh_())
            if self.peephole is not None:
                o[t].addcmul_(cell[t + 1], self.peephole[2])
            now = cell[t + 1]
            if self.norm_cell is not None:
                now = self.norm_cell.forward(now)
            torch.mul(o[t].sigmoid_(), torch.tanh(now, out=read[t]), out=hidden[t + 1])

    def backward(self, seen: Tensor) -> dict[str, Tensor]:
        """Give the gradients of what the layer was given."""
        i, f, g, o = self.gates.chunk(4, dim=2)
        read, before = self.read, self.cell[:-1]
        factors = torch.stack(
            [
                _sigmoid_backward(g, i),
                _sigmoid_backward(before, f),
                _tanh_backward(i, g),
                _sigmoid_backward(read, o),
            ],
            dim=2,
        )
        gradients, of_read = factors.flatten(2), _tanh_backward(o, read)
        kept, peeped = self._through_peepholes(f, factors)
        self._lay_out(gradients)
        of_others, of_output = factors[:, :, :3].unbind(0), factors[:, :, 3].unbind(0)
        of_step, kept_of = gradients.unbind(0), kept.unbind(0)
        d_hidden, seen_before = seen[-1], _before(seen)
        d_cell = torch.zeros_like(d_hidden)
        for t in reversed(range(len(of_step))):
            d_cell = d_cell + self._of_cell(t, of_read[t].mul_(d_hidden))
            if peeped is not None:
                d_cell.addcmul_(d_hidden, peeped[t])
            of_output[t].mul_(d_hidden)
            of_others[t].mul_(d_cell[:, None])
            d_cell.mul_(kept_of[t])
            d_hidden = self._back(t, of_step[t], seen_before[t])
        return {
            "inputs": gradients,
            "hidden": d_hidden,
            "cell": d_cell,
            **self._of_weights(gradients),
            **self._of_states(gradients, of_read),
        }

    def _through_peepholes(
        self, f: Tensor, factors: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Give the factors of the cell state before and after a step."""
        if self.peephole is None:
            return f, None
        by_gate = factors * self.peephole[[0, 1, 1, 2]]
        return f + by_gate[:, :, 0] + by_gate[:, :, 1], by_gate[:, :, 3]

    def _of_cell(self, step: int, gradient: Tensor) -> Tensor:
        """Give the gradient of the cell state from that of what is read of it."""
        return (
            gradient if self.norm_cell is None else self.norm_cell.backward(step, gradient)
        )

    def _of_states(self, gradients: Tensor, of_read: Tensor) -> dict[str, Tensor]:
        """Give the gradients of what sees the cell state."""
        found = {}
        if self.norm_cell is not None:
            found["gain_cell"], found["bias_cell"] = self.norm_cell.of_weights(of_read)
        if self.peephole is not None:
            d_i, d_f, _, d_o = gradients.chunk(4, dim=2)
            before, after = self.cell[:-1], self.cell[1:]
            parts = (d_i * before, d_f * before, d_o * after)
            found["peephole"] = torch.stack([part.sum((0, 1)) for part in parts])
        return found


RUNS: dict[str, type[Run]] = {
    "rnn": RNNRun,
    "gru": GRURun,
    "lstm": LSTMRun,
    "peephole": LSTMRun,
}


def _begin(state: Tensor, n_steps: int) -> Tensor:
    """Lay out a state after each step, and set where it begins."""
    states = state.new_empty(n_steps + 1, *state.shape)
    states[0] = state
    return states


def _views(values: Tensor, size: int) -> list[tuple[Tensor, ...]]:
    """Give, step by step, the first two gates together, and then each by itself."""
    gates = (values[..., : 2 * size], *values.split(size, dim=2))
    return [gate.unbind(0) for gate in gates]


def _before(seen: Tensor) -> tuple[Tensor, ...]:
    """Give what reads the state before each step; nothing reads that before the first."""
    return torch.zeros_like(seen[0]), *seen.unbind(0)[:-1]
