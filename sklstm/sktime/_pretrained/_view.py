"""What the pretrained network sees of a series, and in which units it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...windows._windows import KnownFuture, Windows
from ._level import find_level, find_scale, find_unit
from ._season import Season, find_season

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Steps that the network reads, steps that it forecasts, and steps of a row.
CONTEXT = 96
HORIZON = 48
PATCH = 4

# A row has this many features of each of its steps, and then some of the whole series.
STEP_FEATURES = 7
SERIES_FEATURES = 11
N_COLUMNS = PATCH * STEP_FEATURES + SERIES_FEATURES

# Unit of a single value and of a constant, as a share of it. (The network is some thirty
# units unsure of a single value.)
SHARE_OF_ONE, SHARE_OF_CONSTANT = 0.015, 1e-7

# Zero is no further from the level than this, by the third of its area hyperbolic sine.
HIGHEST = 2.5

# No target is further from the baseline, in units of the scale.
FURTHEST = 60.0


@dataclass(frozen=True)
class View:
    """Histories as the network sees them.

    Attributes
    ----------
    windows : Windows of shape (n_series, CONTEXT / PATCH, N_COLUMNS)
        A row holds `PATCH` steps. What is known of the steps ahead, which are the rows
        after each window, is what the history says of them.
    baseline : ndarray of shape (n_series, HORIZON)
        A simple forecast, from which the network's is counted.
    scale : ndarray of shape (n_series,)
        The error of a seasonal naive forecast, by which losses are compared.
    unit : ndarray of shape (n_series,)
        What the network counts in: the size of what cannot be foreseen in a step.
    """

    windows: Windows
    baseline: Array
    scale: Array
    unit: Array

    def in_units(self, y: Array) -> Windows:
        """Give values to come as the network forecasts them.

        Parameters
        ----------
        y : ndarray of shape (n_series, HORIZON)
            NaN where nothing is known.

        Returns
        -------
        targets : Windows of shape (n_series, HORIZON / PATCH, PATCH)
        """
        furthest = FURTHEST * self.scale[:, None]
        z = (y - self.baseline).clip(-furthest, furthest) / self.unit[:, None]
        rows = np.concatenate([np.zeros((len(y), CONTEXT)), z], axis=1)
        table = rows.reshape(-1, PATCH).astype(np.float32)
        leads = -np.arange(1, HORIZON // PATCH + 1)
        return Windows(table, self.windows.ends, self.windows.starts, leads)

    def restored(self, z: Array) -> Array:
        """Bring what the network says to the units of the series.

        Parameters
        ----------
        z : ndarray of shape (n_series, HORIZON, n_levels)

        Returns
        -------
        y : ndarray of shape (n_series, HORIZON, n_levels)
        """
        restored: Array = self.baseline[:, :, None] + self.unit[:, None, None] * z
        return restored


def view_of(histories: Array, periods: NDArray[Any]) -> View:
    """Look at histories, all at once.

    Parameters
    ----------
    histories : ndarray of shape (n_series, n_timesteps)
        The last step is that of the forecast origin. NaN before a series begins and where
        a value is missing; each has a value.
    periods : ndarray of int of shape (n_series, 2)
        Steps of a short and of a long season; below 2 is none.

    Returns
    -------
    view : View

    Examples
    --------
    >>> y = 10 * np.arange(1.0, 41.0)[None]
    >>> view = view_of(y, np.array([[0, 0]]))
    >>> view.windows.shape, view.scale
    ((1, 24, 39), array([10.]))
    >>> view.unit
    array([0.2])
    >>> view.baseline[0, :3].round(1)
    array([409.8, 419.4, 428.8])
    """
    n = len(histories)
    y, observed = _filled(histories)
    raw = y
    y, origin, size = _normalised(y, observed)
    scale = find_scale(y, periods[:, 0], observed)
    short = find_season(y, periods[:, 0], y.shape[1], HORIZON)
    rest = y - short.past
    long = find_season(rest, periods[:, 1], y.shape[1], HORIZON)
    rest = rest - long.past
    level = find_level(rest, HORIZON)
    baseline = level.at_end[:, None] + level.line + short.ahead + long.ahead
    unit = find_unit(rest, scale, observed)
    ahead = _steps_ahead(y, baseline, unit, level.line, short, long)
    past = _steps_past(
        y, observed, rest - level.at_end[:, None], unit, periods, short, long
    )
    steps = np.concatenate([past, ahead], axis=1)
    height = (level.at_end + origin / size) / unit
    whole = _of_series(y, raw, observed, height, unit, scale, periods, short, long)
    n_rows = (CONTEXT + HORIZON) // PATCH
    table = np.empty((n, n_rows, N_COLUMNS), dtype=np.float32)
    table[:, :, :-SERIES_FEATURES] = steps.reshape(n, n_rows, -1)
    table[:, :, -SERIES_FEATURES:] = whole[:, None]
    begun = ~np.isnan(y[:, -CONTEXT:]).reshape(n, -1, PATCH).all(axis=2)
    table[:, : begun.shape[1]][~begun] = np.nan
    baseline = origin[:, None] + size[:, None] * baseline
    return View(_as_windows(table), baseline, size * scale, size * unit)


def _filled(histories: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Carry the last value over gaps; and tell which values are observed.

    Histories that are shorter than the context begin later.
    """
    missing = max(0, CONTEXT - histories.shape[1])
    y = np.pad(histories, ((0, 0), (missing, 0)), constant_values=np.nan)
    observed = ~np.isnan(y)
    last = np.maximum.accumulate(np.where(observed, np.arange(y.shape[1]), 0), axis=1)
    return np.take_along_axis(y, last, axis=1), observed


