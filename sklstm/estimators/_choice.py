"""What a network begins from, chosen by how well that forecasts by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..losses import POINT
from ..network import InstanceNorm, SeasonalSkip
from ..samples._encoding import Season
from ..samples._samples import Samples
from ..training import SequenceData
from ..windows._windows import Windows
from ._start import Start, Units

# Samples that are forecast, at most, and their values, in all and at once.
MOST_SAMPLES, LEAST_SAMPLES = 4096, 64
MOST_VALUES, VALUES_AT_ONCE = 1 << 21, 1 << 18

# Weights of a step beside the one after it, of levels to choose from; 0 is the last step.
DECAYS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)


def choose_start(units: Units, start: Start, seasons: Sequence[Season | None]) -> Units:
    """Choose a season and a level, by the errors of what they forecast on their own.

    A network that says nothing forecasts the level of each sequence, with its season.
    Nothing of that is learnt, so that its errors on the training samples are those of real
    forecasts. Series of all sizes count alike.

    Parameters
    ----------
    units : Units
    start : Start
    seasons : sequence of Season or None
        Simpler ones first.

    Returns
    -------
    units : Units
        With what is best; the first of equals.
    """
    architecture, encoding, targets = units
    smooths = architecture["instance_norm"] == "level" and "target_features" in architecture
    decays = DECAYS if smooths else DECAYS[:1]
    pairs = [(season, decay) for season in seasons for decay in decays]
    if len(pairs) > 1:
        samples = _some(start.train, start.seed)
        of_each = [_errors(units, samples, season, decays) for season in seasons]
        errors = np.concatenate(of_each, axis=1)
        best = _best(errors, samples.windows.starts, samples.weight)
        season, decay = pairs[best]
    else:
        season, decay = pairs[0]
    if smooths:
        architecture = {**architecture, "level_decay": decay}
    if season is not None and season.is_skip:
        architecture = {**architecture, "skip": skip_of(season, start.train.windows)}
    return Units(architecture, replace(encoding, season=season), targets)


def skip_of(season: Season, windows: Windows) -> tuple[int, int, tuple[int, ...]]:
    """Give the steps, the past periods and the leads of a season that is begun from."""
    return season.length, windows.shape[1] // season.length, season.leads


def _some(samples: Samples, seed: int) -> Samples:
    n, *shape = samples.windows.shape
    n_chosen = min(MOST_SAMPLES, max(LEAST_SAMPLES, MOST_VALUES // math.prod(shape)))
    if n <= n_chosen:
        return samples
    rng = np.random.default_rng(seed)
    chosen = rng.choice(n, n_chosen, replace=False)
    return samples.take(np.sort(chosen))


def _errors(
    units: Units, samples: Samples, season: Season | None, decays: Sequence[float]
) -> NDArray[np.float64]:
    """Give the mean absolute errors of each sample, of shape (n_samples, n_decays)."""
    architecture, encoding, dtype = units.architecture, units.encoding, torch.float64
    features, norm = architecture["target_features"], architecture["instance_norm"]
    shape = (architecture["input_size"], architecture["categories"], features, dtype)
    norms = [InstanceNorm(norm, *shape, decay=d) for d in decays] if norm else []
    skip = None
    if season is not None and season.is_skip:
        steps = skip_of(season, samples.windows)
        skip, season = SeasonalSkip(*steps, features, dtype, POINT), None
    data = SequenceData(
        samples.windows,
        encoding.scaling,
        units.targets.scaled(samples.target),
        relative=encoding.relative,
        zero_sizes=encoding.zero_sizes,
        outputs=features,
        season=season,
        n_history=0 if skip is None else skip.n_steps,
        dtype=dtype,
        fill=False,
    )
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    at_once = max(1, VALUES_AT_ONCE // math.prod(data.shape[1:]))
    for inputs, target in data.batches(at_once):
        given: Any = {**inputs, "y": target}
        x, size, history = given["x"], given["size"], given["history"]
        size = torch.ones_like(x[:, 0, :1]) if size is None else size
        levels = [norm.level(x, given["lengths"]).center for norm in norms]
        levels = levels or [torch.zeros_like(x[:, 0])]
        begun = [level[:, features] for level in levels]
        if skip is not None:
            begun = [
                skip(first, history, level)
                for first, level in zip(begun, levels, strict=True)
            ]
        parts.append((torch.stack(begun), given["y"], size))
    forecasts, targets, sizes = zip(*parts, strict=True)
    target, size, forecast = torch.cat(targets), torch.cat(sizes), torch.cat(forecasts, 1)
    if not norms and skip is None:  # The network begins from the mean of all samples.
        forecast = target.nanmean(dim=0).expand(1, 1, -1)
    return (size * (target - forecast)).abs().nanmean(dim=2).T.detach().numpy()


def _best(
    errors: NDArray[np.float64],
    series: NDArray[np.intp],
    weight: NDArray[np.float64] | None = None,
) -> int:
    """Find the column of least errors, each series in units of its own.

    A series counts as much as its samples do on average.

    Examples
    --------
    >>> errors = np.array([[1.0, 2.0], [1.0, 2.0], [300.0, 100.0]])
    >>> _best(errors, np.array([0, 5, 9])), _best(errors, np.array([0, 0, 9]))
    (0, 1)
    >>> _best(errors, np.array([0, 5, 9]), np.array([1.0, 1.0, 4.0]))
    1
    """
    known = np.isfinite(errors).all(axis=1)
    weight = np.ones(len(errors)) if weight is None else weight
    errors, weight = errors[known], weight[known]
    _, number, count = np.unique(series[known], return_inverse=True, return_counts=True)
    totals = np.stack([np.bincount(number, weight * e) for e in errors.T], axis=1)
    counts = np.bincount(number, weight) / count
    told = totals.any(axis=1) & (counts > 0)
    if not told.any():
        return 0
    ratios = totals[told] / totals[told].mean(axis=1, keepdims=True)
    return int((counts[told, None] * ratios).sum(axis=0).argmin())
