"""Optimisers of torch that do not import its compiler."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

import torch
from torch import Tensor, optim


class WithoutCompiler(optim.Optimizer):
    """An optimiser that computes what torch's own does, and is ready sooner.

    Torch tells its compiler to keep out of an optimiser, and imports it to say so: the
    first step in a process so takes longer than a short training.
    """

    add_param_group = inspect.unwrap(optim.Optimizer.add_param_group)
    state_dict = inspect.unwrap(optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(optim.Optimizer.load_state_dict)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or make them zero."""
        if not set_to_none:
            inspect.unwrap(super().zero_grad)(self, set_to_none)
            return
        for group in self.param_groups:
            for weight in group["params"]:
                weight.grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the weights, as in the class that this one inherits from."""
        with torch.no_grad():
            return inspect.unwrap(super().step)(self, closure)


class Begun(NamedTuple):
    """What the fused kernel changes of a group of weights, once there is something.

    Attributes
    ----------
    weights : list of Tensor
    kept : list of list of Tensor
        What the optimiser keeps of each: the number of steps, and the averages.
    averages : list of list of Tensor
        These averages, of all weights: of the gradients, of their squares, and, with
        "amsgrad", the largest of these.
    numbers : Tensor of shape (n_weights,)
        Steps so far, of which `steps` are the elements.
    steps : list of Tensor of shape ()
    """

    weights: list[Tensor]
    kept: list[list[Tensor]]
    averages: list[list[Tensor]]
    numbers: Tensor
    steps: list[Tensor]


class Adam(WithoutCompiler, optim.Adam):
    """`torch.optim.Adam`.

    What torch does around its fused kernel takes longer than the kernel itself, where a
    network is small; here the kernel is called at once.
    """

    _begun: dict[int, Begun] | None = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the weights, as torch's own does."""
        scaled = hasattr(self, "grad_scale") or hasattr(self, "found_inf")
        if scaled or not all(group["fused"] for group in self.param_groups):
            return super().step(closure)
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for place, group in enumerate(self.param_groups):
                self._update(place, group)
        return loss

    def _update(self, place: int, group: dict[str, Any]) -> None:
        weights = group["params"]
        gradients = [weight.grad for weight in weights]
        if any(gradient is None for gradient in gradients):
            values = self._all_values(group)
            if not values[0]:
                return
            torch._foreach_add_(values[-1], 1)
        else:
            begun = self._begin(place, group)
            begun.numbers.add_(1)
            values = [weights, gradients, *begun.averages, begun.steps]
        adamw = group["decoupled_weight_decay"]
        (torch._fused_adamw_ if adamw else torch._fused_adam_)(
            *values,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=group["amsgrad"],
            maximize=group["maximize"],
        )

    def _begin(self, place: int, group: dict[str, Any]) -> Begun:
        """Give what the kernel changes of a group, all of whose weights have gradients."""
        if self._begun is None:
            self._begun = {}
        begun = self._begun.get(place)
        kept = [self._kept(weight, group["amsgrad"]) for weight in group["params"]]
        if (
            begun is not None
            and _are_same(begun.weights, group["params"])
            and all(map(_are_same, begun.kept, kept))
        ):
            return begun
        values = self._all_values(group)
        # To count each weight's steps apart takes longer than to change a small weight.
        numbers = torch.stack(values[-1])
        steps = list(numbers.unbind())
        for weight, step in zip(values[0], steps, strict=True):
            self.state[weight]["step"] = step
        kept = [self._kept(weight, group["amsgrad"]) for weight in values[0]]
        begun = Begun(values[0], kept, values[2:-1], numbers, steps)
        self._begun[place] = begun
        return begun

    def _all_values(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """Give weights that have gradients, these, their averages and numbers of steps."""
        values: list[list[Tensor]] = [[] for _ in range(6)]
        self._init_group(group, *values)
        return values

    def _kept(self, weight: Tensor, amsgrad: bool) -> list[Any]:
        # A user may have taken or changed some of it.
        state = self.state.get(weight, {})
        kept = [state.get("step"), state.get("exp_avg"), state.get("exp_avg_sq")]
        return [*kept, state.get("max_exp_avg_sq")] if amsgrad else kept


def _are_same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


class AdamW(Adam, optim.AdamW):
    """`torch.optim.AdamW`."""


class RMSprop(WithoutCompiler, optim.RMSprop):
    """`torch.optim.RMSprop`."""


class SGD(WithoutCompiler, optim.SGD):
    """`torch.optim.SGD`."""
