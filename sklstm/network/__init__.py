"""The network, one part a file: core, dropout, pooling, and what composes them."""

from ._core import RecurrentLayer, StackedLSTM
from ._dropout import Dropout
from ._network import LSTMNetwork
from ._pooling import last_observed

__all__ = [
    "Dropout",
    "LSTMNetwork",
    "RecurrentLayer",
    "StackedLSTM",
    "last_observed",
]
