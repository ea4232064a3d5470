"""Each column of a multivariate series as a series of its own, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..estimators._season import allows_factor
from ..losses import Role, in_units
from ..samples._scaling import Scaling

Array = NDArray[Any]

# The level that tells the columns apart; their numbers, for names may be alike or unsorted.
LEVEL = "channel"


@dataclass(frozen=True)
class Channels:
    """The columns of a series, each standardised and read by itself.

    Attributes
    ----------
    columns : pandas.Index of length n_channels
    scaling : Scaling
        Of each; without a shift where a season may be a factor.

    Examples
    --------
    >>> y = pd.DataFrame({"a": [1.0, 3.0], "b": [20.0, 40.0]})
    >>> channels = Channels.learn(y, standardize=True)
    >>> stacked, _ = channels.split(y, None)
    >>> stacked["y"].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    >>> index, values = channels.join(
    ...     stacked.index, stacked.to_numpy()[:, :, None], ["location"]
    ... )
    >>> values[:, :, 0].tolist()
    [[1.0, 20.0], [3.0, 40.0]]
    """

    columns: pd.Index
    scaling: Scaling

    @classmethod
    def learn(
        cls, y: pd.DataFrame, *, standardize: bool, may_multiply: bool = False
    ) -> Channels:
        """Learn the columns, and how to standardise each.

        Parameters
        ----------
        y : DataFrame of shape (n_rows, n_channels)
        standardize : bool
        may_multiply : bool, default=False
            Whether a season may be a factor, if all values allow it: what is centred has
            none.

        Returns
        -------
        channels : Channels
        """
        if standardize:
            values = _numbers(y)
            scaling = Scaling.of_columns(values)
            if may_multiply and allows_factor(np.nanmin(values, 0), np.nanmax(values, 0)):
                scaling = Scaling(np.zeros_like(scaling.mean), scaling.scale)
            return cls(y.columns, scaling)
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

    def join(
        self, index: pd.Index, stacked: Array, roles: Sequence[Role]
    ) -> tuple[pd.Index, Array]:
        """Put the channels beside each other again, in their own units.

        Parameters
        ----------
        index : MultiIndex of length n_channels * n_rows
        stacked : ndarray of shape (n_channels * n_rows, 1, n_parameters)
        roles : sequence of Role of length n_parameters

        Returns
        -------
        index : Index of length n_rows
        parameters : ndarray of shape (n_rows, n_channels, n_parameters)
        """
        channel = index.get_level_values(0).to_numpy()
        parts, rows = [], index[channel == 0].droplevel(0)
        for i in range(len(self.columns)):
            order = index[channel == i].droplevel(0).get_indexer(rows)
            parts.append(stacked[channel == i][order, 0])
        parameters = np.stack(parts, axis=1)
        units = self.scaling.mean, self.scaling.scale
        return rows, in_units(parameters, roles, *units)


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
