"""What a forecaster refuses, with what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..estimators._season import check_season
from ..fitting._numbers import is_integer
from ._panel import series_name
from ._parameters import check_shared

Index = NDArray[np.intp]
STRATEGIES = ("direct", "recursive", "seq2seq")


def is_auto(value: Any) -> bool:
    """Tell whether a parameter is left to the data."""
    return isinstance(value, str) and value == "auto"


def check_parameters(forecaster: Any, X: pd.DataFrame | None) -> None:
    """Check the parameters that are the forecaster's own.

    Parameters
    ----------
    forecaster : LSTMForecaster
    X : pandas.DataFrame or None

    Raises
    ------
    ValueError, TypeError
        If one is not what it may be.
    """
    check_shared(forecaster)
    strategy, window_length = forecaster.strategy, forecaster.window_length
    if not (is_auto(strategy) or strategy in STRATEGIES):
        raise ValueError(
            f"strategy must be 'auto', {', '.join(map(repr, STRATEGIES[:-1]))} or"
            f" {STRATEGIES[-1]!r}. Got {strategy!r} instead."
        )
    if not (is_auto(window_length) or is_integer(window_length, least=1)):
        raise ValueError(
            "window_length must be 'auto' or an int of at least 1. Got"
            f" {window_length!r} instead."
        )
    for name in ("channel_independent", "forking_sequences"):
        value = getattr(forecaster, name)
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name} must be True or False. Got {value!r}.")
    if forecaster.forking_sequences:
        _check_forking(forecaster)
    if not is_auto(forecaster.season_length):
        check_season(forecaster.season, forecaster.season_length)
    fraction = forecaster.calibration_fraction
    is_share = isinstance(fraction, Real) and not isinstance(fraction, bool)
    if fraction is not None and not (is_share and 0 < fraction < 1):
        raise ValueError(
            f"calibration_fraction must be a number in (0, 1) or None. Got {fraction!r}."
        )
    columns = [] if X is None else list(X.columns)
    for parameter in ("past_covariates", "categorical_features"):
        given = getattr(forecaster, parameter)
        if given is not None and not isinstance(given, list | tuple):
            raise TypeError(
                f"{parameter} must be a list of column names or None. Got {given!r}."
            )
        unknown = [name for name in given or [] if name not in columns]
        if unknown:
            raise ValueError(
                f"{parameter} must be columns of X, {columns}. Got {unknown} as well."
            )


# What a forecast from within a window cannot have, and what any other value would do.
_FORKING: dict[str, tuple[tuple[Any, ...], str]] = {
    "bidirectional": ((False,), "reads what is still to come"),
    "pooling": (("last",), "makes one state of those of all steps"),
    "convolution": ((None, "before"), "averages over all steps"),
}


def _check_forking(forecaster: Any) -> None:
    for name, (allowed, effect) in _FORKING.items():
        value = getattr(forecaster, name)
        if value not in allowed:
            options = " or ".join(map(repr, allowed))
            raise ValueError(
                f"{name} must be {options} with forking_sequences=True. Got {value!r},"
                f" which {effect}."
            )


def check_times(frame: pd.DataFrame | None, name: str) -> None:
    """Refuse a time that comes twice in a series.

    Parameters
    ----------
    frame : pandas.DataFrame or None
    name : str
        The argument.

    Raises
    ------
    ValueError
        If there is one.
    """
    if frame is None or frame.index.is_unique:
        return
    first = frame.index[frame.index.duplicated()][0]
    *series, time = first if isinstance(first, tuple) else (first,)
    raise ValueError(
        f"{name} must have each time once in a series. Got {time} more than once in"
        f" {series_name(tuple(series)) if series else name}."
    )


def check_columns(name: str, frame: pd.DataFrame, columns: Sequence[Any]) -> None:
    """Refuse a frame that lacks columns seen in fit.

    Parameters
    ----------
    name : str
        The argument.
    frame : pandas.DataFrame
    columns : sequence of column names

    Raises
    ------
    ValueError
        If one is not there.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{name} must have the columns seen in fit: {columns}. Got no {missing} among"
            f" {list(frame.columns)}."
        )


