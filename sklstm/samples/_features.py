"""Which features of X a parameter of an estimator means."""

from __future__ import annotations

from typing import Any

from ..windows._columns import column_numbers

FLAT = "the columns of a 2-D X are the steps of one feature, number 0"
DEEP = "a 3-D X has no names"


def feature_numbers(estimator: Any, parameter: str, n_features: int) -> list[int]:
    """Give the numbers of the features that a parameter means, in its order.

    Parameters
    ----------
    estimator : estimator
        That has read X, and so knows its dimensions and names.
    parameter : str
        Name of the parameter: an int, a name, a sequence of them, a mask or None.
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
    is_flat = estimator._n_dims_in == 2
    return column_numbers(
        getattr(estimator, parameter),
        n_features,
        None if is_flat else getattr(estimator, "feature_names_in_", None),
        parameter=parameter,
        kind="features",
        nameless=FLAT if is_flat else DEEP,
    )