def _normalised(y: Array, observed: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Count from the last value, in units of the largest distance from it.

    So that no digit is lost of small changes about a large level, nor of tiny or huge ones.
    A constant has a unit next to nothing; a single value one that is a share of it.
    """
    origin = y[:, -1]
    y = y - origin[:, None]
    size = np.nanmax(np.abs(y), axis=1)
    alone = observed.sum(axis=1) < 2
    share = np.where(alone, SHARE_OF_ONE, SHARE_OF_CONSTANT)
    constant = share * np.where(origin == 0, 1.0, np.abs(origin))
    size = np.where(size > 0, size, constant)
    return y / size[:, None], origin, size


def _steps_past(
    y: Array,
    observed: NDArray[np.bool_],
    rest: Array,
    unit: Array,
    periods: Index,
    short: Season,
    long: Season,
) -> Array:
    """Give the features of the last steps, of shape (n_series, CONTEXT, STEP_FEATURES)."""
    unit = unit[:, None]
    change = np.diff(rest, axis=1, prepend=np.nan)
    mean = np.nanmean(y, axis=1, keepdims=True)
    deviation = np.maximum(np.nanstd(y, axis=1, keepdims=True), 1e-3 * unit)
    features = (
        short.past[:, -CONTEXT:] / unit,
        long.past[:, -CONTEXT:] / unit,
        rest[:, -CONTEXT:] / unit,
        ((y[:, -CONTEXT:] - mean) / deviation).clip(-6, 6),
        _seasonal_change(y, periods[:, 0]) / unit,
        change[:, -CONTEXT:] / unit,
        observed[:, -CONTEXT:].astype(float),
    )
    compressed = [f if i in (3, 6) else np.arcsinh(f) for i, f in enumerate(features)]
    begun = ~np.isnan(y[:, -CONTEXT:, None])
    return np.where(begun, np.nan_to_num(np.stack(compressed, axis=2).clip(-20, 20)), 0.0)


def _seasonal_change(y: Array, periods: Index) -> Array:
    """Give the change of the last steps from a period before, of shape (n, CONTEXT)."""
    change = np.full((len(y), CONTEXT), np.nan)
    reach = y.shape[1]
    for period in np.unique(periods[periods > 1]):
        rows = np.flatnonzero(periods == period)
        n_steps = min(CONTEXT, reach - period)
        if n_steps > 0:
            now, then = (
                y[rows, -n_steps:],
                y[rows, reach - n_steps - period : reach - period],
            )
            change[rows, -n_steps:] = now - then
    return change


def _steps_ahead(
    y: Array, baseline: Array, unit: Array, line: Array, short: Season, long: Season
) -> Array:
    """Give the features of the steps ahead, of shape (n, HORIZON, STEP_FEATURES)."""
    unit = unit[:, None]
    lead = np.broadcast_to(np.log(np.arange(1, HORIZON + 1)) / 4, baseline.shape)
    features = (
        np.arcsinh(short.ahead / unit),
        np.arcsinh(long.ahead / unit),
        np.arcsinh((short.last - baseline) / unit),
        np.arcsinh((long.last + short.ahead - baseline) / unit),
        np.arcsinh(line / unit),
        np.arcsinh((y[:, -1:] - baseline) / unit),
        lead,
    )
    return np.nan_to_num(np.stack(features, axis=2).clip(-20, 20))


def _signs(y: Array, observed: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Give the share of zeros, and whether no value is below."""
    n_zeros = ((y == 0) & observed).sum(axis=1)
    return n_zeros / observed.sum(axis=1), (np.nanmin(y, axis=1) >= 0).astype(float)


def _of_series(
    y: Array,
    raw: Array,
    observed: NDArray[np.bool_],
    height: Array,
    unit: Array,
    scale: Array,
    periods: Index,
    short: Season,
    long: Season,
) -> Array:
    """Give the features of whole series, of shape (n_series, SERIES_FEATURES)."""
    values = np.where(observed, y, np.nan)
    count = observed.sum(axis=1)
    features = (
        np.log1p(count) / 4,
        short.strength,
        np.log1p(short.n_periods),
        long.strength,
        np.log1p(long.n_periods),
        (np.arcsinh(-height) / 3).clip(-HIGHEST, HIGHEST),
        np.log(np.maximum(np.nanstd(values, axis=1) / scale, 0.01)),
        np.log(scale / unit),
        np.log1p(np.maximum(periods[:, 0], 0)) / 4,
        *_signs(raw, observed),
    )
    return np.stack(features, axis=1)


def _as_windows(table: NDArray[np.float32]) -> Windows:
    """Give the rows of all series one after the other, as windows and what follows them."""
    n, n_rows, n_columns = table.shape
    n_ahead = HORIZON // PATCH
    starts = np.arange(n) * n_rows
    known = KnownFuture(np.arange(1, n_ahead + 1), np.arange(n_columns))
    lags = np.arange(n_rows - n_ahead - 1, -1, -1)
    ends = starts + n_rows - n_ahead - 1
    return Windows(table.reshape(-1, n_columns), ends, starts, lags, known=known)
