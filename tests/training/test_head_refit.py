"""The last layer solved in closed form, beside scikit-learn's ridge regression."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklstm import LSTMRegressor, SlidingWindowTransformer, sliding_windows
from sklstm.sktime import LSTMTimeSeriesRegressor
from sklstm.training._head_refit import PENALTIES, Moments, ridge_path

SMALL = {"hidden_size": 6, "max_epochs": 3, "random_state": 0}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def sequences(n=150, n_outputs=1):
    """What a network of three epochs has in its states, but not in its outputs."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 8, 2))
    y = X[:, -1] @ rng.normal(size=(2, n_outputs)) + X.mean(axis=(1, 2))[:, None]
    return X, y[:, 0] if n_outputs == 1 else y


def by_scikit_learn(reads, y, weight, penalty):
    """A layer, from standardised values and an alpha that grows with the samples."""
    mean, count = np.average(reads, axis=0, weights=weight), weight.sum()
    scale = np.sqrt(np.average((reads - mean) ** 2, axis=0, weights=weight))
    ridge = Ridge(alpha=penalty * count).fit((reads - mean) / scale, y, weight)
    return np.append(ridge.coef_ / scale, ridge.intercept_ - ridge.coef_ / scale @ mean)


@pytest.mark.parametrize("missing", [0, 40])
def test_the_path_is_that_of_ridge_regressions(missing, rng):
    reads, y = rng.normal([3, 0, -5], [1, 4, 0.1], size=(90, 3)), rng.normal(size=(90, 2))
    weight = rng.uniform(0, 2, size=(90, 1)) * np.ones((1, 2))
    weight[:missing, 1] = 0
    whole = Moments.of(reads, y, weight)
    moments = Moments.of(reads[:30], y[:30], weight[:30])
    moments = moments.plus(Moments.of(reads[30:], y[30:], weight[30:]))
    for part, of_all in zip(moments, whole, strict=True):
        np.testing.assert_allclose(part, of_all, rtol=1e-12)
    penalties = np.array([1e-4, 1.0, 1e3])
    for penalty, layer in zip(penalties, ridge_path(moments, penalties), strict=True):
        for k in range(2):
            expected = by_scikit_learn(reads, y[:, k], weight[:, k], penalty)
            np.testing.assert_allclose(layer[k], expected, rtol=1e-6)
        said = reads @ layer[:, :-1].T + layer[:, -1]
        error = (weight * (said - y) ** 2).sum()
        np.testing.assert_allclose(moments.squared_error(layer), error, rtol=1e-9)


def test_values_that_say_nothing_have_no_weight(rng):
    reads = np.column_stack([rng.normal(size=50), np.full(50, 0.3), np.zeros(50)])
    moments = Moments.of(reads, 2 * reads[:, :1] + 1, np.ones((50, 1)))
    (layer,) = ridge_path(moments, np.array([1e-9]))
    np.testing.assert_allclose(layer[0], [2, 0, 0, 1], atol=1e-6)
    nothing = Moments.of(reads, 2 * reads[:, :1], np.zeros((50, 1)))
    assert not ridge_path(nothing).any()


