"""Regressors of forecasts: targets may be missing, and a second LSTM may decode."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils._param_validation import validate_parameter_constraints

from ..samples._encoding import Encoding
from ..samples._targets import FutureRows, Numbers
from ..windows._windows import Windows
from ._regressor import LSTMRegressor

# The part of a window that has to be seen for it to be learnt from.
LEAST_PART = 3


class ForecastRegressor(LSTMRegressor):
    """An `LSTMRegressor` for the values that follow a window, some of them not observed.

    y is `Windows` of shape (n_windows, n_steps, n_series): the values to come are gathered
    from their rows, as those of the past are. A target of NaN counts nothing.
    """

    _is_given_validation: ClassVar[bool] = False

    def _validate_params(self) -> None:
        # Its parameters are those that a user gave to the forecaster.
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), "LSTMForecaster"
        )

    def _architecture(
        self, encoding: Encoding, targets: Numbers, windows: Windows, seed: int
    ) -> dict[str, Any]:
        architecture = super()._architecture(encoding, targets, windows, seed)
        if not self._forks:
            return architecture
        if encoding.relative and self.instance_norm is None:
            raise ValueError(
                "instance_norm must not be None with forking_sequences=True where series"
                " are seen in units of their own size, which it learns step by step. Got"
                " None; set instance_scale=False, or instance_norm='level'."
            )
        least_seen = -(-windows.shape[1] // LEAST_PART)
        return {**architecture, "least_seen": least_seen, "relative": encoding.relative}

    def say(self, X: Windows) -> Any:
        """Give what is said of each value.

        Parameters
        ----------
        X : Windows of shape (n_windows, n_timesteps, n_columns)

        Returns
        -------
        parameters : ndarray of shape (n_windows, n_outputs, n_parameters)
        """
        return self._parameters_of(X)[1]

    def _learn_targets(self, y: Windows) -> FutureRows:
        return FutureRows.learn(y, type(self).__name__)

    @property
    def _forecasts(self) -> bool:
        return True


class ForkingRegressor(ForecastRegressor):
    """One that is trained on a forecast from each step of a window."""

    _forks: ClassVar[bool] = True


class Seq2SeqRegressor(ForecastRegressor):
    """An encoder-decoder: a second LSTM goes through the steps ahead."""

    def _architecture(
        self, encoding: Encoding, targets: Numbers, windows: Windows, seed: int
    ) -> dict[str, Any]:
        return {**super()._architecture(encoding, targets, windows, seed), "decode": True}


class ForkingSeq2SeqRegressor(Seq2SeqRegressor):
    """One that is trained on a forecast from each step of a window."""

    _forks: ClassVar[bool] = True
