"""Features that are categories: tokens of a text, a store, a machine."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .windows._windows import Windows

# From here on float32, in which batches are, does not know every integer.
LIMIT = 1 << 24


def feature_numbers(features: int | list[int] | None, n_features: int) -> list[int]:
    """Check the numbers of the categorical features and give them as a list.

    Parameters
    ----------
    features : int, list of int or None
    n_features : int
        Features of X.

    Returns
    -------
    numbers : list of int

    Raises
    ------
    ValueError
        If one is no feature of X.
    """
    if features is None:
        return []
    numbers: list[Any] = features if isinstance(features, list) else [features]
    if not all(isinstance(i, Integral) and 0 <= int(i) < n_features for i in numbers):
        raise ValueError(
            f"categorical_features must be features of X, from 0 to {n_features - 1}. Got"
            f" {features!r}."
        )
    return sorted({int(i) for i in numbers})


def count_categories(windows: Windows, features: list[int]) -> dict[int, int]:
    """Count the categories of some features: one more than the largest value.

    Parameters
    ----------
    windows : Windows of shape (n_windows, n_timesteps, n_features)
    features : list of int

    Returns
    -------
    n_categories : dict of int to int
        By the number of the feature.

    Raises
    ------
    ValueError
        If a value is no integer from 0 to 2 ** 24 - 1.

    Examples
    --------
    >>> tokens = Windows.from_array(np.array([[3.0, 0.0], [1.0, np.nan]]))
    >>> count_categories(tokens, [0])
    {0: 4}
    """
    if not features:
        return {}
    used = windows.used_rows()
    counts = {}
    for feature in features:
        values = windows.table[used, feature]
        values = values[~np.isnan(values)]
        bad = values[(values < 0) | (values >= LIMIT) | (values % 1 != 0)]
        if len(bad):
            raise ValueError(
                f"X must have integers from 0 to {LIMIT - 1} in its categorical_features."
                f" Got {bad[0]:g} in feature {feature}; encode with OrdinalEncoder."
            )
        counts[feature] = int(values.max(initial=0)) + 1
    return counts
