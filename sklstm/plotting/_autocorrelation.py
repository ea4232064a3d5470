"""How alike values are to those some rows before them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting._numbers import is_integer

Array = NDArray[Any]


def check_lags(n_lags: int | None, n_samples: int) -> int:
    """Give how many lags are shown.

    Parameters
    ----------
    n_lags : int or None
        None is ``10 * log10(n_samples)``, and no more than half of the samples.
    n_samples : int

    Returns
    -------
    n_lags : int

    Raises
    ------
    ValueError
        If there are not so many.
    """
    if n_lags is None:
        return max(1, min(int(10 * np.log10(n_samples)), n_samples // 2))
    if not is_integer(n_lags) or not 1 <= n_lags < n_samples:
        raise ValueError(
            "n_lags must be an integer of at least 1 and below the number of samples,"
            f" {n_samples}. Got {n_lags!r}."
        )
    return int(n_lags)


def autocorrelation_of(values: Array, n_lags: int) -> Array:
    r"""Give the autocorrelation at lags from 1 on, of the values that are known.

    .. math:: r_k = \frac{\sum_t (e_t - \bar e)(e_{t+k} - \bar e)}{\sum_t (e_t - \bar e)^2}

    A pair counts where both are known.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        In the order of time. NaN is not known.
    n_lags : int

    Returns
    -------
    autocorrelation : ndarray of shape (n_lags,)
        0 where all values are the same.

    Examples
    --------
    >>> autocorrelation_of(np.array([1.0, -1.0, 1.0, -1.0]), 2)
    array([-0.75,  0.5 ])
    """
    deviation = np.nan_to_num(values - np.nanmean(values))
    total = deviation @ deviation
    sums = [deviation[lag:] @ deviation[:-lag] for lag in range(1, n_lags + 1)]
    return np.array(sums) / total if total > 0 else np.zeros(n_lags)
