"""What is known at the last step of each sequence, in training and afterwards."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting._ranks import total
from ..windows._windows import CHUNK, Windows

Array = NDArray[Any]


# Whether predictions are made of rows that a fit was given, to judge it by them.
_judges: ContextVar[bool] = ContextVar("sklstm_judges", default=False)


@contextmanager
def judging() -> Iterator[None]:
    """Say nothing of what is missing: these rows are the user's own, and known to be so."""
    token = _judges.set(True)
    try:
        yield
    finally:
        _judges.reset(token)


def always_known(windows: Windows, target: Array) -> tuple[int, ...]:
    """Find the features that have a value at the last step of each sequence.

    Columns that are known ahead are among them: a row tells what they will be. Where some
    targets of a row lie after the end of its series, so may these; such rows do not count.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
        Those that are learnt from. One whose last step is unobserved does not count.
    target : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        NaN is not known.

    Returns
    -------
    features : tuple of int

    Examples
    --------
    >>> rows = np.array([[1.0, 5.0], [np.nan, 6.0], [1.0, np.nan]])
    >>> target = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, np.nan]])
    >>> always_known(Windows.from_array(rows[:, None]), target)
    (1,)
    """
    if target.dtype.kind == "f":
        windows = windows.take(~np.isnan(target.reshape(len(target), -1)).any(axis=1))
    counts = np.zeros(windows.shape[2] + 1)
    for _, unknown in _unknown(windows):
        counts += np.append(unknown.sum(axis=0), len(unknown))
    *n_missing, n_windows = total("missing values", counts)
    return tuple(i for i, n in enumerate(n_missing) if n_windows and not n)


def warn_of_unknown(windows: Windows, known: tuple[int, ...], names: Array | None) -> None:
    """Warn of sequences whose last step lacks what all of training had there.

    The network reads the last value of the feature in its place, and nothing else would
    say so.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    known : tuple of int
        As `always_known` gave it.
    names : ndarray of str of shape (n_features,) or None
        Of the features.
    """
    chosen = list(known)
    if not chosen or _judges.get():
        return
    lacks, at = np.zeros(len(chosen), dtype=bool), []
    for first, unknown in _unknown(windows):
        lacks |= unknown[:, chosen].any(axis=0)
        at.append(first + np.flatnonzero(unknown[:, chosen].any(axis=1)))
    if not lacks.any():
        return
    rows = np.concatenate(at)
    columns = np.array(chosen)[lacks]
    said = (columns if names is None else names[columns]).tolist()
    warnings.warn(
        "X should have a value at the last step of each row's sequence in the columns that"
        " had one throughout fit, such as what is known ahead. Got NaN in"
        f" {said}, in {len(rows)} of {len(windows)} rows, from {rows[0]} to {rows[-1]}; the"
        " last known values are taken.",
        UserWarning,
        stacklevel=_levels_to_caller(),
    )


def _unknown(windows: Windows) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield which values are missing at last steps that are observed, part by part."""
    table, rows = windows.table, windows.ends - windows.lags[-1]
    step = max(1, CHUNK // max(1, table.shape[1]))
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        # A step before the start of its series is padding.
        is_row = rows[part] >= windows.starts[part]
        missing = np.isnan(table[np.where(is_row, rows[part], 0)])
        yield first, missing & (is_row & ~missing.all(axis=1))[:, None]


def _levels_to_caller() -> int:
    """Count the calls from here to whoever called the package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("sklstm."):
        level, frame = level + 1, frame.f_back
    return level
