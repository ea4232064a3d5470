"""States of networks and optimisers as arrays and plain values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def as_plain(value: Any) -> Any:
    """Replace tensors by arrays, and NumPy's scalars by Python's, in a nested value.

    Parameters
    ----------
    value : object
        Tensors, arrays, numbers and strings, in dictionaries, lists and tuples. Anything
        else stays as it is.

    Returns
    -------
    plain : object

    Examples
    --------
    >>> as_plain({"step": torch.tensor([1.0]), "rates": [np.float64(0.5)]})
    {'step': array([1.], dtype=float32), 'rates': [0.5]}
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_plain(item) for item in value]
    return tuple(map(as_plain, value)) if isinstance(value, tuple) else value


def as_tensors(value: Any) -> Any:
    """Replace arrays by tensors in a nested value.

    Parameters
    ----------
    value : object
        As `as_plain` gives it.

    Returns
    -------
    state : object
        Of tensors that own their memory.

    Examples
    --------
    >>> as_tensors({"step": np.ones(1, "float32")})
    {'step': tensor([1.])}
    """
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: as_tensors(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_tensors(item) for item in value]
    return tuple(map(as_tensors, value)) if isinstance(value, tuple) else value


def on_cpu(value: Any) -> Any:
    """Bring the tensors of a nested value to the CPU, and its containers to Python's own.

    Parameters
    ----------
    value : object
        As `as_plain` takes it.

    Returns
    -------
    state : object
        Its tensors share memory with those of the value, where these are on the CPU.

    Examples
    --------
    >>> from collections import OrderedDict
    >>> on_cpu(OrderedDict(step=torch.ones(1, requires_grad=True), rate=np.float64(0.5)))
    {'step': tensor([1.]), 'rate': 0.5}
    """
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: on_cpu(item) for key, item in value.items()}
    if isinstance(value, list):
        return [on_cpu(item) for item in value]
    return tuple(map(on_cpu, value)) if isinstance(value, tuple) else value


# Stands in a pickle for a user's own loss or optimiser.
OWN = "(own)"


def is_plain(value: Any) -> bool:
    """Tell whether a nested value is made of arrays and plain values alone.

    Examples
    --------
    >>> is_plain({"lr": [0.1, None]}), is_plain({"lr": [torch.optim.Adam]})
    (True, False)
    """
    if isinstance(value, dict):
        return all(is_plain(item) for item in (*value.keys(), *value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, str | bool | int | float | np.ndarray)


def plain_or_own(value: Any) -> Any:
    """Give a setting as it is, or what stands for one that is code."""
    if isinstance(value, list | tuple):
        return type(value)(plain_or_own(item) for item in value)
    return value if is_plain(value) else OWN


def is_same(setting: Any, other: Any) -> bool:
    """Compare settings; one that is code is taken for the one that a pickle left out.

    Examples
    --------
    >>> is_same("adam", "sgd"), is_same(OWN, torch.optim.Adam), is_same(OWN, "adam")
    (False, True, False)
    """
    if isinstance(setting, list | tuple) and isinstance(other, list | tuple):
        return len(setting) == len(other) and all(map(is_same, setting, other))
    if OWN in (setting, other):
        return not (is_plain(setting) and is_plain(other)) or setting == other
    return bool(setting == other)
