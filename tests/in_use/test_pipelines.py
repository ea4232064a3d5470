import numpy as np
import pytest
from sklearn.base import clone
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

TINY = {"hidden_size": 4, "max_epochs": 4, "batch_size": 32, "random_state": 0}


def windowed(**params):
    return make_pipeline(
        StandardScaler(),
        SlidingWindowTransformer(window_length=3),
        LSTMRegressor(**{**TINY, **params}),
    )


def test_pipeline_equals_its_steps_by_hand(series):
    X, y = series
    scaler, model = StandardScaler(), LSTMRegressor(**TINY)
    windows = SlidingWindowTransformer(window_length=3)
    model.fit(windows.fit_transform(scaler.fit_transform(X)), y)
    by_hand = model.predict(windows.transform(scaler.transform(X[:40])))
    np.testing.assert_array_equal(windowed().fit(X, y).predict(X[:40]), by_hand)


def test_prediction_stands_in_the_row_of_its_target(series):
    X, y = series
    model = windowed(hidden_size=16, max_epochs=60, learning_rate=0.03).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    assert r2_score(y, predicted) > 0.9
    for shift in (-2, -1, 1, 2):
        assert r2_score(y[2:-2], np.roll(predicted, shift)[2:-2]) < 0.5


def test_classifier_in_a_pipeline_equals_its_steps_by_hand(series):
    X, y = series
    label = y > 3
    windows = SlidingWindowTransformer(window_length=3)
    by_hand = LSTMClassifier(**TINY).fit(windows.fit_transform(X), label)
    model = make_pipeline(windows, LSTMClassifier(**TINY)).fit(X, label)
    np.testing.assert_array_equal(
        model.predict_proba(X), by_hand.predict_proba(windows.transform(X))
    )
    np.testing.assert_array_equal(model.classes_, [False, True])


def test_cross_val_predict_puts_each_fold_in_its_rows(series):
    X, y = series
    folds = KFold(3)
    predicted = cross_val_predict(windowed(), X, y, cv=folds)
    for train, test in folds.split(X):
        by_hand = windowed().fit(X[train], y[train]).predict(X[test])
        np.testing.assert_array_equal(predicted[test], by_hand)


def test_windows_of_groups_can_be_cross_validated_as_they_are(series):
    X, y = series
    windows = SlidingWindowTransformer(window_length=3).fit_transform(
        X, groups=np.tile(["a", "b"], 45)
    )
    model = LSTMRegressor(**TINY)
    np.testing.assert_array_equal(
        cross_val_predict(model, windows, y, cv=3),
        cross_val_predict(model, np.asarray(windows), y, cv=3),
    )


def test_transformed_target_is_the_target_transformed_by_hand(series):
    from sklearn.compose import TransformedTargetRegressor

    X, y = series
    y = np.exp(y / 3)
    model = TransformedTargetRegressor(windowed(), func=np.log, inverse_func=np.exp)
    by_hand = np.exp(windowed().fit(X, np.log(y)).predict(X))
    np.testing.assert_array_equal(model.fit(X, y).predict(X), by_hand)


def test_stacking_learns_from_held_out_predictions(series):
    from sklearn.ensemble import StackingRegressor

    X, y = series
    members = [("narrow", windowed(hidden_size=2)), ("wide", windowed(hidden_size=6))]
    model = StackingRegressor(members, LinearRegression(), cv=KFold(3)).fit(X, y)
    held_out = [cross_val_predict(member, X, y, cv=KFold(3)) for _, member in members]
    final = LinearRegression().fit(np.column_stack(held_out), y)
    np.testing.assert_allclose(model.final_estimator_.coef_, final.coef_)
    fitted = [clone(member).fit(X, y).predict(X) for _, member in members]
    np.testing.assert_allclose(model.predict(X), final.predict(np.column_stack(fitted)))


def test_stacked_classifiers_pass_their_probabilities(sequences):
    from sklearn.ensemble import StackingClassifier

    X, y = sequences
    member = LSTMClassifier(**TINY)
    model = StackingClassifier([("lstm", member)], cv=KFold(3)).fit(X, y)
    np.testing.assert_array_equal(
        model.transform(X)[:, 0], clone(member).fit(X, y).predict_proba(X)[:, 1]
    )


