"""What a network expects of sequences: their last steps, or all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import KnownFuture, Windows
from ._forecast_regressor import ForecastRegressor, Seq2SeqRegressor

Array = NDArray[np.float64]

# Values of errors that are computed at once.
CHUNK = 1 << 20
# Least scale of an error, in units of the deviation of its feature.
LEAST_SCALE = 1e-3


@dataclass(frozen=True)
class Expectation:
    """Which steps of a sequence are expected from which others.

    Attributes
    ----------
    n_steps : int
        Steps of a sequence.
    horizon : int or None
        The last steps, which are forecast from those before them. None: all steps are told
        from all, the last first.
    """

    n_steps: int
    horizon: int | None

    @property
    def regressor(self) -> type[ForecastRegressor]:
        """What learns it."""
        return Seq2SeqRegressor if self.horizon is None else ForecastRegressor

    @property
    def expected(self) -> NDArray[np.intp]:
        """Numbers of the steps that are expected, in the order of the outputs."""
        if self.horizon is None:
            return np.arange(self.n_steps)[::-1]
        return np.arange(self.n_steps - self.horizon, self.n_steps)

    def read(self, windows: Windows) -> Windows:
        """Give the steps that are read.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        windows : Windows of shape (n_samples, n_read, n_features)
        """
        leads = np.arange(1, len(self.expected) + 1)
        known = KnownFuture(leads, np.empty(0, np.intp))
        lags, ends = windows.lags, windows.ends
        if self.horizon is not None:
            # A season is counted from the last step that is read.
            last = lags[-self.horizon - 1]
            lags, ends = lags[: -self.horizon] - last, ends - last
        return windows.reading(ends, lags, known)

    def targets(self, windows: Windows) -> Windows:
        """Give the steps that are expected.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        windows : Windows of shape (n_samples, n_expected, n_features)
        """
        return windows.reading(windows.ends, windows.lags[self.expected], None)


@dataclass(frozen=True)
class Errors:
    """How far sequences are from what is expected, in units of what is usual.

    Attributes
    ----------
    expectation : Expectation
    regressor : ForecastRegressor
        Fitted.
    location, scale : ndarray of shape (n_expected, n_features)
        Mean and standard deviation of the errors of samples held out.
    """

    expectation: Expectation
    regressor: ForecastRegressor
    location: Array
    scale: Array

    @classmethod
    def learn(
        cls,
        expectation: Expectation,
        regressor: ForecastRegressor,
        windows: Windows,
        weight: Array | None,
    ) -> Errors:
        """Learn what errors are usual.

        Parameters
        ----------
        expectation : Expectation
        regressor : ForecastRegressor
            Fitted.
        windows : Windows of shape (n_samples, n_steps, n_features)
            That were held out.
        weight : ndarray of shape (n_samples,) or None

        Returns
        -------
        errors : Errors
        """
        shape = (len(expectation.expected), windows.shape[2])
        plain = cls(expectation, regressor, np.zeros(shape), np.ones(shape))
        count, total, squares = np.zeros((3, *shape))
        for rows, z in plain._by_chunks(windows):
            share = np.ones(len(z)) if weight is None else weight[rows]
            share = share[:, None, None] * ~np.isnan(z)
            z = np.nan_to_num(z)
            count += share.sum(axis=0)
            total += (share * z).sum(axis=0)
            squares += (share * z**2).sum(axis=0)
        seen = np.maximum(count, np.finfo(float).tiny)
        location = total / seen
        variance = np.maximum(squares / seen - location**2, 0.0)
        least = LEAST_SCALE * regressor._model.encoding.scaling.scale
        return cls(expectation, regressor, location, np.maximum(np.sqrt(variance), least))

    def by_step(self, windows: Windows) -> Array:
        """Give the root mean square of the standardised errors of each step.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        size : ndarray of shape (n_samples, n_steps)
            NaN where a step is not expected, or not observed.
        """
        size = np.full(windows.shape[:2], np.nan)
        for rows, z in self._by_chunks(windows):
            size[rows, self.expectation.expected] = _root_mean_square(z, (2,))
        return size

    def of_sequences(self, windows: Windows) -> Array:
        """Give the root mean square of the standardised errors of each sequence.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        size : ndarray of shape (n_samples,)
            NaN where no step that is expected is observed.
        """
        size = np.empty(len(windows))
        for rows, z in self._by_chunks(windows):
            size[rows] = _root_mean_square(z, (1, 2))
        return size

    def _by_chunks(self, windows: Windows) -> Iterator[tuple[slice, Array]]:
        """Give standardised errors of shape (n, n_expected, n_features), part by part."""
        n_at_once = max(1, CHUNK // self.location.size)
        for start in range(0, len(windows), n_at_once):
            rows = slice(start, start + n_at_once)
            part = windows[rows]
            expected = self.regressor.predict(self.expectation.read(part))
            values = np.asarray(self.expectation.targets(part), np.float64)
            errors = values - np.reshape(expected, values.shape)
            yield rows, (errors - self.location) / self.scale


def _root_mean_square(z: Array, axes: tuple[int, ...]) -> Any:
    """Give the root mean square of what is not missing."""
    n_observed = (~np.isnan(z)).sum(axis=axes)
    squares = (np.nan_to_num(z) ** 2).sum(axis=axes)
    return np.sqrt(squares / np.where(n_observed > 0, n_observed, np.nan))
