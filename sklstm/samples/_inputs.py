"""Checks of what users pass in; every message names the argument at fault."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    _get_feature_names,
    check_array,
)
from skorch.callbacks import Callback

from ..windows._features import refuse_times, unmasked
from ..windows._windows import Windows
from ._encoding import Layout


def plain(value: Any) -> Any:
    """Give a NumPy scalar, as `numpy.arange` puts it into a grid, as Python's own.

    A list or an array, pandas' and polars' included, becomes a tuple: nobody can change
    it later.

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
    if isinstance(value, list | tuple) or (hasattr(value, "__array__") and np.ndim(value)):
        return tuple(plain(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def read_sequences(
    X: Any, estimator: Any, name: str = "X", *, like: Layout | None = None
) -> tuple[Windows, Layout]:
    """Check X and read it as windows, without storing or scanning a window twice.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_timesteps[, n_features]) or Windows
    estimator : estimator
        Whose name and, if X has to be like that of a fit, whose `feature_names_in_` stand
        in messages.
    name : str, default="X"
        The argument, for messages.
    like : Layout or None, default=None
        What X has to be like, if something was fitted before.

    Returns
    -------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    layout : Layout

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
    if like is not None and n_dims in (2, 3) and n_dims != like.n_dims:
        raise ValueError(
            f"{name} must have {like.n_dims} dimensions, as in fit. Got {n_dims}"
            " dimensions instead."
        )
    if n_dims == 3:
        windows = _read_3d(estimator, X, like, name)
        n_features_in, names = windows.shape[2], windows.names
        _check_same_names(names, like, name)
    else:
        names = _read_names(estimator, X, like)
        windows = _read_2d(estimator, X, name)
        n_features_in = windows.shape[1]
    layout = Layout(n_dims, n_features_in, names)
    if like is not None and n_features_in != like.n_features_in:
        raise ValueError(
            f"{name} has {n_features_in} features, but {type(estimator).__name__} is"
            f" expecting {like.n_features_in} features as input."
        )
    return windows, layout


def refuse_gradients(value: Any, name: str) -> None:
    """Refuse tensors that are to be differentiated: nothing flows back into them.

    Parameters
    ----------
    value : object
    name : str
        The argument, for the message.

    Raises
    ------
    TypeError
        If it is such a tensor.
    """
    if getattr(value, "requires_grad", False):
        raise TypeError(
            f"{name} must be data. Got a tensor that requires gradients: use"
            f" {name}.detach()."
        )


def _as_array(X: Any, name: str) -> Any:
    """Give a nested list as an array; refuse what is neither list, array nor table."""
    if isinstance(X, np.ndarray | Windows) and X.dtype.kind == "f":
        return X
    refuse_gradients(X, name)
    if issparse(X):
        raise TypeError(f"{name} must be dense. Got a sparse array: use {name}.toarray().")
    is_row_of_objects = isinstance(X, np.ndarray) and X.dtype.kind == "O" and X.ndim == 1
    if isinstance(X, list | tuple) or is_row_of_objects:
        try:
            X = np.asarray(list(X))
        except ValueError as error:
            raise ValueError(
                f"{name} must have sequences of one length. Got a list of unequal ones:"
                " sklstm.pad_sequences fills the shorter ones up with NaN, which counts"
                " nothing."
            ) from error
    if not any(hasattr(X, has) for has in ("__array__", "__dataframe__", "shape")):
        raise TypeError(
            f"{name} must be an array, a data frame or a nested list, of shape (n_samples,"
            f" n_timesteps) or (n_samples, n_timesteps, n_features). Got {X!r:.60} instead."
        )
    if isinstance(X, np.ndarray) and _holds_text(X):
        raise ValueError(
            f"{name} must be numbers. Got text: give each word a number from 0, the same"
            " one wherever it stands, and name the feature in categorical_features."
        )
    return X


def _holds_text(X: NDArray[Any]) -> bool:
    if X.dtype.kind != "O":
        return X.dtype.kind in "US"
    return isinstance(next(X.flat, None), str)


def _read_names(estimator: Any, X: Any, like: Layout | None) -> NDArray[Any] | None:
    """Give the names of the columns, if X has any; compare them with those of a fit."""
    if like is not None:
        _check_feature_names(estimator, X, reset=False)
    names: NDArray[Any] | None = _get_feature_names(X)
    return names


def _check_same_names(names: Any, like: Layout | None, argument: str) -> None:
    """Refuse features of other names than in fit, where both have names."""
    fitted = None if like is None else like.feature_names_in
    if fitted is not None and names is not None and list(names) != list(fitted):
        raise ValueError(
            f"{argument} must have the features seen in fit, {list(fitted)}, in this order."
            f" Got {list(names)}."
        )


def _read_2d(estimator: Any, X: Any, name: str) -> Windows:
    table = check_array(
        X,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        input_name=name,
        estimator=estimator,
    )
    return Windows.from_array(table)


def _read_3d(estimator: Any, X: Any, like: Layout | None, name: str) -> Windows:
    X = X if isinstance(X, Windows) else np.asarray(X)
    for size, axis in zip(X.shape, ("samples", "time steps", "features"), strict=True):
        if not size:
            raise ValueError(f"{name} must have at least 1 of its {axis}. Got {X.shape}.")
    windows = X if isinstance(X, Windows) else Windows.from_array(X)
    table = windows.table
    if table.dtype in (np.float32, np.float64):
        # Later the rows are checked when they are standardised.
        if like is None:
            assert_all_finite(table, allow_nan=True, input_name=name)
    else:
        table = check_array(
            table, dtype=np.float64, ensure_all_finite="allow-nan", input_name=name
        )
    return windows.over(table)


def read_sample_weight(
    weight: Any,
    windows: Windows,
    name: str = "sample_weight",
    *,
    per_step: bool = False,
) -> NDArray[np.float64] | None:
    """Check the weights of samples, or of steps.

    Parameters
    ----------
    weight : array-like of shape (n_samples,), float or None
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    name : str, default="sample_weight"
        The argument, for messages.
    per_step : bool, default=False
        Whether it may be of shape (n_samples, n_timesteps).

    Returns
    -------
    weight : ndarray of float of shape (n_samples,) or (n_samples, n_timesteps), or None

    Raises
    ------
    ValueError
        If a weight is negative, not finite, or all are zero.
    """
    if weight is None:
        return None
    refuse_gradients(weight, name)
    if isinstance(weight, Real):
        weight = np.full(len(windows), weight)
    try:
        weight = unmasked(weight)
        weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    except (TypeError, ValueError) as error:
        if name in str(error):
            raise
        raise ValueError(f"{name} must be one number per sample: {error}") from error
    allowed = [(len(windows),), windows.shape[:2]] if per_step else [(len(windows),)]
    if weight.shape not in allowed:
        or_step = f", or {windows.shape[:2]}, one per step" if per_step else ""
        raise ValueError(
            f"{name}.shape must be ({len(windows)},), one weight per sample{or_step}. Got"
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
