"""How well intervals and quantiles say what is not known; missing targets count nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..fitting._inside import method_of
from ..losses import check_coverage, check_levels

Array = NDArray[np.float64]

# Levels of the weighted quantile loss in the field's comparisons.
DECILES = tuple(k / 10 for k in range(1, 10))


def coverage(
    y_true: ArrayLike, interval: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Share of the true values that lie in their intervals.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        NaN is not known, and counts nothing.
    interval : array-like of shape (n_samples[, n_outputs], 2)
        Lower and upper ends, which belong to it.
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    share : float

    Examples
    --------
    >>> from sklstm.metrics import coverage
    >>> coverage([1.0, 2.0, 3.0, 9.0], [[0, 2], [0, 2], [0, 2], [8, 9]])
    0.75
    """
    y, ends = _checked(y_true, interval, "interval", 2)
    inside = (ends[..., 0] <= y) & (y <= ends[..., 1])
    return _mean(inside.astype(np.float64), y, sample_weight)


def width(
    y_true: ArrayLike, interval: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Mean width of the intervals.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Only says, by NaN, which intervals count nothing.
    interval : array-like of shape (n_samples[, n_outputs], 2)
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    width : float
        In the unit of the targets.

    Examples
    --------
    >>> from sklstm.metrics import width
    >>> width([1.0, 2.0], [[0, 2], [0, 4]])
    3.0
    """
    y, ends = _checked(y_true, interval, "interval", 2)
    return _mean(ends[..., 1] - ends[..., 0], y, sample_weight)


def winkler_score(
    y_true: ArrayLike,
    interval: ArrayLike,
    *,
    coverage: float = 0.9,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Mean Winkler (interval) score: the width, and a fine for what lies outside [1]_.

    .. math:: (u - l) + \frac{2}{1 - c} \bigl((l - y)_+ + (y - u)_+\bigr)

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        NaN is not known, and counts nothing.
    interval : array-like of shape (n_samples[, n_outputs], 2)
    coverage : float, default=0.9
        The :math:`c` that the intervals promise.
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    score : float
        In the unit of the targets; the less, the better.

    References
    ----------
    .. [1] Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules,
       prediction, and estimation. JASA, 102(477), 359-378.

    Examples
    --------
    >>> from sklstm.metrics import winkler_score
    >>> round(winkler_score([1.0, 3.0], [[0, 2], [0, 2]], coverage=0.8), 1)
    7.0
    """
    fine = 2 / (1 - check_coverage(coverage))
    y, ends = _checked(y_true, interval, "interval", 2)
    outside = np.maximum(ends[..., 0] - y, 0) + np.maximum(y - ends[..., 1], 0)
    return _mean(ends[..., 1] - ends[..., 0] + fine * outside, y, sample_weight)


def crps(
    y_true: ArrayLike,
    y_quantiles: ArrayLike,
    *,
    quantiles: Sequence[float] = DECILES,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Continuous ranked probability score, from quantiles: twice their mean pinball loss.

    Of evenly spaced levels it comes near the integral over all; `skpro` has that of
    distributions.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        NaN is not known, and counts nothing.
    y_quantiles : array-like of shape (n_samples[, n_outputs], n_quantiles)
    quantiles : sequence of float, default=(0.1, 0.2, ..., 0.9)
        Their levels.
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    score : float
        In the unit of the targets; the less, the better.

    Examples
    --------
    >>> from sklstm.metrics import crps
    >>> crps([1.0], [[0.0, 1.0, 3.0]], quantiles=[0.25, 0.5, 0.75])
    0.5
    """
    y, losses = _pinball(y_true, y_quantiles, quantiles)
    return 2 * _mean(losses.mean(axis=-1), y, sample_weight)


def weighted_quantile_loss(
    y_true: ArrayLike,
    y_quantiles: ArrayLike,
    *,
    quantiles: Sequence[float] = DECILES,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Sum of twice the pinball loss over the sum of absolute values, mean over levels [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        NaN is not known, and counts nothing.
    y_quantiles : array-like of shape (n_samples[, n_outputs], n_quantiles)
    quantiles : sequence of float, default=(0.1, 0.2, ..., 0.9)
        Their levels.
    sample_weight : array-like of shape (n_samples,) or None, default=None

    Returns
    -------
    loss : float
        Without a unit; the less, the better.

    References
    ----------
    .. [1] Salinas, D. et al. (2020). DeepAR: Probabilistic forecasting with autoregressive
       recurrent networks. International Journal of Forecasting, 36(3), 1181-1191.

    Examples
    --------
    >>> from sklstm.metrics import weighted_quantile_loss
    >>> weighted_quantile_loss([2.0, 4.0], [[2.0], [3.0]], quantiles=[0.5])
    0.16666666666666666
    """
    y, losses = _pinball(y_true, y_quantiles, quantiles)
    size = _mean(np.abs(y), y, sample_weight)
    if not size:
        raise ValueError("y_true must have a target other than 0. Got none.")
    return 2 * _mean(losses.mean(axis=-1), y, sample_weight) / size


class UncertaintyScorer:
    """Score the intervals or the quantiles that an estimator predicts.

    Parameters
    ----------
    metric : callable (y_true, prediction, *, sample_weight=None, **options) -> float
    method : {"predict_interval", "predict_quantiles"}
    sign : {1, -1}
        -1 where less is better.
    options : dict
        For the metric, and by the same names for the method.
    """

    def __init__(
        self, metric: Callable[..., float], method: str, sign: int, options: dict[str, Any]
    ) -> None:
        self.metric = metric
        self.method = method
        self.sign = sign
        self.options = options

    def __repr__(self) -> str:
        return f"UncertaintyScorer({self.metric.__name__}, {self.options})"

    def __call__(
        self,
        estimator: Any,
        X: Any,
        y_true: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Score an estimator.

        Parameters
        ----------
        estimator : fitted estimator
            With `predict_interval` or `predict_quantiles`.
        X : array-like
            As the estimator takes it.
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        score : float
            The more, the better, but for "coverage", which is to be what was promised.
        """
        options = dict(self.options)
        ask = method_of(estimator, self.method)
        if ask is None:
            raise AttributeError(
                f"{self.metric.__name__} needs an estimator with {self.method}. Got"
                f" {estimator!r}."
            )
        if hasattr(estimator, "update") and "coverage" in options:
            # A conformal estimator knows the coverage that it promises.
            options["coverage"] = estimator.coverage
            said = estimator.predict_interval(X)
        else:
            said = ask(X, *options.values())
        if self.metric in (coverage, width):
            options = {}
        return self.sign * self.metric(y_true, said, sample_weight=sample_weight, **options)


def uncertainty_scorer(
    name: str, *, coverage: float = 0.9, quantiles: Sequence[float] = DECILES
) -> UncertaintyScorer:
    """Make a scorer of intervals or quantiles, for `cross_validate` and searches.

    Parameters
    ----------
    name : {"coverage", "neg_width", "neg_winkler_score", "neg_crps", \
            "neg_weighted_quantile_loss"}
    coverage : float, default=0.9
        Of the intervals.
    quantiles : sequence of float, default=(0.1, 0.2, ..., 0.9)
        Levels of the others.

    Returns
    -------
    scorer : callable (estimator, X, y_true, *, sample_weight=None) -> float

    Raises
    ------
    ValueError
        If there is no such score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.metrics import uncertainty_scorer
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> model = LSTMRegressor(loss="gaussian", max_epochs=5).fit(X, X.mean(axis=1))
    >>> bool(0 <= uncertainty_scorer("coverage", coverage=0.8)(model, X, X[:, 0]) <= 1)
    True
    """
    if name not in _SCORERS:
        raise ValueError(f"name must be one of {sorted(_SCORERS)}. Got {name!r}.")
    metric, sign = _SCORERS[name]
    if metric in _OF_INTERVALS:
        options = {"coverage": check_coverage(coverage)}
        return UncertaintyScorer(metric, "predict_interval", sign, options)
    levels = check_levels(quantiles, "quantiles").tolist()
    return UncertaintyScorer(metric, "predict_quantiles", sign, {"quantiles": levels})


_OF_INTERVALS = (coverage, width, winkler_score)
_SCORERS: dict[str, tuple[Callable[..., float], int]] = {
    "coverage": (coverage, 1),
    "neg_width": (width, -1),
    "neg_winkler_score": (winkler_score, -1),
    "neg_crps": (crps, -1),
    "neg_weighted_quantile_loss": (weighted_quantile_loss, -1),
}


def _checked(
    y_true: ArrayLike, said: ArrayLike, name: str, n_values: int
) -> tuple[Array, Array]:
    """Check that each target has so many values."""
    y, values = np.asarray(y_true, np.float64), np.asarray(said, np.float64)
    if values.shape != (*y.shape, n_values):
        raise ValueError(
            f"{name} must have {n_values} values for each target, of shape"
            f" {(*y.shape, n_values)}. Got {values.shape}."
        )
    if np.isnan(y).all():
        raise ValueError("y_true must have a target that is known. Got none.")
    if np.isnan(values).any():
        raise ValueError(f"{name} must have no missing values. Got NaN.")
    if name == "interval" and (values[..., 0] > values[..., 1]).any():
        raise ValueError(
            "interval must have lower ends first, and then upper ones. Got a lower end"
            " above the upper one."
        )
    return y, values


def _pinball(
    y_true: ArrayLike, y_quantiles: ArrayLike, quantiles: Sequence[float]
) -> tuple[Array, Array]:
    level = check_levels(quantiles, "quantiles")
    y, values = _checked(y_true, y_quantiles, "y_quantiles", len(level))
    error = y[..., None] - values
    return y, np.maximum(level * error, (level - 1) * error)


def _mean(values: Array, y: Array, sample_weight: ArrayLike | None) -> float:
    """Mean over the targets that are known."""
    known = ~np.isnan(y)
    weight = None
    if sample_weight is not None:
        weight = np.asarray(sample_weight, np.float64)
        if weight.shape != y.shape[:1] or not (weight >= 0).all():
            raise ValueError(
                f"sample_weight must have {len(y)} numbers of at least 0. Got"
                f" {sample_weight!r:.60}."
            )
        weight = np.broadcast_to(weight.reshape(-1, *[1] * (y.ndim - 1)), y.shape)[known]
        if not weight.any():
            raise ValueError("sample_weight must not be 0 for all known targets.")
    return float(np.average(values[known], weights=weight))
