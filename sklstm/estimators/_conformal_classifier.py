"""Sets of classes that hold the true one as often as they promise."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import _safe_indexing, assert_all_finite, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_method_params,
    _num_samples,
    check_is_fitted,
    column_or_1d,
)

from ..fitting._numbers import real
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ..training import shares_rows
from ..windows._windows import Windows
from ._calibration import (
    check_enough,
    check_some_train,
    checked_rows,
    leads_of,
    look_back_at_all,
    predict_later,
    series_of,
    split_in_time,
    window_step,
)
from ._conformity import Conformity
from ._seen_rows import SeenRows

Array = NDArray[Any]
Index = NDArray[np.intp]


class ConformalClassifier(MetaEstimatorMixin, ClassifierMixin, VersionedPickle):
    r"""Sets of classes that hold the true one as often as is promised.

    Some rows are kept from training. The score of each is one less the probability that the
    estimator gave to its true class [1]_; a class belongs to the set of a row if its score
    is no larger than most of these. As true labels arrive, `update` lets the scores slide
    and the level adapt.

    Parameters
    ----------
    estimator : classifier
        Any of scikit-learn's kind with `predict_proba`, of 2-D or 3-D X. A fitted one in a
        `sklearn.frozen.FrozenEstimator` stays as it is, and all rows calibrate.
    coverage : float, default=0.9
        Share of the sets that are to hold the true class, in (0, 1).
    calibration_fraction : float, default=0.2
        Share of the rows that calibrate, in (0, 1).
    calibration_split : {"auto", "last", "random"}, default="auto"
        "last" calibrates on the last rows, in the order of time; "random" on any, class by
        class. "auto" is "last" where samples are windows of one series, else "random".
    adaptation : float, default=0.01
        How much the level moves with each true label. 0 keeps it.
    random_state : int, RandomState or None, default=0
        Chooses the rows of a random split.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,)
        The columns of `predict_set`.
    coverage_ : float
        Share of the true labels of `update` that were in their sets; NaN before.
    level_ : float
        Level of the quantile of the scores, adapted.
    scores_ : ndarray of shape (n_scores,)
        Oldest first, as many as at first.
    n_features_in_ : int
        As the estimator says.

    See Also
    --------
    ConformalRegressor : Intervals that hold the true value.

    References
    ----------
    .. [1] Sadinle, M., Lei, J. and Wasserman, L. (2019). Least ambiguous set-valued
       classifiers with bounded error levels. JASA, 114(525), 223-234.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklstm import ConformalClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ConformalClassifier(LogisticRegression(max_iter=500)).fit(X, y)
    >>> model.predict_set(X[[0, 70, 119]])
    array([[ True, False, False],
           [False, False,  True],
           [False, False,  True]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "coverage": [real(0, 1, closed="neither")],
        "calibration_fraction": [real(0, 1, closed="neither")],
        "calibration_split": [StrOptions({"auto", "last", "random"})],
        "adaptation": [real(0, 1, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        calibration_fraction: float = 0.2,
        calibration_split: str = "auto",
        adaptation: float = 0.01,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.calibration_fraction = calibration_fraction
        self.calibration_split = calibration_split
        self.adaptation = adaptation
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **fit_params: Any) -> ConformalClassifier:
        """Fit the estimator on some rows, and calibrate on the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows or sequences, as the estimator takes them.
        y : array-like of shape (n_samples,)
            Class labels.
        **fit_params : object
            Go to the estimator's `fit`; of arrays with a value for each row those of the
            rows that train.

        Returns
        -------
        self : ConformalClassifier

        Raises
        ------
        ValueError
            If there are too few rows to calibrate on, or none to train on.
        """
        X, y = checked_rows(self, X, y)
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        with in_one_step(self) as draft:
            if isinstance(self.estimator, FrozenEstimator):
                train, later = np.arange(0), np.arange(len(labels))
                draft.estimator_ = self.estimator
            else:
                train, later = self._split(X, labels)
                params = _check_method_params(X, fit_params, indices=train)
                rows, values = _safe_indexing(X, train), labels[train]
                draft.estimator_ = clone(self.estimator).fit(rows, values, **params)
            ask = draft.estimator_.predict_proba
            probability = predict_later(ask, draft.estimator_, X, train, later)
            if len(train):
                look_back_at_all(draft.estimator_, X, fit_params)
            scores = draft._scores(probability, labels[later])
            check_enough(len(scores), self.coverage, len(labels), self.calibration_fraction)
            draft._conformity = Conformity(scores, self.coverage, self.adaptation)
            draft._covered = (0, 0)
            draft._seen = SeenRows()
            draft._seen.add(_safe_indexing(X, later), draft._numbers(labels[later]))
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict the most probable class, as the estimator does.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict(X))

    def predict_proba(self, X: ArrayLike) -> Array:
        """Predict the probability of each class, as the estimator does.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_proba(X))

    def predict_set(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Predict which classes may be the true one.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)

        Returns
        -------
        is_in : ndarray of bool of shape (n_samples, n_classes)
            Columns in the order of `classes_`. The most probable class is always in.
        """
        snapshot = as_it_stands(self)
        probability = snapshot.predict_proba(X)
        return _sets(probability, np.array(snapshot._conformity.threshold))

    def update(self, X: ArrayLike, y: ArrayLike) -> ConformalClassifier:
        """Take in true labels: scores slide, and the level adapts.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            New rows in order of time.
        y : array-like of shape (n_samples,)
            True labels.

        Returns
        -------
        self : ConformalClassifier

        Raises
        ------
        ValueError
            If rows bring nothing new, or a label is unknown.
        """
        X, y = checked_rows(self, X, y)
        probability, labels = self.predict_proba(X), column_or_1d(y, warn=True)
        scores = self._scores(probability, labels)
        numbers = self._numbers(labels)
        new = self._seen.new(X, numbers)
        with in_one_step(self) as draft:
            draft._conformity, draft._seen = self._conformity.copy(), self._seen.copy()
            hits = [draft._conformity.add(float(score)) for score in scores[new[:, 0]]]
            draft._covered = self._covered[0] + sum(hits), self._covered[1] + len(hits)
            draft._seen.add(X, numbers)
        return self

    # ------------------------------------------------------------------ what was learnt

    @property
    def classes_(self) -> Array:
        """The classes of the estimator."""
        return np.asarray(self._learnt("classes_", self.__dict__.get("estimator_")))

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in fit."""
        estimator = self.__dict__.get("estimator_")
        return int(self._learnt("n_features_in_", estimator))

    @property
    def coverage_(self) -> float:
        """Share of the true labels of `update` that were in their sets."""
        hits, count = self._learnt("_covered", self)
        return hits / count if count else float("nan")

    @property
    def level_(self) -> float:
        """Level of the quantile of the scores."""
        return float(self._learnt("_conformity", self).level)

    @property
    def scores_(self) -> Array:
        """The scores, oldest first."""
        return np.array(self._learnt("_conformity", self).recent)

    def _learnt(self, name: str, owner: Any) -> Any:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__} has no {name} before fit is called."
            )
        return getattr(owner, name)

    def __sklearn_is_fitted__(self) -> bool:
        return "_conformity" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.input_tags.sparse = False
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        return tags

    # ------------------------------------------------------------------ parts

    def _split(self, X: Any, labels: Array) -> tuple[Index, Index]:
        """Part the rows into those to train on and those to calibrate on."""
        makes_windows = window_step(self.estimator) is not None
        is_3d = getattr(X, "ndim", 2) == 3
        in_order = makes_windows or (is_3d and shares_rows(Windows.from_array(X)))
        if makes_windows and self.calibration_split == "random":
            raise ValueError(
                "calibration_split must be 'auto' or 'last' where a pipeline makes windows"
                " of rows, whose neighbours they need. Got 'random'."
            )
        if self.calibration_split == "last" or (
            self.calibration_split == "auto" and in_order
        ):
            reach = leads_of(self.estimator, 1)[0]
            series = series_of(X, self.estimator)
            return split_in_time(X, self.calibration_fraction, reach, series)
        n_later = int(np.ceil(self.calibration_fraction * _num_samples(X)))
        check_some_train(n_later, len(labels), self.calibration_fraction)
        splitter = StratifiedShuffleSplit(
            1, test_size=n_later, random_state=self.random_state
        )
        train, later = next(splitter.split(np.zeros(len(labels)), labels))
        return np.sort(train), np.sort(later)

    def _numbers(self, labels: Array) -> Array:
        """Give the place of each label among the classes, of shape (n_samples, 1)."""
        return np.searchsorted(self.estimator_.classes_, labels)[:, None].astype(float)

    def _scores(self, probability: Array, labels: Array) -> Array:
        """Give one less the probability of each true class."""
        classes = np.asarray(self.estimator_.classes_)
        unknown = ~np.isin(labels, classes)
        if unknown.any():
            raise ValueError(
                f"y must have labels from the classes that were trained, {classes}. Got"
                f" {np.unique(labels[unknown])} as well."
            )
        place = np.searchsorted(classes, labels)
        return 1 - probability[np.arange(len(labels)), place]


def _sets(probability: Array, threshold: Array) -> NDArray[np.bool_]:
    """Tell which classes are as probable as most true ones were, or the most probable."""
    is_in = 1 - probability <= threshold
    is_in[np.arange(len(probability)), probability.argmax(axis=1)] = True
    return np.asarray(is_in)
