"""From an adapter's parameters to those of the estimator inside."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator


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
