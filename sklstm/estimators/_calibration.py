"""Which rows calibrate, how they are predicted, and which true values are new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples

from ..training import hold_out_last
from ..windows._windows import Windows
from ._conformity import least_scores

Array = NDArray[Any]
Index = NDArray[np.intp]

# True values of so many rows are remembered, so that none is taken in twice.
REMEMBERED = 10_000


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


def split_in_time(X: Any, fraction: float, reach: int) -> tuple[Index, Index]:
    """Part rows into those to train on and later ones to calibrate on.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...) or Windows
        In order of time. Of windows of several series, the last of each calibrate.
    fraction : float
        Share that calibrates, in (0, 1).
    reach : int
        Rows ahead that a target may lie. Between the two parts so many are left out that no
        target, and no row of a sequence, stands on both sides.

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
        n_calibration = int(np.ceil(fraction * n_rows))
        calibration = np.arange(n_rows - n_calibration, n_rows)
        train = np.arange(max(0, n_rows - n_calibration - (reach - 1)))
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
        If it is a pipeline, it may make windows of the rows: it is given those before too.
    X : array-like of shape (n_samples, ...)
    train, later : ndarray of int

    Returns
    -------
    values : ndarray of shape (n_later, ...)
    """
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    is_one_piece = bool((np.diff(later) == 1).all())
    if not (steps and is_one_piece) or getattr(X, "ndim", 2) == 3:
        return ask(_safe_indexing(X, later))
    # A context brings the fitted rows itself, and wants those that follow them.
    begin = 0
    if any(getattr(step, "context", None) == "fit" for step in steps) and len(train):
        begin = int(train[-1]) + 1
    return ask(_safe_indexing(X, np.arange(begin, int(later[-1]) + 1)))[-len(later) :]


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


def unwrapped(estimator: Any) -> Any:
    """Give the estimator inside of a search or a frozen one."""
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def quantiles_of(estimator: Any) -> Callable[[Any, list[float]], Array] | None:
    """Find what gives the quantiles of a fitted estimator, also at the end of a pipeline.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    predict_quantiles : callable (X, levels) -> ndarray of shape (n[, n_outputs], n_levels)
        None if there is none.
    """
    estimator = unwrapped(estimator)
    last = unwrapped(estimator[-1]) if isinstance(estimator, Pipeline) else estimator
    if not hasattr(last, "predict_quantiles"):
        return None
    if last is estimator:
        return estimator.predict_quantiles  # type: ignore[no-any-return]
    before = estimator[:-1]

    def predict_quantiles(X: Any, levels: list[float]) -> Array:
        rows = before.transform(X) if len(before.steps) else X
        return last.predict_quantiles(rows, levels)  # type: ignore[no-any-return]

    return predict_quantiles


class SeenRows:
    """Rows whose true values have been taken in, by their label or by their values."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Array] = {}

    def copy(self) -> SeenRows:
        """Give another, which goes on by itself."""
        other = SeenRows()
        other.known = dict(self.known)
        return other

    def add(self, X: Any, known: NDArray[np.bool_]) -> None:
        """Remember true values.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
        known : ndarray of bool of shape (n_samples, n_outputs)
        """
        later = slice(max(0, len(known) - REMEMBERED), None)
        keys, _, _ = _keys(_safe_indexing(X, np.arange(len(known))[later]))
        for key, values in zip(keys, known[later], strict=True):
            before = self.known.pop(key, None)
            self.known[key] = values if before is None else values | before
        for key in list(self.known)[: max(0, len(self.known) - REMEMBERED)]:
            del self.known[key]

    def new(self, X: Any, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which true values are new.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
        known : ndarray of bool of shape (n_samples, n_outputs)

        Returns
        -------
        new : ndarray of bool of shape (n_samples, n_outputs)

        Raises
        ------
        ValueError
            If rows bring nothing new.
        """
        keys, are_labels, are_telling = _keys(X)
        none = np.zeros(known.shape[1], dtype=bool)
        new = known & ~np.array([self.known.get(key, none) for key in keys])
        again = known.any(axis=1) & ~new.any(axis=1)
        brought = np.flatnonzero(known.any(axis=1))
        # Rows without labels may be alike by chance: a run of them is none.
        lead = int((~again[brought]).argmax()) if not again[brought].all() else len(brought)
        is_run = lead == len(brought) or lead > 1
        by_chance = not (are_labels or (is_run and are_telling[brought[:lead]].any()))
        if again.any() and not by_chance:
            row = int(again.argmax())
            raise ValueError(
                "X must have rows whose true values are new, in order of time. Got row"
                f" {row} a second time: if it is there as history of the others, give NaN"
                " as its y."
            )
        return np.where(again[:, None], known, new)


def _keys(X: Any) -> tuple[list[Hashable], bool, NDArray[np.bool_]]:
    """Give what tells rows apart, whether that is their label, and whether it tells."""
    index: Any = getattr(X, "index", None)
    if hasattr(index, "nlevels") and type(index).__name__ != "RangeIndex":
        return list(index), True, np.ones(len(index), dtype=np.bool_)
    values = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    digests = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows]
    return list(digests), False, (rows != rows[:, :1]).any(axis=1)
