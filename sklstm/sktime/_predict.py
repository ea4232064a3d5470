"""From the horizon of each series to what a model says of its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ahead import follow_paths, forecast, one_step_ahead
from ._horizon import Horizon, all_steps
from ._model import ForecastModel
from ._panel import Panel
from ._rows import Rows

Array = NDArray[Any]
Index = NDArray[np.intp]

# Paths from which the quantiles of a recursive forecast are read.
N_PATHS = 500


def parameters_at(
    model: ForecastModel,
    horizons: list[Horizon],
    end: Panel,
    past: Callable[[], Panel],
    future: Array,
) -> Array:
    """Forecast the horizon of each series, in sample and out of sample.

    Parameters
    ----------
    model : ForecastModel
    horizons : list of Horizon, of length n_series
    end : Panel
        The last rows of each series.
    past : callable () -> Panel
        Gives all rows of each, in any order of series. Asked for in-sample steps only.
    future : ndarray of shape (n_series, n_ahead, n_columns)
        What is known of the rows to come.

    Returns
    -------
    parameters : ndarray of shape (n_values, n_targets, n_parameters)
        Those of the first series, then those of the second, and so on.
    """

    def ahead(rows: Rows, steps: Index, unknown: Array) -> tuple[Index, Array]:
        through = model.steps_through(steps)
        return through, forecast(model, rows, through, unknown)

    return _at(model, horizons, end, past, future, ahead, lambda said: said)


def samples_at(
    model: ForecastModel,
    horizons: list[Horizon],
    end: Panel,
    past: Callable[[], Panel],
    future: Array,
) -> Array:
    """Draw the horizon of each series, step by step from what was drawn before.

    Parameters
    ----------
    model : ForecastModel
        Of step 1.
    horizons, end, past, future
        As in `parameters_at`.

    Returns
    -------
    samples : ndarray of shape (n_values, n_targets, n_paths)
    """
    random_state = np.random.RandomState(model.seed)

    def ahead(rows: Rows, steps: Index, unknown: Array) -> tuple[Index, Array]:
        drawn = follow_paths(model, rows, steps[-1], unknown, N_PATHS, random_state)
        return np.arange(1, steps[-1] + 1), drawn

    def sampled(said: Array) -> Array:
        return model.loss.sample(said, N_PATHS, random_state)

    return _at(model, horizons, end, past, future, ahead, sampled)


def _at(
    model: ForecastModel,
    horizons: list[Horizon],
    end: Panel,
    past: Callable[[], Panel],
    future: Array,
    ahead: Callable[[Rows, Index, Array], tuple[Index, Array]],
    inside: Callable[[Array], Array],
) -> Array:
    """Put together what is said of the steps ahead and of those in sample."""
    steps = all_steps(horizons)
    series = np.repeat(np.arange(len(horizons)), [len(h.steps) for h in horizons])
    step = np.concatenate([h.steps for h in horizons])
    parts: list[tuple[NDArray[np.bool_], Array]] = []
    if len(beyond := steps[steps > 0]):
        through, given = ahead(Rows.of(end, future), beyond, _unknown(model, end, past))
        out = step > 0
        parts.append((out, given[series[out], np.searchsorted(through, step[out])]))
    if len(beyond) < len(steps):
        within = step < 1
        said = _in_sample(model, past(), end.names(), series[within], step[within], future)
        parts.append((within, inside(said)))
    values = np.empty((len(step), *parts[0][1].shape[1:]))
    for where, part in parts:
        values[where] = part
    return values


def _in_sample(
    model: ForecastModel,
    past: Panel,
    names: list[tuple[Any, ...]],
    series: Index,
    step: Index,
    future: Array,
) -> Array:
    place = _places(past, names)
    rows = Rows.of(past, future[np.argsort(place)])
    unknown = model.constant(*training_moments(past, model.n_targets))
    at = rows.lasts[place[series]] + step
    said = unknown[place[series]]
    begun = np.flatnonzero(at >= rows.starts[place[series]])
    if len(begun):
        said[begun] = one_step_ahead(model, rows, at[begun], unknown)
    return said


def _unknown(model: ForecastModel, end: Panel, past: Callable[[], Panel]) -> Array:
    """Say of each series its mean; of all rows, where its last ones are not enough."""
    observed = ~np.isnan(end.values[:, : model.n_targets])
    if np.logical_or.reduceat(observed, end.starts).all():
        return model.constant(*training_moments(end, model.n_targets))
    rows = past()
    unknown = model.constant(*training_moments(rows, model.n_targets))
    return unknown[_places(rows, end.names())]


def _places(past: Panel, names: list[tuple[Any, ...]]) -> Index:
    """Find series by name among all rows, which may have them in another order."""
    place = {name: i for i, name in enumerate(past.names())}
    return np.array([place[name] for name in names])


def training_moments(panel: Panel, n_targets: int) -> tuple[Array, Array]:
    """Give mean and deviation of each series; those of all where one has no value.

    Parameters
    ----------
    panel : Panel
    n_targets : int
        The first columns are the targets.

    Returns
    -------
    means, deviations : ndarray of shape (n_series, n_targets)

    Examples
    --------
    >>> import pandas as pd
    >>> shops = pd.DataFrame({0: [1.0, 3.0, np.nan]}, [("a", 1), ("a", 2), ("b", 1)])
    >>> shops.index = pd.MultiIndex.from_tuples(shops.index)
    >>> means, deviations = training_moments(Panel.of(shops), 1)
    >>> means.tolist(), deviations.tolist()
    ([[2.0], [2.0]], [[1.0], [1.0]])
    """
    values = panel.values[:, :n_targets]
    means = _means(panel, values)
    square = (values - np.repeat(means, panel.lengths, axis=0)) ** 2
    return means, np.sqrt(_means(panel, square))


def _means(panel: Panel, values: Array) -> Array:
    observed = ~np.isnan(values)
    total = np.add.reduceat(np.where(observed, values, 0.0), panel.starts)
    count = np.add.reduceat(observed, panel.starts, dtype=np.intp)
    overall = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return np.where(count > 0, total / np.maximum(count, 1), overall)
