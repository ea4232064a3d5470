"""Rows that have come true, forecast from the rows before: scores, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimators._conformity import least_scores
from ..windows._windows import CHUNK
from ._calibration import Calibration, calibrated_levels, scores_of
from ._model import ForecastModel
from ._panel import Panel
from ._rows import Rows

Array = NDArray[Any]
Index = NDArray[np.intp]
Scores = tuple[tuple[Array, ...], ...]


def rows_to_calibrate(panel: Panel, model: ForecastModel, fraction: float) -> Index:
    """Count the last rows of each series that calibrate, and train nothing.

    Parameters
    ----------
    panel : Panel
    model : ForecastModel
    fraction : float
        Share of the windows of each series.

    Returns
    -------
    n_rows : ndarray of int of shape (n_series,)
        None of a series of one window, which trains.
    """
    n_windows = panel.lengths - model.least_rows - model.steps[-1] + 1
    n_rows = np.ceil(fraction * n_windows).astype(np.intp)
    return np.clip(n_rows, 0, np.maximum(n_windows - 1, 0))


def calibrate(model: ForecastModel, panel: Panel, n_new: Index, fraction: float) -> None:
    """Calibrate a model by rows on which it was not trained.

    Parameters
    ----------
    model : ForecastModel
        One that was calibrated before, on other series, has its scores slide.
    panel : Panel
    n_new : ndarray of int of shape (n_series,)
        How many of the last rows of each series these are.
    fraction : float
        The share of all that they are.

    Raises
    ------
    ValueError
        If there are too few.
    """
    is_new = np.repeat(_last_rows(panel, n_new)[:, None], model.n_targets, axis=1)
    found = _scores(model, panel, is_new, came=np.zeros(len(is_new), dtype=np.bool_))
    if model.calibration is not None:
        for scores in _by_time(*found):
            model.calibration = model.calibration.followed_by(scores)
        return
    # A step may have few scores, but all steps together need enough.
    scores = _in_order(*found)
    outermost = max(abs(2 * level - 1) for level in calibrated_levels(model.network_loss))
    least = least_scores(outermost)
    counts = [sum(map(len, of_steps)) for of_steps in zip(*scores, strict=True)]
    if min(counts) < least:
        raise ValueError(
            f"y must have at least {least} values to calibrate on, for quantiles as far out"
            f" as of a coverage of {outermost:.3g}. Got {min(counts)}; with"
            f" calibration_fraction={fraction}, a series of"
            f" {_rows_for(least, model, fraction)} rows would do."
        )
    model.calibration = Calibration.of(model.network_loss, model.steps, scores)


def _rows_for(n_scores: int, model: ForecastModel, fraction: float) -> int:
    """Count the rows of a series that would give so many scores."""
    steps, last = model.steps, int(model.steps[-1])
    wait = last - steps if len(model.known) else np.zeros_like(steps)
    n_later = 1
    while np.maximum(n_later - wait, 0).sum() < n_scores:
        n_later += 1
    n_windows = max(floor((n_later - 1) / fraction), n_later) + 1
    return model.least_rows + last - 1 + n_windows


def slide(model: ForecastModel, panel: Panel, earlier: Panel) -> None:
    """Let the scores of what has become known take the place of the oldest.

    Parameters
    ----------
    model : ForecastModel
        If it is not calibrated, nothing happens.
    panel : Panel
    earlier : Panel
        The last rows of each series as they were known before.
    """
    if model.calibration is None:
        return
    came, is_new = _news(panel, earlier, model.n_targets)
    for scores in _by_time(*_scores(model, panel, is_new, came)):
        model.calibration = model.calibration.followed_by(scores)


def _last_rows(panel: Panel, n_rows: Index) -> NDArray[np.bool_]:
    row = np.arange(len(panel.frame))
    return row >= np.repeat(panel.stops - n_rows, panel.lengths)


def _news(
    panel: Panel, earlier: Panel, n_targets: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which rows have come, and which of their values are known for the first time."""
    place = earlier.frame.index.get_indexer(panel.frame.index)
    begins = dict(zip(earlier.names(), earlier.times[earlier.starts], strict=True))
    is_older = np.zeros(len(place), dtype=np.bool_)
    for name, start, stop in zip(panel.names(), panel.starts, panel.stops, strict=True):
        if name in begins:
            is_older[start:stop] = panel.times[start:stop] < begins[name]
    came = (place < 0) & ~is_older
    was_known = ~np.isnan(earlier.values[place, :n_targets]) & (place >= 0)[:, None]
    return came, ~(was_known | is_older[:, None])


