"""sktime estimators: two forecasters, and a classifier and a regressor of whole series."""

from ._classifier import LSTMTimeSeriesClassifier
from ._forecaster import LSTMForecaster
from ._pretrained_forecaster import PretrainedLSTMForecaster
from ._regressor import LSTMTimeSeriesRegressor

__all__ = [
    "LSTMForecaster",
    "LSTMTimeSeriesClassifier",
    "LSTMTimeSeriesRegressor",
    "PretrainedLSTMForecaster",
]
