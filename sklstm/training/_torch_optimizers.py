"""Optimisers of torch, with less around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, NamedTuple

import torch
from torch import Tensor, optim
from torch.autograd import profiler
from torch.optim import optimizer

# Where torch names them otherwise, a step is taken as heard.
_GLOBAL_HOOKS = [
    getattr(optimizer, f"_global_optimizer_{kind}_hooks", True) for kind in ("pre", "post")
]


class Lean(optim.Optimizer):
    """An optimiser that computes what torch's own does, and is ready sooner.

    Torch tells its compiler to keep out of an optimiser, and imports it to say so: the
    first step in a process so takes longer than a short training. It also notes each step
    down for a profiler, which takes as long as the step of a small network.
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

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """Change the weights, as in the class that this one inherits from."""
        if self._is_heard():
            return self._heard_step(*args, **kwargs)
        return self._step(*args, **kwargs)

    # Tells torch that `step` calls the hooks itself.
    step.hooked = True  # type: ignore[attr-defined]

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        with torch.no_grad():
            return inspect.unwrap(super().step)(self, closure)

    @optim.Optimizer.profile_hook_step
    def _heard_step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step between what is to be called before and after it."""
        return self._step(closure)

    def _is_heard(self) -> bool:
        return bool(
            self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
            or any(_GLOBAL_HOOKS)
            or getattr(profiler, "_is_profiler_enabled", True)
        )


class Begun(NamedTuple):
    """What the fused kernel changes of a group of weights, once there is something.

    Attributes
    ----------
    averages : list of list of Tensor
        Of all weights: of the gradients, of their squares, and, with "amsgrad", the largest
        of these.
    numbers : Tensor of shape (n_weights,)
        Steps so far, of which `steps` are the elements.
    steps : list of Tensor of shape ()
    """

    averages: list[list[Tensor]]
    numbers: Tensor
    steps: list[Tensor]


class Adam(Lean, optim.Adam):
    """`torch.optim.Adam`.

    What torch does around its fused kernel takes longer than the kernel itself, where a
    network is small; here the kernel is called at once.
    """

    # Of each group, by its place; `_kept_then` tells whether it is still true.
    _begun: dict[int, Begun]
    _kept_then: Sequence[Any] = ()

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        scaled = hasattr(self, "grad_scale") or hasattr(self, "found_inf")
        if scaled or not all(group["fused"] for group in self.param_groups):
            return super()._step(closure)
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            # A user may have taken or changed some of it.
            if not _are_same(self._kept_then, self._kept()):
                self._begun = {}
            n_begun = len(self._begun)
            for place, group in enumerate(self.param_groups):
                self._update(place, group)
            if len(self._begun) > n_begun:
                self._kept_then = self._kept()
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
        begun = self._begun.get(place)
        if begun is not None:
            return begun
        values = self._all_values(group)
        # To count each weight's steps apart takes longer than to change a small weight.
        numbers = torch.stack(values[-1])
        steps = list(numbers.unbind())
        for weight, step in zip(values[0], steps, strict=True):
            self.state[weight]["step"] = step
        begun = self._begun[place] = Begun(values[2:-1], numbers, steps)
        return begun

    def _all_values(self, group: dict[str, Any]) -> list[list[Tensor]]:
        """Give weights that have gradients, these, their averages and numbers of steps."""
        values: list[list[Tensor]] = [[] for _ in range(6)]
        self._init_group(group, *values)
        return values

    def _kept(self) -> list[Any]:
        """Give all groups with their weights, and all that is kept of each weight."""
        groups = [
            one
            for group in self.param_groups
            for one in (group, group["amsgrad"], *group["params"])
        ]
        kept = [value for state in self.state.values() for value in state.values()]
        return [*groups, *self.state, *kept]


def _are_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


class AdamW(Adam, optim.AdamW):
    """`torch.optim.AdamW`."""


class RMSprop(Lean, optim.RMSprop):
    """`torch.optim.RMSprop`."""


class SGD(Lean, optim.SGD):
    """`torch.optim.SGD`."""
