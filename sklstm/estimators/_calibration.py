"""Which rows calibrate, and how they are predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples

from ..fitting._inside import unwrapped
from ..samples._last_step import judging
from ..training import hold_out_last
from ..windows import SlidingWindowTransformer
from ..windows._groups import read_groups
from ..windows._keys import find_keys
from ..windows._windows import Windows
from ._conformity import least_scores

Array = NDArray[Any]
Index = NDArray[np.intp]


def checked_rows(model: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Refuse rows without targets, or of another number; give them as can be indexed.

    Parameters
    ----------
    model : estimator
        For messages.
    X : array-like of shape (n_samples, ...)
    y : array-like of shape (n_samples, ...)

    Returns
    -------
    X, y

    Raises
    ------
    ValueError
        If y is missing, or has another number of rows.
    TypeError
        If X is sparse.
    """
    if y is None:
        name = type(model).__name__
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    if issparse(X):
        raise TypeError("X must be dense. Got a sparse array: use X.toarray().")
    X, y = indexable(X, y)
    return X, y


def check_some_train(n_later: int, n_rows: int, fraction: float) -> None:
    """Refuse to leave no row to train on.

    Parameters
    ----------
    n_later : int
        Rows that calibrate, and those between the two parts.
    n_rows : int
    fraction : float

    Raises
    ------
    ValueError
        If none is left.
    """
    if n_later >= n_rows:
        raise ValueError(
            f"calibration_fraction must leave rows to train on. Got {fraction}, which takes"
            f" {n_later} of n_samples={n_rows}, with those between the two parts."
        )


def steps_of(estimator: Any) -> Iterator[Any]:
    """Give the steps that rows go through, one after the other.

    Parameters
    ----------
    estimator : estimator
        Pipelines may stand within others, within searches and around their target.

    Yields
    ------
    step : transformer or estimator
    """
    estimator = unwrapped(estimator)
    if hasattr(estimator, "refit"):  # a search that is not fitted
        yield from steps_of(estimator.estimator)
    elif isinstance(estimator, TransformedTargetRegressor):
        yield from steps_of(getattr(estimator, "regressor_", estimator.regressor))
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from steps_of(step)
    else:
        yield estimator


def window_step(estimator: Any) -> SlidingWindowTransformer | None:
    """Find the step of a pipeline that makes windows of rows.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    step : SlidingWindowTransformer or None
    """
    steps = steps_of(estimator)
    return next((s for s in steps if isinstance(s, SlidingWindowTransformer)), None)


def series_of(X: Any, estimator: Any) -> Array | None:
    """Tell the series of each row, where rows of several series come one under the other.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
    estimator : estimator
        A step that makes windows may name the columns that tell.

    Returns
    -------
    series : ndarray of int of shape (n_samples,)
        None if there is one.
    """
    step = window_step(estimator)
    index: Any = getattr(X, "index", None)
    if getattr(X, "ndim", 2) == 3 or (step is None and getattr(index, "nlevels", 1) == 1):
        return None
    groups, time = (None, None) if step is None else (step.groups, step.time)
    labels = read_groups(find_keys(X, groups, time).groups, _num_samples(X))
    return None if labels is None else np.unique(labels, return_inverse=True)[1]


def leads_of(estimator: Any, n_outputs: int) -> list[int]:
    """Give the rows after which the true value of each output is known.

    Parameters
    ----------
    estimator : estimator
        Its `horizon` counts, or that of the one inside a pipeline, a search or another
        estimator around it.
    n_outputs : int

    Returns
    -------
    leads : list of int of length n_outputs
    """
    inside = estimator
    while inside is not None and not hasattr(inside, "horizon"):
        if isinstance(inside, Pipeline):
            inside = inside[-1]
            continue
        names = ("best_estimator_", "estimator", "regressor", "classifier")
        inside = next((getattr(inside, n) for n in names if hasattr(inside, n)), None)
    horizon = getattr(inside, "horizon", None)
    if horizon is not None and n_outputs == 1:
        return [int(horizon)]
    return list(range(1, n_outputs + 1))


