"""The parameters that an adapter shares with the estimator inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from ..estimators._parameters import FEATURES
from ..estimators._task_parameters import CLASSIFICATION, REGRESSION

_OF_CHANNELS = {
    "categorical_features": replace(
        FEATURES["categorical_features"],
        type="int, array-like of int or bool, or None",
        text="""Channels that are categories, as numbers from 0: by number, or as a mask of
        shape ``(n_channels,)``. The network learns a vector for each category; one that fit
        has not seen has zeros.""",
    )
}
_OF_SERIES = {
    "instance_norm": replace(
        REGRESSION["instance_norm"],
        type='{"auto", "last", "level", "standard", "affine"} or None',
        default="auto",
        constraints=[*REGRESSION["instance_norm"].constraints, StrOptions({"auto"})],
        text="""Whether each series is seen relative to its own level: "last" subtracts the
        last observed step, "level" an exponentially weighted mean of the last steps,
        "standard" the mean and divides by the standard deviation, "affine" then trains a
        weight and a bias for each channel. The last layer reads the level of each channel
        beside what the network makes of the rest, so that nothing is lost. "auto" is
        "standard" where a typical series moves less than series differ from each other (the
        median of their variances is less than half of the variance of all values), else
        None.""",
    )
}
_BY_SERIES = {
    "season_length": replace(
        REGRESSION["season_length"],
        type='"auto", int, array-like of int or None',
        default="auto",
        constraints=[*REGRESSION["season_length"].constraints, StrOptions({"auto"})],
        text="""Steps of a season. Each window is seen without the season that its own
        periods show, and the forecast gets it back. "auto" is what the step of the index
        suggests, such as 12 for months, or 24 and 168 for hours; where that says nothing
        (years, integers) the lag at which the changes come again. Of several the one that
        forecasts better is taken; one longer than `window_length` is not looked for.""",
    ),
    "patch_length": replace(
        REGRESSION["patch_length"],
        type='"auto" or int',
        default="auto",
        constraints=[*REGRESSION["patch_length"].constraints, StrOptions({"auto"})],
        text="""Steps that become one recurrent step through a linear layer [Lin2023]_.
        "auto" is 1 for windows of up to 48 rows, and for longer ones so many that there are
        no more steps than that.""",
    ),
}
# The parameters of a forecaster.
FORECASTING = {**REGRESSION, **_BY_SERIES}
# The parameters of estimators of whole series, whose features are channels.
SERIES_REGRESSION = {**REGRESSION, **_OF_CHANNELS, **_OF_SERIES}
SERIES_CLASSIFICATION = {**CLASSIFICATION, **_OF_CHANNELS}


def check_shared(adapter: Any) -> None:
    """Refuse values that a parameter of an adapter does not have, by its own constraints.

    Parameters
    ----------
    adapter : sktime estimator
        Whose class is `documented`.

    Raises
    ------
    ValueError
        Naming the parameter, and all that it may be, "auto" too.
    """
    table, given = adapter._shared_parameters, adapter.get_params(deep=False)
    shared = {name: table[name].constraints for name in given if name in table}
    values = {name: given[name] for name in shared}
    validate_parameter_constraints(shared, values, type(adapter).__name__)


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
