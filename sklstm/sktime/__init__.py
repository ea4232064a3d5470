"""sktime estimators: a forecaster, and a classifier and a regressor of whole series."""

from ._classifier import LSTMTimeSeriesClassifier
from ._forecaster import LSTMForecaster
from ._regressor import LSTMTimeSeriesRegressor

__all__ = ["LSTMForecaster", "LSTMTimeSeriesClassifier", "LSTMTimeSeriesRegressor"]
