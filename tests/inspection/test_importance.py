"""Importance by exchange: values on a task whose truth is known, and all that it reads."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import (
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
)
from sklstm.inspection import sequence_permutation_importance


class KnownRegressor(RegressorMixin, BaseEstimator):
    """Says 2 x[3, 1] + x[0, 0] of each sequence, without a network."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        return self

    def predict(self, X):
        return 2 * X[:, 3, 1] + X[:, 0, 0]


X = np.random.default_rng(0).normal(size=(500, 6, 3))
Y = KnownRegressor().predict(X)


def importance(**options):
    return sequence_permutation_importance(
        KnownRegressor(), X, Y, random_state=0, n_repeats=20, **options
    )


def test_the_loss_of_score_is_that_of_an_exchange():
    # What is exchanged is wrong by twice its variance: r2 falls by twice its share.
    by_feature = importance(by="feature")
    assert by_feature.importances.shape == (3, 20)
    np.testing.assert_allclose(by_feature.importances_mean, [0.4, 1.6, 0], atol=0.08)
    assert by_feature.parts == [0, 1, 2]
    assert (by_feature.by, by_feature.names) == ("feature", ["0", "1", "2"])
    by_step = importance(by="step")
    np.testing.assert_allclose(by_step.importances_mean, [0.4, 0, 0, 1.6, 0, 0], atol=0.08)
    by_block = importance(by="block", block_length=4)
    assert by_block.parts == [(0, 2), (2, 6)]
    assert by_block.names == ["-5 to -4", "-3 to 0"]
    np.testing.assert_allclose(by_block.importances_mean, [0.4, 1.6], atol=0.08)
    assert (by_step.importances_std[[1, 2, 4, 5]] == 0).all()


def test_scores_and_weights_are_those_asked_for():
    errors = importance(scoring="neg_mean_squared_error")
    np.testing.assert_allclose(errors.importances_mean, [2, 8, 0], atol=0.4)
    # Samples that do not count may hold anything.
    first = np.arange(len(X)) < 250
    noise = np.where(first, Y, 1e6)
    weighted = sequence_permutation_importance(
        KnownRegressor(), X, noise, sample_weight=first * 1.0, random_state=0
    )
    np.testing.assert_allclose(weighted.importances_mean, [0.4, 1.6, 0], atol=0.3)


def test_flat_sequences_are_those_of_scikit_learn():
    flat = X[:, :, 0]
    model = LSTMRegressor(max_epochs=5, random_state=0).fit(flat, flat[:, 2])
    ours = sequence_permutation_importance(
        model, flat, flat[:, 2], by="step", n_repeats=10, random_state=0
    )
    theirs = permutation_importance(model, flat, flat[:, 2], n_repeats=10, random_state=0)
    np.testing.assert_allclose(ours.importances_mean, theirs.importances_mean, atol=0.1)


def test_processes_give_the_same():
    model = LSTMClassifier(max_epochs=2, random_state=0).fit(X, Y > 0)
    results = [
        sequence_permutation_importance(
            model, X, Y > 0, by="step", n_jobs=n_jobs, random_state=0, n_repeats=2
        ).importances
        for n_jobs in (None, 2)
    ]
    np.testing.assert_array_equal(*results)


def test_pipelines_over_rows_are_read():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 2))
    y = np.r_[np.zeros(2), rows[:-2, 1]]
    model = make_pipeline(
        SlidingWindowTransformer(window_length=4),
        LSTMRegressor(max_epochs=30, random_state=0),
    ).fit(rows, y)
    by_step = sequence_permutation_importance(model, rows, y, by="step", random_state=0)
    assert by_step.importances_mean.argmax() == 1
    by_feature = sequence_permutation_importance(model, rows, y, random_state=0)
    assert by_feature.importances_mean.argmax() == 1
    frame = sequence_permutation_importance(
        make_pipeline(*model.named_steps.values()), rows, y, random_state=0
    )
    np.testing.assert_array_equal(frame.importances, by_feature.importances)


def test_a_search_is_scored_as_it_says():
    model = LSTMRegressor(max_epochs=2, random_state=0)
    grid = {"hidden_size": [4]}
    search = GridSearchCV(model, grid, scoring="neg_mean_absolute_error", cv=2).fit(X, Y)
    ours, theirs = (
        sequence_permutation_importance(found, X, Y, scoring=scoring, random_state=0)
        for found, scoring in (
            (search, None),
            (search.best_estimator_, "neg_mean_absolute_error"),
        )
    )
    np.testing.assert_array_equal(ours.importances, theirs.importances)


def test_what_does_not_read_sequences_is_refused():
    rows, y = X[:, 0], Y
    windows = SlidingWindowTransformer(window_length=3)
    lstm = LSTMRegressor(max_epochs=1, random_state=0)
    states = make_pipeline(windows, lstm, Ridge()).fit(rows, y)
    intervals = ConformalRegressor(make_pipeline(windows, lstm)).fit(rows, y)
    for estimator in (states, intervals):
        with pytest.raises(TypeError, match="estimator must read sequences"):
            sequence_permutation_importance(estimator, rows, y, by="step")
    with pytest.raises(TypeError, match="estimator must be one of scikit-learn's kind"):
        sequence_permutation_importance("model", X, Y)


def test_frames_keep_their_names():
    pd = pytest.importorskip("pandas")
    flat = pd.DataFrame(X[:, :, 0], columns=list("abcdef"))
    model = LSTMRegressor(max_epochs=1, random_state=0).fit(flat, Y)
    assert sequence_permutation_importance(model, flat, Y, by="step").parts == [*range(6)]
    rows = pd.DataFrame(X[:, 0], columns=list("abc"))
    pipeline = make_pipeline(
        SlidingWindowTransformer(window_length=3), LSTMRegressor(max_epochs=1)
    ).fit(rows, Y)
    assert len(sequence_permutation_importance(pipeline, rows, Y).importances) == 3


def test_bad_arguments_are_told():
    known = KnownRegressor()
    with pytest.raises(
        ValueError, match=r"by must be 'feature', 'step' or 'block'. Got 'x'"
    ):
        importance(by="x")
    with pytest.raises(ValueError, match="n_repeats must be an int of at least 1"):
        sequence_permutation_importance(known, X, Y, n_repeats=0)
    with pytest.raises(ValueError, match="block_length must be an int of at least 1"):
        sequence_permutation_importance(known, X, Y, block_length=1.5)
    with pytest.raises(ValueError, match="y must be given"):
        sequence_permutation_importance(known, X)
    with pytest.raises(ValueError, match=r"X must be sequences .* Got shape \(500,\)"):
        sequence_permutation_importance(known, X[:, 0, 0], Y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        sequence_permutation_importance(known, X, Y[:-1])
    with pytest.raises(NotFittedError):
        sequence_permutation_importance(LSTMRegressor(), X, Y)
