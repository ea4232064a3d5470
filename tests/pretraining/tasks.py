"""Tasks to learn from: histories of series that are made, and what came after them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklstm.sktime._pretrained._view import HORIZON

from .made import FREQUENCIES, Frequency, make

Array = NDArray[np.float64]

# Series of one length that are made at once, and origins in each.
BATCH = 64
ORIGINS = 3

# Steps ahead that count most of the time; else all of them do.
USUAL_HORIZON = {
    "yearly": 8,
    "quarterly": 12,
    "monthly": 24,
    "weekly": 26,
    "daily": 30,
    "hourly": 48,
    "half-hourly": 48,
    "other": 24,
}
ALL_STEPS = 0.35

# Shares of tasks with missing values, that begin late, and whose season is told wrongly.
MISSING, LATE, UNTOLD, MISTOLD = 0.12, 0.15, 0.05, 0.03


class Tasks(NamedTuple):
    """Histories, their seasons, and what came after.

    Attributes
    ----------
    histories : ndarray of shape (n_tasks, n_timesteps)
    periods : ndarray of int of shape (n_tasks, 2)
    future : ndarray of shape (n_tasks, HORIZON)
        NaN where it does not count.
    """

    histories: Array
    periods: NDArray[np.intp]
    future: Array


def draw(rng: np.random.Generator, n_batches: int, without: str = "") -> list[Tasks]:
    """Draw tasks of all frequencies.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_batches : int
        Each of `BATCH` series of one frequency and length, with `ORIGINS` origins each.
    without : str, default=""
        A part of the series that is left out.

    Returns
    -------
    tasks : list of Tasks
        A list, since histories are of different lengths.
    """
    names = list(FREQUENCIES)
    shares = np.array([FREQUENCIES[name].share for name in names])
    chosen = rng.choice(len(names), n_batches, p=shares / shares.sum())
    return [_tasks_of(rng, names[i], without) for i in chosen]


def _tasks_of(rng: np.random.Generator, name: str, without: str) -> Tasks:
    frequency = FREQUENCIES[name]
    shortest, longest = np.log(frequency.lengths)
    length = round(np.exp(rng.uniform(shortest, longest)))
    if name == "other":
        period = int(np.exp(rng.uniform(np.log(2), np.log(60))))
        frequency = Frequency((period,), frequency.lengths, 0.0, frequency.seasonal)
    # Later origins are of the same series: less to make, more to learn.
    later = max(1, length // 4)
    series = make(rng, BATCH, length + later + HORIZON, frequency, without)
    first = rng.integers(0, later + 1, (BATCH, ORIGINS))
    rows = np.repeat(np.arange(BATCH), ORIGINS)
    cut = np.ravel(first)[:, None] + np.arange(length + HORIZON)
    y = series[rows[:, None], cut]
    histories, future = y[:, :length], y[:, length:].copy()
    histories = _holed(rng, histories.copy())
    usual = rng.random(len(y)) > ALL_STEPS
    future[usual, USUAL_HORIZON[name] :] = np.nan
    return Tasks(histories, _told(rng, frequency.periods, len(y)), future)


def _holed(rng: np.random.Generator, y: Array) -> Array:
    """Take values out of some histories, and let some begin late."""
    n, length = y.shape
    last = y[:, -1].copy()
    holes = rng.random((n, length)) < rng.uniform(0.01, 0.3, (n, 1))
    y[(rng.random((n, 1)) < MISSING) & holes] = np.nan
    begin = np.where(rng.random(n) < LATE, rng.integers(0, length, n), 0)
    y[np.arange(length) < begin[:, None]] = np.nan
    # A value is left in each.
    y[:, -1] = np.where(np.isnan(y).all(axis=1), last, y[:, -1])
    return y


def _told(rng: np.random.Generator, periods: tuple[int, ...], n: int) -> NDArray[np.intp]:
    """Tell the seasons of series, but sometimes not, or wrongly."""
    told = np.zeros((n, 2), dtype=np.intp)
    told[:, : len(periods)] = periods
    told[rng.random(n) < UNTOLD] = 0
    wrong = rng.random(n) < MISTOLD
    told[wrong, 0] = rng.integers(2, 30, wrong.sum())
    return told
