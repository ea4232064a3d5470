"""What is asked of a prediction beyond its value, and the loss that tells it."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..fitting._numbers import is_integer
from ..losses import REGRESSION_LOSSES, Loss, check_levels, resolve_loss
from ..training import OWN, TrainedModel

REMEDY = (
    "use loss='quantile' with a list of levels in quantile, or a distribution: 'gaussian',"
    " 'student_t', 'negative_binomial', 'mixture' or one of your own"
)


def regression_loss(loss: Any, quantile: Any, n_mixtures: Any) -> Loss:
    """Give a regressor's loss.

    Parameters
    ----------
    loss, quantile, n_mixtures : object
        Its parameters.

    Returns
    -------
    loss : Loss
    """
    return resolve_loss(loss, REGRESSION_LOSSES, quantile=quantile, n_mixtures=n_mixtures)


def loss_of(regressor: Any, model: TrainedModel) -> Loss:
    """Give the loss with which a model was trained.

    Parameters
    ----------
    regressor : LSTMRegressor
        Has the loss, if it is the user's own and the model comes from a pickle.
    model : TrainedModel

    Returns
    -------
    loss : Loss

    Raises
    ------
    ValueError
        If the user's own loss has been replaced by one that reads outputs otherwise.
    """
    if model.loss is None:
        name, quantile, n_mixtures = model.memory.settings["loss"]
        own = name == OWN
        loss = regression_loss(regressor.loss if own else name, quantile, n_mixtures)
        if loss.roles != model.network.roles:
            raise ValueError(
                "loss must be the one of fit, which is no part of a pickle. Got"
                f" {regressor.loss!r}."
            )
        model.loss = loss
    return model.loss


def check_trained_levels(loss: Any, quantile: Any) -> None:
    """Check levels to train on: of several the median must follow.

    Parameters
    ----------
    loss : object
    quantile : float or sequence of float

    Raises
    ------
    ValueError
        If they are no ascending levels in (0, 1), or all lie on one side of the median.
    """
    if isinstance(quantile, Real):
        return  # the constraint of the parameter holds
    levels = check_levels(quantile, "quantile")
    if loss == "quantile" and not levels[0] <= 0.5 <= levels[-1]:
        raise ValueError(
            "quantile must have a level on each side of 0.5, or 0.5 itself: predict gives"
            f" the median. Got {quantile!r}; for a single level give a float."
        )


def levels_of(coverage: float) -> list[float]:
    """Give the levels between which a share of all targets lies.

    Examples
    --------
    >>> [round(level, 3) for level in levels_of(0.9)]
    [0.05, 0.95]
    """
    return [(1 - coverage) / 2, (1 + coverage) / 2]


def check_says(loss: Loss, method: str, given: Any) -> None:
    """Refuse to give quantiles or samples where a loss knows a point alone.

    Parameters
    ----------
    loss : Loss
    method : str
        What was asked for.
    given : object
        The parameter `loss`.

    Raises
    ------
    AttributeError
        Naming `loss`.
    """
    if not loss.says_quantiles:
        raise AttributeError(
            f"{method} needs a loss that says more than a point: {REMEDY}. Got"
            f" loss={given!r}{' with a single level' if given == 'quantile' else ''}."
        )


def std_of(loss: Loss, parameters: NDArray[Any], given: Any) -> NDArray[np.float64]:
    """Give the standard deviation of each target.

    Parameters
    ----------
    loss : Loss
    parameters : ndarray of shape (..., n_parameters)
    given : object
        The parameter `loss`.

    Returns
    -------
    std : ndarray of shape (...)

    Raises
    ------
    AttributeError
        If the loss is no distribution.
    """
    if not loss.is_distribution:
        raise AttributeError(
            "return_std needs a distribution as loss: 'gaussian', 'student_t',"
            f" 'negative_binomial', 'mixture' or one of your own. Got loss={given!r}."
        )
    return loss.std(parameters)


def sample(
    loss: Loss, parameters: NDArray[Any], n_samples: Any, random_state: Any
) -> NDArray[np.float64]:
    """Draw samples of each target.

    Parameters
    ----------
    loss : Loss
    parameters : ndarray of shape (..., n_parameters)
    n_samples : int
    random_state : int, RandomState or None

    Returns
    -------
    samples : ndarray of shape (..., n_samples)
    """
    if not is_integer(n_samples, least=1):
        raise ValueError(f"n_samples must be an int of at least 1. Got {n_samples!r}.")
    rng = check_random_state(random_state)
    return loss.sample(parameters, int(n_samples), rng)
