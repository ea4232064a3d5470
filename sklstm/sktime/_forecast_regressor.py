"""Regressors of forecasts: targets may be missing, and a second LSTM may decode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sklearn.utils._param_validation import validate_parameter_constraints
from torch import Tensor, nn

from ..estimators._base import Array
from ..estimators._regressor import LSTMRegressor
from ..losses._losses import Loss
from ..samples._scaling import Scaling
from ..windows._windows import Windows


class ForecastRegressor(LSTMRegressor):
    """An `LSTMRegressor` for the values that follow a window, some of them not observed.

    y is `Windows` of shape (n_windows, n_steps, n_series): the values to come are gathered
    from their rows, as those of the past are. A target of NaN counts nothing.
    """

    def _validate_params(self) -> None:
        # Its parameters are those that a user gave to the forecaster.
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), "LSTMForecaster"
        )

    def _learn_targets(self, y: Windows) -> None:
        self.n_outputs_ = y.shape[1] * y.shape[2]
        self._flat_target = False

    def _read_targets(self, y: Windows, name: str = "y") -> Any:
        return y

    def _target_scaling(self, y: Any, weight: Array | None) -> Scaling | None:
        return self._scaling_of_features()

    def _scaled_target(self, target: Windows) -> Windows:
        mean, scale = self._input_scaling.mean, self._input_scaling.scale
        n_series = target.shape[2]
        return target.over(Scaling(mean[:n_series], scale[:n_series]).apply(target.table))

    def _resolve_loss(self) -> Loss:
        loss = super()._resolve_loss()
        return replace(loss, criterion=LossWhereObserved(loss.criterion))


class Seq2SeqRegressor(ForecastRegressor):
    """An encoder-decoder: a second LSTM goes through the steps ahead."""

    def _network_options(self, windows: Windows) -> dict[str, Any]:
        return {**super()._network_options(windows), "decode": True}


class LossWhereObserved(nn.Module):
    """A loss of 0, without a gradient, where there is no target.

    Parameters
    ----------
    criterion : callable (output, target) -> Tensor
        If it is a module, its weights are trained too.
    """

    def __init__(self, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.criterion = criterion

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Give the loss.

        Parameters
        ----------
        output, target : Tensor of shape (n_samples, n_values)

        Returns
        -------
        value : Tensor of the shape that the criterion gives

        Raises
        ------
        ValueError
            If a target is missing and the criterion gives one value for the whole batch.
        """
        missing = target.isnan()
        value = self.criterion(output, target.where(~missing, output.detach()))
        if value.shape == target.shape:
            return value.masked_fill(missing, 0)
        if value.ndim == 0 and missing.any():
            raise ValueError(
                "loss must give one value for each output when y has missing values. Got"
                " one value for the whole batch instead."
            )
        return value if value.ndim == 0 else value.masked_fill(missing.any(dim=1), 0)
