"""Each column of a multivariate series as a series of its own, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..samples._scaling import Scaling

# The level that tells the columns apart; their numbers, for names may be alike or unsorted.
LEVEL = "channel"


@dataclass(frozen=True)
class Channels:
    """The columns of a series, each standardised and read by itself.

    Attributes
    ----------
    columns : pandas.Index of length n_channels
    scaling : Scaling
        Of each.

    Examples
    --------
    >>> y = pd.DataFrame({"a": [1.0, 3.0], "b": [20.0, 40.0]})
    >>> channels = Channels.learn(y, standardize=True)
    >>> stacked, _ = channels.split(y, None)
    >>> stacked["y"].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    >>> channels.join(stacked).equals(y)
    True
    """

    columns: pd.Index
    scaling: Scaling

    @classmethod
    def learn(cls, y: pd.DataFrame, *, standardize: bool) -> Channels:
        """Learn the columns, and how to standardise each.

        Parameters
        ----------
        y : DataFrame of shape (n_rows, n_channels)
        standardize : bool

        Returns
        -------
        channels : Channels
        """
        if standardize:
            return cls(y.columns, Scaling.of_columns(_numbers(y)))
        return cls(y.columns, Scaling.identity(y.shape[1]))

    def split(
        self, y: pd.DataFrame, X: pd.DataFrame | None
    ) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """Put the columns one under the other, as instances of a panel with one column.

        Parameters
        ----------
        y : DataFrame of shape (n_rows, n_channels)
        X : DataFrame of shape (n_rows, n_columns) or None

        Returns
        -------
        stacked : DataFrame of shape (n_channels * n_rows, 1)
            With a first level more.
        repeated : DataFrame of shape (n_channels * n_rows, n_columns) or None
            The same covariates for each channel.
        """
        values = self.scaling.apply(_numbers(y))
        parts = {i: pd.DataFrame({"y": values[:, i]}, y.index) for i in range(y.shape[1])}
        return pd.concat(parts, names=[LEVEL]), None if X is None else self.repeat(X)

    def repeat(self, X: pd.DataFrame) -> pd.DataFrame:
        """Give each channel the same covariates."""
        return pd.concat(dict.fromkeys(range(len(self.columns)), X), names=[LEVEL])

    def join(self, stacked: pd.DataFrame) -> pd.DataFrame:
        """Put the channels beside each other again, in their own units.

        Parameters
        ----------
        stacked : DataFrame of shape (n_channels * n_rows, 1)

        Returns
        -------
        y : DataFrame of shape (n_rows, n_channels)
        """
        parts = [stacked.xs(i, level=0).iloc[:, 0] for i in range(len(self.columns))]
        y: Any = self.scaling.invert(pd.concat(parts, axis=1))
        return y.set_axis(self.columns, axis=1)


def split_channels(
    channels: Channels | None, y: pd.DataFrame, X: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Make a series of each column, if the network shall read them one by one.

    Parameters
    ----------
    channels : Channels or None
    y : DataFrame
    X : DataFrame or None

    Returns
    -------
    y, X
    """
    return (y, X) if channels is None else channels.split(y, X)


def _numbers(y: pd.DataFrame) -> Any:
    return y.to_numpy(np.float64, na_value=np.nan)
