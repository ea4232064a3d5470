"""Methods of an estimator that a pipeline or a search around it does not hand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline


def unwrapped(estimator: Any) -> Any:
    """Give the estimator inside of a fitted search or a frozen one.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    inside : estimator
    """
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def final_estimator(estimator: Any) -> Any:
    """Give the estimator at the end of a pipeline, or in a fitted search.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    final : estimator
    """
    estimator = unwrapped(estimator)
    return final_estimator(estimator[-1]) if isinstance(estimator, Pipeline) else estimator


def method_of(estimator: Any, name: str) -> Callable[..., Any] | None:
    """Find a method of a fitted estimator, also at the end of a pipeline.

    Parameters
    ----------
    estimator : estimator
    name : str

    Returns
    -------
    method : callable (X, ...)
        None if there is none.
    """
    estimator = unwrapped(estimator)
    if not isinstance(estimator, Pipeline):
        return getattr(estimator, name, None)
    last, before = method_of(estimator[-1], name), estimator[:-1]
    if last is None or not len(before):
        return last
    return lambda X, *options: last(before.transform(X), *options)
