"""sktime estimators: a forecaster, a classifier and a regressor of time series."""

from ._forecaster import LSTMForecaster

__all__ = ["LSTMForecaster"]