def _scores(
    model: ForecastModel,
    panel: Panel,
    is_new: NDArray[np.bool_],
    came: NDArray[np.bool_],
) -> tuple[Array, Array]:
    """Score what has come true, from each row before from which it is forecast.

    A forecast can be judged when its value is there, and if covariates are known ahead,
    when they are there for all steps: the network reads them all.

    Parameters
    ----------
    model : ForecastModel
    panel : Panel
    is_new : ndarray of bool of shape (n_rows, n_targets)
        Values that are known for the first time.
    came : ndarray of bool of shape (n_rows,)
        Rows by which forecasts of earlier values can be judged.

    Returns
    -------
    scores : ndarray of shape (n_origins, n_steps, n_targets)
        NaN where there is nothing to judge.
    time : ndarray of int of shape (n_origins, n_steps)
        Place in time at which it can be judged.
    """
    steps, n_targets = model.steps, model.n_targets
    future = np.full((len(panel), int(steps[-1]), panel.frame.shape[1]), np.nan)
    rows = Rows.of(panel, future)
    row = np.arange(len(panel.frame))
    start, stop = (np.repeat(ends, panel.lengths) for ends in (panel.starts, panel.stops))
    wait = np.full_like(steps, steps[-1]) if len(model.known) else steps
    judged = row[:, None] + wait
    can_be = (judged < stop[:, None]) & (row - start >= model.least_rows - 1)[:, None]
    judged = np.where(can_be, judged, 0)
    target = np.where(can_be, row[:, None] + steps, 0)
    is_due = (is_new[target] | came[judged][..., None]) & can_be[..., None]
    origins = np.flatnonzero(is_due.any(axis=(1, 2)))
    series = np.searchsorted(panel.starts, origins, side="right") - 1
    shift = rows.starts - panel.starts
    ends, starts = origins + shift[series], rows.starts[series]
    scores = np.full((len(origins), len(steps), n_targets), np.nan)
    for part, parameters, truth in _said_and_true(model, rows.table, ends, starts):
        truth = np.where(is_due[origins[part]], truth, np.nan)
        scores[part] = scores_of(model.network_loss, parameters, truth)
    times = panel.times.factorize(sort=True)[0]
    return scores, times[judged[origins]]


def _said_and_true(
    model: ForecastModel, table: Array, ends: Index, starts: Index
) -> Iterator[tuple[slice, Array, Array]]:
    """Give what is said from some rows, and what came, some origins at a time."""
    steps, n_targets = model.steps, model.n_targets
    size = max(1, CHUNK // (len(steps) * n_targets * len(model.network_loss.roles)))
    for begin in range(0, len(ends), size):
        part = slice(begin, begin + size)
        parameters = model.parameters(table, ends[part], starts[part])
        yield part, parameters, table[ends[part, None] + steps][..., :n_targets]


def errors_of_last(model: ForecastModel, panel: Panel, n_later: Index) -> Array:
    """Judge a model by the last rows of each series, on which it was not trained.

    Parameters
    ----------
    model : ForecastModel
    panel : Panel
        Whose rows say all that is known ahead.
    n_later : ndarray of int of shape (n_series,)
        How many of the last rows of each series judge: whole horizons within them.

    Returns
    -------
    errors : ndarray of shape (n_series, n_targets)
        Mean absolute errors; NaN where there is nothing to judge by.
    """
    series, origins = _origins_within(model, panel, n_later)
    errors = np.full((len(origins), len(model.steps), model.n_targets), np.nan)
    starts = panel.starts[series]
    for part, parameters, truth in _said_and_true(model, panel.values, origins, starts):
        errors[part] = np.abs(model.network_loss.point(parameters) - truth)
    rows = errors.reshape(-1, model.n_targets)
    return means_by_series(rows, np.repeat(series, len(model.steps)), len(panel))


def means_by_series(values: Array, series: Index, n_series: int) -> Array:
    """Give the mean of what is known of each series.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN is not known.
    series : ndarray of int of shape (n_rows,)
    n_series : int

    Returns
    -------
    means : ndarray of shape (n_series, n_columns)
        NaN where nothing is known.
    """
    known = ~np.isnan(values)
    total, count = np.zeros((2, n_series, values.shape[1]))
    np.add.at(total, series, np.where(known, values, 0.0))
    np.add.at(count, series, known)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _origins_within(
    model: ForecastModel, panel: Panel, n_later: Index
) -> tuple[Index, Index]:
    """Find the rows from which whole horizons lie in the last rows: series, and row."""
    row, horizon = np.arange(len(panel.frame)), model.steps[-1]
    starts, stops = (np.repeat(ends, panel.lengths) for ends in (panel.starts, panel.stops))
    first = np.repeat(panel.stops - n_later, panel.lengths) - 1
    is_origin = (row >= first) & (row + horizon < stops)
    is_origin &= row - starts >= model.least_rows - 1
    origins = row[is_origin]
    return np.searchsorted(panel.starts, origins, side="right") - 1, origins


def _in_order(scores: Array, time: Array) -> Scores:
    """Give the scores of each step and each target, oldest first."""
    parts = []
    for k in range(scores.shape[1]):
        of_step = scores[np.argsort(time[:, k], kind="stable"), k]
        parts.append(tuple(column[~np.isnan(column)] for column in of_step.T))
    return tuple(parts)


def _by_time(scores: Array, time: Array) -> Iterator[Scores]:
    """Give the scores time by time."""
    for now in np.unique(time[~np.isnan(scores).all(axis=2)]):
        yield _in_order(np.where((time == now)[..., None], scores, np.nan), time)
