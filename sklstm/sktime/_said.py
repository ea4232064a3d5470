"""What is said of the values to come: points, quantiles, variances, distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..losses import (
    GaussianLoss,
    Loss,
    NegativeBinomialLoss,
    QuantileLoss,
    StudentTLoss,
    between_levels,
)
from ..windows._windows import CHUNK

Array = NDArray[Any]

# Levels at which quantiles stand for a distribution that skpro has no class for.
GRID = np.unique(np.r_[0.001, 0.0025, np.arange(1, 200) / 200, 0.9975, 0.999].round(4))
# Those whose distribution has quantiles of every level by itself.
EXACT = (QuantileLoss, GaussianLoss, StudentTLoss, NegativeBinomialLoss)
# Quantiles whose spread is that of the distribution.
N_MOMENTS = 1000


@dataclass(frozen=True)
class Said:
    """What a network says of some values, as parameters of each or as samples.

    Attributes
    ----------
    index : pandas.Index of length n_rows
    columns : pandas.Index of length n_columns
    values : ndarray of shape (n_rows, n_columns, n_parameters or n_samples)
    loss : Loss
        Reads the parameters.
    are_samples : bool, default=False
        Whether the values are samples, as of paths that were followed step by step.
    """

    index: pd.Index
    columns: pd.Index
    values: Array
    loss: Loss
    are_samples: bool = False

    def in_order(self) -> Said:
        """Give the same with the rows of many series in the order of their index."""
        if self.index.nlevels == 1:
            return self
        index, order = self.index.sort_values(return_indexer=True)
        return replace(self, index=index, values=self.values[order])

    def points(self) -> pd.DataFrame:
        """Give the value that stands for all: the median, or the mean of a distribution."""
        if not self.are_samples:
            return self._framed(self.loss.point(self.values))
        statistic = np.mean if self.loss.is_distribution else np.median
        return self._framed(statistic(self.values, axis=2))

    def quantiles(self, levels: Sequence[float] | Array) -> Array:
        """Give quantiles, of shape (n_rows, n_columns, n_levels)."""
        if not self.are_samples and isinstance(self.loss.criterion, EXACT):
            return self.loss.quantiles(self.values, levels)
        # As the distribution has them that stands for these.
        return between_levels(self._on_grid, ndtri(GRID), np.asarray(levels))

    @cached_property
    def _on_grid(self) -> Array:
        if self.are_samples:
            return np.moveaxis(np.quantile(self.values, GRID, axis=2), 0, -1)
        return self.loss.quantiles(self.values, GRID)

    def quantile_frame(self, levels: Sequence[float]) -> pd.DataFrame:
        """Give quantiles as sktime has them: a column for each variable and level."""
        columns = pd.MultiIndex.from_product([self.columns, levels])
        values = self.quantiles(levels).reshape(len(self.index), -1)
        return pd.DataFrame(values, self.index, columns)

    def variances(self) -> pd.DataFrame:
        """Give the variance of each value."""
        if self.are_samples:
            return self._framed(self.values.var(axis=2))
        if self.loss.is_distribution:
            return self._framed(self.loss.std(self.values) ** 2)
        levels = (np.arange(N_MOMENTS) + 0.5) / N_MOMENTS
        parts = np.array_split(
            self.values, 1 + self.values[..., 0].size * N_MOMENTS // CHUNK
        )
        variances = [self.loss.quantiles(part, levels).var(axis=2) for part in parts]
        return self._framed(np.concatenate(variances))

    def distributions(self) -> Any:
        """Give a distribution of skpro, with the same quantiles."""
        from skpro import distributions

        where = {"index": self.index, "columns": self.columns}
        parameters = np.moveaxis(self.values, 2, 0)
        criterion: Any = None if self.are_samples else self.loss.criterion
        if isinstance(criterion, GaussianLoss):
            return distributions.Normal(*parameters, **where)
        if isinstance(criterion, StudentTLoss):
            location, scale, shape = parameters
            degrees = criterion.degrees(shape)
            return distributions.TDistribution(location, scale, degrees, **where)
        if isinstance(criterion, NegativeBinomialLoss):
            mean, shape = parameters
            dispersion = criterion.dispersion(shape)
            return distributions.NegativeBinomial(mean, 1 / dispersion, **where)
        from ._quantile_distribution import QuantileDistribution

        levels = self.loss.levels if isinstance(criterion, QuantileLoss) else GRID.tolist()
        return QuantileDistribution(
            levels, self.quantiles(levels), self.index, self.columns
        )

    def _framed(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, self.index, self.columns)
