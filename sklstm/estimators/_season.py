"""Which seasons the sequences of a regressor may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..fitting._numbers import is_integer
from ..samples._encoding import Season
from ..samples._horizon import leads_of
from ..samples._inputs import plain
from ..windows._windows import Windows, row_chunks
from ._start import Start, Units

# A season is no factor where values hardly differ from their mean: float32 would lose them.
LEAST_SPREAD = 0.01


def seasons_of(regressor: Any, units: Units, start: Start) -> list[Season | None]:
    """Give the seasons to choose from.

    Parameters
    ----------
    regressor : LSTMRegressor
    units : Units
    start : Start

    Returns
    -------
    seasons : list of Season or None
        Simpler ones first.

    Raises
    ------
    ValueError
        If a length is none, or longer than the sequences; or if values, or the loss, do not
        go with `season`.
    """
    lengths = lengths_of(regressor.season_length)
    if not lengths:
        return [None]
    windows = start.train.windows
    check_holds(windows, lengths[-1])
    features = units.architecture["target_features"]
    leads = _leads(regressor, windows, features)
    methods = _methods(regressor, windows, features)
    seasons = [Season(length, method, leads) for method in methods for length in lengths]
    return [None, *seasons] if regressor.season == "auto" else [*seasons]


def check_season(season: Any, season_length: Any) -> None:
    """Refuse a season of no length, and a way to act for a season that is not there.

    Parameters
    ----------
    season : str
        How it acts.
    season_length : object

    Raises
    ------
    ValueError
        If a length is none, or if there is none and `season` could have no effect.

    Examples
    --------
    >>> check_season("skip", None)
    Traceback (most recent call last):
    ...
    ValueError: season must be 'auto' without season_length: ... Got 'skip', and ...
    """
    if not lengths_of(season_length) and season != "auto":
        raise ValueError(
            "season must be 'auto' without season_length: there is no season to act. Got"
            f" {season!r}, and season_length=None."
        )


def check_holds(windows: Windows, length: int) -> None:
    """Refuse sequences that do not hold a season step by step.

    Parameters
    ----------
    windows : Windows
    length : int
        Of the season.

    Raises
    ------
    ValueError
        If they are shorter, or leave out steps.
    """
    if length > windows.shape[1]:
        raise ValueError(
            "season_length must be at most the number of steps of a sequence,"
            f" {windows.shape[1]}. Got {length}."
        )
    if (np.diff(windows.lags) != -1).any():
        raise ValueError(
            "season_length must be None for sequences that leave out steps. Got"
            f" {length}, and lags {windows.lags.tolist()}."
        )


def may_multiply(regressor: Any, windows: Windows, features: Sequence[int]) -> bool:
    """Tell whether a season may be a factor: all values are above 0, and differ.

    Parameters
    ----------
    regressor : LSTMRegressor
    windows : Windows
    features : sequence of int
        Those that are forecast.

    Returns
    -------
    may : bool
    """
    if regressor.season_length is None or regressor.season in ("additive", "skip"):
        return False
    if regressor.season == "multiplicative":
        return True
    # Values that are divided are not centred: without a level they would be all alike.
    if regressor.instance_norm is None and not may_be_counts(regressor):
        return False
    return allows_factor(*_bounds(windows, features))


def allows_factor(least: Any, most: Any) -> bool:
    """Tell whether values may be divided by a season.

    Parameters
    ----------
    least, most : float or ndarray
        The least and the greatest value of one feature, or of several.

    Returns
    -------
    allows : bool

    Examples
    --------
    >>> allows_factor(1.0, 2.0), allows_factor(0.0, 2.0), allows_factor(99.0, 99.5)
    (True, False, False)
    """
    return bool(np.all((least > 0) & (most > (1 + LEAST_SPREAD) * least)))


def may_be_counts(regressor: Any) -> bool:
    """Tell whether the loss knows nothing below 0."""
    return not regressor._resolve_loss().is_centred


def _bounds(windows: Windows, features: Sequence[int]) -> tuple[float, float]:
    """Give the least and the greatest value of some features, in the windows alone."""
    table, columns = windows.table, sorted(set(features))
    used = windows.used_rows()  # the table may have rows that are held out
    least, most = np.inf, -np.inf
    for chunk in row_chunks(table):
        values = table[chunk][used[chunk]][:, columns]
        least = min(least, np.nanmin(values, initial=np.inf))
        most = max(most, np.nanmax(values, initial=-np.inf))
    return float(least), float(most)


def lengths_of(given: Any) -> list[int]:
    """Give the lengths of seasons, ascending.

    Parameters
    ----------
    given : int, array-like of int or None

    Returns
    -------
    lengths : list of int

    Raises
    ------
    ValueError
        If one is none.

    Examples
    --------
    >>> lengths_of(12), lengths_of(np.array([168, 24])), lengths_of(None)
    ([12], [24, 168], [])
    """
    given = plain(given)
    if given is None:
        return []
    lengths = list(given) if isinstance(given, tuple | list) else [given]
    if not lengths or not all(is_integer(length, least=2) for length in lengths):
        raise ValueError(
            "season_length must be an int of at least 2, several of them, or None. Got"
            f" {given!r}."
        )
    return sorted({int(length) for length in lengths})


def _methods(regressor: Any, windows: Windows, features: Sequence[int]) -> list[str]:
    """Give the ways in which a season may act."""
    is_centred = not may_be_counts(regressor)
    if regressor.season == "additive" and not is_centred:
        raise ValueError(
            f"season must be 'multiplicative' or 'auto' for loss={regressor.loss!r}, which"
            " knows nothing below 0. Got 'additive'."
        )
    if regressor.season == "skip":
        return ["skip"]
    if regressor.season == "multiplicative":
        least, _ = _bounds(windows, features)
        if least <= 0:
            raise ValueError(
                "season must be 'additive' or 'auto' where a value is not above 0: such a"
                f" season is a factor. Got 'multiplicative', and {least:.3g}."
            )
        if regressor.instance_norm is None and is_centred:
            raise ValueError(
                "season='multiplicative' needs an instance_norm, such as 'level': what is"
                " divided by a season is not standardised. Got instance_norm=None."
            )
        return ["multiplicative"]
    factor = ["multiplicative"] if may_multiply(regressor, windows, features) else []
    return ["additive", *factor] if is_centred else factor


def _leads(regressor: Any, windows: Windows, features: Sequence[int]) -> tuple[int, ...]:
    """Tell how many steps ahead each output lies."""
    n_features = len(set(features))
    n_steps = len(features) // n_features
    if windows.known is not None:
        steps = windows.known.leads
    elif regressor.horizon is not None:
        return tuple(leads_of(len(features), plain(regressor.horizon)).tolist())
    else:
        steps = np.arange(1, n_steps + 1)
    return tuple(np.repeat(steps, n_features).tolist())
