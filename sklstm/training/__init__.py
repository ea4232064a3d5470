"""Training: data gathered in batches, the skorch net, hold-out, schedules."""

from ._data import SequenceData
from ._holdout import hold_out
from ._listeners import AveragedWeights, BestEpoch, LastEpoch, SklearnEpochs
from ._net import SequenceNet
from ._optimizers import OPTIMIZERS, SCHEDULES
from ._warm_start import adopt_loss, adopt_settings

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "AveragedWeights",
    "BestEpoch",
    "LastEpoch",
    "SequenceData",
    "SequenceNet",
    "SklearnEpochs",
    "adopt_loss",
    "adopt_settings",
    "hold_out",
]
