"""What training makes small: a loss with the head that it needs."""

from ._losses import (
    CLASSIFICATION_LOSSES,
    LINKS,
    REGRESSION_LOSSES,
    Loss,
    QuantileLoss,
    WeightedLoss,
    resolve_loss,
)
from ._missing import LossWhereObserved

__all__ = [
    "CLASSIFICATION_LOSSES",
    "LINKS",
    "REGRESSION_LOSSES",
    "Loss",
    "LossWhereObserved",
    "QuantileLoss",
    "WeightedLoss",
    "resolve_loss",
]
