"""Standardisation with weighted training statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting._ranks import of_all_rows, total
from ..windows._windows import Windows, row_chunks

# Rows with their weights; None weighs all alike.
Blocks = Sequence[tuple[NDArray[Any], NDArray[np.float64] | None]]


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
        return cls._of_blocks([(values, weight)])

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
        table = windows.table
        count = np.zeros(len(table) + 1)
        for rows in windows.steps():
            np.add.at(count, rows, 1.0 if weight is None else weight)
        blocks = [(table, count[:-1])]
        if windows.padding != "edge":
            blocks.append((np.full((1, table.shape[1]), windows.padding), count[-1:]))
        return cls._of_blocks(blocks)

    @classmethod
    def _of_blocks(cls, blocks: Blocks) -> Scaling:
        # Around one of its values a constant column sums to exactly 0.
        start = _first_observed(blocks)
        with np.errstate(over="ignore", invalid="ignore"):
            weight, deviation = _weighted_mean(blocks, start, power=1)
            mean = np.where(weight > 0, start + deviation, 0.0)
            _, variance = _weighted_mean(blocks, mean, power=2)
            scale = np.sqrt(variance)
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        return cls(mean, np.where(constant | (weight == 0), 1.0, scale))

    def leaving(self, columns: Sequence[int]) -> Scaling:
        """Give the same, but for some columns that are left as they are."""
        mean, scale = self.mean.copy(), self.scale.copy()
        mean[list(columns)], scale[list(columns)] = 0.0, 1.0
        return Scaling(mean, scale)

    def about_zero(self, columns: Sequence[int]) -> Scaling:
        """Give the same, but for some columns that are divided by their root mean square.

        Zero stays zero there, so that values can be compared with their own size.
        """
        mean, scale, chosen = self.mean.copy(), self.scale.copy(), list(columns)
        # A constant column has a scale of 1 in place of 0.
        spread = np.where(scale == 1.0, 0.0, scale)[chosen]
        size = np.hypot(mean[chosen], spread)
        mean[chosen], scale[chosen] = 0.0, np.where(size > 0, size, 1.0)
        return Scaling(mean, scale)

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


def _chunks(blocks: Blocks) -> Iterator[tuple[NDArray[Any], NDArray[np.float64]]]:
    """Cut blocks into runs of rows and their weights."""
    for values, weight in blocks:
        for chunk in row_chunks(values):
            rows = values[chunk]
            yield rows, np.ones(len(rows)) if weight is None else weight[chunk]


def _first_observed(blocks: Blocks) -> NDArray[np.float64]:
    """First value of each column that is not NaN; 0 if there is none."""
    parts = of_all_rows("the first values", _first_of_these(blocks))
    firsts, missing = (np.stack(part) for part in zip(*parts, strict=True))
    earliest = missing.argmin(axis=0)[None]
    return np.take_along_axis(firsts, earliest, axis=0)[0]


def _first_of_these(
    blocks: Blocks,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """First values of this process's rows, and in which columns there is none."""
    n_columns = blocks[0][0].shape[1]
    first = np.zeros(n_columns)
    wanted = np.ones(n_columns, dtype=bool)
    for rows, _ in _chunks(blocks):
        observed = ~np.isnan(rows)
        found = wanted & observed.any(axis=0)
        first[found] = rows[observed.argmax(axis=0)[found], found]
        wanted &= ~found
        if not wanted.any():
            break
    return first, wanted


def _weighted_mean(
    blocks: Blocks, center: NDArray[np.float64], power: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Total weight and weighted mean of ``(values - center) ** power``, without NaN."""
    sums = np.zeros((2, len(center)))
    for rows, weight in _chunks(blocks):
        deviation = (rows - center) ** power
        observed = ~np.isnan(deviation)
        sums[0] += weight @ observed
        sums[1] += weight @ np.where(observed, deviation, 0.0)
    count, weighted = total("sums of the columns", sums)
    return count, np.divide(weighted, count, out=np.zeros_like(count), where=count > 0)
