"""The steps of a recurrent layer as one operation, which knows its gradients.

Autograd notes down each operation of each step, and then goes through its notes. Here a
layer is one operation; `_runs` has its steps.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ._runs import RUNS, Norm


def hidden_states(
    kind: str,
    x: Tensor,
    state: Tensor | tuple[Tensor, Tensor] | None,
    weights: tuple[Tensor, Tensor, Tensor, Tensor],
    norms: tuple[nn.LayerNorm, nn.LayerNorm, nn.LayerNorm | None] | None = None,
    peephole: Tensor | None = None,
) -> Tensor:
    """Give the hidden state of a layer after each step.

    Parameters
    ----------
    kind : {"lstm", "gru", "rnn", "peephole"}
    x : Tensor of shape (n_samples, n_timesteps, input_size)
    state : Tensor of shape (1, n_samples, hidden_size), two of them, or None
        Where to begin: the hidden state and, of an LSTM, the cell state; None is zero.
    weights : tuple of Tensor (weight_ih, weight_hh, bias_ih, bias_hh)
        As torch's layers have them.
    norms : tuple of LayerNorm or None, default=None
        Of what inputs give, of what hidden states give, and of the cell state.
    peephole : Tensor of shape (3, hidden_size) or None, default=None
        What input, forget and output gate see of the cell state.

    Returns
    -------
    hidden : Tensor of shape (n_samples, n_timesteps, hidden_size)
        It can be differentiated once.
    """
    if torch.is_autocast_enabled(x.device.type):
        with torch.autocast(x.device.type, enabled=False):
            return hidden_states(
                kind, x.to(weights[0].dtype), state, weights, norms, peephole
            )
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    x = x.transpose(0, 1)
    bias: Tensor | None = bias_hh
    gain = gain_cell = bias_cell = None
    if norms is not None:
        norm_ih, norm_hh, norm_cell = norms
        inputs = norm_ih(F.linear(x, weight_ih)) + bias_ih
        gain, bias = norm_hh.weight, norm_hh.bias + bias_hh
        if norm_cell is not None:
            gain_cell, bias_cell = norm_cell.weight, norm_cell.bias
    elif kind == "gru":  # whose reset gate acts on the bias, too
        inputs = F.linear(x, weight_ih, bias_ih)
    else:
        inputs, bias = F.linear(x, weight_ih, bias_ih + bias_hh), None
    if isinstance(state, tuple):
        hidden, cell = state[0][0], state[1][0]
    elif state is None:
        hidden = cell = x.new_zeros(x.shape[1], weight_hh.shape[1])
    else:
        hidden, cell = state[0], torch.zeros_like(state[0])
    arguments = (
        inputs,
        hidden,
        weight_hh,
        gain,
        bias,
        cell,
        peephole,
        gain_cell,
        bias_cell,
    )
    return Recurrence.apply(kind, *arguments).transpose(0, 1)  # type: ignore[no-any-return]


# What `Recurrence.apply` takes after the name of the cell.
_ARGUMENTS = (
    "inputs",
    "hidden",
    "weight",
    "gain",
    "bias",
    "cell",
    "peephole",
    "gain_cell",
    "bias_cell",
)


class Recurrence(torch.autograd.Function):
    """All steps of a layer as one operation, which can be differentiated once.

    ``apply(kind, *arguments)`` gives the hidden states after each step, of shape
    (n_timesteps, n_samples, hidden_size).
    """

    @staticmethod
    def forward(ctx: Any, kind: str, *arguments: Tensor | None) -> Tensor:
        """Go through all steps; `arguments` are those of `_ARGUMENTS`, or None."""
        of: dict[str, Any] = dict(zip(_ARGUMENTS, arguments, strict=True))
        norm = None if of["gain"] is None else Norm(of["gain"], of["bias"])
        norm_cell = (
            None if of["gain_cell"] is None else Norm(of["gain_cell"], of["bias_cell"])
        )
        of_cell: dict[str, Any] = {
            "rnn": {},
            "gru": {"bias": of["bias"]},
            "lstm": {"cell": of["cell"], "peephole": None, "norm_cell": norm_cell},
        }
        of_cell["peephole"] = of_cell["lstm"] | {"peephole": of["peephole"]}
        run = RUNS[kind](of["inputs"], of["hidden"], of["weight"], norm, **of_cell[kind])
        run.forward()
        # What only the way forward needs goes now, and what that back needs after it.
        run.inputs = run.inputs.new_empty(0)
        ctx.run, tensors = taken_apart(run)
        ctx.save_for_backward(*tensors)
        return run.hidden[1:].clone()

    @staticmethod
    def backward(ctx: Any, seen: Tensor) -> Any:
        """Give the gradients of the arguments."""
        if torch.is_grad_enabled():
            raise RuntimeError(
                "create_graph must be False: recurrent layers are differentiated once."
            )
        run = put_together(ctx.run, ctx.saved_tensors)
        gradients = run.backward(seen)
        return None, *map(gradients.get, _ARGUMENTS)


Parts = tuple[type, dict[str, Any]]


def taken_apart(run: Any) -> tuple[Parts, list[Tensor]]:
    """Take the tensors out of a run, or of a norm, for autograd to keep.

    Parameters
    ----------
    run : Run or Norm

    Returns
    -------
    parts : tuple of (class, attributes)
        With the place of a tensor in the list for each that was there.
    tensors : list of Tensor
    """
    parts: dict[str, Any] = {}
    tensors: list[Tensor] = []
    for name, value in vars(run).items():
        if isinstance(value, Norm):
            inside, kept = taken_apart(value)
            parts[name] = (inside, slice(len(tensors), len(tensors) + len(kept)))
            tensors += kept
        elif isinstance(value, Tensor):
            parts[name] = len(tensors)
            tensors.append(value)
        elif isinstance(value, list):  # what a norm keeps of each step
            parts[name] = []
            for step in value:
                parts[name].append(slice(len(tensors), len(tensors) + len(step)))
                tensors += step
        else:
            parts[name] = None
    return (type(run), parts), tensors


def put_together(parts: Parts, tensors: Any) -> Any:
    """Give the run, or the norm, that was taken apart."""
    kind, attributes = parts
    run: Any = object.__new__(kind)
    for name, place in attributes.items():
        if isinstance(place, tuple):
            value: Any = put_together(place[0], tensors[place[1]])
        elif isinstance(place, list):
            value = [tensors[step] for step in place]
        else:
            value = None if place is None else tensors[place]
        vars(run)[name] = value
    return run
