"""scikit-learn's metrics over the steps of sequences."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..windows._groups import are_missing

Array = NDArray[Any]


def over_steps(metric: Callable[..., float]) -> Callable[..., float]:
    """Let a metric of scikit-learn read targets at each step of sequences.

    For estimators with ``return_sequences=True``. The steps of all sequences become rows;
    a step counts nothing where its target is masked, NaN or None, or where nothing is
    predicted because it is unobserved.

    Parameters
    ----------
    metric : callable (y_true, y_pred, *, sample_weight=None) -> float
        Of `sklearn.metrics`, say.

    Returns
    -------
    counted : callable (y_true, y_pred, *, sample_weight=None) -> float
        Takes targets and predictions of shape (n_samples, n_timesteps[, n_outputs]), also
        probabilities of shape (n_samples, n_timesteps, n_classes), and weights of shape
        (n_samples,) or (n_samples, n_timesteps).

    Raises
    ------
    ValueError
        If the two have not the same steps, or no step counts.

    See Also
    --------
    where_known : The same for one target per sample.

    Examples
    --------
    >>> from sklearn.metrics import f1_score, make_scorer
    >>> from sklstm.metrics import over_steps
    >>> y_true = [["noun", "verb", None], ["verb", "noun", "noun"]]
    >>> y_pred = [["noun", "noun", None], ["verb", "noun", "noun"]]
    >>> f1 = over_steps(f1_score)
    >>> round(f1(y_true, y_pred, average="macro"), 2)
    0.76
    >>> scorer = make_scorer(f1, average="macro")
    """

    @wraps(metric)
    def counted(
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> float:
        target, known = _steps(y_true, "y_true")
        values, predicted = _steps(y_pred, "y_pred")
        if known.shape != predicted.shape:
            raise ValueError(
                "y_pred must have the samples and steps of y_true, of shape"
                f" {known.shape}. Got {predicted.shape}."
            )
        counts = known & predicted
        if not counts.any():
            raise ValueError("y_true must have a step that counts. Got none.")
        if sample_weight is not None:
            weight = np.asarray(sample_weight, dtype=np.float64)
            weight = weight.reshape(len(weight), -1)
            options["sample_weight"] = np.broadcast_to(weight, counts.shape)[counts]
        return float(metric(_narrow(target[counts]), _narrow(values[counts]), **options))

    return counted


def _steps(y: ArrayLike, name: str) -> tuple[Array, NDArray[np.bool_]]:
    """Give y as an array, and which of its steps have all of their values."""
    values: Array = np.asarray(y)
    masked: Array = np.ma.getmaskarray(np.ma.asarray(y))
    if values.ndim not in (2, 3):
        raise ValueError(
            f"{name} must have the shape (n_samples, n_timesteps[, n_outputs]). Got"
            f" {values.ndim} dimensions."
        )
    missing = are_missing(values.reshape(-1)).reshape(values.shape) | masked
    steps = missing.reshape(*values.shape[:2], -1)
    return values, np.asarray(~steps.any(axis=2))


def _narrow(rows: Array) -> Array:
    """Give objects, which stood beside None, the type that they have by themselves."""
    return np.array(rows.tolist()) if rows.dtype.kind == "O" else rows
