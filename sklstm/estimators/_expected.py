"""What a network expects of sequences: their last steps, or all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import KnownFuture, Windows
from ._forecast_regressor import ForecastRegressor, Seq2SeqRegressor
from ._usual import AUTO_SHARE, LEAST_ERRORS, Moments, size_by_observed

Array = NDArray[np.float64]

# Values of errors that are computed at once.
CHUNK = 1 << 20
# Least scale of an error, in units of the deviation of its feature.
LEAST_SCALE = 1e-3
# Numbers of steps to which samples are cut down, and samples that are.
N_CUTS, N_CUT_DOWN = 12, 1000


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

    @property
    def n_read(self) -> int:
        """Number of steps that are read."""
        return self.n_steps - (self.horizon or 0)

    def read(self, windows: Windows) -> Windows:
        """Give the steps that are read.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        windows : Windows of shape (n_samples, n_read, n_features)
            The last step has lag 0. Where it lies before the start of a series, all of its
            window is padding.
        """
        lags = windows.lags[: self.n_read]
        return windows.reading(windows.ends - lags[-1], lags - lags[-1], None)

    def read_in_training(self, windows: Windows) -> Windows:
        """Give the steps that are read, and where those that are expected lie.

        A season is counted from the last step that is read.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)

        Returns
        -------
        windows : Windows of shape (n_samples, n_read, n_features)
        """
        leads = windows.lags[self.n_read - 1] - windows.lags[self.expected]
        read = self.read(windows)
        known = KnownFuture(leads, np.empty(0, np.intp))
        return read.reading(read.ends, read.lags, known)

    def cut_down(self, windows: Windows, n_observed: int) -> Windows:
        """Give the same windows of series that began later.

        Parameters
        ----------
        windows : Windows of shape (n_samples, n_steps, n_features)
        n_observed : int
            Steps that are left of those that are read: the last ones.

        Returns
        -------
        windows : Windows of shape (n_samples, n_steps, n_features)
        """
        begin = windows.ends - windows.lags[self.n_read - n_observed]
        starts = np.maximum(windows.starts, begin)
        return Windows(**{**vars(windows), "starts": starts})

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
        Mean and standard deviation of the errors of samples held out. NaN for a feature
        that was never observed: it is not judged.
    size : ndarray of shape (n_most + 1,), default=[1]
        How large standardised errors may be where so many of the steps that are read are
        observed; the last holds for more.
    """

    expectation: Expectation
    regressor: ForecastRegressor
    location: Array
    scale: Array
    size: Array = field(default_factory=lambda: np.ones(1))

    @classmethod
    def learn(
        cls,
        expectation: Expectation,
        regressor: ForecastRegressor,
        held_out: tuple[Windows, Array | None],
        trained: tuple[Windows, Array | None],
    ) -> Errors:
        """Learn what errors are usual.

        Of a step and feature with few errors held out those at all steps count; and if they
        are few, too, those of the samples trained on as well.

        Parameters
        ----------
        expectation : Expectation
        regressor : ForecastRegressor
            Fitted.
        held_out, trained : tuple of (Windows of shape (n_samples, n_steps, n_features), \
                ndarray of shape (n_samples,) or None)
            Samples and their weights.

        Returns
        -------
        errors : Errors
        """
        shape = (len(expectation.expected), held_out[0].shape[2])
        plain = cls(expectation, regressor, np.zeros(shape), np.ones(shape))

        def moments(windows: Windows, weight: Array | None) -> Moments:
            chunks = ((rows, z) for rows, z, _ in plain._by_chunks(windows))
            return Moments.of(chunks, weight, shape)

        seen = moments(*held_out)
        enough, pooled = seen.n >= LEAST_ERRORS, seen.of_features()
        if not enough.all():
            if (pooled.n < LEAST_ERRORS).any():
                all_seen = (seen + moments(*trained)).of_features()
                pooled = pooled.where(pooled.n >= LEAST_ERRORS, all_seen)
            seen = seen.where(enough, pooled)
        least = LEAST_SCALE * regressor._model.encoding.scaling.scale
        location, scale = seen.location_and_scale(least)
        usual = replace(plain, location=location, scale=scale)
        return replace(usual, size=usual._learn_size(*held_out))

    def _learn_size(self, windows: Windows, weight: Array | None) -> Array:
        """Learn how large errors may be where little is observed, from samples cut down."""
        every = max(1, -(-len(windows) // N_CUT_DOWN))
        n_most = self.expectation.n_read
        fewest = 1 if self.expectation.horizon is None else 0
        cuts = np.unique(np.geomspace(1, n_most, N_CUTS).astype(int))[:-1]
        cuts = np.union1d(cuts, [fewest])
        some = windows.take(slice(None, None, every))
        parts = [self._sizes(windows)]
        parts += [self._sizes(self.expectation.cut_down(some, cut)) for cut in cuts]
        weight = np.ones(len(windows)) if weight is None else weight
        weights = [weight, *[weight[::every]] * len(cuts)]
        n_observed, sizes = (np.concatenate(part) for part in zip(*parts, strict=True))
        weight = np.concatenate(weights)
        return size_by_observed(n_observed, sizes, AUTO_SHARE, weight)

    def _sizes(self, windows: Windows) -> tuple[NDArray[np.intp], Array]:
        """Give how many steps are observed, and how large the errors are."""
        n_observed, sizes = np.empty(len(windows), np.intp), np.empty(len(windows))
        for rows, z, n in self._by_chunks(windows):
            n_observed[rows], sizes[rows] = n, _root_mean_square(z, (1, 2))
        return n_observed, sizes

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
        for rows, z, n_observed in self._by_chunks(windows):
            z /= self._size_of(n_observed)[:, None, None]
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
        for rows, z, n_observed in self._by_chunks(windows):
            size[rows] = _root_mean_square(z, (1, 2)) / self._size_of(n_observed)
        return size

    def _size_of(self, n_observed: NDArray[np.intp]) -> Array:
        return self.size[np.minimum(n_observed, len(self.size) - 1)]

    def _by_chunks(
        self, windows: Windows
    ) -> Iterator[tuple[slice, Array, NDArray[np.intp]]]:
        """Give standardised errors of shape (n, n_expected, n_features), part by part.

        Beside them stands how many of the steps that are read are observed.
        """
        n_at_once = max(1, CHUNK // (windows.shape[1] * windows.shape[2]))
        for start in range(0, len(windows), n_at_once):
            rows = slice(start, start + n_at_once)
            part = windows[rows]
            read = self.expectation.read(part)
            expected = self.regressor.predict(read)
            values = np.asarray(self.expectation.targets(part), np.float64)
            errors = values - np.reshape(expected, values.shape)
            yield rows, (errors - self.location) / self.scale, _count_observed(read)


def _count_observed(windows: Windows) -> NDArray[np.intp]:
    """Count the steps of each sequence that are observed, and are no padding."""
    observed = ~np.isnan(windows.table).all(axis=1)
    rows = windows.ends[:, None] - windows.lags
    inside = rows >= windows.starts[:, None]
    return (inside & observed[np.where(inside, rows, 0)]).sum(axis=1)


def _root_mean_square(z: Array, axes: tuple[int, ...]) -> Any:
    """Give the root mean square of what is not missing."""
    n_observed = (~np.isnan(z)).sum(axis=axes)
    squares = (np.nan_to_num(z) ** 2).sum(axis=axes)
    return np.sqrt(squares / np.where(n_observed > 0, n_observed, np.nan))
