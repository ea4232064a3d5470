"""scikit-learn's metrics and scorers over the targets that are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer as get_scorer_of_sklearn

from ..fitting._inside import final_estimator
from ..windows._groups import are_missing
from ._steps import Column, CountedMetric, narrow, step_columns, weights_of_steps

Array = NDArray[Any]

# Methods that give a row for each row of X.
PREDICTIONS = (
    "predict",
    "predict_proba",
    "decision_function",
    "predict_quantiles",
    "predict_interval",
    "sample_y",
)


def where_known(metric: Callable[..., float]) -> WhereKnown:
    """Let a metric of scikit-learn count only the targets that are known.

    Parameters
    ----------
    metric : callable (y_true, y_pred, *, sample_weight=None) -> float
        Of `sklearn.metrics`, say.

    Returns
    -------
    counted : callable (y_true, y_pred, *, sample_weight=None) -> float
        The same where nothing is missing from y_true. Where NaN or None stands, the
        prediction is not looked at. With several outputs, of which other rows may be known,
        it is the mean of the metric of each that has any.

    Raises
    ------
    ValueError
        If no target is known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import mean_absolute_error
    >>> from sklstm.metrics import where_known
    >>> y_true = np.array([[1.0, 2.0], [3.0, np.nan]])
    >>> y_pred = np.array([[1.5, 2.0], [3.5, 9.0]])
    >>> where_known(mean_absolute_error)(y_true, y_pred)
    0.25
    """
    return WhereKnown(metric)


class WhereKnown(CountedMetric):
    """A metric of the targets that are known."""

    name = "where_known"

    def columns(self, y_true: ArrayLike, y_pred: Array) -> list[Column]:
        """Give each output that has known rows."""
        return _columns(y_true)


def get_scorer(scoring: Any) -> KnownTargetsScorer:
    """Get a scorer of scikit-learn that counts only the targets that are known.

    For `cross_validate`, `GridSearchCV` and the like, whose own scorers refuse NaN in y:
    the rows of a test part whose targets lie after the last of all are left out. Of an
    estimator with `return_sequences`, it counts the steps of all sequences that have a
    target and a prediction.

    Parameters
    ----------
    scoring : str or callable (estimator, X, y) -> float
        As `sklearn.metrics.get_scorer` takes it: "r2", "neg_mean_absolute_error", ...

    Returns
    -------
    scorer : callable (estimator, X, y_true, **options) -> float
        With several outputs, the mean of the score of each that has known targets.

    Raises
    ------
    ValueError
        From the scorer, if no target is known.

    See Also
    --------
    where_known : The same for a metric.
    sklstm.future_targets : Makes such targets.

    Examples
    --------
    >>> from sklstm.metrics import get_scorer
    >>> get_scorer("neg_mean_absolute_error")
    get_scorer('neg_mean_absolute_error')
    """
    return KnownTargetsScorer(scoring)


class KnownTargetsScorer:
    """Score the rows whose targets are known; all rows are predicted, as history.

    Parameters
    ----------
    scoring : str or callable (estimator, X, y) -> float
    """

    def __init__(self, scoring: Any) -> None:
        self.scoring = scoring
        self.scorer = get_scorer_of_sklearn(scoring)

    def set_score_request(self, **requests: bool | str | None) -> KnownTargetsScorer:
        """Say which metadata the scorer is to get, as scikit-learn's own scorers do.

        Parameters
        ----------
        **requests : bool, str or None

        Returns
        -------
        scorer : KnownTargetsScorer
        """
        self.scorer.set_score_request(**requests)
        return self

    def get_metadata_routing(self) -> Any:
        """Give what is requested.

        Returns
        -------
        routing : sklearn.utils.metadata_routing.MetadataRequest
        """
        return self.scorer.get_metadata_routing()

    def __repr__(self) -> str:
        return f"get_scorer({self.scoring!r})"

    def __call__(
        self,
        estimator: Any,
        X: Any,
        y_true: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> float:
        """Score an estimator.

        Parameters
        ----------
        estimator : fitted estimator
        X : array-like
            As the estimator takes it.
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            NaN or None where a target is not known.
        sample_weight : array-like of shape (n_samples,) or None, default=None
        **options
            Go to the scorer.

        Returns
        -------
        score : float
        """
        answers = Answers(estimator)
        scores: list[float] = []
        columns: Any = _columns
        weigh: Any = _weights
        if getattr(final_estimator(estimator), "return_sequences", False):
            columns, weigh = partial(_of_steps, answers, X), weights_of_steps
        for number, target, known in columns(y_true):
            if sample_weight is not None:
                options["sample_weight"] = weigh(sample_weight, known)
            chosen = Selected(estimator, answers, known, number)
            scores.append(self.scorer(chosen, X, target, **options))
        return float(np.mean(scores))


class Answers:
    """What an estimator says, asked once."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.given: dict[str, Array] = {}

    def get(self, method: str, X: Any, **options: Any) -> Array:
        """Call a method, or give what it said before."""
        if method not in self.given:
            self.given[method] = np.asarray(getattr(self.estimator, method)(X, **options))
        return self.given[method]


class Selected:
    """An estimator that answers for some of the rows, and one of the outputs."""

    def __init__(
        self, estimator: Any, answers: Answers, known: NDArray[np.bool_], output: int | None
    ) -> None:
        self._estimator = estimator
        self._answers = answers
        self._known = known
        self._output = output

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._estimator, name)
        if name not in PREDICTIONS:
            return value

        @wraps(value)
        def answer(X: Any, **options: Any) -> Array:
            chosen = narrow(self._answers.get(name, X, **options)[self._known])
            return chosen if self._output is None else chosen[:, self._output]

        return answer

    def __sklearn_tags__(self) -> Any:
        return self._estimator.__sklearn_tags__()


def _of_steps(answers: Answers, X: Any, y_true: ArrayLike) -> list[Column]:
    """Give each output of steps: its number, if there are several, and what counts."""
    return step_columns(y_true, answers.get("predict", X))


def _weights(weight: ArrayLike, known: NDArray[np.bool_]) -> Array:
    return np.asarray(np.asarray(weight)[known])


def _columns(y_true: ArrayLike) -> list[Column]:
    """Give each output that has known rows: its number, if there are several, and these."""
    y = np.asarray(y_true)
    columns = [y] if y.ndim == 1 else list(y.T)
    known = [~are_missing(column) for column in columns]
    found = [
        (None if len(columns) == 1 else number, _narrowed(column, rows)[rows], rows)
        for number, (column, rows) in enumerate(zip(columns, known, strict=True))
        if rows.any()
    ]
    if not found:
        raise ValueError(
            "y_true must have a target that is known. Got none: a test part needs more rows"
            " of a series than the horizon."
        )
    return found


def _narrowed(column: Array, known: NDArray[np.bool_]) -> Array:
    """Give what is known of a column of objects the type that it has by itself."""
    if column.dtype.kind != "O":
        return column
    values = np.array(column[known].tolist())
    narrow = np.zeros(len(column), values.dtype)
    narrow[known] = values
    return narrow
