"""Windows that hold other values, and know the same of the rows to come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._windows import Windows


def refilled(
    windows: Windows,
    values: NDArray[Any],
    ahead: tuple[NDArray[np.intp], Any] | None = None,
) -> Windows:
    """Give windows with other values at their steps.

    Parameters
    ----------
    windows : Windows of shape (n_windows, n_timesteps, n_features)
    values : ndarray of the same shape
        A step of nothing but NaN is unobserved.
    ahead : tuple of (ndarray of int of shape (n_windows,), slice or index) or None, \
            default=None
        Windows from which each takes what is known of the rows to come, and the features
        for which it does.

    Returns
    -------
    windows : Windows of the same shape
        Each with rows of its own: what is known of the rows to come follows them.

    Examples
    --------
    >>> windows = Windows.from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> refilled(windows, 10 * np.asarray(windows))[1, :, 0]
    array([30., 40.])
    """
    n, n_timesteps, n_features = windows.shape
    leads = np.empty(0, np.intp) if windows.known is None else windows.known.leads
    n_ahead = int(leads.max(initial=0))
    rows = np.full((n, n_timesteps + n_ahead, n_features), np.nan)
    rows[:, :n_timesteps] = values
    coming = windows.table[windows.ends[:, None] + leads]
    if ahead is not None:
        order, features = ahead
        coming[:, :, features] = coming[order][:, :, features]
    rows[:, n_timesteps - 1 + leads] = coming
    starts = np.arange(n) * rows.shape[1]
    return Windows(
        rows.reshape(-1, n_features),
        starts + n_timesteps - 1,
        starts,
        np.arange(n_timesteps - 1, -1, -1),
        known=windows.known,
        names=windows.names,
    )
