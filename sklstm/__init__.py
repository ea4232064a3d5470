"""LSTM networks as scikit-learn estimators."""

from ._classifier import LSTMClassifier
from ._regressor import LSTMRegressor
from .windows import SequenceReshaper, SlidingWindowTransformer, Windows, sliding_windows

__version__ = "0.1.0"

__all__ = [
    "LSTMClassifier",
    "LSTMRegressor",
    "SequenceReshaper",
    "SlidingWindowTransformer",
    "Windows",
    "sliding_windows",
]
