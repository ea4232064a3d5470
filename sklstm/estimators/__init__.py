"""The estimators: parameters, what the targets are, and one trained model."""

from ._classifier import LSTMClassifier
from ._regressor import LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMRegressor"]
