"""The weights that come with the package."""

from __future__ import annotations

import copy
import os
from functools import cache
from pathlib import Path

from ...files._plain_file import read_plain, write_plain
from ...training import TrainedModel
from ._regressor import PretrainedRegressor

WEIGHTS = Path(__file__).with_name("weights.safetensors")
KIND = "pretrained forecaster"


def shipped() -> PretrainedRegressor:
    """Give the network that comes with the package.

    Returns
    -------
    regressor : PretrainedRegressor
        One of its own for each caller; all share the weights until one is trained further.
    """
    return copy.copy(_read())


@cache
def _read() -> PretrainedRegressor:
    return read_weights(WEIGHTS)


def read_weights(path: str | os.PathLike[str]) -> PretrainedRegressor:
    """Read a network from a file. Nothing that stands in it is run.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    regressor : PretrainedRegressor
    """
    state = read_plain(path, KIND)
    model: TrainedModel = object.__new__(TrainedModel)
    model.__setstate__(state["model"])
    regressor = PretrainedRegressor(**state["parameters"])
    regressor._model = model
    return regressor


def write_weights(path: str | os.PathLike[str], regressor: PretrainedRegressor) -> None:
    """Write a network to a file, without what its optimiser remembers.

    Parameters
    ----------
    path : path-like
    regressor : PretrainedRegressor
    """
    model = regressor._model.__getstate__()
    memory, course = dict(model["memory"]), dict(model["course"])
    memory["optimizer"] = {**memory["optimizer"], "state": {}}
    memory.update(history=[], n_forgotten=course["n_epochs"])
    course.update(loss_curve=[], validation_loss_curve=[])
    parameters = {
        name: value
        for name, value in regressor.get_params().items()
        if value is None or isinstance(value, str | bool | int | float | tuple)
    }
    model.update(memory=memory, course=course)
    write_plain(path, KIND, {"parameters": parameters, "model": model})
