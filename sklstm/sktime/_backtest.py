"""Rows that have come true, forecast from the rows before: the scores that calibrate."""

from __future__ import annotations

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
    n_windows = panel.lengths - model.window_length - model.steps[-1] + 1
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
    if model.calibration is not None:
        slide(model, panel, n_new)
        return
    # A step may have few scores, but all steps together need enough.
    scores = _scores(model, panel, n_new, n_learnt=panel.lengths - n_new)
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
    return model.window_length + last - 1 + n_windows


def slide(model: ForecastModel, panel: Panel, n_new: Index) -> None:
    """Let the scores of new rows take the place of the oldest.

    Parameters
    ----------
    model : ForecastModel
        If it is not calibrated, nothing happens.
    panel : Panel
    n_new : ndarray of int of shape (n_series,)
        How many of the last rows of each series are new.
    """
    if model.calibration is not None:
        never = np.zeros(len(panel), dtype=np.intp)
        scores = _scores(model, panel, n_new, n_learnt=never)
        model.calibration = model.calibration.followed_by(scores)


def _scores(model: ForecastModel, panel: Panel, n_new: Index, n_learnt: Index) -> Scores:
    """Score what has come true, of each step and each target, oldest first.

    A forecast can be judged when its row is there, and if covariates are known ahead, when
    they are there for all steps: the network reads them all.
    """
    steps, n_targets = model.steps, model.n_targets
    future = np.full((len(panel), int(steps[-1]), panel.frame.shape[1]), np.nan)
    rows = Rows.of(panel, future)
    # The number of each row in its own series, and of the first row that is new there.
    place = np.arange(len(panel.frame)) - np.repeat(panel.starts, panel.lengths)
    first_new = np.repeat(panel.lengths - n_new, panel.lengths)
    left = np.repeat(panel.lengths, panel.lengths) - 1 - place
    due = np.full(len(steps), steps[-1]) if len(model.known) else steps
    is_due = (due <= left[:, None]) & (place[:, None] + due >= first_new[:, None])
    is_due &= place[:, None] + steps >= np.repeat(n_learnt, panel.lengths)[:, None]
    is_due &= place[:, None] >= model.window_length - 1
    origins = np.flatnonzero(is_due.any(axis=1))
    origins = origins[np.argsort(panel.times[origins], kind="stable")]
    series = np.repeat(np.arange(len(panel)), panel.lengths)[origins]
    shift = rows.starts - panel.starts
    ends, starts = origins + shift[series], rows.starts[series]
    scores = np.full((len(origins), len(steps), n_targets), np.nan)
    size = max(1, CHUNK // (len(steps) * n_targets * len(model.network_loss.roles)))
    for begin in range(0, len(origins), size):
        part = slice(begin, begin + size)
        parameters = model.parameters(rows.table, ends[part], starts[part])
        truth = rows.table[ends[part, None] + steps][..., :n_targets]
        truth = np.where(is_due[origins[part]][..., None], truth, np.nan)
        scores[part] = scores_of(model.network_loss, parameters, truth)
    return tuple(
        tuple(column[~np.isnan(column)] for column in of_step.T)
        for of_step in scores.transpose(1, 0, 2)
    )
