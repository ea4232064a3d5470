"""Going on with training, on series at hand."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...training import TrainedModel
from ...windows._windows import Windows, stacked
from ._histories import Index, Origins
from ._regressor import PretrainedRegressor
from ._view import HORIZON, view_of

Array = NDArray[np.float64]
Samples = tuple[Windows, Windows, Array]

BATCH_SIZE = 64

# What training has to gain on the steps that are held out: a little is chance.
LEAST_GAIN = 0.01

# No more than this part of the longest series is held out: a quarter.
MOST_HELD_OUT = 4

# Values that a history needs to be learnt from, origins that are learnt from at most, and
# origins that are looked at at once.
LEAST_VALUES = 3
MOST_ORIGINS = 20_000
AT_ONCE = 2_000

# Samples that were learnt from whose loss is looked at after each epoch.
MOST_WATCHED = 2_000


def train_on(
    regressor: PretrainedRegressor,
    origins: Origins,
    stops: Index,
    periods: NDArray[Any],
    n_ahead: int,
    max_epochs: int,
    learning_rate: float,
    seed: int,
) -> tuple[PretrainedRegressor, int]:
    """Train a copy of a network on what came after some origins, if that helps.

    The last steps of each series are held out. What forecasts them best is kept: the
    network after some epochs, or with the mean of the weights before and after them, which
    keeps more of what was known [1]_; or as it was, if none is better by `LEAST_GAIN`.

    Parameters
    ----------
    regressor : PretrainedRegressor
        Stays as it is.
    origins : Origins
        Those without enough history, or without anything known ahead, are left out; and so
        are some that are drawn, where there are more than `MOST_ORIGINS`.
    stops : ndarray of int of shape (n_origins,)
        Row after the last value of each series.
    periods : ndarray of int of shape (2,)
    n_ahead : int
        Steps that count, and that are held out, if series are long enough.
    max_epochs : int
    learning_rate : float
        Of the first epoch; it falls by half a cosine.
    seed : int

    Returns
    -------
    regressor : PretrainedRegressor
        Its curves are what `scaled_loss` says after each epoch: of samples that were learnt
        from, and of those held out, with whichever weights are the better.
    n_epochs : int
        Epochs that were kept; 0 is the network as it was.

    References
    ----------
    .. [1] Wortsman, M. et al. (2022). Robust fine-tuning of zero-shot models. CVPR.
    """
    n_ahead = min(n_ahead, HORIZON)
    longest = int((stops - origins.start).max(initial=0))
    ends = stops - min(n_ahead, max(1, longest // MOST_HELD_OUT))
    # One origin for each last value: those in a gap after it are the same.
    whole = (origins.missing == 0) & (origins.n_observed >= LEAST_VALUES)
    rng = np.random.default_rng(seed)
    first = _drawn(rng, whole & (origins.last + 1 < ends))
    last = _drawn(rng, _latest(origins, whole & (origins.last + 1 <= ends)))
    if not len(first) or not len(last):
        return regressor, 0
    train = _samples(origins.take(first), ends[first], periods, n_ahead)
    held_out = _samples(origins.take(last), stops[last], periods, n_ahead)
    if not train[-1].any():  # nothing ever changes
        return regressor, 0
    tuned = PretrainedRegressor(**regressor.get_params(deep=False))
    tuned._model = regressor._model
    tuned.set_params(batch_size=BATCH_SIZE, random_state=seed)
    watched = _some_of(train, MOST_WATCHED)
    best, n_epochs = regressor._model, 0
    curve: list[float] = []
    held_out_curve: list[float] = []
    least = (1 - LEAST_GAIN) * scaled_loss(regressor, *held_out)
    for epoch in range(max_epochs):
        rate = learning_rate * (1 + np.cos(np.pi * epoch / max_epochs)) / 2
        tuned.set_params(learning_rate=rate).partial_fit(*train)
        curve.append(scaled_loss(tuned, *watched))
        held_out_curve.append(np.inf)
        for model in (_mean_of(regressor._model, tuned._model), tuned._model):
            candidate = copy.copy(tuned)
            candidate._model = model
            loss = scaled_loss(candidate, *held_out)
            held_out_curve[-1] = min(held_out_curve[-1], loss)
            if loss < least:
                best, n_epochs, least = model, epoch + 1, loss
    # The model that stays as it is is others' as well.
    tuned._model = best if n_epochs else copy.deepcopy(best)
    before = regressor._model.course.n_epochs
    tuned._model.course = replace(
        best.course,
        n_epochs=before + max_epochs,
        best_epoch=before + n_epochs,
        loss_curve=curve,
        validation_loss_curve=held_out_curve,
    )
    return tuned, n_epochs


def _some_of(samples: Samples, most: int) -> Samples:
    """Give some samples, spread over all of them."""
    windows, targets, weights = samples
    chosen = np.unique(np.linspace(0, len(weights) - 1, most).astype(np.intp))
    return windows.take(chosen), targets.take(chosen), weights[chosen]


def _mean_of(before: TrainedModel, after: TrainedModel) -> TrainedModel:
    """Give the model whose weights are the means of those of two."""
    mean = copy.deepcopy(after)
    pairs = zip(mean.network.parameters(), before.network.parameters(), strict=True)
    with torch.no_grad():
        for weight, earlier in pairs:
            weight.lerp_(earlier, 0.5)
    return mean


def _latest(origins: Origins, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose the last origin of each column of each series, among some."""
    begins = np.diff(origins.start, prepend=-1) != 0
    begins |= np.diff(origins.column, prepend=-1) != 0
    numbers = np.where(among, np.arange(len(origins)), -1)
    latest = np.zeros(len(origins), dtype=bool)
    if len(origins):
        found = np.maximum.reduceat(numbers, np.flatnonzero(begins))
        latest[found[found >= 0]] = True
    return latest


