"""Intervals around any regressor that hold the share of true values that they promise."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    MetaEstimatorMixin,
    RegressorMixin,
    _fit_context,
    clone,
    is_classifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import r2_score
from sklearn.utils import _safe_indexing, assert_all_finite, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import (
    _check_method_params,
    check_is_fitted,
)

from ..fitting._inside import method_of
from ..fitting._numbers import real
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ..metrics import where_known
from ._calibration import (
    check_enough,
    checked_rows,
    leads_of,
    look_back_at_all,
    predict_later,
    series_of,
    split_in_time,
)
from ._conformity import Conformity
from ._predictive import levels_of
from ._seen_rows import SeenRows

Array = NDArray[Any]


class ConformalRegressor(MetaEstimatorMixin, RegressorMixin, VersionedPickle):
    r"""Intervals that hold a share of the true values, around any regressor.

    The last rows are kept from training. How far their true values lie outside of what the
    estimator says,

    .. math:: s_i = \max(l_i - y_i, \; y_i - u_i),

    is the score of each; by their quantile the ends :math:`l` and :math:`u` are moved. They
    are quantiles that the estimator predicts [1]_, or both of them its prediction: then the
    score is the absolute residual. As true values arrive, `update` lets the scores slide
    and the level adapt [2]_: scores of a time series are not exchangeable, and a part that
    calibrates once and for all covers too little where the series changes.

    Parameters
    ----------
    estimator : regressor
        Any of scikit-learn's kind, with one output or many, of 2-D or 3-D X. A fitted one
        in a `sklearn.frozen.FrozenEstimator` stays as it is, and all rows calibrate.
    coverage : float, default=0.9
        Share of the true values that the intervals are to hold, in (0, 1).
    method : {"auto", "quantile", "residual"}, default="auto"
        What the ends begin as: quantiles of the estimator, or its prediction. "auto" takes
        quantiles where the estimator has `predict_quantiles`.
    calibration_fraction : float, default=0.2
        Share of the rows that calibrate, in (0, 1): the last ones, in the order of time.
        Between them and the training rows those are left out whose targets or sequences
        reach across.
    adaptation : float, default=0.01
        How much the level moves with each true value. 0 keeps it: that is right where rows
        are exchangeable.

    Attributes
    ----------
    estimator_ : regressor
        The fitted estimator.
    coverage_ : float or ndarray of shape (n_outputs,)
        Share of the true values of `update` that lay in their intervals; NaN before.
    level_ : float or ndarray of shape (n_outputs,)
        Level of the quantile of the scores, adapted.
    scores_ : ndarray of shape (n_scores,), or list of those of each output
        Oldest first, as many as at first.
    n_features_in_ : int
        As the estimator says.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        As the estimator says.

    See Also
    --------
    ConformalClassifier : Sets of classes that hold the true one.
    LSTMRegressor.predict_interval : What a network says, as it is.

    References
    ----------
    .. [1] Romano, Y., Patterson, E. and Candes, E. (2019). Conformalized quantile
       regression. NeurIPS.
    .. [2] Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under distribution
       shift. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm import ConformalRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 3))
    >>> y = X[:, 0] + rng.normal(size=600)
    >>> model = ConformalRegressor(Ridge(), coverage=0.8).fit(X[:500], y[:500])
    >>> model.predict_interval(X[500:501]).round(1)
    array([[-0.2,  2.5]])
    >>> model.update(X[500:], y[500:]).coverage_
    0.82
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "coverage": [real(0, 1, closed="neither")],
        "method": [StrOptions({"auto", "quantile", "residual"})],
        "calibration_fraction": [real(0, 1, closed="neither")],
        "adaptation": [real(0, 1, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        method: str = "auto",
        calibration_fraction: float = 0.2,
        adaptation: float = 0.01,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.method = method
        self.calibration_fraction = calibration_fraction
        self.adaptation = adaptation

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **fit_params: Any) -> ConformalRegressor:
        """Fit the estimator on the first rows, and calibrate on the last ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows or sequences in order of time, as the estimator takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. NaN is not yet known, and calibrates nothing.
        **fit_params : object
            Go to the estimator's `fit`; of arrays with a value for each row those of the
            rows that train.

        Returns
        -------
        self : ConformalRegressor

        Raises
        ------
        ValueError
            If there are too few rows to calibrate on, or none to train on.
        """
        X, y = checked_rows(self, X, y)
        if is_classifier(self.estimator):
            raise TypeError(
                "estimator must be a regressor. Got a classifier,"
                f" {self.estimator!r}: use ConformalClassifier."
            )
        target = _as_columns(y)
        with in_one_step(self) as draft:
            if isinstance(self.estimator, FrozenEstimator):
                train, later = np.arange(0), np.arange(len(target))
                draft.estimator_ = self.estimator
            else:
                reach = max(leads_of(self.estimator, target.shape[1]))
                series = series_of(X, self.estimator)
                train, later = split_in_time(X, self.calibration_fraction, reach, series)
                params = _check_method_params(X, fit_params, indices=train)
                rows, values = (_safe_indexing(part, train) for part in (X, y))
                draft.estimator_ = clone(self.estimator).fit(rows, values, **params)
            draft._is_flat = np.ndim(y) == 1
            draft._uses_quantiles = draft._resolve_method()
            ask = draft._ends
            ends = predict_later(ask, draft.estimator_, X, train, later)
            if len(train):
                look_back_at_all(draft.estimator_, X, fit_params)
            n_rows, target = len(target), target[later]
            scores, known = _scores(ends, target), ~np.isnan(target)
            n_least = int(known.sum(axis=0).min())
            check_enough(n_least, self.coverage, n_rows, self.calibration_fraction)
            draft._conformity = [
                Conformity(column[rows], self.coverage, self.adaptation)
                for column, rows in zip(scores.T, known.T, strict=True)
            ]
            draft._covered = np.zeros((2, target.shape[1]), dtype=int)
            draft._seen = SeenRows()
            draft._seen.add(_safe_indexing(X, later), target)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict with the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows that a pipeline makes windows of come with those before them, as many as a
            window has less one; with ``context="fit"`` those that follow the rows of `fit`
            need none.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict(X))

    def predict_interval(self, X: ArrayLike) -> Array:
        """Predict intervals of the coverage that is promised.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As in `predict`.

        Returns
        -------
        interval : ndarray of shape (n_samples[, n_outputs], 2)
            Lower and upper ends.
        """
        check_is_fitted(self)
        snapshot = as_it_stands(self)
        thresholds = [conformity.threshold for conformity in snapshot._conformity]
        return snapshot._shaped(_moved(snapshot._ends(X), np.array(thresholds)))

    def update(self, X: ArrayLike, y: ArrayLike) -> ConformalRegressor:
        """Take in true values: scores slide, and the level adapts.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            New rows in order of time. A pipeline that makes windows may need the rows
            before: these come with a y of NaN.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values; NaN where one is not yet known. It is taken in when the row comes
            again with it.

        Returns
        -------
        self : ConformalRegressor

        Raises
        ------
        ValueError
            If rows bring nothing new.
        """
        self.update_predict(X, y)
        return self

    def update_predict(self, X: ArrayLike, y: ArrayLike) -> Array:
        """Predict the interval of each row before its true value is taken in.

        That is what `predict_interval` and `update` give by turns, row by row: a true value
        of step ``k`` is known ``k`` rows later.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        Returns
        -------
        interval : ndarray of shape (n_samples[, n_outputs], 2)
        """
        check_is_fitted(self)
        X, y = checked_rows(self, X, y)
        target = _as_columns(y)
        if target.shape[1] != len(self._conformity):
            raise ValueError(
                f"y must have {len(self._conformity)} outputs, as in fit. Got"
                f" {target.shape[1]}."
            )
        known = ~np.isnan(target)
        new = self._seen.new(X, target) if known.any() else known
        ends = self._ends(X)
        scores = _scores(ends, target)
        with in_one_step(self) as draft:
            draft._conformity = [conformity.copy() for conformity in self._conformity]
            draft._covered = self._covered.copy()
            draft._seen = self._seen.copy()
            thresholds = np.empty(target.shape)
            for k, lead in enumerate(leads_of(self.estimator_, target.shape[1])):
                conformity = draft._conformity[k]
                for row in range(len(target) + lead):
                    due = row - lead
                    if due >= 0 and new[due, k]:
                        covered = conformity.add(float(scores[due, k]))
                        draft._covered[:, k] += covered, 1
                    if row < len(target):
                        thresholds[row, k] = conformity.threshold
            draft._seen.add(X, target)
        return self._shaped(_moved(ends, thresholds))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Give the coefficient of determination of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As in `predict`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values; those that are NaN are not yet known and count nothing.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts.

        Returns
        -------
        score : float
        """
        metric = where_known(r2_score)
        return float(metric(y, self.predict(X), sample_weight=sample_weight))

    # ------------------------------------------------------------------ what was learnt

    @property
    def coverage_(self) -> Any:
        """Share of the true values of `update` that lay in their intervals."""
        self._check_fitted("coverage_")
        hits, count = self._covered
        shares = np.divide(hits, count, out=np.full(len(hits), np.nan), where=count > 0)
        return float(shares[0]) if self._is_flat else shares

    @property
    def level_(self) -> Any:
        """Level of the quantile of the scores."""
        self._check_fitted("level_")
        levels = np.array([conformity.level for conformity in self._conformity])
        return float(levels[0]) if self._is_flat else levels

    @property
    def scores_(self) -> Any:
        """The scores, oldest first."""
        self._check_fitted("scores_")
        scores = [np.array(conformity.recent) for conformity in self._conformity]
        return scores[0] if self._is_flat else scores

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in fit."""
        self._check_fitted("n_features_in_")
        return int(self.estimator_.n_features_in_)

    @property
    def feature_names_in_(self) -> Any:
        """Names of the features seen in fit."""
        self._check_fitted("feature_names_in_")
        return self.estimator_.feature_names_in_

    def __sklearn_is_fitted__(self) -> bool:
        return "_conformity" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.input_tags.sparse = False
        tags.target_tags = inner.target_tags
        return tags

    # ------------------------------------------------------------------ parts

    def _check_fitted(self, name: str) -> None:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__} has no {name} before fit is called."
            )

    def _resolve_method(self) -> bool:
        """Tell whether quantiles are used."""
        if self.method == "residual":
            return False
        has_quantiles = method_of(self.estimator_, "predict_quantiles") is not None
        if self.method == "quantile" and not has_quantiles:
            raise ValueError(
                "method='quantile' needs an estimator with predict_quantiles. Got"
                f" {self.estimator!r}; use method='residual'."
            )
        return has_quantiles

    def _ends(self, X: Any) -> Array:
        """Give both ends of each output, of shape (n_samples, n_outputs, 2)."""
        predict_quantiles = (
            method_of(self.estimator_, "predict_quantiles")
            if self._uses_quantiles
            else None
        )
        if predict_quantiles is not None:
            values = np.asarray(predict_quantiles(X, levels_of(self.coverage)))
            return values.reshape(len(values), -1, 2)
        point = np.asarray(self.estimator_.predict(X), dtype=np.float64)
        return np.repeat(point.reshape(len(point), -1, 1), 2, axis=2)

    def _shaped(self, interval: Array) -> Array:
        return interval[:, 0] if self._is_flat else interval


