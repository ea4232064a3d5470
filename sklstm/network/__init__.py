"""The network, one part a file: normaliser, core, pooling, head, and what composes them."""

from ._core import RecurrentLayer, StackedLSTM
from ._dropout import Dropout, dropout_seed
from ._head import Decoder, KnownFutureHead, LinearHead
from ._instance_norm import InstanceNorm
from ._network import LSTMNetwork
from ._pooling import last_observed

__all__ = [
    "Decoder",
    "Dropout",
    "InstanceNorm",
    "KnownFutureHead",
    "LSTMNetwork",
    "LinearHead",
    "RecurrentLayer",
    "StackedLSTM",
    "dropout_seed",
    "last_observed",
]
