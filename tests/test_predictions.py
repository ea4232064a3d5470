"""Predictions of fitted estimators, against the equations and against each other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from sklearn.pipeline import make_pipeline

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
    StreamPredictor,
)
from sklstm.training import _trained_model
from tests.network import oracle


def make_data(n=40, n_timesteps=6, n_features=2, n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(5, 3, size=(n, n_timesteps, n_features))
    y = 100 + 10 * X[:, -1, :1] + rng.normal(size=(n, n_outputs))
    return X, y[:, 0] if n_outputs == 1 else y


def by_hand(model, X):
    """Prediction of a fitted regressor from its weights, in NumPy."""
    scaling = model._model.encoding.scaling
    rows = [oracle.fill((x - scaling.mean) / scaling.scale, 0.0) for x in X]
    values = np.array([oracle.network_output(model.module_, x) for x in rows])
    return model._model.targets.scaling.invert(values)


@pytest.fixture(scope="module", params=[False, True], ids=["one-way", "two-way"])
def model(request):
    X, y = make_data(n_outputs=2)
    X[3, 2] = np.nan
    X[4, :, 1] = np.nan
    return LSTMRegressor(
        hidden_size=8,
        num_layers=2,
        bidirectional=request.param,
        max_epochs=3,
        dtype="float64",
        random_state=0,
    ).fit(X, y)


def test_prediction_is_that_of_the_equations(model):
    X, _ = make_data(seed=1)
    np.testing.assert_allclose(model.predict(X), by_hand(model, X), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(missing=arrays(bool, (3, 6, 2)))
def test_any_pattern_of_missing_values_is_read_as_documented(model, missing):
    X, _ = make_data(n=3, seed=2)
    X[missing] = np.nan
    np.testing.assert_allclose(model.predict(X), by_hand(model, X), rtol=1e-9)


def test_masking_a_step_equals_deleting_it(model):
    X, _ = make_data(seed=3)
    masked = X.copy()
    masked[:, 2] = np.nan
    expected = model.predict(np.delete(X, 2, axis=1))
    np.testing.assert_allclose(model.predict(masked), expected, rtol=1e-9)


def test_masking_leaves_no_trace_in_float32():
    X, y = make_data()
    model = LSTMRegressor(max_epochs=3, random_state=0).fit(X, y)
    masked = np.concatenate([np.full((40, 5, 2), np.nan), X], axis=1)
    np.testing.assert_allclose(model.predict(masked), model.predict(X), rtol=1e-6)


def test_a_prediction_does_not_depend_on_the_other_rows():
    X, y = make_data(n=300)
    X[::7, :2] = np.nan
    model = LSTMRegressor(max_epochs=3, random_state=0).fit(X, y)
    together = model.predict(X)
    alone = np.concatenate([model.predict(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_array_equal(alone, together)


def test_a_view_and_a_copy_of_windows_give_the_same_model():
    rows = np.random.default_rng(0).normal(size=(90, 3))
    view = SlidingWindowTransformer(window_length=7).fit_transform(rows)
    y = rows.sum(axis=1)
    first = LSTMRegressor(max_epochs=3, random_state=0, dtype="float64").fit(view, y)
    second = LSTMRegressor(max_epochs=3, random_state=0, dtype="float64").fit(
        np.array(view), y
    )
    np.testing.assert_allclose(first.predict(view), second.predict(view), rtol=1e-9)


def test_lazy_windows_and_their_values_give_the_same_model():
    rows = np.random.default_rng(0).normal(size=(60, 3))
    lazy = SlidingWindowTransformer(lags=[0, 1, 5]).fit_transform(
        rows, groups=np.repeat([0, 1, 2], 20)
    )
    y = rows.sum(axis=1)
    options = {"max_epochs": 3, "random_state": 0, "dtype": "float64"}
    first = LSTMRegressor(**options).fit(lazy, y)
    second = LSTMRegressor(**options).fit(np.asarray(lazy), y)
    expected = second.predict(np.asarray(lazy))
    np.testing.assert_allclose(first.predict(lazy), expected, rtol=1e-9)


def test_two_dimensions_are_steps_of_one_feature():
    X, y = make_data(n_features=1)
    options = {"max_epochs": 2, "random_state": 0}
    flat = LSTMRegressor(**options).fit(X[:, :, 0], y)
    deep = LSTMRegressor(**options).fit(X, y)
    np.testing.assert_array_equal(flat.predict(X[:, :, 0]), deep.predict(X))
    assert (flat.n_features_in_, deep.n_features_in_) == (6, 1)


def test_units_of_input_and_target_do_not_matter():
    X, y = make_data()
    options = {"max_epochs": 5, "random_state": 0, "dtype": "float64"}
    plain = LSTMRegressor(**options).fit(X, y).predict(X)
    scaled = LSTMRegressor(**options).fit(1000 * X - 7, 3e6 * y + 1).predict(1000 * X - 7)
    np.testing.assert_allclose(scaled, 3e6 * plain + 1, rtol=1e-9)


def test_small_changes_on_a_high_level_survive_float32():
    X, y = make_data()
    options = {"max_epochs": 5, "random_state": 0}
    plain = LSTMRegressor(**options).fit(X, y).predict(X)
    lifted = LSTMRegressor(**options).fit(X + 1e9, y).predict(X + 1e9)
    np.testing.assert_allclose(lifted, plain, rtol=1e-3)


def test_without_standardisation_the_network_sees_the_values_themselves():
    X, y = make_data()
    model = LSTMRegressor(standardize=False, max_epochs=1, random_state=0).fit(X, y)
    with torch.no_grad():
        expected = model.module_(torch.tensor(X, dtype=torch.float32))[:, 0].numpy()
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-5)


@pytest.mark.parametrize("labels", [["no", "yes"], [3, 1, 2], [True, False]])
def test_classifier_learns_any_labels(labels):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 8))
    codes = np.digitize(
        X[:, -3:].mean(axis=1), np.linspace(-0.4, 0.4, len(labels) + 1)[1:-1]
    )
    y = np.array(labels)[codes]
    model = LSTMClassifier(random_state=0).fit(X, y)
    assert list(model.classes_) == sorted(labels)
    assert model.score(X, y) > 0.95
    probability = model.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
    assert (model.classes_[probability.argmax(axis=1)] == model.predict(X)).all()


def test_column_and_flat_targets_agree_and_a_column_warns():
    X, y = make_data()
    flat = LSTMRegressor(max_epochs=2, random_state=0).fit(X, y)
    with pytest.warns(UserWarning, match="column-vector"):
        column = LSTMRegressor(max_epochs=2, random_state=0).fit(X, y[:, None])
    assert column.predict(X).shape == (40,)
    np.testing.assert_array_equal(column.predict(X), flat.predict(X))


def test_many_outputs_have_a_loss_without_broadcast():
    X, y = make_data(n_outputs=3)
    model = LSTMRegressor(max_epochs=1, learning_rate=1e-12, random_state=0).fit(X, y)
    assert model.predict(X).shape == (40, 3)
    residual = (model.predict(X) - y) / y.std(axis=0)
    np.testing.assert_allclose(model.loss_curve_[0], (residual**2).mean(), rtol=1e-4)


def test_series_shorter_than_the_window_is_masked():
    rows = np.random.default_rng(0).normal(size=(8, 2))
    windows = SlidingWindowTransformer(window_length=50).fit_transform(rows)
    model = LSTMRegressor(max_epochs=2, random_state=0).fit(windows, rows[:, 0])
    assert np.isfinite(model.predict(windows)).all()


@pytest.mark.parametrize("kind", ["view", "stored", "lags", "groups", "flat"])
def test_parts_of_a_long_prediction_are_joined(kind, monkeypatch):
    rows = np.random.default_rng(0).normal(size=(1500, 2))
    rows[::7, 1] = np.nan
    rows[::11] = np.nan
    windows = {
        "view": lambda: SlidingWindowTransformer(5).fit_transform(rows),
        "stored": lambda: np.array(SlidingWindowTransformer(5).fit_transform(rows)),
        "lags": lambda: SlidingWindowTransformer(lags=[0, 2, 9]).fit_transform(rows),
        "groups": lambda: SlidingWindowTransformer(5).fit_transform(
            rows, groups=np.arange(1500) % 3
        ),
        "flat": lambda: np.random.default_rng(0).normal(size=(1500, 6)),
    }[kind]()
    model = LSTMRegressor(hidden_size=4, max_epochs=1, random_state=0)
    model.fit(windows, np.arange(1500.0))
    expected = model.predict(windows)
    monkeypatch.setattr(_trained_model, "PREDICTION_VALUES", 512)
    np.testing.assert_array_equal(model.predict(windows), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.5},
        {"convolution": "beside", "conv_filters": (4,), "conv_kernel_sizes": (3,)},
        {"pooling": "attention", "dropout": 0.5, "num_layers": 2},
    ],
    ids=str,
)
def test_a_network_that_is_trained_further_by_hand_predicts_as_it_does_in_use(options):
    X, y = make_data()
    model = LSTMClassifier(hidden_size=4, max_epochs=2, random_state=0, **options)
    model.fit(X, y > np.median(y))
    asked = [model.predict_proba, model.transform]
    if "pooling" in options:
        asked.append(model.attention_weights)
    for ask in asked:
        expected = ask(X)
        model.module_.train()
        np.testing.assert_array_equal(ask(X), expected)


def test_a_stream_predicts_as_in_use_too():
    rows = make_data()[0][0]
    pipeline = make_pipeline(
        SlidingWindowTransformer(3), LSTMRegressor(hidden_size=4, max_epochs=2, dropout=0.5)
    )
    pipeline.fit(rows, rows[:, 0])
    stream, again = StreamPredictor(pipeline), StreamPredictor(pipeline)
    expected = [stream.observe_predict(row) for row in rows]
    pipeline[-1].module_.train()
    assert [again.observe_predict(row) for row in rows] == expected
