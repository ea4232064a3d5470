"""A network that forecasts from windows, by whatever strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..estimators._forecast_regressor import ForecastRegressor
from ..estimators._predictive import loss_of
from ..losses import Loss
from ..training import hold_out
from ..windows._windows import KnownFuture, Windows
from ._calibration import Calibration
from ._labels import Labels
from ._panel import Panel

Array = NDArray[Any]
Index = NDArray[np.intp]


@dataclass
class ForecastModel:
    """A regressor of the values that follow a window, and what its rows mean.

    The columns of a row are the series to forecast, then the covariates.

    Attributes
    ----------
    regressor : ForecastRegressor
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
    labels : Labels
        Of the covariates that are categories.
    least_rows : int
        Rows that a window needs to be learnt from; those before its series are missing.
    calibration : Calibration or None, default=None
        Of what the network says.
    """

    regressor: ForecastRegressor
    window_length: int
    steps: NDArray[np.intp]
    targets: list[Any]
    covariates: list[Any]
    known: NDArray[np.intp]
    labels: Labels
    least_rows: int
    calibration: Calibration | None = None

    @property
    def n_targets(self) -> int:
        """Number of series in a row."""
        return len(self.targets)

    @property
    def known_names(self) -> list[Any]:
        """Columns that are known ahead."""
        return [self.covariates[i - self.n_targets] for i in self.known]

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
        least = self.least_rows + self.steps[-1]
        if longest < least:
            raise ValueError(
                f"y must have a series of at least {least} rows, for one window of"
                f" {self.least_rows} and a horizon of {self.steps[-1]} steps. Got"
                f" {longest} rows in its longest; use {self._remedy(longest)}, or"
                " PretrainedLSTMForecaster, which has learnt already."
            )
        windows, targets = self.samples(panel)
        seen = _are_seen(targets)
        if not len(windows) or not seen.all():
            names = [name for name, ok in zip(self.targets, seen, strict=True) if not ok]
            raise ValueError(
                "y must have a value to learn from in each column, after a whole window."
                f" Got none in {names or self.targets}."
            )
        self.regressor.fit(windows, targets)

    def can_fit(self, panel: Panel) -> bool:
        """Tell whether there is enough to train on, and to hold out if that is asked for.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        can_fit : bool
        """
        windows, targets = self.samples(panel)
        if not len(windows) or not _are_seen(targets).all():
            return False
        return not self.regressor.early_stopping or self._can_hold_out(windows)

    def _remedy(self, n_rows: int) -> str:
        """Tell what makes a series of so many rows long enough."""
        if n_rows > self.steps[-1]:
            return "a smaller window_length"
        return "a shorter fh or strategy='recursive', which learns one step"

    def fine_tune(self, panel: Panel) -> None:
        """Go on training from the present weights, on what whole windows there are.

        Parameters
        ----------
        panel : Panel
        """
        windows, targets = self.samples(panel)
        if not len(windows):
            return
        regressor = self.regressor
        early_stopping = regressor.early_stopping
        regressor.set_params(
            warm_start=True, early_stopping=early_stopping and self._can_hold_out(windows)
        )
        regressor.fit(windows, targets).set_params(early_stopping=early_stopping)

    def update(self, panel: Panel) -> None:
        """Go once through whatever whole windows there are.

        Parameters
        ----------
        panel : Panel
        """
        windows, targets = self.samples(panel)
        if len(windows):
            self.regressor.partial_fit(windows, targets)

    def nearest_steps(self, steps: Index) -> Index:
        """Find the step by which each of some steps can be forecast.

        Parameters
        ----------
        steps : ndarray of int of shape (n,)

        Returns
        -------
        given : ndarray of int of shape (n,)
            The same where the network gives it, else its next step, else its last.
        """
        return self.steps[np.searchsorted(self.steps[:-1], steps)]

    def steps_through(self, steps: Index) -> Index:
        """Give the steps to forecast so that some can be.

        Parameters
        ----------
        steps : ndarray of int of shape (n,)
            Ascending, from 1.

        Returns
        -------
        steps : ndarray of int
            All from 1 on, if a network has to be fed its own forecasts.
        """
        return steps if steps[-1] <= self.steps[-1] else np.arange(1, steps[-1] + 1)

    def predict(self, table: Array, ends: Index, starts: Index) -> Array:
        """Give what is said from some rows of a table.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_columns)
            Of each row in `ends` as many more must follow as the last of `steps`.
        ends : ndarray of int of shape (n_windows,)
            Rows to forecast from.
        starts : ndarray of int of shape (n_windows,)
            Where the series of each begins.

        Returns
        -------
        parameters : ndarray of shape (n_windows, n_steps, n_targets, n_parameters)
            `loss` reads them.
        """
        parameters = self.parameters(table, ends, starts)
        return (
            parameters if self.calibration is None else self.calibration.apply(parameters)
        )

    def parameters(self, table: Array, ends: Index, starts: Index) -> Array:
        """Give what the network says, before it is calibrated.

        Parameters
        ----------
        table, ends, starts
            As in `predict`.

        Returns
        -------
        parameters : ndarray of shape (n_windows, n_steps, n_targets, n_parameters)
            `network_loss` reads them.
        """
        parameters = self.regressor.say(self.windows(table, ends, starts))
        return parameters.reshape(len(ends), len(self.steps), self.n_targets, -1)

    @property
    def seed(self) -> int:
        """That from which the network was drawn."""
        return int(self.regressor._model.memory.seed % 2**32)

    @property
    def loss(self) -> Loss:
        """What reads a prediction."""
        if self.calibration is None:
            return self.network_loss
        return self.calibration.calibrated_loss

    @property
    def network_loss(self) -> Loss:
        """The loss that was trained."""
        return loss_of(self.regressor, self.regressor._model)

    def constant(self, means: Array, deviations: Array) -> Array:
        """Give parameters of a value of which the network can say nothing.

        Parameters
        ----------
        means, deviations : ndarray of shape (...)

        Returns
        -------
        parameters : ndarray of shape (..., n_parameters)
        """
        loss = self.loss
        parameters = np.zeros((*means.shape, len(loss.roles)))
        for i, role in enumerate(loss.roles):
            if role == "scale":
                parameters[..., i] = deviations
            elif role != "shape":
                parameters[..., i] = means
        if loss.says_quantiles and not loss.is_distribution:
            parameters += deviations[..., None] * ndtri(np.asarray(loss.levels))
        return parameters

    def windows(self, table: Array, ends: Array, starts: Array) -> Windows:
        """Give the windows that end at some rows.

        Parameters
        ----------
        table, ends, starts
            As in `predict`.

        Returns
        -------
        windows : Windows of shape (n_windows, window_length, n_columns)
        """
        lags = np.arange(self.window_length - 1, -1, -1)
        known = KnownFuture(self.steps, self.known)
        return Windows(table, ends, starts, lags, known=known)

    def samples(self, panel: Panel) -> tuple[Windows, Windows]:
        """Cut whole windows of which a target is observed, and their targets.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        windows : Windows of shape (n_windows, window_length, n_columns)
        targets : Windows of shape (n_windows, n_steps, n_targets)
        """
        table = panel.values
        row = np.arange(len(table))
        starts = np.repeat(panel.starts, panel.lengths)
        stops = np.repeat(panel.stops, panel.lengths)
        ends = row[(row - starts + 1 >= self.least_rows) & (row + self.steps[-1] < stops)]
        series = table[:, : self.n_targets]
        observed = np.atleast_1d(~np.isnan(series).all(axis=1))
        learnable = np.zeros(len(ends), dtype=bool)
        for step in self.steps:
            learnable |= observed[ends + step]
        ends = ends[learnable]
        starts = starts[ends]
        targets = Windows(series, ends, starts, -self.steps)
        return self.windows(table, ends, starts), targets

    def _can_hold_out(self, windows: Windows) -> bool:
        fraction, horizon = self.regressor.validation_fraction, int(self.steps[-1])
        try:
            hold_out(windows, fraction, "last", horizon=horizon)
        except ValueError:
            return False
        return True


def _are_seen(targets: Windows) -> NDArray[np.bool_]:
    """Tell which columns have a value at all."""
    seen: NDArray[np.bool_] = ~np.isnan(targets.table).all(axis=0)
    return seen
