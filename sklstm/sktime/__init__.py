"""sktime estimators: forecasters, a detector, a classifier and a regressor of series."""

from ._classifier import LSTMTimeSeriesClassifier
from ._detector import LSTMDetector
from ._forecaster import LSTMForecaster
from ._long import from_long
from ._pretrained_forecaster import PretrainedLSTMForecaster
from ._regressor import LSTMTimeSeriesRegressor

__all__ = [
    "LSTMDetector",
    "LSTMForecaster",
    "LSTMTimeSeriesClassifier",
    "LSTMTimeSeriesRegressor",
    "PretrainedLSTMForecaster",
    "from_long",
]
