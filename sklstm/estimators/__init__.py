"""The estimators: parameters, what the targets are, and one trained model."""

from ._classifier import LSTMClassifier
from ._conformal_classifier import ConformalClassifier
from ._conformal_regressor import ConformalRegressor
from ._outlier_detector import LSTMOutlierDetector
from ._regressor import LSTMRegressor

__all__ = [
    "ConformalClassifier",
    "ConformalRegressor",
    "LSTMClassifier",
    "LSTMOutlierDetector",
    "LSTMRegressor",
]
