"""Standardisation with weighted training statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .windows._windows import CHUNK, Windows


@dataclass(frozen=True)
class Scaling:
    """A shift and a scale for each column.

    Attributes
    ----------
    mean : ndarray of float of shape (n_columns,)
    scale : ndarray of float of shape (n_columns,)
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def identity(cls, n_columns: int) -> Scaling:
        """Give the scaling that changes nothing."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    @classmethod
    def of_columns(
        cls, values: NDArray[Any], weight: NDArray[np.float64] | None = None
    ) -> Scaling:
        """Learn the weighted mean and standard deviation of each column.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            NaN is not counted.
        weight : ndarray of shape (n_rows,) or None, default=None

        Returns
        -------
        scaling : Scaling
            Of mean 0 for a column never observed, and scale 1 for one that is constant.

        Examples
        --------
        >>> import numpy as np
        >>> Scaling.of_columns(np.array([[1.0], [3.0]]), np.array([3.0, 1.0])).mean
        array([1.5])
        """
        # Around one of its values a constant column sums to exactly 0.
        start = _first_observed(values)
        with np.errstate(over="ignore", invalid="ignore"):
            total, deviation = _weighted_mean(values, weight, start, power=1)
            mean = np.where(total > 0, start + deviation, 0.0)
            _, variance = _weighted_mean(values, weight, mean, power=2)
            scale = np.sqrt(variance)
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        return cls(mean, np.where(constant | (total == 0), 1.0, scale))

    @classmethod
    def of_windows(cls, windows: Windows, weight: NDArray[np.float64] | None) -> Scaling:
        """Learn the mean and standard deviation of each feature over all windows.

        A row counts as often as it stands in a window, times that window's weight.

        Parameters
        ----------
        windows : Windows of shape (n_windows, n_timesteps, n_features)
        weight : ndarray of shape (n_windows,) or None

        Returns
        -------
        scaling : Scaling
        """
        count = np.zeros(len(windows.table) + 1)
        for rows in windows.steps():
            np.add.at(count, rows, 1.0 if weight is None else weight)
        return cls.of_columns(windows.table, count[:-1])

    def check_finite(self, name: str) -> None:
        """Refuse statistics that overflowed.

        Parameters
        ----------
        name : str
            The argument that they were learnt from.

        Raises
        ------
        ValueError
            If a mean or a scale is not finite.
        """
        if not (np.isfinite(self.mean).all() and np.isfinite(self.scale).all()):
            raise ValueError(
                f"{name} must have a mean and a standard deviation within float64. Got"
                f" values whose squares overflow."
            )

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Standardise, in float64: subtracting after rounding would lose small changes."""
        with np.errstate(over="ignore"):
            return (values - self.mean) / self.scale

    def invert(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Undo `apply`."""
        return values * self.scale + self.mean


def _first_observed(values: NDArray[Any]) -> NDArray[np.float64]:
    """First value of each column that is not NaN; 0 if there is none."""
    first = np.zeros(values.shape[1])
    wanted = np.ones(values.shape[1], dtype=bool)
    for i in range(0, len(values), CHUNK):
        observed = ~np.isnan(values[i : i + CHUNK])
        found = wanted & observed.any(axis=0)
        first[found] = values[i + observed.argmax(axis=0)[found], found]
        wanted &= ~found
        if not wanted.any():
            break
    return first


def _weighted_mean(
    values: NDArray[Any],
    weight: NDArray[np.float64] | None,
    center: NDArray[np.float64],
    power: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Total weight and weighted mean of ``(values - center) ** power``, without NaN."""
    total = np.zeros(values.shape[1])
    weighted = np.zeros(values.shape[1])
    for i in range(0, len(values), CHUNK):
        deviation = (values[i : i + CHUNK] - center) ** power
        observed = ~np.isnan(deviation)
        w = np.ones(len(deviation)) if weight is None else weight[i : i + CHUNK]
        total += w @ observed
        weighted += w @ np.where(observed, deviation, 0.0)
    return total, np.divide(weighted, total, out=np.zeros_like(total), where=total > 0)
