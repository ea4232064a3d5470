"""The lags of a window: all of them, or chosen ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# A window of more rows is a mistake: its lags alone would fill the memory.
LONGEST = 10_000_000


def check_lags(window_length: int, lags: Any) -> NDArray[np.intp]:
    """Give the lags of a window, oldest first.

    Parameters
    ----------
    window_length : int
        Length of a whole window, used if `lags` is None.
    lags : array-like of int or None
        Chosen lags.

    Returns
    -------
    lags : ndarray of int of shape (n_timesteps,)

    Raises
    ------
    ValueError
        If a lag is negative (it would be the future), stands twice or is no integer; or if
        the window is longer than any series.

    Examples
    --------
    >>> check_lags(3, None)
    array([2, 1, 0])
    >>> check_lags(3, [1, 24])
    array([24,  1])
    """
    if lags is None:
        if window_length > LONGEST:
            raise ValueError(
                f"window_length must be an int of at most {LONGEST}. Got {window_length}."
            )
        return np.arange(window_length - 1, -1, -1)
    chosen = np.asarray(lags)
    whole = chosen.ndim == 1 and chosen.size and np.issubdtype(chosen.dtype, np.integer)
    whole = whole and not any(isinstance(lag, bool | np.bool_) for lag in lags)
    if not whole or (chosen < 0).any() or len(np.unique(chosen)) < len(chosen):
        raise ValueError(
            "lags must be a list of different integers of at least 0 (a negative lag would"
            f" be the future). Got {lags!r} instead."
        )
    return np.sort(chosen)[::-1].astype(np.intp)
