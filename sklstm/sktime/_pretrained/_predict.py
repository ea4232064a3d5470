"""Quantiles at any steps of a panel, before and after its ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .._panel import Panel
from .._periods import Periods
from .._predict import training_moments
from ._forecast import N_PATHS, quantiles_ahead
from ._histories import Index, Origins
from ._regressor import PretrainedRegressor
from ._view import HORIZON

Array = NDArray[np.float64]

# Origins that are forecast from at once.
AT_ONCE = 2_048


@dataclass(frozen=True)
class PanelForecast:
    """A network, and what it is told.

    Attributes
    ----------
    regressor : PretrainedRegressor
    season_length : tuple of int (short, long)
    seed : int
        Of the paths.
    """

    regressor: PretrainedRegressor
    season_length: Periods
    seed: int

    def quantiles(self, panel: Panel, series: Index, step: Index) -> Array:
        """Forecast some steps of some series, in all columns.

        Parameters
        ----------
        panel : Panel
        series : ndarray of int of shape (n,)
        step : ndarray of int of shape (n,)
            From the end of the series: above 0 is ahead, and up to 0 in sample, where each
            is forecast from the rows before it.

        Returns
        -------
        values : ndarray of shape (n, n_columns, n_levels)
        """
        shape = (len(step), panel.values.shape[1], len(self.regressor.quantile))
        values = np.empty(shape)
        out = step > 0
        if out.any():
            values[out] = self._ahead(panel, series[out], step[out])
        if not out.all():
            values[~out] = self._in_sample(panel, series[~out], step[~out])
        return values

    def _ahead(self, panel: Panel, series: Index, step: Index) -> Array:
        """Forecast from the end of each series."""
        which, place = np.unique(series, return_inverse=True)
        origins = Origins.of(panel.values, panel.stops[which] - 1, panel.starts[which])
        said = self._from(origins, int(step.max()))
        said = said.reshape(-1, len(which), *said.shape[1:])
        return np.moveaxis(said[:, place, step - 1], 0, 1)

    def _in_sample(self, panel: Panel, series: Index, step: Index) -> Array:
        """Forecast values that are known, each from the rows before it."""
        n_columns = panel.values.shape[1]
        # Before the first value stands what the series is like as a whole.
        means, deviations = training_moments(panel, n_columns)
        z = ndtri(np.asarray(self.regressor.quantile))
        values = (means[..., None] + deviations[..., None] * z)[series]
        last = panel.stops[series] - 2 + step
        begun = np.flatnonzero(last >= panel.starts[series])
        if len(begun):
            starts = panel.starts[series[begun]]
            origins = Origins.of(panel.values, last[begun], starts)
            seen = origins.missing >= 0
            row = np.tile(begun, n_columns)[seen]
            values[row, origins.column[seen]] = self._from(origins.take(seen), 1)[:, 0]
        return values

    def _from(self, origins: Origins, n_ahead: int) -> Array:
        """Forecast the steps after some rows, of shape (n_origins, n_ahead, n_levels)."""
        values = np.empty((len(origins), n_ahead, len(self.regressor.quantile)))
        # What is missing at the end is forecast too.
        for chosen in _parts(origins.missing + n_ahead > HORIZON):
            part = origins.take(chosen)
            periods = np.tile(np.array(self.season_length), (len(part), 1))
            said = quantiles_ahead(
                self.regressor,
                part.histories(),
                periods,
                n_ahead + int(part.missing.max()),
                self.seed,
            )
            steps = part.missing[:, None] + np.arange(n_ahead)
            values[chosen] = np.take_along_axis(said, steps[:, :, None], axis=1)
        return values


def _parts(is_far: NDArray[np.bool_]) -> Iterator[Index]:
    """Give origins part by part: many of those without paths, few of those with them."""
    for which, at_once in ((~is_far, AT_ONCE), (is_far, AT_ONCE // N_PATHS)):
        chosen = np.flatnonzero(which)
        for i in range(0, len(chosen), at_once):
            yield chosen[i : i + at_once]
