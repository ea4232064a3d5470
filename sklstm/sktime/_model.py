"""A network that forecasts from windows, by whatever strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._regressor import LSTMRegressor
from ..windows._windows import KnownFuture, Windows
from ._panel import Panel

Array = NDArray[Any]


@dataclass
class ForecastModel:
    """A regressor of the values that follow a window, and what its rows mean.

    The columns of a row are the series to forecast, then the covariates.

    Attributes
    ----------
    regressor : LSTMRegressor
        From windows to the values at all `steps`: all series at the first, then the next.
    window_length : int
        Rows of a window.
    steps : ndarray of int of shape (n_steps,)
        Steps ahead, ascending. A network for step 1 alone forecasts any number of steps:
        it is fed its own forecasts.
    targets : list of column names
        The series in a row.
    covariates : list of column names
        The other columns.
    known : ndarray of int of shape (n_known,)
        Numbers of the columns that are known ahead.
    """

    regressor: LSTMRegressor
    window_length: int
    steps: NDArray[np.intp]
    targets: list[Any]
    covariates: list[Any]
    known: NDArray[np.intp]

    @property
    def n_targets(self) -> int:
        """Number of series in a row."""
        return len(self.targets)

    @property
    def n_context(self) -> int:
        """Rows before a new one that windows with targets in it may reach."""
        return int(self.window_length + self.steps[-1] - 1)

    def fit(self, panel: Panel) -> None:
        """Train on all whole windows of all series.

        Parameters
        ----------
        panel : Panel

        Raises
        ------
        ValueError
            If no series has a whole window and its horizon.
        """
        longest = panel.lengths.max(initial=0)
        least = self.window_length + self.steps[-1]
        if longest < least:
            raise ValueError(
                f"y must have a series of at least {least} rows, for one window of"
                f" {self.window_length} and a horizon of {self.steps[-1]} steps. Got"
                f" {longest} rows in its longest; use a smaller window_length."
            )
        windows, targets = self._samples(panel)
        for i, name in enumerate(self.targets):
            if np.isnan(targets[:, i :: self.n_targets]).all():
                raise ValueError(
                    f"y must have an observed value to learn from in each column, after a"
                    f" window of {self.window_length} rows. Got none in {name!r}."
                )
        self.regressor.fit(windows, targets)

    def fine_tune(self, panel: Panel) -> None:
        """Go on training from the present weights, on what whole windows there are.

        Parameters
        ----------
        panel : Panel
        """
        windows, targets = self._samples(panel)
        if len(windows):
            self.regressor.set_params(warm_start=True).fit(windows, targets)

    def update(self, panel: Panel) -> None:
        """Go once through whatever whole windows there are.

        Parameters
        ----------
        panel : Panel
        """
        windows, targets = self._samples(panel)
        if len(windows):
            self.regressor.partial_fit(windows, targets)

    def forecast(self, panel: Panel, future: Array) -> Array:
        """Forecast all series from the end of each.

        Parameters
        ----------
        panel : Panel
        future : ndarray of shape (n_series, n_ahead, n_columns)
            The rows to come, with what is known of them; NaN is not known.

        Returns
        -------
        forecast : ndarray of shape (n_series, n_ahead, n_targets)
            NaN at steps that the network does not give.
        """
        n_series, n_ahead, n_columns = future.shape
        length = self.window_length
        rows = np.full((n_series, length + n_ahead, n_columns), np.nan)
        values = panel.values
        for i, (start, stop) in enumerate(zip(panel.starts, panel.stops, strict=True)):
            known = values[max(start, stop - length) : stop]
            rows[i, length - len(known) : length] = known
        rows[:, length:] = future
        forecast = rows[:, length:, : self.n_targets]
        first = np.arange(n_series) * (length + n_ahead)
        begins = first + np.maximum(length - panel.lengths, 0)
        table = rows.reshape(-1, n_columns)
        for origin in range(n_ahead - self.steps[-1] + 1):
            windows = self._windows(table, first + length - 1 + origin, begins)
            values = self.regressor.predict(windows)
            forecast[:, origin + self.steps - 1] = values.reshape(
                n_series, len(self.steps), self.n_targets
            )
        return forecast

    def _windows(self, table: Array, ends: Array, starts: Array) -> Windows:
        lags = np.arange(self.window_length - 1, -1, -1)
        known = KnownFuture(self.steps, self.known)
        return Windows(table, ends, starts, lags, known=known)

    def _samples(self, panel: Panel) -> tuple[Windows, Array]:
        """Cut whole windows of which a target is observed."""
        table = panel.values
        row = np.arange(len(table))
        starts = np.repeat(panel.starts, panel.lengths)
        stops = np.repeat(panel.stops, panel.lengths)
        whole = (row - starts + 1 >= self.window_length) & (row + self.steps[-1] < stops)
        ends = row[whole]
        targets = table[ends[:, None] + self.steps, : self.n_targets]
        targets = targets.reshape(len(ends), len(self.steps) * self.n_targets)
        observed = ~np.isnan(targets).all(axis=1)
        ends, targets = ends[observed], targets[observed]
        return self._windows(table, ends, starts[ends]), targets
