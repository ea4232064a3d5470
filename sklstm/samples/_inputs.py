"""Checks of what users pass in; every message names the argument at fault."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse  # type: ignore[import-untyped]
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_array
from skorch.callbacks import Callback

from ..windows._features import refuse_times, unmasked
from ..windows._windows import Windows


def plain(value: Any) -> Any:
    """Give a NumPy scalar, as `numpy.arange` puts it into a grid, as Python's own.

    A list or an array becomes a tuple: nobody can change it later.

    Parameters
    ----------
    value : object

    Returns
    -------
    value : object

    Examples
    --------
    >>> import numpy as np
    >>> plain(np.int64(3)), plain("adam"), plain(np.arange(2))
    (3, 'adam', (0, 1))
    """
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(plain(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def read_sequences(estimator: Any, X: Any, *, reset: bool, name: str = "X") -> Windows:
    """Check X and read it as windows, without storing or scanning a window twice.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and, where X has names, `feature_names_in_`.
    X : array-like of shape (n_samples, n_timesteps[, n_features]) or Windows
    reset : bool
        Whether to learn the number of features rather than compare with it.
    name : str, default="X"
        The argument, for messages.

    Returns
    -------
    windows : Windows of shape (n_samples, n_timesteps, n_features)

    Raises
    ------
    TypeError
        If X is no array, data frame or nested list, or is sparse.
    ValueError
        If X has another number of dimensions or features, or holds infinity or times.
    """
    refuse_times(X, name)
    X = _as_array(unmasked(X), name)
    n_dims = getattr(X, "ndim", 2)
    if n_dims > 3:
        raise ValueError(
            f"{name} must have 2 dimensions (n_samples, n_timesteps) or 3 (n_samples,"
            f" n_timesteps, n_features). Got {n_dims} dimensions instead."
        )
    if not reset and n_dims in (2, 3) and n_dims != estimator._n_dims_in:
        raise ValueError(
            f"{name} must have {estimator._n_dims_in} dimensions, as in fit. Got {n_dims}"
            " dimensions instead."
        )
    windows = (_read_3d if n_dims == 3 else _read_2d)(estimator, X, reset, name)
    if reset:
        estimator._n_dims_in = n_dims
    return windows


def _as_array(X: Any, name: str) -> Any:
    """Give a nested list as an array; refuse what is neither list, array nor table."""
    if isinstance(X, np.ndarray) and X.dtype.kind == "f":
        return X
    if issparse(X):
        raise TypeError(f"{name} must be dense. Got a sparse array: use {name}.toarray().")
    is_row_of_objects = isinstance(X, np.ndarray) and X.dtype.kind == "O" and X.ndim == 1
    if isinstance(X, list | tuple) or is_row_of_objects:
        try:
            return np.asarray(list(X))
        except ValueError as error:
            raise ValueError(
                f"{name} must have sequences of one length. Got a list of unequal ones: put"
                " NaN before the shorter ones."
            ) from error
    if not any(hasattr(X, has) for has in ("__array__", "__dataframe__", "shape")):
        raise TypeError(
            f"{name} must be an array, a data frame or a nested list, of shape (n_samples,"
            f" n_timesteps) or (n_samples, n_timesteps, n_features). Got {X!r:.60} instead."
        )
    return X


def _read_2d(estimator: Any, X: Any, reset: bool, name: str) -> Windows:
    _check_feature_names(estimator, X, reset=reset)
    table = check_array(
        X,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        input_name=name,
        estimator=estimator,
    )
    _check_width(estimator, table, reset, name)
    return Windows.from_array(table)


def _read_3d(estimator: Any, X: Any, reset: bool, name: str) -> Windows:
    X = X if isinstance(X, Windows) else np.asarray(X)
    for size, axis in zip(X.shape, ("samples", "time steps", "features"), strict=True):
        if not size:
            raise ValueError(f"{name} must have at least 1 of its {axis}. Got {X.shape}.")
    windows = X if isinstance(X, Windows) else Windows.from_array(X)
    table = windows.table
    if table.dtype in (np.float32, np.float64):
        # Later the rows are checked when they are standardised.
        if reset:
            assert_all_finite(table, allow_nan=True, input_name=name)
    else:
        table = check_array(
            table, dtype=np.float64, ensure_all_finite="allow-nan", input_name=name
        )
    if reset or hasattr(estimator, "feature_names_in_"):
        _check_feature_names(estimator, table, reset=reset)
    _check_width(estimator, table, reset, name)
    return windows.over(table)


def _check_width(estimator: Any, table: NDArray[Any], reset: bool, name: str) -> None:
    """Learn the number of features, or refuse another."""
    if reset:
        _check_n_features(estimator, table, reset=True)
    elif table.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"{name} has {table.shape[1]} features, but {type(estimator).__name__} is"
            f" expecting {estimator.n_features_in_} features as input."
        )


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
    if isinstance(weight, Real):
        weight = np.full(len(windows), weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.shape != (len(windows),):
        raise ValueError(
            f"{name}.shape must be ({len(windows)},), one weight a sample. Got"
            f" {weight.shape} instead."
        )
    if (weight < 0).any():
        raise ValueError(f"{name} must not be negative. Got {weight.min()}.")
    if not weight.any():
        raise ValueError(f"{name} must have a weight above zero. Got only zeros.")
    return weight


def is_validation_given(arguments: dict[str, Any]) -> bool:
    """Tell whether the user brings samples to validate on; refuse a part of them.

    Parameters
    ----------
    arguments : dict of str to object
        "X_val" and "y_val", which belong together, and "sample_weight_val".

    Returns
    -------
    given : bool

    Raises
    ------
    ValueError
        If one of them lacks another that it needs.
    """
    given = [name for name, value in arguments.items() if value is not None]
    for name in ("X_val", "y_val") if given else ():
        if name not in given:
            raise ValueError(f"{name} must be given together with {given[0]}. Got None.")
    return bool(given)


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
    if not _holds_values(resolved):
        raise ValueError(
            f"device must be one of this machine, which has {torch.cuda.device_count()}"
            f" CUDA devices. Got {str(device)!r} instead."
        )
    return resolved


def _holds_values(device: torch.device) -> bool:
    """Tell whether tensors can be kept on a device: "meta" has their shapes alone."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ImportError):
        return False
    return device.type != "meta"


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
