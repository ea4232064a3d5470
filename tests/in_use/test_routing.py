import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor, SlidingWindowTransformer

TINY = {"hidden_size": 4, "max_epochs": 4, "batch_size": 32, "random_state": 0}


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def weight():
    return np.random.default_rng(2).uniform(0, 3, size=90)


def windows_of_groups(**params):
    windows = SlidingWindowTransformer(window_length=3, **params)
    return windows.set_fit_request(groups=True).set_transform_request(groups=True)


def test_pipeline_passes_sample_weight_to_the_estimator(series, weight):
    X, y = series
    model = make_pipeline(
        SlidingWindowTransformer(window_length=3),
        LSTMRegressor(**TINY).set_fit_request(sample_weight=True),
    )
    windows = model[0].fit_transform(X)
    weighted = LSTMRegressor(**TINY).fit(windows, y, sample_weight=weight)
    predicted = model.fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_array_equal(predicted, weighted.predict(windows))
    plain = LSTMRegressor(**TINY).fit(windows, y).predict(windows)
    assert (abs(predicted - plain) > 1e-4).all()


def test_weight_zero_in_a_pipeline_hides_a_wrong_target(series):
    X, y = series
    wrong = np.where(np.arange(90) % 3 == 0, 1e4, y)
    weight = (wrong == y).astype(float)
    model = make_pipeline(
        SlidingWindowTransformer(window_length=3),
        LSTMRegressor(**TINY).set_fit_request(sample_weight=True),
    )
    expected = clone(model).fit(X, y, sample_weight=weight).predict(X)
    predicted = clone(model).fit(X, wrong, sample_weight=weight).predict(X)
    np.testing.assert_array_equal(predicted, expected)


def test_search_splits_sample_weight_with_the_rows(series, weight):
    X, y = series
    model = LSTMRegressor(**TINY)
    model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    folds = TimeSeriesSplit(2)
    search = GridSearchCV(model, {"hidden_size": [2, 5]}, cv=folds)
    search.fit(X, y, sample_weight=weight)
    for fold, (train, test) in enumerate(folds.split(X)):
        scores = search.cv_results_[f"split{fold}_test_score"]
        for size, score in zip([2, 5], scores, strict=True):
            by_hand = clone(model).set_params(hidden_size=size)
            by_hand.fit(X[train], y[train], sample_weight=weight[train])
            predicted = by_hand.predict(X[test])
            assert score == r2_score(y[test], predicted, sample_weight=weight[test])


@pytest.mark.parametrize("order", ["stacked", "interleaved"])
def test_prediction_with_groups_equals_prediction_of_each_group(series, order):
    X, y = series
    groups = np.array(["oslo", "rome", "lima"])
    groups = np.repeat(groups, 30) if order == "stacked" else np.tile(groups, 30)
    model = make_pipeline(StandardScaler(), windows_of_groups(), LSTMRegressor(**TINY))
    model.fit(X, y, groups=groups)
    predicted = model.predict(X, groups=groups)
    for group in ("oslo", "rome", "lima"):
        rows = groups == group
        alone = model.predict(X[rows], groups=groups[rows])
        np.testing.assert_array_equal(predicted[rows], alone)
        ungrouped = SlidingWindowTransformer(window_length=3)
        windows = ungrouped.fit_transform(model[0].transform(X[rows]))
        np.testing.assert_array_equal(alone, model[-1].predict(windows))


def test_interleaved_groups_train_as_stacked_ones(series):
    X, y = series
    order = np.r_[0:90:2, 1:90:2]
    model = make_pipeline(windows_of_groups(), LSTMRegressor(**TINY))
    model.set_params(lstmregressor__batch_size=90, lstmregressor__dtype="float64")
    interleaved = clone(model).fit(X, y, groups=np.tile([0, 1], 45))
    stacked = clone(model).fit(X[order], y[order], groups=np.repeat([0, 1], 45))
    np.testing.assert_allclose(
        interleaved.predict(X, groups=np.tile([0, 1], 45))[order],
        stacked.predict(X[order], groups=np.repeat([0, 1], 45)),
        rtol=1e-9,
    )


def test_context_is_that_of_the_same_group(series):
    X, y = series
    groups = np.tile(["a", "b"], 45)
    model = make_pipeline(windows_of_groups(context="fit"), LSTMRegressor(**TINY))
    model.fit(X[:60], y[:60], groups=groups[:60])
    later = model.predict(X[60:], groups=groups[60:])
    at_once = model[-1].predict(windows_of_groups().fit_transform(X, groups=groups))
    np.testing.assert_array_equal(later, at_once[60:])


def test_search_passes_groups_to_the_splitter_and_to_the_windows(series):
    X, y = series
    groups = np.tile([0, 1, 2], 30)
    model = Pipeline([("windows", windows_of_groups()), ("lstm", LSTMRegressor(**TINY))])
    search = GridSearchCV(model, {"lstm__hidden_size": [2, 5]}, cv=GroupKFold(3))
    search.fit(X, y, groups=groups)
    for fold, (train, test) in enumerate(GroupKFold(3).split(X, y, groups)):
        scores = search.cv_results_[f"split{fold}_test_score"]
        for size, score in zip([2, 5], scores, strict=True):
            by_hand = clone(model).set_params(lstm__hidden_size=size)
            by_hand.fit(X[train], y[train], groups=groups[train])
            predicted = by_hand.predict(X[test], groups=groups[test])
            assert score == r2_score(y[test], predicted)


@pytest.mark.parametrize("context", [None, "fit"])
def test_validation_rows_pass_through_the_steps_before(series, context):
    X, y = series
    scaler, windows = StandardScaler(), SlidingWindowTransformer(3, context=context)
    model = Pipeline(
        [
            ("scaler", scaler),
            ("windows", windows),
            ("lstm", LSTMRegressor(**TINY).set_fit_request(X_val=True, y_val=True)),
        ],
        transform_input=["X_val"],
    )
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])

    train = windows.fit_transform(scaler.fit_transform(X[:60]))
    valid = windows.transform(scaler.transform(X[60:]))
    by_hand = LSTMRegressor(**TINY).fit(train, y[:60], X_val=valid, y_val=y[60:])
    assert len(by_hand.validation_loss_curve_) == 4
    assert model["lstm"].validation_loss_curve_ == by_hand.validation_loss_curve_
    np.testing.assert_array_equal(model.predict(X[60:]), by_hand.predict(valid))


def test_validation_loss_is_the_error_of_predictions(series):
    X, y = series
    model = Pipeline(
        [
            ("scaler", StandardScaler()),
            ("windows", SlidingWindowTransformer(3, context="fit")),
            ("lstm", LSTMRegressor(**TINY).set_fit_request(X_val=True, y_val=True)),
        ],
        transform_input=["X_val"],
    )
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    error = (model.predict(X[60:]) - y[60:]) / y[:60].std()
    best = min(model["lstm"].validation_loss_curve_)
    assert best == pytest.approx(np.mean(error**2), rel=1e-5)
