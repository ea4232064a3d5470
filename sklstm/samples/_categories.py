"""Features that are categories: tokens of a text, a store, a machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..fitting._ranks import of_all_rows
from ..windows._windows import Windows

# From here on float32, in which batches are, does not know every integer.
LIMIT = 1 << 24


def find_categories(windows: Windows, features: list[int]) -> dict[int, NDArray[np.intp]]:
    """Find the categories of some features, in the windows and in what is known ahead.

    Parameters
    ----------
    windows : Windows of shape (n_windows, n_timesteps, n_features)
    features : list of int

    Returns
    -------
    categories : dict of int to ndarray of int
        By the number of the feature; sorted.

    Raises
    ------
    ValueError
        If a value is no integer from 0 to 2 ** 24 - 1.

    Examples
    --------
    >>> tokens = Windows.from_array(np.array([[3.0, 0.0], [1.0, np.nan]]))
    >>> find_categories(tokens, [0])
    {0: array([0, 1, 3])}
    """
    if not features:
        return {}
    used = windows.used_rows()
    ahead = used.copy()
    known: list[int] = []
    if windows.known is not None:
        known = windows.known.columns.tolist()
        for lead in windows.known.leads:
            ahead[windows.ends + lead] = True
    found = {}
    for feature in features:
        values = windows.table[ahead if feature in known else used, feature]
        values = values[~np.isnan(values)]
        bad = values[(values < 0) | (values >= LIMIT) | (values % 1 != 0)]
        if len(bad):
            raise ValueError(
                f"X must have integers from 0 to {LIMIT - 1} in its categorical_features."
                f" Got {bad[0]:g} in feature {feature}: give each category one number, the"
                " same in all steps."
            )
        found[feature] = np.unique(values).astype(np.intp)
    parts = of_all_rows("categories", found)
    return {i: np.unique(np.concatenate([part[i] for part in parts])) for i in features}
