"""What training makes small, and what it makes of a network's outputs.

A loss of your own that is the likelihood of a distribution inherits from
`DistributionLoss`.
"""

from ._between import at_normal, between_levels, normal_of
from ._distribution import DistributionLoss
from ._levels import check_coverage, check_levels
from ._losses import (
    CLASSIFICATION_LOSSES,
    LINKS,
    REGRESSION_LOSSES,
    Loss,
    resolve_loss,
)
from ._missing import LossWhereObserved
from ._named import GaussianLoss, MixtureLoss, NegativeBinomialLoss, StudentTLoss
from ._quantile import QuantileLoss
from ._roles import (
    LOCATED,
    POINT,
    Role,
    as_parameters,
    in_units,
    places_of_scales,
    with_least_scale,
)
from ._weighted import WeightedLoss

__all__ = [
    "CLASSIFICATION_LOSSES",
    "LINKS",
    "LOCATED",
    "POINT",
    "REGRESSION_LOSSES",
    "DistributionLoss",
    "GaussianLoss",
    "Loss",
    "LossWhereObserved",
    "MixtureLoss",
    "NegativeBinomialLoss",
    "QuantileLoss",
    "Role",
    "StudentTLoss",
    "WeightedLoss",
    "as_parameters",
    "at_normal",
    "between_levels",
    "check_coverage",
    "check_levels",
    "in_units",
    "normal_of",
    "places_of_scales",
    "resolve_loss",
    "with_least_scale",
]
