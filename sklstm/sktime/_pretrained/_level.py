"""Where a series stands, where it is heading, and how large its changes are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Weight of each step beside the one after it: for the level, and for the slope.
LEVEL_DECAY = 0.5
SLOPE_DECAY = 0.85

# The unit is no smaller than this share of the scale, and needs so many changes.
LEAST_UNIT, LEAST_CHANGES = 0.02, 3

# Steps that the slope is learnt from, and how much of it goes on at each step ahead.
SLOPE_STEPS = 32
DAMPING = 0.98


@dataclass(frozen=True)
class Level:
    """The level of each series at the forecast origin, and its line from there.

    Attributes
    ----------
    at_end : ndarray of shape (n_series,)
    line : ndarray of shape (n_series, n_ahead)
        What the slope adds at each step to come.
    """

    at_end: Array
    line: Array


def find_level(y: Array, n_ahead: int) -> Level:
    r"""Smooth the last values, along a slope that is believed as far as it is sure.

    With the weighted mean :math:`\bar\delta` and variance :math:`v` of the last changes,
    and :math:`n` as many equal weights as these are worth, the slope is
    :math:`\max(0, 1 - v / ((n - 1) \bar\delta^2))\, \bar\delta`. It is damped ahead.

    Parameters
    ----------
    y : ndarray of shape (n_series, n_timesteps)
        Without season. NaN before a series begins, and nowhere else.
    n_ahead : int

    Returns
    -------
    level : Level

    Examples
    --------
    >>> level = find_level(np.arange(50.0)[None], n_ahead=2)
    >>> level.at_end.round(3), level.line
    (array([49.]), array([[0.98  , 1.9404]]))
    """
    change = np.diff(y[:, -SLOPE_STEPS - 1 :], axis=1)
    mean, variance, worth = _weighted(change, SLOPE_DECAY)
    with np.errstate(divide="ignore", invalid="ignore"):
        belief = 1 - variance / (np.maximum(worth - 1, 0) * mean**2)
    slope = np.where(np.isfinite(belief), belief.clip(0, 1), 0.0) * mean
    recent = y[:, -SLOPE_STEPS:]
    ago = np.arange(recent.shape[1] - 1, -1, -1)
    at_end = _weighted(recent + slope[:, None] * ago, LEVEL_DECAY)[0]
    line = np.cumsum(DAMPING ** np.arange(1, n_ahead + 1))
    return Level(at_end, slope[:, None] * line)


def _weighted(x: Array, decay: float) -> tuple[Array, Array, Array]:
    """Give the weighted mean and variance of each row, and what the weights are worth."""
    there = ~np.isnan(x)
    weight = np.where(there, decay ** np.arange(x.shape[1] - 1, -1, -1), 0.0)
    x = np.where(there, x, 0.0)
    total = np.maximum(weight.sum(axis=1), 1e-300)
    mean = (weight * x).sum(axis=1) / total
    variance = (weight * (x - mean[:, None]) ** 2).sum(axis=1) / total
    worth = total**2 / np.maximum((weight**2).sum(axis=1), 1e-300)
    return mean, variance, worth


def find_scale(y: Array, periods: NDArray[np.intp], observed: NDArray[np.bool_]) -> Array:
    """Give the mean absolute change from the value a period before.

    It is the error of a seasonal naive forecast in sample, by which the mean absolute
    scaled error divides. Where that is next to nothing it is a small share of the
    deviation; where that is nothing, 1.

    Parameters
    ----------
    y : ndarray of shape (n_series, n_timesteps)
        NaN before a series begins, and nowhere else.
    periods : ndarray of int of shape (n_series,)
        Series with fewer than two values more than this are compared step by step.
    observed : ndarray of bool of shape (n_series, n_timesteps)
        Values that are no stand-ins.

    Returns
    -------
    scale : ndarray of shape (n_series,)
        Above 0.

    Examples
    --------
    >>> y = np.array([[1.0, 5.0, 2.0, 6.0, 3.0]])
    >>> find_scale(y, np.array([2]), y > 0)
    array([1.])
    """
    counts = (~np.isnan(y)).sum(axis=1)
    periods = np.where((periods < 1) | (counts < periods + 2), 1, periods)
    scale = np.zeros(len(y))
    for period in np.unique(periods[counts > periods]):
        rows = np.flatnonzero((periods == period) & (counts > period))
        both = observed[rows, period:] & observed[rows, :-period]
        change = np.abs(np.where(both, y[rows, period:] - y[rows, :-period], 0.0))
        scale[rows] = change.sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    values = np.where(observed, y, np.nan)
    scale = np.maximum(scale, 0.02 * np.nanstd(values, axis=1))
    return np.where(scale > 0, scale, 1.0)


def find_unit(rest: Array, scale: Array, observed: NDArray[np.bool_]) -> Array:
    """Give the size of what cannot be foreseen in a step, as far as it shows.

    It is the mean absolute deviation of the changes from their mean, or from the change
    before (over the root of 2) where that is less, as for a line that bends. For series
    with little noise about a season or a line it is far below the scale.

    Parameters
    ----------
    rest : ndarray of shape (n_series, n_timesteps)
        Without season. NaN before a series begins, and nowhere else.
    scale : ndarray of shape (n_series,)
        The unit is at most this, and is this where there are fewer than `LEAST_CHANGES`.
    observed : ndarray of bool of shape (n_series, n_timesteps)
        Values that are no stand-ins.

    Returns
    -------
    unit : ndarray of shape (n_series,)

    Examples
    --------
    >>> y = np.array([[1.0, 2.0, 3.0, 4.0, 6.0], [0.0, 8.0, 0.0, 8.0, 0.0]])
    >>> find_unit(y, np.array([1.25, 4.0]), y >= 0).round(3)
    array([0.236, 4.   ])
    """
    values = np.where(observed, rest, np.nan)
    change = np.diff(values, axis=1)
    there = ~np.isnan(change)
    n_changes = there.sum(axis=1)
    mean = np.where(there, change, 0.0).sum(axis=1) / np.maximum(n_changes, 1)
    about_mean = _mean_size(change - mean[:, None])
    about_last = _mean_size(np.diff(change, axis=1)) / np.sqrt(2)
    unit = np.fmin(about_mean, about_last).clip(LEAST_UNIT * scale, scale)
    moves = np.where(there, change != 0, False).any(axis=1)
    return np.where((n_changes >= LEAST_CHANGES) & moves, unit, scale)


def _mean_size(x: Array) -> Array:
    """Give the mean absolute value of each row; NaN where there is none."""
    there = ~np.isnan(x)
    count = there.sum(axis=1)
    total = np.where(there, np.abs(x), 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