def _drawn(rng: np.random.Generator, chosen: NDArray[np.bool_]) -> Index:
    """Give the numbers of those chosen, or of some of them."""
    numbers = np.flatnonzero(chosen)
    if len(numbers) > MOST_ORIGINS:
        numbers = np.sort(rng.choice(numbers, MOST_ORIGINS, replace=False))
    return numbers


def _samples(
    origins: Origins, stops: Index, periods: NDArray[Any], n_ahead: int
) -> Samples:
    """Give what the network sees at some origins, what came next, and what that counts."""
    parts = []
    for i in range(0, len(origins), AT_ONCE):
        at, stop = origins.take(slice(i, i + AT_ONCE)), stops[i : i + AT_ONCE]
        future = at.ahead(HORIZON, stop)
        future[:, n_ahead:] = np.nan
        histories = at.histories()
        # A constant has no scale: whatever comes next would outweigh all else.
        varies = np.nanmax(histories, axis=1) > np.nanmin(histories, axis=1)
        for sign in (1, -1):  # Mirror images are asked for as well.
            view = view_of(sign * histories, np.tile(periods, (len(at), 1)))
            weight = np.where(varies, view.unit / view.scale, 0.0)
            parts.append((view.windows, view.in_units(sign * future), weight))
    windows, targets, weights = zip(*parts, strict=True)
    return stacked(windows), stacked(targets), np.concatenate(weights)


def scaled_loss(
    regressor: PretrainedRegressor, X: Windows, y: Windows, weights: Array
) -> float:
    """Give the mean quantile loss, of all levels alike, in units of the scale.

    Parameters
    ----------
    regressor : PretrainedRegressor
    X, y : Windows
        As a view gives them.
    weights : ndarray of shape (n_samples,)
        The unit of each beside its scale.

    Returns
    -------
    loss : float
        Infinite if the network says what is no number.
    """
    levels = np.asarray(regressor.quantile)
    said = regressor.say(X).reshape(len(X), -1, len(levels))
    error = np.asarray(y).reshape(len(X), -1, 1) - said
    loss = np.maximum(levels * error, (levels - 1) * error)
    if not np.isfinite(said).all():
        return np.inf
    counted = weights > 0
    if not counted.any() or np.isnan(loss[counted]).all():
        return np.inf
    return float(2 * np.nanmean(weights[counted, None, None] * loss[counted]))


def every_origin(table: NDArray[Any], starts: Index, stops: Index) -> tuple[Origins, Index]:
    """Give all rows of all columns as origins, and where the values of each end.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    starts, stops : ndarray of int of shape (n_series,)

    Returns
    -------
    origins : Origins
    stops : ndarray of int of shape (n_origins,)
    """
    lengths = stops - starts
    origins = Origins.of(table, np.arange(len(table)), np.repeat(starts, lengths))
    observed = np.where(np.isnan(table), -1, np.arange(len(table))[:, None])
    after_last = np.maximum.reduceat(observed, starts) + 1
    return origins, np.repeat(after_last, lengths, axis=0).T.ravel()
