"""LSTM networks as scikit-learn estimators."""

from .estimators import LSTMClassifier, LSTMRegressor
from .windows import (
    SequenceReshaper,
    SlidingWindowTransformer,
    Windows,
    future_targets,
    sliding_windows,
)

__version__ = "0.1.0"

__all__ = [
    "LSTMClassifier",
    "LSTMRegressor",
    "SequenceReshaper",
    "SlidingWindowTransformer",
    "Windows",
    "future_targets",
    "sliding_windows",
]