def _as_columns(y: ArrayLike) -> Array:
    """Give targets as numbers, of shape (n_samples, n_outputs)."""
    if np.iscomplexobj(y):
        raise ValueError("Complex data not supported: y must be real numbers.")
    try:
        target = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must be numbers. Got one that is none: {error}.") from error
    if target.ndim not in (1, 2):
        raise ValueError(
            "y must have the shape (n_samples,) or (n_samples, n_outputs). Got"
            f" {target.ndim} dimensions."
        )
    assert_all_finite(target, allow_nan=True, input_name="y")
    return target.reshape(len(target), -1)


def _scores(ends: Array, target: Array) -> Array:
    """Give how far true values lie outside, negative inside."""
    if ends.shape[:2] != target.shape:
        raise ValueError(
            f"y must have a value for each prediction, of shape {ends.shape[:2]}. Got"
            f" {target.shape}."
        )
    return np.maximum(ends[..., 0] - target, target - ends[..., 1])


def _moved(ends: Array, threshold: Array) -> Array:
    """Move both ends outwards, or inwards until they meet."""
    low, high = ends[..., 0] - threshold, ends[..., 1] + threshold
    middle = (low + high) / 2
    return np.stack([np.minimum(low, middle), np.maximum(high, middle)], axis=-1)
