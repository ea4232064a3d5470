"""Training: data gathered in batches, the skorch net, hold-out, schedules."""

from ._data import SequenceData
from ._holdout import hold_out
from ._listeners import AveragedWeights, BestEpoch, LastEpoch, SklearnEpochs
from ._net import SequenceNet
from ._optimizers import OPTIMIZERS, SCHEDULES, make_schedule
from ._prediction import attention_batches, predict_batches
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
    "attention_batches",
    "hold_out",
    "make_schedule",
    "predict_batches",
]
