"""A distribution of skpro that is given by its quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from skpro.distributions.base import BaseDistribution

from ..losses import between_levels, normal_of

Array = NDArray[Any]

# Evenly spaced levels whose quantiles have the mean and the variance of the distribution.
MOMENTS = (np.arange(1000) + 0.5) / 1000


class QuantileDistribution(BaseDistribution):
    """Quantiles at some levels, and straight lines over normal quantiles between them.

    Beyond the outermost levels the lines go on: a normal distribution is exact.

    Parameters
    ----------
    levels : sequence of float of length n_levels
        Ascending, in (0, 1).
    values : array-like of shape (n_rows, n_columns, n_levels)
        Quantiles at these levels, in ascending order.
    index : pandas.Index of length n_rows or None, default=None
        Of one level or many.
    columns : pandas.Index of length n_columns or None, default=None

    Examples
    --------
    >>> distribution = QuantileDistribution([0.1, 0.5, 0.9], [[[10.0, 30.0, 40.0]]])
    >>> distribution.ppf(0.3).round(1).to_numpy(), distribution.cdf(30.0).to_numpy()
    (array([[21.8]]), array([[0.5]]))
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["sklstm developers"],
        "capabilities:approx": ["pdfnorm", "energy"],
        "capabilities:exact": ["mean", "var", "pdf", "cdf", "ppf"],
        "distr:measuretype": "continuous",
    }

    def __init__(
        self,
        levels: Sequence[float],
        values: Any,
        index: pd.Index | None = None,
        columns: pd.Index | None = None,
    ) -> None:
        self.levels = levels
        self.values = values
        self._z = ndtri(np.asarray(levels))
        self._quantiles = np.asarray(values, dtype=np.float64)
        n_rows, n_columns, _ = self._quantiles.shape
        super().__init__(
            index=pd.RangeIndex(n_rows) if index is None else index,
            columns=pd.RangeIndex(n_columns) if columns is None else columns,
        )

    def _ppf(self, p: Array) -> Array:
        return between_levels(self._quantiles, self._z, np.asarray(p)[..., None])[..., 0]

    def _cdf(self, x: Array) -> Array:
        return ndtr(self._segment(x)[0])  # type: ignore[no-any-return]

    def _pdf(self, x: Array) -> Array:
        z, slope = self._segment(x)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        return density / np.where(slope > 0, slope, np.nan)

    def _mean(self) -> Array:
        return between_levels(self._quantiles, self._z, MOMENTS).mean(axis=-1)

    def _var(self) -> Array:
        return between_levels(self._quantiles, self._z, MOMENTS).var(axis=-1)

    def _segment(self, x: Array) -> tuple[Array, Array]:
        """Give the normal quantile that belongs to a value, and the slope of its line."""
        return normal_of(self._quantiles, self._z, x)

    def _iloc(self, rowidx: Any = None, colidx: Any = None) -> QuantileDistribution:
        rows = np.arange(len(self.index)) if rowidx is None else np.atleast_1d(rowidx)
        columns = np.arange(len(self.columns)) if colidx is None else np.atleast_1d(colidx)
        values = self._quantiles[rows][:, columns]
        where = self.index.take(rows), self.columns.take(columns)
        return QuantileDistribution(self.levels, values, *where)

    def _iat(self, rowidx: Any = None, colidx: Any = None) -> QuantileDistribution:
        return self._iloc(rowidx, colidx)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Give parameters for skpro's checks."""
        values = np.sort(np.random.default_rng(0).normal(size=(3, 2, 4)))
        return [{"levels": [0.1, 0.4, 0.6, 0.9], "values": values}]
