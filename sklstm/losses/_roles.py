"""What the values are that a network gives for a target, and how units change them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

Role = Literal["location", "size", "scale", "shape"]
ROLES: tuple[str, ...] = get_args(Role)
# What lies on the scale of the target itself.
LOCATED: tuple[Role, ...] = ("location", "size")
# A plain prediction.
POINT: tuple[Role, ...] = ("location",)

# Least scale, in the units in which a network speaks: values that are all alike would draw
# it to 0, where a likelihood has no bound.
LEAST_LOG_SCALE = math.log(1e-3)
# Least size: the mean of counts is never quite 0.
LEAST_SIZE = 1e-6
# The more, the nearer to 0 a size follows what the network gives.
SHARPNESS = 10.0


def as_parameters(output: Tensor, roles: Sequence[Role]) -> Tensor:
    r"""Turn what a network gives into parameters.

    A "scale" is :math:`\exp(o)`, a "size" is :math:`\log(1 + \exp(10 o)) / 10`, which is
    :math:`o` but near 0, and both are positive. A "location" and a "shape" stay as they
    are.

    Parameters
    ----------
    output : Tensor of shape (..., n_outputs * n_parameters)
        The values of the first output, then those of the second, and so on.
    roles : sequence of Role of length n_parameters

    Returns
    -------
    parameters : Tensor of shape (..., n_outputs, n_parameters)

    Examples
    --------
    >>> as_parameters(torch.tensor([[2.0, 0.0]]), ["location", "scale"])
    tensor([[[2., 1.]]])
    """
    return by_role(of_each_target(output, len(roles)), roles)


def by_role(values: Tensor, roles: Sequence[Role]) -> Tensor:
    """Turn values of each target into parameters, as `as_parameters` does.

    Parameters
    ----------
    values : Tensor of shape (..., n_parameters)
    roles : sequence of Role of length n_parameters

    Returns
    -------
    parameters : Tensor of the same shape
    """
    if not {"scale", "size"} & set(roles):
        return values
    functions: dict[str, Callable[[Tensor], Tensor]]
    functions = {"scale": torch.exp, "size": as_size}
    parts = zip(roles, values.unbind(-1), strict=True)
    return torch.stack([functions.get(role, _same)(part) for role, part in parts], dim=-1)


def of_each_target(output: Tensor, n_parameters: int) -> Tensor:
    """Give the values of each target an axis of their own.

    Parameters
    ----------
    output : Tensor of shape (..., n_outputs * n_parameters)
    n_parameters : int

    Returns
    -------
    values : Tensor of shape (..., n_outputs, n_parameters)
    """
    n_outputs = output.shape[-1] // n_parameters
    return output.reshape(*output.shape[:-1], n_outputs, n_parameters)


def as_size(value: Tensor) -> Tensor:
    """Give a size, which is positive."""
    return functional.softplus(value, beta=SHARPNESS) + LEAST_SIZE


def places_of_scales(roles: Sequence[Role], output_size: int) -> Tensor | None:
    """Tell which values of a network are logarithms of scales.

    Parameters
    ----------
    roles : sequence of Role of length n_parameters
    output_size : int
        A multiple of `n_parameters`.

    Returns
    -------
    places : Tensor of bool of shape (output_size,) or None
        None if there is none.
    """
    if "scale" not in roles:
        return None
    is_scale = torch.tensor([role == "scale" for role in roles], device="cpu")
    return is_scale.repeat(output_size // len(roles))


def with_least_scale(output: Tensor, places: Tensor | None) -> Tensor:
    """Keep logarithms of scales above a least one, smoothly.

    Parameters
    ----------
    output : Tensor of shape (..., output_size)
    places : Tensor of bool of shape (output_size,) or None
        Of `places_of_scales`.

    Returns
    -------
    output : Tensor of the same shape
    """
    if places is None:
        return output
    # The logarithm of the sum of both scales.
    raised = functional.softplus(output - LEAST_LOG_SCALE) + LEAST_LOG_SCALE
    return torch.where(places, raised, output)


def in_units(parameters: Any, roles: Sequence[Role], mean: Any, scale: Any) -> Any:
    """Give the parameters of a target that is shifted and scaled.

    Parameters
    ----------
    parameters : Tensor or ndarray of shape (..., n_outputs, n_parameters)
    roles : sequence of Role of length n_parameters
        A "location" is shifted and scaled, a "size" and a "scale" are scaled, and a
        "shape" has no unit.
    mean, scale : float, Tensor or ndarray of shape (..., n_outputs)

    Returns
    -------
    parameters : Tensor or ndarray of the same shape

    Examples
    --------
    >>> in_units(torch.tensor([2.0, 1.0, 5.0]), ["location", "scale", "shape"], 10.0, 3.0)
    tensor([16.,  3.,  5.])
    """
    if set(roles) == {"location"}:
        return parameters * _for_each(scale) + _for_each(mean)
    changed = 1 * parameters
    for i, role in enumerate(roles):
        if role != "shape":
            changed[..., i] = changed[..., i] * scale
        if role == "location":
            changed[..., i] = changed[..., i] + mean
    return changed


def _for_each(value: Any) -> Any:
    """Give what belongs to an output to each of its parameters."""
    return value[..., None] if getattr(value, "ndim", 0) else value


def _same(value: Tensor) -> Tensor:
    return value