def test_voting_in_threads_equals_voting_one_by_one(series):
    import torch
    from joblib import parallel_backend
    from sklearn.ensemble import VotingRegressor

    X, y = series
    members = [(f"seed{i}", windowed(dropout=0.3, random_state=i)) for i in range(4)]
    one_by_one = VotingRegressor(members, n_jobs=1).fit(X, y).predict(X)
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    with parallel_backend("threading", n_jobs=4):
        in_threads = VotingRegressor(members, n_jobs=4).fit(X, y).predict(X)
    np.testing.assert_array_equal(in_threads, one_by_one)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_voting_members_with_other_seeds_differ(series):
    X, y = series
    first, second = (
        windowed(random_state=seed).fit(X, y).predict(X).round(4) for seed in (0, 1)
    )
    assert (first != second).mean() > 0.9


def test_calibration_keeps_the_order_and_mends_the_probabilities(sequences):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.metrics import log_loss

    X, y = sequences
    y = np.where(np.arange(90) % 4 == 0, "up", y)
    model = LSTMClassifier(hidden_size=8, max_epochs=80, learning_rate=0.05, random_state=0)
    model.fit(X[:45], y[:45])
    calibrated = CalibratedClassifierCV(FrozenEstimator(model)).fit(X[45:], y[45:])
    raw, mended = model.predict_proba(X[45:]), calibrated.predict_proba(X[45:])
    in_order = mended[np.argsort(raw[:, 1]), 1]
    assert (np.diff(in_order) >= 0).all()
    assert log_loss(y[45:], mended) < 0.9 * log_loss(y[45:], raw)


def test_calibration_by_folds_fits_each_fold_anew(sequences):
    from sklearn.calibration import CalibratedClassifierCV

    X, y = sequences
    model = CalibratedClassifierCV(LSTMClassifier(**TINY), cv=KFold(3)).fit(X, y)
    for (train, _), fold in zip(
        KFold(3).split(X), model.calibrated_classifiers_, strict=True
    ):
        by_hand = LSTMClassifier(**TINY).fit(X[train], y[train])
        np.testing.assert_array_equal(
            fold.estimator.predict_proba(X), by_hand.predict_proba(X)
        )


def test_permutation_importance_finds_the_feature_that_matters(series):
    X, y = series
    model = windowed(hidden_size=16, max_epochs=60, learning_rate=0.03).fit(X, y)
    result = permutation_importance(model, X, y, n_repeats=3, random_state=0)
    used, unused = result.importances_mean
    assert used > 1
    assert abs(unused) < 0.1


def test_permutation_importance_finds_the_time_step_that_matters(sequences):
    X, _ = sequences
    model = LSTMRegressor(hidden_size=8, max_epochs=60, random_state=0).fit(X, X[:, 3])
    result = permutation_importance(model, X, X[:, 3], n_repeats=3, random_state=0)
    assert result.importances_mean.argmax() == 3
    assert np.delete(result.importances_mean, 3).max() < 0.3


calls = []


def count_call(X):
    calls.append(len(X))
    return X


@pytest.mark.parametrize("early_stopping", [False, True])
def test_memory_caches_the_windows_and_changes_no_prediction(
    series, tmp_path, early_stopping
):
    X, y = series

    def pipeline(memory):
        return Pipeline(
            [
                ("count", FunctionTransformer(count_call)),
                ("windows", SlidingWindowTransformer(window_length=3)),
                ("lstm", LSTMRegressor(early_stopping=early_stopping, **TINY)),
            ],
            memory=memory,
        )

    plain = pipeline(None).fit(X, y).predict(X)
    calls.clear()
    cold = pipeline(str(tmp_path)).fit(X, y)
    assert calls == [90]
    warm = pipeline(str(tmp_path)).fit(X, y)
    assert calls == [90]
    for model in (cold, warm):
        np.testing.assert_allclose(model.predict(X), plain, rtol=1e-6)


def test_memory_caches_windows_of_groups(series, tmp_path):
    from sklearn import config_context

    X, y = series
    groups = np.tile([0, 1], 45)
    with config_context(enable_metadata_routing=True):
        windows = SlidingWindowTransformer(window_length=3)
        windows.set_fit_request(groups=True).set_transform_request(groups=True)
        model = make_pipeline(windows, LSTMRegressor(**TINY))
        plain = model.fit(X, y, groups=groups).predict(X, groups=groups)
        model.set_params(memory=str(tmp_path))
        for _ in range(2):
            cached = model.fit(X, y, groups=groups).predict(X, groups=groups)
            np.testing.assert_array_equal(cached, plain)
