"""Metrics and scorers: of targets some of which are not yet known, and of uncertainty."""

from ._known import get_scorer, where_known
from ._steps import over_steps
from ._uncertainty import (
    coverage,
    crps,
    uncertainty_scorer,
    weighted_quantile_loss,
    width,
    winkler_score,
)

__all__ = [
    "coverage",
    "crps",
    "get_scorer",
    "over_steps",
    "uncertainty_scorer",
    "weighted_quantile_loss",
    "where_known",
    "width",
    "winkler_score",
]
