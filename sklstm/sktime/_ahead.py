"""Forecasts from the ends of series, and one step ahead from every row before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import CHUNK
from ._model import ForecastModel
from ._rows import Rows, count_missing

Array = NDArray[Any]
Index = NDArray[np.intp]


def forecast(model: ForecastModel, rows: Rows, steps: Index, unknown: Array) -> Array:
    """Forecast steps ahead of the last row of each series.

    Where the last values of a series are missing, the network's own forecasts stand in for
    them, so that steps count from the last row and not from the last value. A step that the
    network does not give is forecast from an earlier row, for which it is one that the
    network gives; or, beyond its last, from its own forecasts.

    Parameters
    ----------
    model : ForecastModel
    rows : Rows
        With as many rows to come as the last step, of `steps` or of the model.
    steps : ndarray of int of shape (n_steps,)
        Ascending, from 1. Those beyond the model's last need all before them.
    unknown : ndarray of shape (n_series, n_targets, n_parameters)
        What is said where no value has been observed.

    Returns
    -------
    parameters : ndarray of shape (n_series, n_steps, n_targets, n_parameters)
    """
    n_targets = model.n_targets
    n_missing = count_missing(rows.table[:, :n_targets], rows.lasts, rows.starts)
    table = _with_ends_filled(model, rows, n_missing)
    parameters = np.empty((len(rows.lasts), len(steps), *unknown.shape[1:]))
    given = model.nearest_steps(steps)
    for origin in np.unique(steps - given):
        now = np.flatnonzero(steps - given == origin)
        said = _predict_from(model, rows, table, rows.lasts + origin, rows.starts)
        parameters[:, now] = said[:, np.searchsorted(model.steps, given[now])]
        # A later origin reads what has been forecast so far.
        points = model.loss.point(parameters[:, now])
        table[rows.lasts[:, None] + steps[now], :n_targets] = points
    return np.where(n_missing[:, None, :, None] < 0, unknown[:, None], parameters)


def follow_paths(
    model: ForecastModel,
    rows: Rows,
    n_steps: int,
    unknown: Array,
    n_paths: int,
    random_state: np.random.RandomState,
) -> Array:
    """Draw paths: each value from what is said of it after those drawn before.

    So the uncertainty of each step is carried along to the next.

    Parameters
    ----------
    model : ForecastModel
        Of step 1.
    rows : Rows
        With as many rows to come as `n_steps`.
    n_steps : int
    unknown : ndarray of shape (n_series, n_targets, n_parameters)
        What is said where no value has been observed.
    n_paths : int
        For each series.
    random_state : RandomState

    Returns
    -------
    samples : ndarray of shape (n_series, n_steps, n_targets, n_paths)
    """
    n_targets = model.n_targets
    n_missing = count_missing(rows.table[:, :n_targets], rows.lasts, rows.starts)
    whole = replace(rows, table=_with_ends_filled(model, rows, n_missing))
    first = np.maximum(rows.starts, rows.lasts - model.window_length + 1)
    n_rows = model.window_length + rows.n_ahead
    n_at_once = max(1, CHUNK // (n_paths * n_rows * rows.table.shape[1]))
    samples = np.empty((len(rows.lasts), n_steps, n_targets, n_paths))
    for begin in range(0, len(rows.lasts), n_at_once):
        part = np.repeat(np.arange(len(rows.lasts))[begin : begin + n_at_once], n_paths)
        paths = whole.stretches(rows.lasts[part], first[part])
        for step in range(n_steps):
            said = _predict_from(
                model, paths, paths.table, paths.lasts + step, paths.starts
            )[:, 0]
            said = np.where(n_missing[part, :, None] < 0, unknown[part], said)
            drawn = model.loss.sample(said, 1, random_state)[..., 0]
            paths.table[paths.lasts + step + 1, :n_targets] = drawn
            by_series = drawn.reshape(-1, n_paths, n_targets).transpose(0, 2, 1)
            samples[begin : begin + n_at_once, step] = by_series
    return samples


def one_step_ahead(model: ForecastModel, rows: Rows, at: Index, unknown: Array) -> Array:
    """Forecast rows of the series, each from those before it.

    Parameters
    ----------
    model : ForecastModel
        Must give step 1.
    rows : Rows
        With as many rows to come as the model's last step.
    at : ndarray of int of shape (n_at,)
        Rows of the table to forecast, from the start of a series to its last row.
    unknown : ndarray of shape (n_series, n_targets, n_parameters)
        What is said where no value has been observed.

    Returns
    -------
    parameters : ndarray of shape (n_at, n_targets, n_parameters)
    """
    n_targets = model.n_targets
    series = np.searchsorted(rows.starts, at, side="right") - 1
    starts, ends = rows.starts[series], at - 1
    n_missing = count_missing(rows.table[:, :n_targets], ends, starts)
    order, begins = _alike(series, ends, n_missing)
    stops = np.append(begins[1:], len(at))
    latest = order[stops - 1]
    # As far back as the values are forecast from that stand in for missing ones.
    n_read = np.maximum(n_missing.max(axis=1), 0) + model.window_length
    first = np.maximum(starts, ends - n_read + 1)
    first = np.minimum.reduceat(first[order], begins)
    parameters = np.empty((len(at), *unknown.shape[1:]))
    size = np.cumsum((ends[latest] - first + 1 + rows.n_ahead) * rows.table.shape[1])
    cuts = np.flatnonzero(np.diff(size // CHUNK)) + 1
    for part in np.split(np.arange(len(begins)), cuts):
        stretches = rows.stretches(ends[latest[part]], first[part])
        table = _with_ends_filled(model, stretches, n_missing[latest[part]])
        members = order[begins[part[0]] : stops[part[-1]]]
        n_members = (stops - begins)[part]
        begun = np.repeat(stretches.starts, n_members)
        row = ends[members] - np.repeat(first[part], n_members) + begun
        parameters[members] = model.predict(table, row, begun)[:, 0]
    return np.where(n_missing[..., None] < 0, unknown[series], parameters)


def _alike(series: Index, ends: Index, n_missing: Index) -> tuple[Index, Index]:
    """Group rows to forecast from by what stands in for missing values before them.

    It is the same where the same columns have been missing since the same rows. So the
    last row of a group needs all that the others need, and a long stretch is filled once.

    Parameters
    ----------
    series, ends : ndarray of int of shape (n,)
    n_missing : ndarray of int of shape (n, n_targets)

    Returns
    -------
    order : ndarray of int of shape (n,)
        Group by group, each in the order of its rows.
    begins : ndarray of int of shape (n_groups,)
        Where each begins in `order`.
    """
    since = np.where(n_missing > 0, ends[:, None] - n_missing, -1)
    keys = np.column_stack([series, since])
    order = np.lexsort((ends, *keys.T))
    differs = (np.diff(keys[order], axis=0) != 0).any(axis=1)
    return order, np.flatnonzero(np.append(True, differs))


def _with_ends_filled(model: ForecastModel, rows: Rows, n_missing: Index) -> Array:
    """Copy the table, with forecasts in the place of values that are missing at the ends.

    The oldest comes first. Each is forecast from the last row that is observed in its
    column, by the step that leads from there to it. If the network does not give that step,
    it is its next one, from an earlier row; or beyond its last that one, from rows that are
    forecast themselves by then.
    """
    n_targets = model.n_targets
    table = rows.table.copy()
    for n_left in range(n_missing.max(initial=0), 0, -1):
        distance = n_missing - n_left + 1
        given = np.where(distance > 0, model.nearest_steps(distance), 0)
        for step in np.unique(given[given > 0]):
            is_due = given == step
            late = np.flatnonzero(is_due.any(axis=1))
            row, starts = rows.lasts[late] - n_left + 1, rows.starts[late]
            said = _predict_from(model, rows, table, row - step, starts)
            values = model.loss.point(said[:, np.searchsorted(model.steps, step)])
            # So many steps ago the series had not begun: its last value stays.
            begun = (row - step >= starts)[:, None]
            values = np.where(begun, values, table[row - 1, :n_targets])
            table[row, :n_targets] = np.where(is_due[late], values, table[row, :n_targets])
    return table


def _predict_from(
    model: ForecastModel, rows: Rows, table: Array, ends: Index, starts: Index
) -> Array:
    """Ask the network, from a row before the start of a series for none of its rows.

    It is given only the rows that it reads: it looks at whole tables, and what is forecast
    row by row asks it over and over.
    """
    ends = np.maximum(ends, starts - 1)
    first = np.maximum(starts, ends - model.window_length + 1)
    read = replace(rows, table=table, n_ahead=int(model.steps[-1])).stretches(ends, first)
    return model.predict(read.table, read.lasts, read.starts)
