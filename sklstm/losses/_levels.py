"""Levels of quantiles, and coverages of intervals."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_levels(levels: Any, name: str) -> NDArray[np.float64]:
    """Check levels of quantiles.

    Parameters
    ----------
    levels : sequence of float
    name : str
        The argument.

    Returns
    -------
    levels : ndarray of float of shape (n_levels,)

    Raises
    ------
    ValueError
        If one lies outside (0, 1), or they do not ascend.

    Examples
    --------
    >>> check_levels([0.1, 0.9], "quantiles")
    array([0.1, 0.9])
    >>> check_levels([0.1, 1.0], "quantiles")
    Traceback (most recent call last):
    ValueError: quantiles must be ascending levels in (0, 1), each once. Got [0.1, 1.0].
    """
    try:
        values = np.asarray(levels, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    ascend = values.ndim == 1 and len(values) and bool((np.diff(values) > 0).all())
    if not ascend or not (values[0] > 0 and values[-1] < 1):
        raise ValueError(
            f"{name} must be ascending levels in (0, 1), each once. Got {levels!r}."
        )
    return values


def check_coverage(coverage: Any) -> float:
    """Check the share of targets that an interval is to hold.

    Parameters
    ----------
    coverage : float

    Returns
    -------
    coverage : float

    Raises
    ------
    ValueError
        If it is no number in (0, 1).
    """
    is_share = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if not is_share or not 0 < coverage < 1:
        raise ValueError(f"coverage must be a number in (0, 1). Got {coverage!r}.")
    return float(coverage)
