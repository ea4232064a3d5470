"""The last layer solved in closed form, beside scikit-learn's ridge regression."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import Ridge
from skorch.callbacks import Callback

from sklstm import LSTMRegressor, SlidingWindowTransformer, sliding_windows
from sklstm.estimators._start import Units
from sklstm.estimators._training import as_data
from sklstm.samples._samples import Samples
from sklstm.training._head_refit import (
    PENALTIES,
    Moments,
    Part,
    _parts,
    ridge_path,
    squared_errors,
)

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
    """A layer, by an alpha that grows with the samples."""
    ridge = Ridge(alpha=penalty * weight.sum()).fit(reads, y, weight)
    return np.append(ridge.coef_, ridge.intercept_)


def parts(reads, y, weight, *cuts):
    tensors = [torch.from_numpy(v).double() for v in (reads, y, weight)]
    return [
        Part(*each) for each in zip(*(t.tensor_split(cuts) for t in tensors), strict=True)
    ]


@pytest.mark.parametrize("missing", [0, 40, 90])
def test_the_path_is_that_of_ridge_regressions(rng, missing):
    reads, y = rng.normal([3, 0, -5], [1, 4, 0.1], size=(90, 3)), rng.normal(size=(90, 2))
    weight = rng.uniform(0, 2, size=(90, 1)) * np.ones((1, 2))
    weight[:missing, 1] = y[:missing, 1] = 0
    moments = Moments.of(parts(reads, y, weight, 30, 50))
    assert len(moments.reads) == (2 if missing else 1)
    penalties = [1e-4, 1.0, 1e3]
    path = ridge_path(moments, torch.tensor(penalties)).numpy()
    for penalty, layer in zip(penalties, path, strict=True):
        for k in range(2):
            expected = np.zeros(4)
            if weight[:, k].any():
                expected = by_scikit_learn(reads, y[:, k], weight[:, k], penalty)
            np.testing.assert_allclose(layer[k], expected, rtol=1e-6)
    errors, n_known = squared_errors(torch.from_numpy(path), parts(reads, y, weight, 7))
    assert n_known.tolist() == [90, 90 - missing]
    said = np.einsum("nd,pkd->pnk", reads, path[:, :, :-1]) + path[:, None, :, -1]
    expected = (weight * (said - y) ** 2).sum(axis=1)
    np.testing.assert_allclose(errors, expected, rtol=1e-9)


def test_a_sample_counts_as_often_as_is_said(rng):
    reads, y, weight = rng.normal(size=(60, 3)), rng.normal(size=(60, 1)), np.ones((60, 1))
    first, second = (
        Moments.of(part, (torch.zeros(3), torch.zeros(1)))
        for part in ([p] for p in parts(reads, y, weight, 40))
    )
    weight[40:] = 0.5
    for layer, penalty in zip(ridge_path(first + second * 0.5), PENALTIES, strict=True):
        expected = by_scikit_learn(reads, y[:, 0], weight[:, 0], float(penalty))
        np.testing.assert_allclose(layer[0], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("level", [0.0, 1e4, 1e7])
def test_small_changes_about_a_large_value_are_not_drowned(rng, level):
    reads = level + rng.normal(size=(80, 2))
    y = reads.sum(axis=1, keepdims=True) - 2 * level + 1e3 * level
    moments = Moments.of(parts(reads, y, np.ones_like(y), 20, 50))
    (layer,) = ridge_path(moments, torch.tensor([1e-9])).numpy()
    np.testing.assert_allclose(layer[0, :2], [1, 1], rtol=1e-6)


def test_values_that_say_nothing_have_no_weight(rng):
    reads = np.column_stack([rng.normal(size=50), np.full(50, 0.3), np.zeros(50)])
    y = 2 * reads[:, :1] + 1
    moments = Moments.of(parts(reads, y, np.ones((50, 1))))
    (layer,) = ridge_path(moments, torch.tensor([1e-9])).numpy()
    np.testing.assert_allclose(layer[0, [0, 3]], [2, 1], rtol=1e-6)
    assert abs(layer[0, 1]) < 1e-6
    assert layer[0, 2] == 0


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

    for k, column in enumerate(target.T):

        def solved(part, penalty, column=column):
            return by_scikit_learn(states[part], column[part], weight[part], penalty)

        def error(layer, column=column):
            said = states[held] @ layer[:-1] + layer[-1]
            return (weight[held] * (said - column[held]) ** 2).sum()

        best = min(PENALTIES.tolist(), key=lambda penalty: error(solved(train, penalty)))
        assert model.head_penalties_[k] == pytest.approx(best)
        layer = solved(train if given else slice(None), best)
        said = model.predict(X).reshape(target.shape)[:, k]
        np.testing.assert_allclose(said, states @ layer[:-1] + layer[-1], atol=1e-4)


def test_it_is_another_layer_over_the_same_states():
    X, y = sequences()
    options = {**SMALL, "early_stopping": True}
    trained = LSTMRegressor(**options).fit(X, y)
    solved = LSTMRegressor(**options, refit_head=True).fit(X, y)
    np.testing.assert_array_equal(trained.transform(X), solved.transform(X))
    assert trained.loss_curve_ == solved.loss_curve_
    assert trained.validation_loss_curve_ == solved.validation_loss_curve_
    assert trained.head_penalties_ is None
    assert solved.score(X, y) > trained.score(X, y) + 0.02


def test_the_trained_layer_stays_where_it_is_better(rng):
    X, y = sequences()
    trained = LSTMRegressor(**SMALL).fit(X, y)
    X_val = rng.normal(size=(40, 8, 2))
    model = LSTMRegressor(**SMALL, refit_head=True)
    model.fit(X, y, X_val=X_val, y_val=trained.predict(X_val))
    assert np.isnan(model.head_penalties_).all()
    np.testing.assert_array_equal(model.predict(X), trained.predict(X))


def test_each_output_is_solved_or_stays_by_itself(rng):
    X, y = sequences(n_outputs=2)
    trained = LSTMRegressor(**SMALL).fit(X, y)
    X_val, y_val = sequences(190, n_outputs=2)
    X_val, y_val = X_val[150:], y_val[150:]
    y_val[:, 0] = trained.predict(X_val)[:, 0]
    model = LSTMRegressor(**SMALL, refit_head=True).fit(X, y, X_val=X_val, y_val=y_val)
    assert np.isnan(model.head_penalties_).tolist() == [True, False]
    same = model.predict(X) == trained.predict(X)
    assert same[:, 0].all()
    assert not same[:, 1].any()


@pytest.mark.parametrize(("n_known", "is_solved"), [(4, False), (5, True)])
def test_few_targets_choose_nothing(n_known, is_solved):
    X, y = sequences(n_outputs=2)
    X_val, y_val = X[100:], y[100:].copy()
    y_val[n_known:, 1] = np.nan
    model = LSTMRegressor(**SMALL, horizon=1, refit_head=True)
    model.fit(X[:100], y[:100], X_val=X_val, y_val=y_val)
    assert np.isfinite(model.head_penalties_).tolist() == [True, is_solved]


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
    """Whatever comes after the last layer, its errors are those of the network."""
    table = np.cumsum(rng.normal(size=(300, 2)), axis=0) + 40
    X, y = sliding_windows(table, table[:, 0], window_length=12)
    model = LSTMRegressor(**SMALL, **options, early_stopping=True, refit_head=True).fit(
        X, y
    )
    trained, windows = model._fitted(X)
    network, layer = model.module_, model.module_.head.linear
    units = Units(trained.architecture, trained.encoding, trained.targets)
    weight = rng.uniform(0, 2, len(y))
    data = as_data(network, units, Samples(windows, y[:, None], weight))
    inputs, target = data.gather(data.order())
    with torch.no_grad():
        said = network(*(inputs[name] for name in ("x", "lengths", "future", "history")))
    expected = (inputs["weight"][:, None] * (said - target) ** 2).sum(dim=0)
    layer = torch.cat([layer.weight, layer.bias[:, None]], dim=1).detach().double()
    ((error,), _) = squared_errors(layer[None], _parts(network, data, 50, lambda: None))
    torch.testing.assert_close(error.float(), expected, rtol=1e-3, atol=1e-4)


def test_it_is_kept_in_a_pickle():
    X, y = sequences()
    model = LSTMRegressor(**SMALL, refit_head=True, early_stopping=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.head_penalties_, model.head_penalties_)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("standardize", [True, False])
def test_targets_that_are_not_known_count_nothing(rng, standardize):
    rows = np.cumsum(rng.normal(size=(300, 1)), axis=0)
    y = np.column_stack([np.append(rows[k:], np.full(k, np.nan)) for k in (1, 2)])
    y[:, 1] = np.where(np.arange(300) % 3, y[:, 1], np.nan)
    windows = SlidingWindowTransformer(window_length=10).fit_transform(rows)
    train, held = slice(0, 200), slice(210, 298)
    model = LSTMRegressor(
        **SMALL, horizon=2, refit_head=True, standardize=standardize, dtype="float64"
    )
    model.fit(windows[train], y[train], X_val=windows[held], y_val=y[held])
    states, said = model.transform(windows[train]), model.predict(windows[train])
    # The last rows have targets that a forecaster does not know there.
    known = ~np.isnan(y[train]) & (np.arange(200)[:, None] < 199 - np.arange(2))
    for k, penalty in enumerate(model.head_penalties_):
        one = by_scikit_learn(
            states[known[:, k]],
            y[train][known[:, k], k],
            np.ones(known[:, k].sum()),
            penalty,
        )
        np.testing.assert_allclose(said[:, k], states @ one[:-1] + one[-1], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        (
            {"loss": "huber", "early_stopping": True},
            ".*Got loss='huber'. refit_head='auto'",
        ),
        ({"early_stopping": False}, "samples held out, by early_stopping=True or"),
        ({"early_stopping": True, "return_sequences": True}, ".*Got return_sequences=True"),
    ],
    ids=str,
)
def test_where_there_is_no_such_layer(options, needs):
    X, y = sequences(40)
    y = np.repeat(y[:, None], 8, axis=1) if "return_sequences" in options else y
    with pytest.raises(ValueError, match=f"refit_head=True needs {needs}"):
        LSTMRegressor(**SMALL, **options, refit_head=True).fit(X, y)
    model = LSTMRegressor(**SMALL, **options, refit_head="auto").fit(X, y)
    assert model.head_penalties_ is None


@pytest.mark.parametrize("way", ["partial_fit", "fit"])
def test_training_goes_on_from_the_layer_that_was_trained(way):
    """The other has seen the samples that are held out."""
    X, y = sequences()
    options = {**SMALL, "early_stopping": True, "warm_start": True}
    trained = LSTMRegressor(**options).fit(X, y)
    solved = LSTMRegressor(**options, refit_head=True).fit(X, y)
    solved = pickle.loads(pickle.dumps(solved))
    assert np.isfinite(solved.head_penalties_).all()
    for model in (trained, solved):
        model.set_params(refit_head=False)
        getattr(model, way)(X, y)
    assert solved.head_penalties_ is None
    assert solved.loss_curve_ == trained.loss_curve_
    np.testing.assert_array_equal(solved.predict(X), trained.predict(X))


def test_a_fit_that_is_interrupted_keeps_the_layer_that_was_trained():
    X, y = sequences()

    class Stop(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 3:
                raise KeyboardInterrupt

    options = {**SMALL, "max_epochs": 9, "learning_rate_schedule": "constant"}
    model = LSTMRegressor(**options, callbacks=[Stop()], refit_head=True)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    assert model.n_epochs_ == 2
    assert model.head_penalties_ is None


def test_a_flag_of_numpy_is_one():
    X, y = sequences(40)
    with pytest.raises(ValueError, match="refit_head=True needs samples held out"):
        LSTMRegressor(**SMALL, refit_head=np.True_).fit(X, y)
    assert LSTMRegressor(**SMALL, refit_head=np.False_).fit(X, y).head_penalties_ is None


def test_many_outputs_share_their_sums(rng):
    reads, y = rng.normal(size=(40, 30)), rng.normal(size=(40, 500))
    moments = Moments.of(parts(reads, y, np.ones_like(y), 20))
    assert moments.reads.shape == (1, 31, 31)
    assert ridge_path(moments).shape == (len(PENALTIES), 500, 31)