def in_order(y: pd.DataFrame, columns: list[Any]) -> pd.DataFrame:
    """Find the columns of y by name.

    Parameters
    ----------
    y : pandas.DataFrame
    columns : list of column names

    Returns
    -------
    y : pandas.DataFrame
        With these columns, in this order.

    Raises
    ------
    ValueError
        If y has others, or lacks one.
    """
    if len(columns) == y.shape[1] == 1:
        return y  # The name of a single series is its owner's business.
    check_columns("y", y, columns)
    if y.shape[1] > len(columns):
        raise ValueError(
            f"y must have the columns seen in fit, {columns}, and no others. Got"
            f" {list(y.columns)}."
        )
    return y[columns]


def check_covariates(X: pd.DataFrame | None, columns: list[Any]) -> None:
    """Refuse new rows without the columns of X that fit had.

    Parameters
    ----------
    X : pandas.DataFrame or None
    columns : list of column names

    Raises
    ------
    ValueError
        If X is missing, or one of its columns.
    """
    if columns and X is None:
        raise ValueError(
            f"X must be given to update, as it was to fit, with the columns {columns}. Got"
            " None; give rows of NaN where nothing is known."
        )
    if X is not None:
        check_columns("X", X, columns)


def check_observed(X: pd.DataFrame | None) -> None:
    """Refuse columns to learn from that have no value.

    Parameters
    ----------
    X : pandas.DataFrame or None

    Raises
    ------
    ValueError
        If there is one.
    """
    empty = [] if X is None else [name for name, column in X.items() if column.isna().all()]
    if empty:
        raise ValueError(
            "X must have a value to learn from in each column. Got nothing but NaN in"
            f" {empty}; leave such columns out."
        )


def untrained(steps: Index, trained: Index, *, dates: bool) -> Index:
    """Find the steps that the network does not give, but for those in sample.

    Parameters
    ----------
    steps : ndarray of int of shape (n_steps,)
    trained : ndarray of int of shape (n_trained,)
        Ascending.
    dates : bool
        Whether they were asked for as times. These come nearer with each update, and can
        still be forecast from the row from which they lie a trained step ahead.

    Returns
    -------
    steps : ndarray of int
    """
    is_given = steps <= trained[-1] if dates else np.isin(steps, trained)
    return steps[(steps > 0) & ~is_given]


def check_steps(steps: Index, trained: Index, *, dates: bool) -> None:
    """Refuse steps that the network does not give.

    Parameters
    ----------
    steps : ndarray of int of shape (n_steps,)
        Asked for; below 1 they are in sample.
    trained : ndarray of int of shape (n_trained,)
    dates : bool
        Whether they were asked for as times.

    Raises
    ------
    ValueError
        If there is one.
    """
    if steps.min() < 1 and 1 not in trained:
        raise ValueError(
            "fh must be out of sample, or step 1 must be among the steps that were trained"
            f" for, {trained.tolist()}: in-sample forecasts are one step ahead. Got steps"
            f" {steps[steps < 1].tolist()} from the end of a series; fit again with 1 in"
            " fh, or use strategy='recursive'."
        )
    unknown = untrained(steps, trained, dates=dates)
    if len(unknown):
        raise ValueError(
            f"fh must be among the steps that were trained for, {trained.tolist()}, from"
            f" the end of each series. Got {unknown.tolist()} as well; fit again, or"
            " use strategy='recursive'."
        )


def check_kind(new: pd.DataFrame, fitted: pd.DataFrame) -> None:
    """Refuse one series where many were fitted, or many where one was, or other times.

    Parameters
    ----------
    new, fitted : DataFrame

    Raises
    ------
    TypeError
        If their indices have different numbers of levels, or times of different kinds.
    """
    if new.index.nlevels != fitted.index.nlevels:
        raise TypeError(
            "y must be of the kind that was fitted, one series or many. Got an index of"
            f" {new.index.nlevels} levels in place of {fitted.index.nlevels}."
        )
    found, expected = (_kind_of_times(frame.index) for frame in (new, fitted))
    if found != expected:
        raise TypeError(f"y must have an index of {expected}, as in fit. Got {found}.")


def _kind_of_times(index: pd.Index) -> str:
    times = index.levels[-1] if isinstance(index, pd.MultiIndex) else index
    if isinstance(times, pd.PeriodIndex):
        return "periods"
    return "time stamps" if isinstance(times, pd.DatetimeIndex) else "integers"
