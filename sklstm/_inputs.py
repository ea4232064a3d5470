"""Checks of what users pass in; every message names the argument at fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    check_array,
    validate_data,
)
from skorch.callbacks import Callback

from .windows._windows import Windows


def read_sequences(estimator: Any, X: Any, *, reset: bool) -> Windows:
    """Check X and read it as windows, without storing or scanning a window twice.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and, where X has names, `feature_names_in_`.
    X : array-like of shape (n_samples, n_timesteps[, n_features]) or Windows
    reset : bool
        Whether to learn the number of features rather than compare with it.

    Returns
    -------
    windows : Windows of shape (n_samples, n_timesteps, n_features)

    Raises
    ------
    ValueError
        If X has another number of dimensions or features, or holds infinity.
    """
    if isinstance(X, list | tuple):
        X = _array_of(X)
    n_dims = getattr(X, "ndim", 2)
    if n_dims > 3:
        raise ValueError(
            "X must have 2 dimensions (n_samples, n_timesteps) or 3 (n_samples,"
            f" n_timesteps, n_features). Got {n_dims} dimensions instead."
        )
    if not reset and n_dims in (2, 3) and n_dims != estimator._n_dims_in:
        raise ValueError(
            f"X must have {estimator._n_dims_in} dimensions, as in fit. Got {n_dims}"
            " dimensions instead."
        )
    if n_dims == 3:
        windows = _read_3d(estimator, X, reset=reset)
    else:
        X = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )
        windows = Windows.from_array(X)
    if reset:
        estimator._n_dims_in = n_dims
    return windows


def _array_of(X: Any) -> Any:
    """Give a nested list as an array if it is one; ragged lists fail later, by name."""
    try:
        return np.asarray(X)
    except ValueError:
        return X


def _read_3d(estimator: Any, X: Any, *, reset: bool) -> Windows:
    windows = X if isinstance(X, Windows) else Windows.from_array(_non_empty(np.asarray(X)))
    table = windows.table
    if table.dtype in (np.float32, np.float64):
        assert_all_finite(table, allow_nan=True, input_name="X")
    else:
        table = check_array(
            table, dtype=np.float64, ensure_all_finite="allow-nan", input_name="X"
        )
    if reset or hasattr(estimator, "feature_names_in_"):
        _check_feature_names(estimator, table, reset=reset)
    _check_n_features(estimator, table, reset=reset)
    return windows.over(table)


def _non_empty(X: NDArray[Any]) -> NDArray[Any]:
    for axis, name in enumerate(("samples", "time steps", "features")):
        if not X.shape[axis]:
            raise ValueError(f"X must have at least 1 of its {name}. Got shape {X.shape}.")
    return X


def read_sample_weight(
    weight: Any, windows: Windows, name: str = "sample_weight"
) -> NDArray[np.float64] | None:
    """Check the weights of samples.

    Parameters
    ----------
    weight : array-like of shape (n_samples,), float or None
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    name : str, default="sample_weight"
        The argument, for messages.

    Returns
    -------
    weight : ndarray of float of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If a weight is negative, not finite, or all are zero.
    """
    if weight is None:
        return None
    weight = _check_sample_weight(
        weight, windows.ends, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError(
            f"{name} must have a weight above 0. Got weights that are all zero."
        )
    return weight


def check_callbacks(callbacks: Any) -> None:
    """Refuse what skorch would fail on later, with a message that names no parameter.

    Parameters
    ----------
    callbacks : list of skorch callbacks, of their classes or of (name, callback), or None

    Raises
    ------
    TypeError
        If an entry is none of these.
    """
    for entry in callbacks or []:
        callback = entry[1] if isinstance(entry, tuple) and len(entry) == 2 else entry
        kind = callback if isinstance(callback, type) else type(callback)
        if not issubclass(kind, Callback):
            raise TypeError(
                "callbacks must be a list of skorch callbacks, such as"
                f" skorch.callbacks.EpochScoring. Got {callback!r} in it."
            )


def resolve_device(device: str | torch.device) -> torch.device:
    """Give the device that a name stands for, if this machine has it.

    Parameters
    ----------
    device : str or torch.device
        "auto" is the first GPU, or the CPU on a machine without one.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If the device is unknown or not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            "device must be 'cpu', 'auto' or another device that torch knows, such as"
            f" 'cuda' or 'cuda:1'. Got {device!r} instead."
        ) from error
    if resolved.type == "cuda" and (resolved.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device must be one of this machine, which has {torch.cuda.device_count()}"
            f" CUDA devices. Got {str(device)!r} instead."
        )
    if resolved.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError("device must be one of this machine. Got 'mps' instead.")
    return resolved


def draw_seed(random_state: Any) -> int:
    """Give one seed for all randomness; without a state it comes from the system.

    Parameters
    ----------
    random_state : int, RandomState instance or None

    Returns
    -------
    seed : int
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
