"""Forecasts of any number of steps, with their quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ...losses import between_levels
from ._regressor import PretrainedRegressor
from ._view import HORIZON, view_of

Array = NDArray[np.float64]

# Paths by which a forecast goes on beyond what the network gives at once, the levels at
# which each says what comes, and the part of a path's chance that is the same at all steps.
N_PATHS = 32
N_LEVELS = 15
SHARED = 0.5


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
    paths = _drawn(rng, first, levels, N_PATHS).reshape(n * N_PATHS, HORIZON)
    past = np.repeat(histories, N_PATHS, axis=0)
    told = np.repeat(periods, N_PATHS, axis=0)
    grid = (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    blocks = [first]
    for _ in range(HORIZON, n_ahead, HORIZON):
        past = _longer(past, paths)
        said = _block(regressor, past, told)
        spread = between_levels(said, ndtri(levels), grid).reshape(n, N_PATHS, HORIZON, -1)
        mixed = np.moveaxis(spread, 1, 3).reshape(n, HORIZON, -1)
        blocks.append(np.moveaxis(np.quantile(mixed, levels, axis=2), 0, 2))
        paths = _drawn(rng, said, levels, 1)[:, 0]
    return np.concatenate(blocks, axis=1)[:, :n_ahead]


def _block(
    regressor: PretrainedRegressor, histories: Array, periods: NDArray[Any]
) -> Array:
    view = view_of(histories, periods)
    said = regressor.say(view.windows).astype(np.float64)
    return np.sort(view.restored(said.reshape(len(histories), HORIZON, -1)), axis=2)


def _drawn(
    rng: np.random.Generator, quantiles: Array, levels: Array, n_paths: int
) -> Array:
    """Draw paths through quantiles, of shape (n, n_paths, n_steps).

    A part of the chance is the same at all steps, and spread evenly over the paths.
    """
    n, n_steps, _ = quantiles.shape
    ranks = rng.permuted(np.tile(np.arange(n_paths), (n, 1)), axis=1)
    shared = ndtri((ranks + rng.random((n, n_paths))) / n_paths)
    own = rng.normal(size=(n, n_paths, n_steps))
    score = np.sqrt(SHARED) * shared[:, :, None] + np.sqrt(1 - SHARED) * own
    # No path leaves by more than what the outermost levels are sure of.
    level = ndtr(score).clip(0.01, 0.99)
    each = np.broadcast_to(quantiles[:, None], (n, n_paths, *quantiles.shape[1:]))
    return between_levels(each, ndtri(levels), level[..., None])[..., 0]


def _longer(past: Array, paths: Array) -> Array:
    """Let paths follow their pasts; as many steps are forgotten, if they are many."""
    longer = np.concatenate([past, paths], axis=1)
    return longer[:, -max(past.shape[1], 12 * HORIZON) :]
