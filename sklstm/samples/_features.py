"""Which features of X a parameter of an estimator means."""

from __future__ import annotations

from typing import Any

from ..windows._columns import column_numbers
from ._encoding import Layout

FLAT = "the columns of a 2-D X are the steps of one feature, number 0"
DEEP = "this 3-D X has no names, which windows of a frame have"


def feature_numbers(
    features: Any, parameter: str, layout: Layout, n_features: int
) -> list[int]:
    """Give the numbers of the features that a parameter means, in its order.

    Parameters
    ----------
    features : int, str, sequence of int or str, mask or None
    parameter : str
        Name of the parameter, for messages.
    layout : Layout
        Of X.
    n_features : int
        Features of X: 1 where X has two dimensions.

    Returns
    -------
    numbers : list of int

    Raises
    ------
    ValueError
        If one is no feature of X, or a mask is of another length.
    """
    is_flat, names = layout.n_dims == 2, layout.feature_names_in
    return column_numbers(
        features,
        n_features,
        None if is_flat or names is None else names.tolist(),
        parameter=parameter,
        kind="features",
        nameless=FLAT if is_flat else DEEP,
    )
