"""Training: batches, the skorch net, hold-out, schedules; it gives a trained model."""

from ._checkpoint import Checkpoint, open_checkpoint
from ._course import Course
from ._data import SequenceData
from ._described import described
from ._fingerprint import Fingerprint, digest_of, fingerprint
from ._forked_data import ForkedData
from ._head_refit import Refit, refit_head
from ._holdout import hold_out, hold_out_last, shares_rows
from ._listeners import SklearnEpochs, ValidationWatch
from ._net import SequenceNet
from ._optimizers import OPTIMIZERS, SCHEDULES
from ._plain import OWN, is_same
from ._prediction import in_time
from ._progress import Progress
from ._run import Plan, run
from ._side_by_side import SideBySide
from ._threads import OwnThreads
from ._together import AcrossRanks, agree_on_data, together
from ._trained_model import Memory, TrainedModel, data_options, make_network
from ._unfinished_file import kept_random_state, stem_of
from ._warm_start import NO_STATE, as_trained, take_up

__all__ = [
    "NO_STATE",
    "OPTIMIZERS",
    "OWN",
    "SCHEDULES",
    "AcrossRanks",
    "Checkpoint",
    "Course",
    "Fingerprint",
    "ForkedData",
    "Memory",
    "OwnThreads",
    "Plan",
    "Progress",
    "Refit",
    "SequenceData",
    "SequenceNet",
    "SideBySide",
    "SklearnEpochs",
    "TrainedModel",
    "ValidationWatch",
    "agree_on_data",
    "as_trained",
    "data_options",
    "described",
    "digest_of",
    "fingerprint",
    "hold_out",
    "hold_out_last",
    "in_time",
    "is_same",
    "kept_random_state",
    "make_network",
    "open_checkpoint",
    "refit_head",
    "run",
    "shares_rows",
    "stem_of",
    "take_up",
    "together",
]
