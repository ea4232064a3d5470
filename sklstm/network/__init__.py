"""The network, one part a file: core, dropout, pooling, and what composes them."""

from ._core import RecurrentLayer, StackedLSTM
from ._dropout import Dropout
from ._network import PREDICTION_BATCH, LSTMNetwork
from ._pooling import last_observed

__all__ = [
    "PREDICTION_BATCH",
    "Dropout",
    "LSTMNetwork",
    "RecurrentLayer",
    "StackedLSTM",
    "last_observed",
]
