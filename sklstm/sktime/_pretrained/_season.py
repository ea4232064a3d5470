"""Seasons as means over the last periods, as far as these agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Periods that a season is learnt from, at most: seasons change.
MOST_PERIODS = 8

# How far a season is believed that was seen once.
BELIEF_IN_ONE = 0.5


@dataclass(frozen=True)
class Season:
    """A season of each series.

    Attributes
    ----------
    past : ndarray of shape (n_series, n_timesteps)
        What it adds to the steps of the past; 0 for series without a whole period.
    ahead : ndarray of shape (n_series, n_ahead)
        What it adds to the steps to come.
    last : ndarray of shape (n_series, n_ahead)
        For each step to come the value a whole number of periods before it, the last that
        is there; NaN for series without a whole period.
    strength : ndarray of shape (n_series,)
        How far the periods agree, in [0, 1].
    n_periods : ndarray of int of shape (n_series,)
        Whole periods that were seen, at most `MOST_PERIODS`.
    """

    past: Array
    ahead: Array
    last: Array
    strength: Array
    n_periods: Index


def find_season(y: Array, periods: NDArray[Any], n_past: int, n_ahead: int) -> Season:
    r"""Find the season of each series.

    From each of its last :math:`n` whole periods its mean is taken, and the line through
    these means. What is left, :math:`d_{br}` in period :math:`b` at phase :math:`r`, has
    the mean :math:`s_r` over the periods. It is believed as far as it is more than chance
    would make it [1]_:

    .. math:: \lambda = \max\left(0,\; 1 - \frac{\overline{\mathrm{var}_b(d_{br}) / n}}
        {\overline{s_r^2}}\right)

    and half where there is one period. The season is :math:`\lambda s_r`.

    Parameters
    ----------
    y : ndarray of shape (n_series, n_timesteps)
        The last step is that of the forecast origin. NaN before a series begins, and
        nowhere else.
    periods : ndarray of int of shape (n_series,)
        Steps of a period; below 2 is no season.
    n_past, n_ahead : int
        Steps to give of the past (the last ones) and of what is to come.

    Returns
    -------
    season : Season

    References
    ----------
    .. [1] James, W. & Stein, C. (1961). Estimation with quadratic loss. Proc. Fourth
       Berkeley Symposium, vol. 1.

    Examples
    --------
    >>> y = np.tile([1.0, 5.0, 3.0], 4)[None]
    >>> find_season(y, np.array([3]), n_past=3, n_ahead=4).ahead
    array([[-2.,  2.,  0., -2.]])
    """
    n = len(y)
    past, ahead = np.zeros((n, n_past)), np.zeros((n, n_ahead))
    last = np.full((n, n_ahead), np.nan)
    strength, n_periods = np.zeros(n), np.zeros(n, dtype=np.intp)
    counts = (~np.isnan(y)).sum(axis=1)
    for period in np.unique(periods[(periods > 1) & (periods <= counts)]):
        rows = np.flatnonzero((periods == period) & (counts >= period))
        whole = np.minimum(counts[rows] // period, MOST_PERIODS)
        blocks = y[rows, -whole.max() * period :].reshape(len(rows), -1, period)
        pattern, belief = _pattern(blocks, whole)
        phase = np.arange(-n_past, n_ahead) % period
        around = pattern[:, phase]
        past[rows], ahead[rows] = around[:, :n_past], around[:, n_past:]
        last[rows] = blocks[:, -1, phase[n_past:]]
        strength[rows], n_periods[rows] = belief, whole
    return Season(past, ahead, last, strength, n_periods)


def _pattern(blocks: Array, whole: Index) -> tuple[Array, Array]:
    """Give one period of the season, of shape (n, period), and how far it is believed."""
    _, n_blocks, period = blocks.shape
    used = np.arange(n_blocks) >= n_blocks - whole[:, None]
    blocks = np.where(used[:, :, None], blocks, 0.0)
    means = blocks.mean(axis=2)
    phase = np.arange(period) - (period - 1) / 2
    line = _slope(means, used)[:, None, None] * phase / period
    rest = np.where(used[:, :, None], blocks - means[:, :, None] - line, 0.0)
    pattern = rest.sum(axis=1) / whole[:, None]
    square = (np.where(used[:, :, None], rest - pattern[:, None], 0.0) ** 2).sum(axis=1)
    chance = square.mean(axis=1) / np.maximum(whole - 1, 1) / whole
    size = (pattern**2).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        belief = np.where(size > 0, 1 - chance / size, 0.0).clip(0, 1)
    belief = np.where(whole > 1, belief, BELIEF_IN_ONE)
    return belief[:, None] * pattern, belief


def _slope(means: Array, used: NDArray[np.bool_]) -> Array:
    """Give the slope of the line through the means of the periods that are used."""
    number = np.broadcast_to(np.arange(means.shape[1], dtype=float), means.shape)
    count = used.sum(axis=1, keepdims=True)
    centred = np.where(used, number - (used * number).sum(axis=1, keepdims=True) / count, 0)
    spread = (centred**2).sum(axis=1)
    slope: Array = (centred * means).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return slope
