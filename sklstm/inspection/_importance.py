"""How much worse a score becomes where part of the sequences is not to be relied on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..estimators._lstm import LSTMEstimator
from ..fitting._numbers import is_integer
from ..windows._refilled import refilled
from ..windows._windows import Windows
from ._inside import Inside, reader

Array = NDArray[Any]


def sequence_permutation_importance(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    by: Literal["feature", "step", "block"] = "feature",
    block_length: int = 1,
    scoring: Any = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
    sample_weight: ArrayLike | None = None,
) -> Bunch:
    """Measure importance by the loss of score where values are exchanged between samples.

    As `sklearn.inspection.permutation_importance` [1]_, for sequences: a feature is
    exchanged as the whole sequence of its values, with what is known of the rows to come; a
    step with all its features. What is exchanged is missing together, too. Features that
    tell the same stand in for each other, and so do neighbouring steps: exchange blocks of
    them.

    Parameters
    ----------
    estimator : estimator
        Fitted: any that predicts from 3-D sequences; a pipeline whose last step is one,
        also over rows; or an estimator of `sklstm.sktime`.
    X : array-like of shape (n_samples, n_timesteps, n_features), or rows
        What the estimator predicts from. For `LSTMForecaster` series as in its `fit`,
        whose windows are scored by the values that follow them.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), or None, default=None
        Targets; None for a forecaster alone.
    by : {"feature", "step", "block"}, default="feature"
        What is exchanged as one.
    block_length : int, default=1
        Steps of a block; the last block ends with the sequence.
    scoring : str, callable or None, default=None
        As in scikit-learn; None is the estimator's own `score`.
    n_repeats : int, default=5
        Exchanges of each.
    n_jobs : int or None, default=None
        Processes.
    random_state : int, RandomState or None, default=None
        Of the exchanges, which are the same for all features, steps or blocks.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        How much each sample counts in the score.

    Returns
    -------
    importance : Bunch
        importances : ndarray of shape (n_parts, n_repeats)
            Score, less the score after an exchange.
        importances_mean, importances_std : ndarray of shape (n_parts,)
            Their mean and standard deviation over the exchanges.
        parts : list of int, or of tuple of int (start, stop)
            Numbers of features or steps, or blocks of steps, from the oldest on.
        by : {"feature", "step", "block"}
            As it was given.
        names : list of str
            Of the parts: names of features, where X has some, or else their numbers; steps
            counted back from the last, which is "0".

    Raises
    ------
    ValueError
        If an argument is out of range, or y is missing.

    Notes
    -----
    The sequences are held in memory, twice.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning, 45(1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import sequence_permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(400, 5, 2))
    >>> y = X[:, 4, 1]
    >>> model = LSTMRegressor(max_epochs=20, random_state=0).fit(X, y)
    >>> by_step = sequence_permutation_importance(model, X, y, by="step", random_state=0)
    >>> by_step.importances.shape, by_step.names[by_step.importances_mean.argmax()]
    ((5, 5), '0')
    """
    for name, value in (("block_length", block_length), ("n_repeats", n_repeats)):
        if not is_integer(value, least=1):
            raise ValueError(f"{name} must be an int of at least 1. Got {value!r}.")
    if scoring is None and callable(getattr(estimator, "scorer_", None)):
        scoring = estimator.scorer_
    found = reader(estimator, X)
    if not isinstance(found.estimator, BaseEstimator):
        raise TypeError(
            "estimator must be one of scikit-learn's kind that reads sequences, or of"
            f" sklstm.sktime. Got {type(found.estimator).__name__}."
        )
    check_is_fitted(found.estimator)
    targets = found.targets if y is None else y
    if targets is None:
        raise ValueError("y must be given: X has no targets. Got None.")
    sequences = np.asarray(found.sequences)
    if sequences.ndim not in (2, 3):
        raise ValueError(
            "X must be sequences of shape (n_samples, n_timesteps[, n_features]). Got shape"
            f" {sequences.shape}."
        )
    if sequences.ndim == 2 and not isinstance(found.estimator, LSTMEstimator):
        raise TypeError(
            "estimator must read sequences, as the last step of a pipeline behind windows"
            f" does. Got {type(found.estimator).__name__}, and X of 2 dimensions."
        )
    check_consistent_length(sequences, targets, sample_weight)
    if y is None:
        # Rows to come of a forecaster that are missing score nothing.
        known = ~np.isnan(targets).any(axis=1)
        sequences, targets = sequences[known], targets[known]
        found = found._replace(sequences=found.sequences[known])
    parts = _parts(by, int(block_length), (*sequences.shape, 1)[:3])
    scorer = check_scoring(found.estimator, scoring=scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    score = partial(_score, scorer, found, targets, weights)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    exchanged = delayed(_scores_of_exchanges)
    scores = Parallel(n_jobs=n_jobs)(
        exchanged(score, sequences, where, int(n_repeats), seed) for where in parts.values()
    )
    importances, given = score(sequences) - np.array(scores), found.sequences
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        parts=list(parts),
        by=by,
        names=_names(list(parts), by, sequences.shape[1], getattr(given, "names", None)),
    )


def _parts(
    by: str, block_length: int, shape: tuple[int, ...]
) -> dict[int | tuple[int, int], Any]:
    """Give the places, among steps and features, of what is exchanged as one."""
    _, n_timesteps, n_features = shape
    if by == "feature":
        # A flat sequence has one, which is all of it.
        return {j: (slice(None), slice(j, j + 1)) for j in range(n_features)}
    if by == "step":
        return {t: (slice(t, t + 1), slice(None)) for t in range(n_timesteps)}
    if by != "block":
        raise ValueError(f"by must be 'feature', 'step' or 'block'. Got {by!r}.")
    stops = range(n_timesteps, 0, -block_length)
    blocks = [(max(0, stop - block_length), stop) for stop in stops][::-1]
    return {block: (slice(*block), slice(None)) for block in blocks}


def _names(
    parts: Sequence[int | tuple[int, int]], by: str, n_timesteps: int, known: Any
) -> list[str]:
    """Give names of parts: those known of features, and steps counted back."""
    if by == "feature":
        return [str(part if known is None else known[part]) for part in parts]
    ends = [part if isinstance(part, tuple) else (part, part + 1) for part in parts]
    pairs = [(start + 1 - n_timesteps, stop - n_timesteps) for start, stop in ends]
    return [f"{first} to {last}" if first < last else f"{last}" for first, last in pairs]


def _scores_of_exchanges(
    score: Callable[..., float], sequences: Array, where: Any, n_repeats: int, seed: int
) -> list[float]:
    """Score sequences of which a part is exchanged between samples, several times."""
    random_state = np.random.RandomState(seed)
    steps, features = where
    scores = []
    for _ in range(n_repeats):
        exchanged = sequences.copy()
        order = random_state.permutation(len(sequences))
        place = (slice(None), steps, features)[: sequences.ndim]
        exchanged[place] = sequences[order][place]
        # What is known of the rows to come goes with the feature, and with no step.
        ahead = (order, features) if steps == slice(None) else None
        scores.append(score(exchanged, ahead))
    return scores


def _score(
    scorer: Any,
    found: Inside,
    targets: Any,
    weights: dict[str, Any],
    sequences: Any,
    ahead: Any = None,
) -> float:
    """Score sequences, which come to the estimator in the dress of those that it knows."""
    given = found.sequences
    if isinstance(given, Windows):
        sequences = refilled(given, sequences, ahead)
    elif hasattr(given, "iloc"):
        sequences = type(given)(sequences, index=given.index, columns=given.columns)
    return float(scorer(found.estimator, sequences, targets, **weights))
