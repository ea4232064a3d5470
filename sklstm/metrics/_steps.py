"""scikit-learn's metrics over the steps of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..windows._groups import are_missing, as_labels

Array = NDArray[Any]
Column = tuple[int | None, Array, NDArray[np.bool_]]


def over_steps(metric: Callable[..., Any]) -> OverSteps:
    """Let a metric of scikit-learn read targets at each step of sequences.

    For estimators with ``return_sequences=True``. The steps of all sequences become rows;
    a step counts nothing where its target is masked, NaN or None, or where nothing is
    predicted because it is unobserved. With several outputs it is the mean of the metric of
    each.

    In a search let `sklstm.metrics.get_scorer` make the scorer: it knows probabilities too.

    Parameters
    ----------
    metric : callable (y_true, y_pred, *, sample_weight=None) -> float
        Of `sklearn.metrics`, say.

    Returns
    -------
    counted : callable (y_true, y_pred, *, sample_weight=None, **options) -> float
        Takes targets and predictions of shape (n_samples, n_timesteps[, n_outputs]), for
        labels also probabilities of shape (n_samples, n_timesteps, n_classes), and weights
        of shape (n_samples,) or (n_samples, n_timesteps).

    Raises
    ------
    ValueError
        If the two have not the same steps, or no step counts.

    See Also
    --------
    where_known : The same for one target per sample.
    get_scorer : A scorer, by its name.

    Examples
    --------
    >>> from sklearn.metrics import f1_score
    >>> from sklstm.metrics import over_steps
    >>> y_true = [["noun", "verb", None], ["verb", "noun", "noun"]]
    >>> y_pred = [["noun", "noun", None], ["verb", "noun", "noun"]]
    >>> round(over_steps(f1_score)(y_true, y_pred, average="macro"), 2)
    0.76
    """
    return OverSteps(metric)


class CountedMetric:
    """A metric of what counts, output by output.

    Parameters
    ----------
    metric : callable (y_true, y_pred, *, sample_weight=None) -> float
    """

    name: ClassVar[str]

    def __init__(self, metric: Callable[..., Any]) -> None:
        self.metric = metric
        self.__name__ = getattr(metric, "__name__", "metric")

    def __repr__(self) -> str:
        return f"{self.name}({self.__name__})"

    def columns(self, y_true: ArrayLike, y_pred: Array) -> list[Column]:
        """Give each output: its number, if there are several, and what counts."""
        raise NotImplementedError

    def weights(self, weight: ArrayLike, counts: NDArray[np.bool_]) -> Array:
        """Give the weights of what counts."""
        return np.asarray(np.asarray(weight)[counts])

    def __call__(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> Any:
        """Compare targets and predictions.

        Parameters
        ----------
        y_true, y_pred : array-like
        sample_weight : array-like or None, default=None
        **options
            Go to the metric.

        Returns
        -------
        value : float
        """
        values = as_labels(y_pred)
        scores = []
        for number, target, counts in self.columns(y_true, values):
            if sample_weight is not None:
                options["sample_weight"] = self.weights(sample_weight, counts)
            chosen = values if number is None else values[..., number]
            scores.append(self.metric(target, narrow(chosen[counts]), **options))
        return scores[0] if len(scores) == 1 else float(np.mean(scores))


class OverSteps(CountedMetric):
    """A metric of the steps of all sequences."""

    name = "over_steps"

    def columns(self, y_true: ArrayLike, y_pred: Array) -> list[Column]:
        """Give each output of steps."""
        return step_columns(y_true, as_steps(y_pred, "y_pred"))

    def weights(self, weight: ArrayLike, counts: NDArray[np.bool_]) -> Array:
        """Give the weights of steps."""
        return weights_of_steps(weight, counts)


def step_columns(y_true: ArrayLike, y_pred: Array) -> list[Column]:
    """Give each output of steps, where there is a target and something is predicted.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_timesteps[, n_outputs])
    y_pred : ndarray of shape (n_samples, n_timesteps[, n_values])

    Returns
    -------
    columns : list of (number or None, ndarray, ndarray)
        The number of the output, if there are several; its targets that count; and which
        steps these are.
    """
    y, lacking = as_steps(y_true, "y_true"), _are_missing(y_pred)
    predicted = np.asarray(~lacking.reshape(*lacking.shape[:2], -1).any(axis=2))
    if y.shape[:2] != predicted.shape:
        raise ValueError(
            "y_pred must have the samples and steps of y_true, of shape"
            f" {y.shape[:2]}. Got {predicted.shape}."
        )
    is_flat, y = y.ndim == 2, y.reshape(*predicted.shape, -1)
    known = ~_are_missing(y)
    found: list[Column] = []
    for number in range(y.shape[2]):
        counts = known[:, :, number] & predicted
        if counts.any():
            target = narrow(y[:, :, number][counts])
            found.append((None if is_flat else number, target, counts))
    if not found:
        raise ValueError("y_true must have a step that counts. Got none.")
    return found


def as_steps(y: ArrayLike, name: str) -> Array:
    """Give what belongs to steps as an array, masked if it is.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_timesteps[, n_values])
    name : str
        The argument, for messages.

    Returns
    -------
    values : ndarray
    """
    try:
        values = as_labels(y)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length.") from None
    if values.ndim not in (2, 3):
        raise ValueError(
            f"{name} must have the shape (n_samples, n_timesteps[, n_outputs]). Got"
            f" {values.shape}."
        )
    return values


def weights_of_steps(weight: ArrayLike, counts: NDArray[np.bool_]) -> Array:
    """Give the weights of the steps that count.

    Parameters
    ----------
    weight : array-like of shape (n_samples,) or (n_samples, n_timesteps)
    counts : ndarray of bool of shape (n_samples, n_timesteps)

    Returns
    -------
    weights : ndarray of shape (n_counting,)
    """
    given = np.asarray(weight, dtype=np.float64)
    if given.shape not in (counts.shape, counts.shape[:1]):
        raise ValueError(
            f"sample_weight.shape must be {counts.shape[:1]} or {counts.shape}. Got"
            f" {given.shape}."
        )
    given = given.reshape(len(given), -1)
    return np.asarray(np.broadcast_to(given, counts.shape)[counts])


def narrow(rows: Array) -> Array:
    """Give objects, which stood beside None, the type that they have by themselves."""
    rows = np.ma.getdata(rows)
    return np.array(rows.tolist()) if rows.dtype.kind == "O" else rows


def _are_missing(values: Array) -> NDArray[np.bool_]:
    """Tell which values are masked, NaN or None."""
    data = np.ma.getdata(values)
    missing = are_missing(data.reshape(-1)).reshape(data.shape)
    return np.asarray(missing | np.ma.getmaskarray(values))
