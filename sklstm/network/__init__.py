"""The network, one part a file: normaliser, front end, core, pooling, head."""

from ._compiled import compiled_layers, gains_by_kernels
from ._convolution import CausalConvolutions, ConvolutionBranch
from ._core import RecurrentLayer, RecurrentStack
from ._dropout import Dropout, dropout_seed
from ._embedding import CategoryEmbedding
from ._forks import Forks
from ._head import Decoder, Head
from ._instance_norm import InstanceNorm, Level
from ._network import LSTMNetwork
from ._patches import Patches
from ._pooling import Pooling, last_observed
from ._running_norm import RunningNorm
from ._skip import SeasonalSkip
from ._step_attention import StepAttention
from ._stepwise import TRACED, StepwiseLayer

__all__ = [
    "TRACED",
    "CategoryEmbedding",
    "CausalConvolutions",
    "ConvolutionBranch",
    "Decoder",
    "Dropout",
    "Forks",
    "Head",
    "InstanceNorm",
    "LSTMNetwork",
    "Level",
    "Patches",
    "Pooling",
    "RecurrentLayer",
    "RecurrentStack",
    "RunningNorm",
    "SeasonalSkip",
    "StepAttention",
    "StepwiseLayer",
    "compiled_layers",
    "dropout_seed",
    "gains_by_kernels",
    "last_observed",
]
