"""Quantiles between known ones, on straight lines over the scale of normal quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[Any]


def between_levels(values: Array, known: Array, levels: Array) -> Array:
    """Read quantiles off the lines, by their levels.

    Parameters
    ----------
    values : ndarray of shape (..., n_known)
        Quantiles in ascending order.
    known : ndarray of shape (n_known,)
        Normal quantiles of their levels.
    levels : ndarray of shape (n_levels,) or (..., n_levels)

    Returns
    -------
    quantiles : ndarray of shape (..., n_levels)
    """
    return at_normal(values, known, ndtri(levels))


def at_normal(values: Array, known: Array, wanted: Array) -> Array:
    """Read quantiles off the lines, by the normal quantiles of their levels.

    Parameters
    ----------
    values : ndarray of shape (..., n_known)
        Quantiles in ascending order.
    known : ndarray of shape (n_known,)
        Normal quantiles of their levels.
    wanted : ndarray of shape (n_wanted,) or (..., n_wanted)

    Returns
    -------
    quantiles : ndarray of shape (..., n_wanted)

    Examples
    --------
    >>> known = np.array([-1.0, 0.0, 1.0])
    >>> at_normal(np.array([5.0, 10.0, 30.0]), known, np.array([-2.0, 0.5, 2.0]))
    array([ 0., 20., 50.])
    """
    left = np.searchsorted(known[1:-1], wanted, side="right")
    share = (wanted - known[left]) / (known[left + 1] - known[left])
    left = np.broadcast_to(left, (*values.shape[:-1], left.shape[-1]))
    low, high = (np.take_along_axis(values, left + i, axis=-1) for i in (0, 1))
    return low + share * (high - low)


def normal_of(values: Array, known: Array, x: Array) -> tuple[Array, Array]:
    """Find the normal quantile of the level at which a value lies: `at_normal` inverted.

    Of quantiles that are one and the same it is that of the highest level.

    Parameters
    ----------
    values : ndarray of shape (..., n_known)
        Quantiles in ascending order.
    known : ndarray of shape (n_known,)
        Normal quantiles of their levels.
    x : ndarray of shape (...)

    Returns
    -------
    normal : ndarray of shape (...)
        Infinite where x lies beside a line that does not rise.
    slope : ndarray of shape (...)
        Of the line on which it lies.

    Examples
    --------
    >>> values, known = np.array([[5.0, 10.0, 30.0]]), np.array([-1.0, 0.0, 1.0])
    >>> normal_of(values, known, np.array([20.0]))
    (array([0.5]), array([20.]))
    """
    inner = values[..., 1:-1]
    left = (np.asarray(x)[..., None] >= inner).sum(axis=-1, keepdims=True)
    low, high = (np.take_along_axis(values, left + i, axis=-1) for i in (0, 1))
    low_z, high_z = known[left], known[left + 1]
    slope = ((high - low) / (high_z - low_z))[..., 0]
    rise = np.asarray(x) - low[..., 0]
    step = np.where(rise < 0, -np.inf, np.inf)
    safe = np.where(slope > 0, slope, 1.0)
    with np.errstate(over="ignore"):  # a line that hardly rises
        return np.where(slope > 0, low_z[..., 0] + rise / safe, step), slope
