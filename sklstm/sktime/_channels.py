"""Each column of a multivariate series as a series of its own, and back."""

from __future__ import annotations

from typing import Any

import pandas as pd

# The level that tells the columns apart; their numbers, for names may be alike or unsorted.
LEVEL = "channel"


def stack_channels(y: pd.DataFrame) -> pd.DataFrame:
    """Put the columns one under the other, as instances of a panel with one column.

    Parameters
    ----------
    y : DataFrame of shape (n_rows, n_channels)

    Returns
    -------
    stacked : DataFrame of shape (n_channels * n_rows, 1)
        With a first level more.

    Examples
    --------
    >>> stack_channels(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))["y"].tolist()
    [1, 2, 3, 4]
    """
    parts = {i: y.iloc[:, [i]].set_axis(["y"], axis=1) for i in range(y.shape[1])}
    return pd.concat(parts, names=[LEVEL])


def repeat_for_channels(X: pd.DataFrame | None, n_channels: int) -> pd.DataFrame | None:
    """Give each channel the same covariates.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns) or None
    n_channels : int

    Returns
    -------
    repeated : DataFrame of shape (n_channels * n_rows, n_columns) or None
    """
    return (
        None if X is None else pd.concat(dict.fromkeys(range(n_channels), X), names=[LEVEL])
    )


def unstack_channels(stacked: pd.DataFrame, columns: Any) -> pd.DataFrame:
    """Put the channels beside each other again.

    Parameters
    ----------
    stacked : DataFrame of shape (n_channels * n_rows, 1)
    columns : Index of length n_channels

    Returns
    -------
    y : DataFrame of shape (n_rows, n_channels)
    """
    parts = [stacked.xs(i, level=0).iloc[:, 0] for i in range(len(columns))]
    return pd.concat(parts, axis=1).set_axis(columns, axis=1)