def split_in_time(
    X: Any, fraction: float, reach: int, series: Array | None = None
) -> tuple[Index, Index]:
    """Part rows into those to train on and later ones to calibrate on.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...) or Windows
        In order of time. Of several series, the last of each calibrate.
    fraction : float
        Share that calibrates, in (0, 1).
    reach : int
        Rows ahead that a target may lie. Between the two parts so many are left out that no
        target, and no row of a sequence, stands on both sides.
    series : ndarray of int of shape (n_samples,) or None, default=None
        The series of each row; `Windows` have their own.

    Returns
    -------
    train, calibration : ndarray of int

    Raises
    ------
    ValueError
        If no row is left to train on.
    """
    n_rows = _num_samples(X)
    if getattr(X, "ndim", 2) == 3:
        windows = Windows.from_array(X)
        train, calibration = hold_out_last(windows, fraction, reach, in_order=reach > 1)
    else:
        series = np.zeros(n_rows, dtype=np.intp) if series is None else series
        size = np.bincount(series)
        order = np.argsort(series, kind="stable")
        left = np.empty(n_rows, dtype=np.intp)
        left[order] = np.repeat(np.cumsum(size), size) - 1 - np.arange(n_rows)
        n_later = np.ceil(fraction * size).astype(np.intp)[series]
        calibration = np.flatnonzero(left < n_later)
        train = np.flatnonzero(left >= n_later + (reach - 1))
    check_some_train(n_rows - len(train), n_rows, fraction)
    return train, calibration


def predict_later(
    ask: Callable[[Any], Array], estimator: Any, X: Any, train: Index, later: Index
) -> Array:
    """Predict rows that were kept from training.

    Parameters
    ----------
    ask : callable (X) -> ndarray
        Of the fitted estimator.
    estimator : estimator
        If it is a pipeline that makes windows of the rows, it is given those before too.
    X : array-like of shape (n_samples, ...)
    train, later : ndarray of int

    Returns
    -------
    values : ndarray of shape (n_later, ...)
    """
    step = window_step(estimator)
    if step is None or getattr(X, "ndim", 2) == 3:
        return ask(_safe_indexing(X, later))
    given = np.arange(_num_samples(X))
    if step.context == "fit":
        # It brings the fitted rows itself, and wants those that follow them.
        given = np.setdiff1d(given, train)
    with judging():
        return ask(_safe_indexing(X, given))[np.searchsorted(given, later)]


def look_back_at_all(estimator: Any, X: Any, fit_params: Mapping[str, Any]) -> None:
    """Let a window step that looks back at the fitted rows look back at all of them.

    It was fitted on those that train, and what follows comes after those that calibrate.

    Parameters
    ----------
    estimator : estimator
        A fitted one.
    X : array-like of shape (n_samples, ...)
        All rows.
    fit_params : mapping
        Of the estimator. With series or times of rows among them nothing is done.
    """
    if any(name.rpartition("__")[2] in ("groups", "time") for name in fit_params):
        return
    if getattr(X, "ndim", 2) == 3:
        return
    for step in steps_of(estimator):
        if isinstance(step, SlidingWindowTransformer):
            if step.context == "fit":
                step.fit(X)
            return
        X = step.transform(X) if hasattr(step, "transform") else X


def check_enough(n_scores: int, coverage: float, n_rows: int, fraction: float) -> None:
    """Refuse to promise a coverage with too few scores.

    Parameters
    ----------
    n_scores : int
        Rows with a true value that calibrate.
    coverage : float
    n_rows : int
        All rows.
    fraction : float
        Share of them that calibrates.

    Raises
    ------
    ValueError
        That says how many would do.
    """
    least = least_scores(coverage)
    if n_scores < least:
        raise ValueError(
            f"X must have at least {least} rows with a true value to calibrate on, for"
            f" coverage={coverage}. Got {n_scores} of {n_rows} rows; with"
            f" calibration_fraction={fraction}, {int(np.ceil(least / fraction))} rows would"
            " do."
        )
