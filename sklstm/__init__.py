"""LSTM networks as scikit-learn estimators."""

from ._version import __version__ as __version__
from .estimators import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
)
from .streams import StreamPredictor
from .windows import (
    SequenceReshaper,
    SlidingWindowTransformer,
    Windows,
    future_targets,
    sliding_windows,
)

__all__ = [
    "ConformalClassifier",
    "ConformalRegressor",
    "LSTMClassifier",
    "LSTMOutlierDetector",
    "LSTMRegressor",
    "SequenceReshaper",
    "SlidingWindowTransformer",
    "StreamPredictor",
    "Windows",
    "future_targets",
    "sliding_windows",
]
