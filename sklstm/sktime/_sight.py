"""How far a network sees, and in which steps, where that is left to the series."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..estimators._forecast_regressor import LEAST_PART
from ..estimators._season import lengths_of
from ..samples._inputs import plain
from ._checks import is_auto
from ._panel import Panel
from ._periods import periods_of

# Rows of a window: so many seasons, or so many rows where there is none.
SEASONS, ROWS = 3, 12

# Of a second, longer season there have to be this many in a window.
LONG_SEASONS = 2

# Recurrent steps, at most.
MOST_STEPS = 48


class Sight(NamedTuple):
    """What a network sees of a series.

    Attributes
    ----------
    window_length : int
    least_rows : int
        Rows of a window that have to lie within a series to be learnt from.
    season_length : object
        Of the regressor.
    patch_length : int
    """

    window_length: int
    least_rows: int
    season_length: Any
    patch_length: int


def sight_of(forecaster: Any, panel: Panel, n_ahead: int) -> Sight:
    """Settle what a forecaster leaves to its series.

    Parameters
    ----------
    forecaster : LSTMForecaster
    panel : Panel
        Of the targets.
    n_ahead : int
        The last step to forecast.

    Returns
    -------
    sight : Sight

    Raises
    ------
    ValueError
        If a window does not hold a season that the user named.
    """
    given = plain(forecaster.season_length)
    if is_auto(given):
        lengths = sorted({p for p in periods_of(panel, forecaster._freq) if p > 1})
    else:
        lengths = lengths_of(given)
    n_rows = max(4, _typical_length(panel, n_ahead) - n_ahead)
    asked = window = forecaster.window_length
    if is_auto(asked):
        window = _window_length(lengths, n_rows)
        least_rows = -(-window // LEAST_PART)
    else:
        least_rows = window
    fitting = [length for length in lengths if length <= window]
    if not is_auto(given):
        if len(fitting) < len(lengths):
            raise ValueError(
                "season_length must be at most the number of rows that the network reads,"
                f" {_said_of(forecaster, n_rows)}. Got {given!r}."
            )
        fitting = given
    elif lengths and not fitting and forecaster.season != "auto" and not is_auto(asked):
        raise ValueError(
            f"window_length must be at least the season, {lengths[0]}, with"
            f" season={forecaster.season!r}, or 'auto'. Got {asked!r}."
        )
    patch_length = forecaster.patch_length
    if is_auto(patch_length):
        patch_length = -(-window // MOST_STEPS)
    return Sight(window, least_rows, fitting or None, patch_length)


def _typical_length(panel: Panel, n_ahead: int) -> int:
    """Give the median of the lengths of those series that can be learnt from."""
    lengths = panel.lengths[panel.lengths > n_ahead + 1]
    return int(np.median(lengths)) if len(lengths) else int(panel.lengths.max(initial=0))


def _window_length(lengths: list[int], n_rows: int) -> int:
    """Give as many whole seasons as three quarters of the rows hold, or one if all do."""
    room = 3 * n_rows // 4
    if not lengths or lengths[0] > n_rows:
        return min(ROWS, room)
    short, long = lengths[0], lengths[-1]
    if long > short and LONG_SEASONS * long <= room:
        return LONG_SEASONS * long
    return min(SEASONS, max(1, room // short)) * short


def _said_of(forecaster: Any, n_rows: int) -> str:
    if not is_auto(forecaster.window_length):
        return f"{forecaster.window_length} (window_length)"
    return f"{n_rows}: so many a series has before its last horizon"
