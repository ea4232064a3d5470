"""LSTM networks as scikit-learn estimators."""

from ._version import __version__ as __version__
from .estimators import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
)
from .fitting._ranks import distributed
from .streams import StreamPredictor
from .windows import (
    SequenceReshaper,
    SlidingWindowTransformer,
    TokenEncoder,
    Windows,
    cut_sequences,
    future_targets,
    join_sequences,
    pad_sequences,
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
    "TokenEncoder",
    "Windows",
    "cut_sequences",
    "distributed",
    "future_targets",
    "join_sequences",
    "pad_sequences",
    "sliding_windows",
]
