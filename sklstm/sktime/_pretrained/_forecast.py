"""Forecasts of any number of steps, with their quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ...losses import between_levels
from ._histories import MOST_STEPS
from ._regressor import PretrainedRegressor
from ._view import HORIZON, view_of

Array = NDArray[np.float64]

# Paths by which a forecast goes on beyond what the network gives at once, the levels at
# which each says what comes, and the part of a path's chance that is the same at all steps.
N_PATHS = 32
N_LEVELS = 15
SHARED = 0.9

# A series with so many zeros, and nothing on one side of them, stops there.
LEAST_ZEROS = 2


def quantiles_ahead(
    regressor: PretrainedRegressor,
    histories: Array,
    periods: NDArray[Any],
    n_ahead: int,
    seed: int = 0,
) -> Array:
    """Forecast quantiles.

    Beyond what the network gives at once it goes on from paths that are drawn from its
    quantiles: what is not known then is in the forecasts that follow.

    Parameters
    ----------
    regressor : PretrainedRegressor
    histories : ndarray of shape (n_series, n_timesteps)
        As `view_of` takes them; the last value is observed.
    periods : ndarray of int of shape (n_series, 2)
    n_ahead : int
    seed : int, default=0
        Of the paths.

    Returns
    -------
    quantiles : ndarray of shape (n_series, n_ahead, n_levels)
        Ascending, of the levels of the regressor's loss.
    """
    levels = np.asarray(regressor.quantile)
    first = _block(regressor, histories, periods)
    if n_ahead <= HORIZON:
        return first[:, :n_ahead]
    n = len(histories)
    rng = np.random.default_rng(seed)
    # All series have the same chances: none depends on which others there are.
    paths = _drawn(_scores(rng), first[:, None], levels)
    past = np.repeat(histories, N_PATHS, axis=0)
    told = np.repeat(periods, N_PATHS, axis=0)
    grid = (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    blocks = [first]
    for _ in range(HORIZON, n_ahead, HORIZON):
        past = np.concatenate([past, paths.reshape(-1, HORIZON)], axis=1)[:, -MOST_STEPS:]
        said = _block(regressor, past, told).reshape(n, N_PATHS, HORIZON, -1)
        spread = between_levels(said, ndtri(levels), grid)
        mixed = np.moveaxis(spread, 1, 3).reshape(n, HORIZON, -1)
        blocks.append(np.moveaxis(np.quantile(mixed, levels, axis=2), 0, 2))
        paths = _drawn(_scores(rng), said, levels)
    return np.concatenate(blocks, axis=1)[:, :n_ahead]


def _block(
    regressor: PretrainedRegressor, histories: Array, periods: NDArray[Any]
) -> Array:
    """Take the mean of what the network says of series and of their mirror images.

    A series that falls is then as well known as one that rises.
    """
    rising = _said(regressor, histories, periods)
    falling = _said(regressor, -histories, periods)
    said = _undirected((rising - falling[:, :, ::-1]) / 2, histories)
    return _bounded(said, histories)


def _undirected(quantiles: Array, histories: Array) -> Array:
    """Let what is known by a single value rise as likely as fall."""
    lone = (~np.isnan(histories)).sum(axis=1) == 1
    spread = (quantiles - quantiles[:, :, ::-1]) / 2
    around: Array = histories[:, -1, None, None] + spread
    return np.where(lone[:, None, None], around, quantiles)


def _bounded(quantiles: Array, histories: Array) -> Array:
    """Let what stops at zero, as counts do, stop there in the forecast too."""
    stops = (histories == 0).sum(axis=1) >= LEAST_ZEROS
    lowest = np.where(stops & (np.nanmin(histories, axis=1) >= 0), 0.0, -np.inf)
    highest = np.where(stops & (np.nanmax(histories, axis=1) <= 0), 0.0, np.inf)
    bounded: Array = quantiles.clip(lowest[:, None, None], highest[:, None, None])
    return bounded


def _said(regressor: PretrainedRegressor, histories: Array, periods: NDArray[Any]) -> Array:
    view = view_of(histories, periods)
    said = regressor.say(view.windows).astype(np.float64)
    return np.sort(view.restored(said.reshape(len(histories), HORIZON, -1)), axis=2)


def _scores(rng: np.random.Generator) -> Array:
    """Draw normal scores of the steps of all paths, of shape (N_PATHS, HORIZON).

    A part of the chance is the same at all steps, and spread evenly over the paths.
    """
    ranks = rng.permutation(N_PATHS) + rng.random(N_PATHS)
    shared, own = ndtri(ranks / N_PATHS), rng.normal(size=(N_PATHS, HORIZON))
    score: Array = np.sqrt(SHARED) * shared[:, None] + np.sqrt(1 - SHARED) * own
    return score


def _drawn(scores: Array, quantiles: Array, levels: Array) -> Array:
    """Give the values at some scores, of shape (n, N_PATHS, HORIZON)."""
    shape = (len(quantiles), *scores.shape, len(levels))
    # No path goes further than what the outermost levels are sure of.
    level = np.broadcast_to(ndtr(scores).clip(0.01, 0.99)[..., None], (*shape[:-1], 1))
    each = np.broadcast_to(quantiles, shape)
    return between_levels(each, ndtri(levels), level)[..., 0]
