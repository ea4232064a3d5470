"""Averages of the last errors, beside the averages before them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._sliding_sum import SlidingSum

Array = NDArray[np.float64]

# Deviations below this share of the mean are rounding.
LEAST_SHARE = 1e-6


class Averages:
    """How far the average of the last errors lies from the averages before it.

    Parameters
    ----------
    short : int
        Errors in an average.
    long : int
        Averages that say what is usual.
    n_start : int
        Without so many nothing is said.

    Examples
    --------
    >>> import numpy as np
    >>> averages = Averages(short=1, long=4, n_start=2)
    >>> z, n_averages = averages.extend(np.array([1.0, 3.0, 1.0, 3.0, 6.0]))
    >>> z[[0, 1, 4]], n_averages
    (array([0., 0., 4.]), array([0, 1, 2, 3, 4]))
    """

    def __init__(self, short: int, long: int, n_start: int) -> None:
        self.short = short
        self.long = long
        self.n_start = n_start
        self.n_errors = 0
        self.last_errors = np.zeros(short - 1)
        # Averages that hold one of the last errors say nothing of what is usual yet.
        self.waiting = np.zeros(short)
        self.usual = SlidingSum(long, n_columns=2)

    def extend(self, errors: Array) -> tuple[Array, NDArray[np.intp]]:
        """Take errors in.

        Parameters
        ----------
        errors : ndarray of shape (n_rows,)
            None of them missing.

        Returns
        -------
        z : ndarray of shape (n_rows,)
            The average that ends at each row, less the mean of those that ended before it
            began, in their standard deviations; 0 where there are too few of them.
        n_averages : ndarray of int of shape (n_rows,)
            How many they are.
        """
        averages = self._average(errors)
        n_averages = np.clip(self._n_seen(len(errors)) - 2 * self.short + 1, 0, self.long)
        waiting = np.concatenate([self.waiting, averages])
        usual, self.waiting = waiting[: len(errors)], waiting[len(errors) :]
        sums = self.usual.extend(np.stack([usual, usual**2], axis=1))
        self.n_errors += len(errors)

        mean, square = (sums / np.maximum(n_averages, 1)[:, None]).T
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
        deviation = np.maximum(deviation, LEAST_SHARE * np.abs(mean))
        change = np.where(n_averages < self.n_start, 0.0, averages - mean)
        # After errors of 0 any error at all is infinitely far.
        with np.errstate(divide="ignore", over="ignore"):
            z = np.divide(change, deviation, out=np.zeros_like(change), where=change != 0)
        return z, n_averages

    def _average(self, errors: Array) -> Array:
        """Averages of the errors up to each; 0 keeps the place of those not whole yet."""
        recent = np.concatenate([self.last_errors, errors])
        self.last_errors = recent[len(errors) :]
        total = np.zeros(len(errors))
        for i in range(self.short):
            total += recent[i : i + len(errors)]
        return np.where(self._n_seen(len(errors)) < self.short, 0.0, total / self.short)

    def _n_seen(self, n_rows: int) -> NDArray[np.intp]:
        return self.n_errors + np.arange(1, n_rows + 1)


def student(z: Array, n_averages: NDArray[np.intp], short: int) -> tuple[Array, Array]:
    """Student's t of what lies z from the mean of so many averages that overlap.

    Averages of `short` independent errors that lie k rows apart correlate by 1 - k / short.
    Of n of them the variance is known as well as of ``3 * short * n / (2 * short**2 + 1)``
    that do not, and is too small by the factor 1 - short / n; the mean has short / n of it.

    Parameters
    ----------
    z : ndarray of shape (n_rows,)
    n_averages : ndarray of int of shape (n_rows,)
    short : int

    Returns
    -------
    t : ndarray of shape (n_rows,)
        0 where there are no more than `short` averages.
    freedom : ndarray of shape (n_rows,)
        Its degrees, at least 1.

    Examples
    --------
    >>> student(np.array([2.0, 2.0]), np.array([30, 3000]), short=10)
    (array([1.41421356, 1.99334441]), array([  3.47761194, 446.76119403]))
    """
    freedom = 3 * short * n_averages / (2 * short**2 + 1) - 1
    known = np.maximum(n_averages - short, 0) / (n_averages + short)
    return z * np.sqrt(known), np.maximum(freedom, 1.0)