@pytest.mark.parametrize("given", [True, False], ids=["given", "held out"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_the_head_is_the_ridge_that_the_samples_held_out_choose(n_outputs, given, rng):
    X, y = sequences(n_outputs=n_outputs)
    weight = rng.uniform(0.5, 2, size=len(X))
    train, held = slice(0, 120), slice(120, 150)
    model = LSTMRegressor(
        **SMALL, refit_head=True, early_stopping=not given, validation_fraction=0.2
    )
    if given:
        more = {"X_val": X[held], "y_val": y[held], "sample_weight_val": weight[held]}
        model.fit(X[train], y[train], weight[train], **more)
    else:
        model.fit(X, y, weight)
    trained = clone(model).set_params(refit_head=False)
    trained = trained.fit(X[train], y[train], weight[train], **more) if given else trained
    states, target = model.transform(X), y.reshape(len(y), -1)

    def solved(part, penalty):
        layers = [
            by_scikit_learn(states[part], column[part], weight[part], penalty)
            for column in target.T
        ]
        return np.stack(layers)

    def error(layer):
        said = states[held] @ layer[:, :-1].T + layer[:, -1]
        unit = model._model.targets.unit  # in which each target is learnt
        return (weight[held, None] * ((said - target[held]) / unit) ** 2).sum()

    errors = [error(solved(train, penalty)) for penalty in PENALTIES]
    best = PENALTIES[np.argmin(errors)]
    assert model.head_penalty_ == pytest.approx(best)
    layer = solved(train if given else slice(None), best)
    said = states @ layer[:, :-1].T + layer[:, -1]
    np.testing.assert_allclose(model.predict(X), said.reshape(y.shape), atol=1e-4)


def test_it_is_another_layer_over_the_same_states():
    X, y = sequences()
    options = {**SMALL, "early_stopping": True}
    trained = LSTMRegressor(**options).fit(X, y)
    solved = LSTMRegressor(**options, refit_head=True).fit(X, y)
    np.testing.assert_array_equal(trained.transform(X), solved.transform(X))
    assert trained.loss_curve_ == solved.loss_curve_
    assert trained.validation_loss_curve_ == solved.validation_loss_curve_
    assert trained.head_penalty_ is None
    assert solved.score(X, y) > trained.score(X, y) + 0.02


def test_the_trained_layer_stays_where_it_is_better(rng):
    X, y = sequences()
    trained = LSTMRegressor(**SMALL).fit(X, y)
    X_val = rng.normal(size=(40, 8, 2))
    model = LSTMRegressor(**SMALL, refit_head=True)
    model.fit(X, y, X_val=X_val, y_val=trained.predict(X_val))
    assert model.head_penalty_ is None
    np.testing.assert_array_equal(model.predict(X), trained.predict(X))


def test_where_nothing_varies_the_layer_is_its_bias():
    X, _ = sequences()
    model = LSTMRegressor(**SMALL, refit_head=True, early_stopping=True)
    np.testing.assert_array_equal(model.fit(X, np.full(len(X), 3.0)).predict(X), 3.0)


@pytest.mark.parametrize(
    "options",
    [
        {"instance_norm": "standard", "target_features": [0]},
        {"instance_norm": "affine", "target_features": [0], "head_sizes": [5]},
        {"instance_scale": True, "target_features": [0]},
        {"season_length": 4, "season": "skip", "target_features": [0]},
        {"season_length": 4, "season": "additive", "target_features": [0]},
        {"instance_norm": "level", "target_features": ()},
    ],
    ids=str,
)
def test_what_is_put_back_is_counted(options, rng):
    """Whatever comes after the last layer, its errors are those of the predictions."""
    table = np.cumsum(rng.normal(size=(300, 2)), axis=0) + 40
    X, y = sliding_windows(table, table[:, 0], window_length=12)
    model = LSTMRegressor(**SMALL, **options, early_stopping=True, validation_fraction=0.3)
    trained, solved = (
        clone(model).set_params(refit_head=refit).fit(X, y) for refit in (False, True)
    )
    data = solved._model.data(X)
    inputs, _ = data.gather(data.order())
    read = [inputs[name] for name in ("x", "lengths", "future", "history")]
    network = solved.module_
    with torch.no_grad():
        values, offset, factor = network.before_last_layer(*read)
        expected = network(*read)
        said = offset + factor * network.head.linear(values)
    torch.testing.assert_close(said, expected, rtol=1e-4, atol=1e-4)
    if solved.head_penalty_ is None:
        np.testing.assert_array_equal(solved.predict(X), trained.predict(X))
    else:
        assert np.mean((solved.predict(X) - y) ** 2) < np.mean(
            (trained.predict(X) - y) ** 2
        )


def test_it_is_kept_in_a_pickle():
    X, y = sequences()
    model = LSTMRegressor(**SMALL, refit_head=True, early_stopping=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert again.head_penalty_ == model.head_penalty_
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_targets_that_are_not_known_count_nothing(rng):
    rows = np.cumsum(rng.normal(size=(200, 1)), axis=0)
    y = np.column_stack([np.append(rows[k:], np.full(k, np.nan)) for k in (1, 2)])
    windows = SlidingWindowTransformer(window_length=10).fit_transform(rows)
    options = {**SMALL, "horizon": 2, "early_stopping": True, "refit_head": True}
    model = LSTMRegressor(**options).fit(windows, y)
    assert np.isfinite(model.predict(windows)).all()
    y[:, 1] = np.where(np.arange(200) % 3, y[:, 1], np.nan)
    assert np.isfinite(LSTMRegressor(**options).fit(windows, y).predict(windows)).all()


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        ({"loss": "huber", "early_stopping": True}, "loss='squared_error'"),
        ({"early_stopping": False}, "early_stopping=True"),
        ({"early_stopping": True, "return_sequences": True}, "return_sequences=False"),
    ],
    ids=str,
)
def test_where_there_is_no_such_layer(options, needs):
    X, y = sequences(40)
    y = np.repeat(y[:, None], 8, axis=1) if "return_sequences" in options else y
    with pytest.raises(ValueError, match=f"refit_head=True needs .*{needs}"):
        LSTMRegressor(**SMALL, **options, refit_head=True).fit(X, y)
    model = LSTMRegressor(**SMALL, **options, refit_head="auto").fit(X, y)
    assert model.head_penalty_ is None


def test_one_more_pass_leaves_the_layer_to_training():
    X, y = sequences()
    model = LSTMRegressor(**SMALL, refit_head=True, early_stopping=True).fit(X, y)
    assert model.head_penalty_ is not None
    assert model.partial_fit(X, y).head_penalty_ is None


def test_series_of_other_numbers_have_it_by_default(rng):
    X = rng.normal(size=(80, 2, 15))
    y = 3 * X[:, 0, -4] + X[:, 1].max(axis=1)
    options = {"max_epochs": 5, "random_state": 0}
    solved = LSTMTimeSeriesRegressor(**options).fit(X, y)
    trained = LSTMTimeSeriesRegressor(**options, refit_head=False).fit(X, y)
    assert solved.estimator_.head_penalty_ is not None
    assert solved.score(X, y) > trained.score(X, y)
