"""How large errors usually are, and the score that few of them reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

Array = NDArray[np.float64]

# Fewer errors than this tell no deviation.
LEAST_ERRORS = 10
# Share of ordinary sequences that are beyond the automatic threshold.
AUTO_SHARE = 0.01


@dataclass(frozen=True)
class Moments:
    """Sums of errors, by step and feature.

    Attributes
    ----------
    n : ndarray of int of shape (n_expected, n_features)
        Errors that are known.
    count, total, squares : ndarray of shape (n_expected, n_features)
        Sums of their weights, of the errors and of their squares.
    """

    n: NDArray[np.intp]
    count: Array
    total: Array
    squares: Array

    @classmethod
    def of(
        cls,
        chunks: Iterable[tuple[slice, Array]],
        weight: Array | None,
        shape: tuple[int, ...],
    ) -> Moments:
        """Sum errors up.

        Parameters
        ----------
        chunks : iterable of (slice, ndarray of shape (n, n_expected, n_features))
            Samples, and their errors; NaN is not known.
        weight : ndarray of shape (n_samples,) or None
        shape : tuple of int (n_expected, n_features)

        Returns
        -------
        moments : Moments
        """
        n = np.zeros(shape, dtype=np.intp)
        count, total, squares = np.zeros((3, *shape))
        for rows, error in chunks:
            known = ~np.isnan(error)
            share = np.ones(len(error)) if weight is None else weight[rows]
            share = share[:, None, None] * known
            error = np.nan_to_num(error)
            n += known.sum(axis=0)
            count += share.sum(axis=0)
            total += (share * error).sum(axis=0)
            squares += (share * error**2).sum(axis=0)
        return cls(n, count, total, squares)

    def __add__(self, other: Moments) -> Moments:
        pairs = zip(self.parts, other.parts, strict=True)
        return Moments(*(a + b for a, b in pairs))

    @property
    def parts(self) -> tuple[Any, ...]:
        """All sums."""
        return self.n, self.count, self.total, self.squares

    def of_features(self) -> Moments:
        """Give the sums over all steps, at each step."""
        shape = self.n.shape
        return Moments(*(np.broadcast_to(a.sum(axis=0), shape) for a in self.parts))

    def where(self, enough: NDArray[np.bool_], other: Moments) -> Moments:
        """Give these sums where they are enough, and others elsewhere."""
        pairs = zip(self.parts, other.parts, strict=True)
        return Moments(*(np.where(enough, a, b) for a, b in pairs))

    def location_and_scale(self, least: Array) -> tuple[Array, Array]:
        """Give means and standard deviations, of shape (n_expected, n_features).

        Parameters
        ----------
        least : ndarray of shape (n_features,)
            Smaller deviations are rounding.

        Returns
        -------
        location, scale : ndarray of shape (n_expected, n_features)
            NaN where nothing is known.
        """
        seen = np.where(self.n > 0, self.count, np.nan)
        location = self.total / seen
        variance = np.maximum(self.squares / seen - location**2, 0.0)
        return location, np.maximum(np.sqrt(variance), least)


def weighted_quantile(values: Array, share: float, weight: Array | None = None) -> float:
    """Give a quantile: where the share is reached, midway to the next value if exactly.

    A weight of 2 counts as two values, and only the proportions of weights count.

    Parameters
    ----------
    values : ndarray of shape (n,)
    share : float
    weight : ndarray of shape (n,) or None, default=None

    Returns
    -------
    quantile : float

    Examples
    --------
    >>> values = np.array([3.0, 1.0, 2.0, 4.0])
    >>> weighted_quantile(values, 0.5), weighted_quantile(values, 0.3)
    (2.5, 2.0)
    >>> weighted_quantile(values, 0.5, np.array([3.0, 1.0, 1.0, 1.0]))
    3.0
    """
    order = np.argsort(values)
    weight = np.ones(len(values)) if weight is None else weight[order]
    reached = np.cumsum(weight)
    at = share * reached[-1]
    # Sums of weights such as 0.1 are rounded.
    rounding = 1e-9 * reached[-1]
    places = np.searchsorted(reached, [at - rounding, at + rounding])
    return float(values[order][np.minimum(places, len(values) - 1)].mean())


def size_that_few_reach(sizes: Array, share: float, weight: Array | None = None) -> float:
    r"""Give the size that a share of all samples reaches, from some of them.

    The largest of n samples is what a share of 1 / n reaches. Where that is more than twice
    the share that is asked for, it is too small: then the size is, if that is more,

    .. math:: \sqrt{\overline{s^2} F^{-1}_{\nu, n \nu}(1 - share)}, \qquad
              \nu = \min(2 \overline{s^2}^2 / \mathrm{var}(s^2), n),

    as of mean squares of normal errors with :math:`\nu` degrees of freedom, whose usual
    size is itself known from :math:`n` samples alone.

    Parameters
    ----------
    sizes : ndarray of shape (n,)
        Roots of mean squares.
    share : float
    weight : ndarray of shape (n,) or None, default=None

    Returns
    -------
    size : float

    Examples
    --------
    >>> sizes = np.abs(np.random.default_rng(0).normal(size=20))
    >>> f"{sizes.max():.1f} {size_that_few_reach(sizes, 0.01):.1f}"
    '2.3 2.5'
    """
    n = len(sizes)
    empirical = weighted_quantile(sizes, 1 - max(share, 1 / n), weight)
    if n * share >= 0.5:
        return empirical
    squares = sizes**2
    mean = np.average(squares, weights=weight)
    variance = np.average((squares - mean) ** 2, weights=weight)
    freedom = 1.0
    if variance > 0:
        freedom = max(1.0, min(2 * mean**2 / variance, n))
    limit = np.sqrt(mean * f_distribution.ppf(1 - share, freedom, n * freedom))
    return float(max(empirical, limit))


def size_by_observed(
    n_observed: NDArray[np.intp], sizes: Array, share: float, weight: Array
) -> Array:
    """How large errors may be where so many steps are observed, beside those of all.

    Parameters
    ----------
    n_observed : ndarray of int of shape (n_samples,)
        Steps that are observed of those that are read.
    sizes : ndarray of shape (n_samples,)
        Roots of the mean squares of standardised errors. NaN is not known.
    share : float
        What few samples reach is compared: of this share.
    weight : ndarray of shape (n_samples,)

    Returns
    -------
    size : ndarray of shape (n_most + 1,)
        By number of observed steps, up to the most, for which it is 1. It never grows with
        the number; between numbers that few samples have it is interpolated.

    Examples
    --------
    >>> n_observed, sizes = np.repeat([0, 2], 10), np.repeat([8.0, 2.0], 10)
    >>> size_by_observed(n_observed, sizes, 0.5, np.ones(20))
    array([4. , 2.5, 1. ])
    """
    known = ~np.isnan(sizes)
    n_observed, sizes, weight = n_observed[known], sizes[known], weight[known]
    count = np.bincount(n_observed)
    there = np.flatnonzero(count >= min(LEAST_ERRORS, count.max()))
    groups = [n_observed == n for n in there]
    few = [size_that_few_reach(sizes[g], share, weight[g]) for g in groups]
    limits = np.maximum.accumulate(few[::-1])[::-1]
    # Where all is exactly as expected, little of it is, too.
    size = limits / limits[-1] if limits[-1] > 0 else np.ones(len(limits))
    return np.interp(np.arange(len(count)), there, size)
