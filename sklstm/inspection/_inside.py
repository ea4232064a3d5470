"""The LSTM inside whatever it was trained in, and its sequences."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators._lstm import LSTMEstimator

# In the place of X: the LSTM alone is asked for.
ALONE: Any = ...
# Where scikit-learn's and this package's meta-estimators keep what they have fitted.
_INNER = ("estimator_", "regressor_")


class Inside(NamedTuple):
    """An estimator of sequences, and what it reads.

    Attributes
    ----------
    estimator : estimator
        Fitted.
    sequences : array-like of shape (n_samples, n_timesteps, n_features)
        As its `predict` takes them.
    targets : ndarray or None, default=None
        Of the sequences, where X has them too.
    units : tuple of ndarray of shape (n_samples,), or None, default=None
        What the estimator says, times the second and plus the first, is what X is in.
    """

    estimator: Any
    sequences: Any
    targets: Any = None
    units: Any = None


@runtime_checkable
class Inspectable(Protocol):
    """An estimator with an LSTM inside that reads something else than sequences."""

    def _inspected(self, X: Any) -> tuple[Any, ...]:
        """Give the LSTM, X as it reads it, and what else `Inside` has; X may be ``...``."""


def reader(estimator: Any, X: Any) -> Inside:
    """Find what reads sequences in an estimator, and turn X into them.

    Parameters
    ----------
    estimator : estimator
        Pipelines and searches are opened, and so are the estimators of `sklstm.sktime`.
    X : object
        As the `predict` of `estimator` takes it; or `ALONE`.

    Returns
    -------
    inside : Inside
    """
    if isinstance(estimator, Inspectable):
        return Inside(*estimator._inspected(X))
    if isinstance(estimator, FrozenEstimator):
        return reader(estimator.estimator, X)
    if isinstance(estimator, Pipeline):
        steps = estimator[:-1]
        sequences = steps.transform(X) if len(steps) and X is not ALONE else X
        return reader(estimator[-1], sequences)
    for inner in ("best_estimator_", "best_forecaster_"):
        if hasattr(estimator, inner):
            return reader(getattr(estimator, inner), X)
    return Inside(estimator, X)


def inside(estimator: Any, X: Any) -> tuple[LSTMEstimator, Any]:
    """Find the LSTM in an estimator, and turn X into its sequences.

    Parameters
    ----------
    estimator : estimator
        An LSTM; a pipeline, a search or another meta-estimator of scikit-learn that ends in
        one; or an estimator of `sklstm.sktime`. Fitted.
    X : object
        As the `predict` of `estimator` takes it; or `ALONE`.

    Returns
    -------
    lstm : LSTMRegressor or LSTMClassifier
        Fitted.
    sequences : array-like of shape (n_samples, n_timesteps, n_features)
        As its `predict` takes them.

    Raises
    ------
    TypeError
        If there is no LSTM.
    NotFittedError
        If it is not fitted.
    """
    found = reader(estimator, X)
    if isinstance(found.estimator, LSTMEstimator):
        check_is_fitted(found.estimator)
        return found.estimator, found.sequences
    if isinstance(found.estimator, BaseEstimator):
        inner = next((name for name in _INNER if hasattr(found.estimator, name)), None)
        if inner is not None:
            return inside(getattr(found.estimator, inner), found.sequences)
        check_is_fitted(found.estimator)
    raise TypeError(
        "estimator must be an LSTM of sklstm, or a pipeline or a search that ends in one."
        f" Got {type(found.estimator).__name__}."
    )


def lstm_of(estimator: Any) -> LSTMEstimator:
    """Find the LSTM in an estimator, as `inside` does.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    lstm : LSTMRegressor or LSTMClassifier
        Fitted.
    """
    return inside(estimator, ALONE)[0]
