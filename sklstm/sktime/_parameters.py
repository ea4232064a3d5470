"""The parameters that an adapter shares with the estimator inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator

from ..estimators._parameters import CLASSIFICATION, FEATURES, REGRESSION

_OF_CHANNELS = {
    "categorical_features": replace(
        FEATURES["categorical_features"],
        type="int, array-like of int or bool, or None",
        text="""Channels that are categories, as numbers from 0: by number, or as a mask of
        shape ``(n_channels,)``. The network learns a vector for each category; one that fit
        has not seen has zeros.""",
    )
}
# The parameters of estimators of whole series, whose features are channels.
SERIES_REGRESSION = {**REGRESSION, **_OF_CHANNELS}
SERIES_CLASSIFICATION = {**CLASSIFICATION, **_OF_CHANNELS}


def core_parameters(adapter: Any, estimator: type[BaseEstimator]) -> dict[str, Any]:
    """Give the parameters that an adapter shares with a scikit-learn estimator.

    Parameters
    ----------
    adapter : sktime estimator
    estimator : class of a scikit-learn estimator

    Returns
    -------
    parameters : dict
    """
    shared = set(estimator._get_param_names()) & set(adapter.get_param_names())
    return {name: getattr(adapter, name) for name in sorted(shared)}
