import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TimeSeriesSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

FOLDS = TimeSeriesSplit(2)
GRID = {
    "windows__window_length": [1, 3],
    "lstm__hidden_size": [2, 5],
    "lstm__learning_rate": [0.01, 0.05],
}


@pytest.fixture
def pipeline():
    return Pipeline(
        [
            ("scaler", StandardScaler()),
            ("windows", SlidingWindowTransformer()),
            ("lstm", LSTMRegressor(max_epochs=8, dropout=0.1, random_state=0)),
        ]
    )


def test_search_in_processes_equals_search_in_this_one(series, pipeline):
    here = GridSearchCV(pipeline, GRID, cv=FOLDS).fit(*series)
    there = GridSearchCV(pipeline, GRID, cv=FOLDS, n_jobs=2)
    with parallel_config("loky", inner_max_num_threads=1):
        there.fit(*series)
    for fold in range(2):
        name = f"split{fold}_test_score"
        np.testing.assert_array_equal(there.cv_results_[name], here.cv_results_[name])
    assert there.best_params_ == here.best_params_
    X, _ = series
    np.testing.assert_array_equal(there.predict(X), here.predict(X))


def test_search_scores_equal_cross_validation_of_each_candidate(series, pipeline):
    search = GridSearchCV(pipeline, GRID, cv=FOLDS, refit=False).fit(*series)
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        candidate = clone(pipeline).set_params(**params)
        assert cross_val_score(candidate, *series, cv=FOLDS).mean() == score


def test_search_finds_the_window_that_the_target_needs(series, pipeline):
    pipeline.set_params(lstm__hidden_size=8, lstm__max_epochs=40, lstm__learning_rate=0.05)
    lengths = {"windows__window_length": [1, 2]}
    search = GridSearchCV(pipeline, lengths, cv=FOLDS).fit(*series)
    assert search.best_params_ == {"windows__window_length": 2}
    one, two = search.cv_results_["mean_test_score"]
    assert two > one + 0.1


def test_search_over_chosen_lags(series, pipeline):
    lags = {"windows__lags": [None, [0], [0, 1]]}
    search = GridSearchCV(pipeline, lags, cv=FOLDS).fit(*series)
    lengths = {"windows__window_length": [10, 1, 2]}
    whole = GridSearchCV(pipeline, lengths, cv=FOLDS).fit(*series)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
    )


def test_halving_gives_the_survivors_more_epochs(series, pipeline):
    X, y = series
    search = HalvingGridSearchCV(
        pipeline,
        {"lstm__hidden_size": [1, 4, 8], "lstm__learning_rate": [0.001, 0.03]},
        resource="lstm__max_epochs",
        min_resources=2,
        max_resources=18,
        factor=3,
        cv=FOLDS,
    ).fit(X, y)
    assert search.n_resources_ == [2, 6]
    assert search.n_candidates_ == [6, 2]
    assert search.best_params_["lstm__max_epochs"] == 6
    assert search.best_estimator_["lstm"].n_epochs_ == 6
    by_hand = clone(pipeline).set_params(**search.best_params_)
    assert cross_val_score(by_hand, X, y, cv=FOLDS).mean() == search.best_score_
    np.testing.assert_array_equal(search.predict(X), by_hand.fit(X, y).predict(X))


def test_search_over_class_weights_scores_by_probability(sequences):
    X, y = sequences
    model = LSTMClassifier(hidden_size=4, max_epochs=4, random_state=0)
    weights = {"class_weight": [None, "balanced", {"up": 9.0, "down": 1.0}]}
    search = GridSearchCV(model, weights, cv=2, scoring="roc_auc", n_jobs=2)
    with parallel_config("loky", inner_max_num_threads=1):
        search.fit(X, y)
    for weight, score in zip(
        weights["class_weight"], search.cv_results_["mean_test_score"], strict=True
    ):
        by_hand = clone(model).set_params(class_weight=weight)
        auc = cross_val_score(by_hand, X, y, cv=2, scoring="roc_auc").mean()
        assert auc == score
    heavy = clone(model).set_params(class_weight={"up": 9.0, "down": 1.0}, max_epochs=30)
    heavy.fit(X, y)
    assert heavy.predict_proba(X)[:, 1].mean() > 0.7


def test_search_goes_on_past_a_candidate_that_diverges(series, pipeline):
    rates = {"lstm__learning_rate": [1e30, 0.05]}
    search = GridSearchCV(pipeline, rates, cv=FOLDS)
    with (
        pytest.warns(FitFailedWarning, match="smaller learning_rate"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(*series)
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    assert search.best_params_ == {"lstm__learning_rate": 0.05}


def test_cross_validate_returns_the_model_of_each_fold(series, pipeline):
    X, y = series
    result = cross_validate(
        pipeline, X, y, cv=FOLDS, return_estimator=True, return_train_score=True
    )
    for fold, (train, test) in enumerate(FOLDS.split(X)):
        model = result["estimator"][fold]
        assert model.score(X[train], y[train]) == result["train_score"][fold]
        assert model.score(X[test], y[test]) == result["test_score"][fold]
