"""The state of a trained model: what may be left out, and whether its parts fit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import Module

from ..files._codec import REMEDIES
from ..files._values import read_device
from ..training import OWN

State = dict[str, Any]


def without_training(state: State) -> State:
    """Leave out what is there only to go on with training.

    Parameters
    ----------
    state : dict
        Of a `TrainedModel`.

    Returns
    -------
    state : dict
    """
    memory = {**state["memory"], "optimizer": None, "criterion": {}, "history": []}
    return {**state, "memory": memory}


def check_trained(state: State, place: str) -> None:
    """Refuse a model whose outputs only code can read.

    Parameters
    ----------
    state : dict
    place : str

    Raises
    ------
    TypeError
        If it was trained with a loss of the user's own.
    """
    if OWN in state["memory"]["settings"]["loss"]:
        raise TypeError(
            f"{place} must have been trained with a loss that has a name, for a file holds"
            f" no code. Got one of your own. {REMEDIES['loss']}"
        )


def check_model(state: State) -> None:
    """Refuse what does not fit together before any memory is taken for it.

    Parameters
    ----------
    state : dict
        From a file.

    Raises
    ------
    ValueError
        If the network as described has more weights than the file, if a scaling is not one
        of its features or targets, or if there is no such device.
    """
    read_device(state["device"])
    architecture, weights = state["architecture"], state["weights"]
    arrays = [np.asarray(weight) for weight in weights.values()]
    n_weights = sum(array.size for array in arrays)
    if architecture["num_layers"] > len(arrays) or any(
        n > n_weights for n in _sizes(architecture)
    ):
        raise ValueError(f"the network must have the {n_weights} weights that are there")
    _check_scaling(state["encoding"]["scaling"], architecture["input_size"])
    targets = state["targets"]
    if targets.get("scaling") is not None:
        _check_scaling(targets["scaling"], targets["n_outputs"])


def check_weights(network: Module, state: State) -> None:
    """Refuse weights of another type: torch would make them of the right one.

    Parameters
    ----------
    network : torch.nn.Module
        Made of the state.
    state : dict
        From a file.

    Raises
    ------
    ValueError
        Naming the weight.
    """
    for name, weight in network.state_dict().items():
        given = state["weights"][name]
        if isinstance(weight, Tensor) and weight.cpu().numpy().dtype != given.dtype:
            raise ValueError(f"{name} must be of {weight.dtype}. Got {given.dtype}")


def _check_scaling(scaling: dict[str, Any], n: int) -> None:
    for name in ("mean", "scale"):
        part = scaling[name]
        is_fitting = isinstance(part, np.ndarray) and part.shape == (n,)
        if not is_fitting or part.dtype.kind != "f":
            raise ValueError("a scaling must have one number for each feature or target")


def _sizes(a: dict[str, Any]) -> Iterator[int]:
    """Give numbers of weights that a network of some architecture at least has."""
    hidden, outputs, features = a["hidden_size"], a["output_size"], a["input_size"]
    n_leads, n_known = a.get("future_shape", (0, 0))
    state = hidden * (2 if a["bidirectional"] else 1)
    read = features - len(a["categories"])
    chains = [[features], [a["num_layers"], hidden, hidden]]
    if a["convolution"] is not None:
        filters, kernels = list(a["conv_filters"]), a["conv_kernel_sizes"]
        pairs = pairwise([max(read, 1), *filters])
        chains += [[*pair, kernel] for pair, kernel in zip(pairs, kernels, strict=True)]
        chains.append([filters[-1], filters[-1] // 16])
        state += filters[-1] if a["convolution"] == "beside" else 0
        read = filters[-1] if a["convolution"] == "before" else read
    chains.append([max(read, 1), a["patch_length"], hidden])
    if a["categories"] and a["embedding_size"] is not None:
        chains.append([sum(map(len, a["categories"].values())), a["embedding_size"]])
    if a.get("decode", False):
        heads = [hidden, *a["head_sizes"], outputs // max(n_leads, 1)]
        chains.append([state, hidden])
    else:
        inner = list(a["head_sizes"]) or [state] * (n_known > 0)
        heads = [state + n_leads * n_known, *inner, outputs]
    chains += [list(pair) for pair in pairwise(heads)]
    if a.get("skip") is not None:
        length, n_periods, leads = a["skip"]
        chains.append([1 + (max(leads) - 1) // length, n_periods])
    for chain in chains:
        if not all(type(size) is int and size >= 0 for size in chain):
            raise ValueError(f"a size of a layer must be a number. Got {chain!r:.80}")
        yield prod(chain)
