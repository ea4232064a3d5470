"""Targets that lie some rows ahead: which are known at the end of the training rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import Windows


def leads_of(n_outputs: int, horizon: int) -> NDArray[np.intp]:
    """Tell how many rows ahead each target lies.

    Parameters
    ----------
    n_outputs : int
    horizon : int

    Returns
    -------
    leads : ndarray of int of shape (n_outputs,)

    Examples
    --------
    >>> leads_of(3, horizon=3), leads_of(2, horizon=3)
    (array([1, 2, 3]), array([3, 3]))
    """
    if n_outputs == horizon:
        return np.arange(1, horizon + 1)
    return np.full(n_outputs, horizon)


def check_leads(y: Any, horizon: int) -> None:
    """Refuse a frame of `future_targets` whose columns lie further ahead than was said.

    Parameters
    ----------
    y : array-like
    horizon : int

    Raises
    ------
    ValueError
        Naming the column.
    """
    leads = {
        int(lead[1]): str(column)
        for column in getattr(y, "columns", ())
        if (lead := re.search(r"_lead_(\d+)$", str(column)))
    }
    furthest = max(leads, default=0)
    if furthest > horizon:
        raise ValueError(
            f"y must lie at most horizon={horizon} rows ahead. Got the column"
            f" {leads[furthest]!r}: set horizon={furthest}."
        )


def known_at_the_end(
    X: Any, windows: Windows, n_outputs: int, horizon: int
) -> NDArray[np.bool_]:
    """Tell which targets lie within the rows that the sequences come from.

    The last row of a series is that of its last window, or of the last one before a gap in
    time. What lies after it, a forecaster that is trained there does not know, though
    whoever judges it later may.

    Parameters
    ----------
    X : array-like or Windows
        As it was given: rows of an array are those of one series, in their order.
    windows : Windows of shape (n_samples, n_timesteps, n_features)
        The same as windows.
    n_outputs : int
    horizon : int

    Returns
    -------
    known : ndarray of bool of shape (n_samples, n_outputs)

    Examples
    --------
    >>> X = np.zeros((4, 5))
    >>> known_at_the_end(X, Windows.from_array(X), 2, horizon=2)
    array([[ True,  True],
           [ True,  True],
           [ True, False],
           [False, False]])
    """
    leads = leads_of(n_outputs, horizon)
    row, stretch, ahead = np.arange(len(windows)), None, 0
    if isinstance(X, Windows):
        row, stretch, ahead = windows.ends, windows.series, windows.ahead
        # Sequences that were cut out begin at a row of their own each, gap or not.
        if stretch is not None and len(np.unique(windows.starts)) < len(windows):
            stretch = windows.starts
    last = _last_of_each(row, stretch)
    return (row[:, None] + leads <= last[:, None]) | (leads <= ahead)


def forecast_feature(
    windows: Windows, target: NDArray[np.float64], horizon: int
) -> int | None:
    """Find the feature whose values ahead the targets are, if there is one.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    target : ndarray of shape (n_samples, n_outputs)
        NaN is not known.
    horizon : int

    Returns
    -------
    feature : int or None

    Examples
    --------
    >>> table = np.array([[0.0, 9.0], [0.0, 8.0], [0.0, 7.0]])
    >>> windows = Windows(table, np.arange(3), np.zeros(3, int), np.array([1, 0]))
    >>> forecast_feature(windows, np.array([[8.0], [7.0], [np.nan]]), horizon=1)
    1
    """
    rows = windows.ends[:, None] + leads_of(target.shape[1], horizon)
    there = ~np.isnan(target) & (rows < len(windows.table))
    for feature in range(windows.shape[2]):
        values = windows.table[rows[there], feature]
        if there.any() and np.allclose(values, target[there], rtol=1e-6, atol=0):
            return feature
    return None


def _last_of_each(
    row: NDArray[np.intp], stretch: NDArray[np.intp] | None
) -> NDArray[np.intp]:
    """Give, for each sample, the last row of its series up to a gap."""
    if stretch is None:
        return np.full(len(row), row.max())
    stretches, number = np.unique(stretch, return_inverse=True)
    last = np.full(len(stretches), -1)
    np.maximum.at(last, number, row)
    return last[number]
