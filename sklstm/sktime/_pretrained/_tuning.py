"""Going on with training, on series at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...windows._windows import Windows
from ._histories import Index, Origins
from ._regressor import PretrainedRegressor
from ._view import HORIZON, view_of

# Values that a history needs to be learnt from, origins that are learnt from at most, and
# origins that are looked at at once.
LEAST_VALUES = 3
MOST_ORIGINS = 20_000
AT_ONCE = 2_000


def train_on(
    regressor: PretrainedRegressor,
    origins: Origins,
    stops: Index,
    periods: NDArray[Any],
    n_ahead: int,
    rng: np.random.Generator,
    **settings: Any,
) -> PretrainedRegressor | None:
    """Train a copy of a network on what came after some origins.

    Parameters
    ----------
    regressor : PretrainedRegressor
        Stays as it is.
    origins : Origins
        Those without enough history, or without anything known ahead, are left out; and so
        are some that are drawn, where there are more than `MOST_ORIGINS`.
    stops : ndarray of int of shape (n_origins,)
        Row after the last of each series.
    periods : ndarray of int of shape (2,)
    n_ahead : int
        Steps that count.
    rng : numpy.random.Generator
    **settings
        Parameters of the regressor, as `max_epochs`.

    Returns
    -------
    regressor : PretrainedRegressor or None
        None if there is nothing to learn from.
    """
    missing = origins.missing()
    seen = origins.last - missing - origins.start + 1
    # One origin for each last value: those in a gap after it are the same.
    chosen = np.flatnonzero(
        (missing == 0) & (seen >= LEAST_VALUES) & (origins.last + 1 < stops)
    )
    if len(chosen) > MOST_ORIGINS:
        chosen = np.sort(rng.choice(chosen, MOST_ORIGINS, replace=False))
    n_ahead = min(n_ahead, HORIZON)
    parts = []
    for i in range(0, len(chosen), AT_ONCE):
        part = chosen[i : i + AT_ONCE]
        at = origins.take(part)
        view = view_of(at.histories(), np.tile(periods, (len(part), 1)))
        future = at.ahead(HORIZON, stops[part])
        future[:, n_ahead:] = np.nan
        parts.append((view.windows, view.in_units(future)))
    if not parts:
        return None
    X, y = (stacked(list(part)) for part in zip(*parts, strict=True))
    tuned = PretrainedRegressor(**regressor.get_params(deep=False))
    tuned._model = regressor._model
    tuned.set_params(warm_start=True, **settings)
    return tuned.fit(X, y)


def stacked(parts: list[Windows]) -> Windows:
    """Put windows one after the other."""
    begin = np.cumsum([0, *(len(part.table) for part in parts[:-1])])
    pairs = list(zip(parts, begin, strict=True))
    table = np.concatenate([part.table for part in parts])
    ends = np.concatenate([part.ends + at for part, at in pairs])
    starts = np.concatenate([part.starts + at for part, at in pairs])
    return Windows(table, ends, starts, parts[0].lags, known=parts[0].known)


def every_origin(table: NDArray[Any], starts: Index, stops: Index) -> tuple[Origins, Index]:
    """Give all rows of all columns as origins, and where the series of each ends.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    starts, stops : ndarray of int of shape (n_series,)

    Returns
    -------
    origins : Origins
    stops : ndarray of int of shape (n_origins,)
    """
    n_rows, n_columns = table.shape
    lengths = stops - starts
    row = np.tile(np.arange(n_rows), n_columns)
    column = np.repeat(np.arange(n_columns), n_rows)
    start = np.tile(np.repeat(starts, lengths), n_columns)
    origins = Origins(table, row, start, column)
    return origins, np.tile(np.repeat(stops, lengths), n_columns)
