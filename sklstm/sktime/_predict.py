"""From the horizon of each series to the values that a model gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ahead import forecast, one_step_ahead
from ._horizon import Horizon, all_steps
from ._model import ForecastModel
from ._panel import Panel
from ._rows import Rows

Array = NDArray[Any]
Index = NDArray[np.intp]


def values_at(
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
    values : ndarray of shape (n_values, n_targets)
        Those of the first series, then those of the second, and so on.
    """
    steps = all_steps(horizons)
    ahead = steps[steps > 0]
    series = np.repeat(np.arange(len(horizons)), [len(h.steps) for h in horizons])
    step = np.concatenate([h.steps for h in horizons])
    values = np.empty((len(step), model.n_targets))
    if len(ahead):
        through = model.steps_through(ahead)
        rows = Rows.of(end, future)
        given = forecast(model, rows, through, _means(model, end, past))
        out = step > 0
        values[out] = given[series[out], np.searchsorted(through, step[out])]
    if len(ahead) < len(steps):
        inside = step < 1
        values[inside] = _in_sample(
            model, past(), end.names(), series[inside], step[inside], future
        )
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
    means = training_means(past, model.n_targets)
    at = rows.lasts[place[series]] + step
    values = means[place[series]]
    begun = np.flatnonzero(at >= rows.starts[place[series]])
    if len(begun):
        values[begun] = one_step_ahead(model, rows, at[begun], means)
    return values


def _means(model: ForecastModel, end: Panel, past: Callable[[], Panel]) -> Array:
    """Give the mean of each series; of all rows, where its last ones are not enough."""
    observed = ~np.isnan(end.values[:, : model.n_targets])
    if np.logical_or.reduceat(observed, end.starts).all():
        return training_means(end, model.n_targets)
    rows = past()
    return training_means(rows, model.n_targets)[_places(rows, end.names())]


def _places(past: Panel, names: list[tuple[Any, ...]]) -> Index:
    """Find series by name among all rows, which may have them in another order."""
    place = {name: i for i, name in enumerate(past.names())}
    return np.array([place[name] for name in names])


def training_means(panel: Panel, n_targets: int) -> Array:
    """Give the mean of each series; that of all where one has no value.

    Parameters
    ----------
    panel : Panel
    n_targets : int
        The first columns are the targets.

    Returns
    -------
    means : ndarray of shape (n_series, n_targets)

    Examples
    --------
    >>> import pandas as pd
    >>> shops = pd.DataFrame({0: [1.0, 3.0, np.nan]}, [("a", 1), ("a", 2), ("b", 1)])
    >>> shops.index = pd.MultiIndex.from_tuples(shops.index)
    >>> training_means(Panel.of(shops), 1).tolist()
    [[2.0], [2.0]]
    """
    values = panel.values[:, :n_targets]
    observed = ~np.isnan(values)
    total = np.add.reduceat(np.where(observed, values, 0.0), panel.starts)
    count = np.add.reduceat(observed, panel.starts, dtype=np.intp)
    overall = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return np.where(count > 0, total / np.maximum(count, 1), overall)
