"""Schedules, averaging, decay and losses, against their formulas."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.training import SCHEDULES

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 6, 2))
Y = X[:, -1, 0] + 0.1 * rng.normal(size=64)
LABELS = np.digitize(Y, [-0.5, 0.5])
TINY = {"hidden_size": 4, "batch_size": 16, "max_epochs": 5, "random_state": 0}


class Steps(Callback):
    """Record the rate of each step, and the weights after it."""

    def __init__(self):
        self.rates = []
        self.weights = []

    def on_grad_computed(self, net, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])

    def on_batch_end(self, net, training, **kwargs):
        if training:
            self.weights.append(flat(net.module_))


def flat(module):
    return torch.cat([w.detach().ravel() for w in module.parameters()]).clone().numpy()


def rates(schedule, **options):
    steps = Steps()
    options = TINY | {"learning_rate": 0.1, "callbacks": [steps]} | options
    LSTMRegressor(learning_rate_schedule=schedule, **options).fit(X, Y)
    return np.array(steps.rates)


def test_warm_up_rises_over_a_tenth_and_falls_along_a_cosine():
    got = rates("warmup", max_epochs=10)
    step = np.arange(40)
    rising = 0.1 * (step + 1) / 4
    falling = 0.05 * (1 + np.cos(np.pi * (step - 4) / 36))
    np.testing.assert_allclose(got, np.where(step < 4, rising, falling), rtol=1e-12)


def test_one_cycle_rises_to_the_learning_rate_and_falls_to_nothing():
    got = rates("one_cycle")
    top = got.argmax()
    assert 4 <= top <= 7
    np.testing.assert_allclose(got[[0, top]], [0.1 / 25, 0.1], rtol=0.05)
    assert (np.diff(got[: top + 1]) > 0).all()
    assert (np.diff(got[top:]) < 0).all()
    assert got[-1] < 0.02


def test_a_schedule_that_wants_more_than_the_optimiser_is_told_how():
    model = LSTMRegressor(**TINY, learning_rate_schedule=torch.optim.lr_scheduler.StepLR)
    with pytest.raises(TypeError, match=r"functools\.partial"):
        model.fit(X, Y)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("max_epochs", [1, 2])
def test_every_schedule_can_be_short_and_go_on(schedule, max_epochs):
    options = TINY | {"max_epochs": max_epochs, "batch_size": 64}
    model = LSTMRegressor(learning_rate_schedule=schedule, warm_start=True, **options)
    model.fit(X, Y).fit(X, Y)
    assert model.n_epochs_ == 2 * max_epochs


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_kept_weights_are_the_moving_average_of_all_steps(decay):
    steps = Steps()
    model = LSTMRegressor(**TINY, weight_averaging=decay, callbacks=[steps])
    first = copy.deepcopy(LSTMRegressor(**TINY | {"learning_rate": 1e-30}).fit(X, Y))
    model.fit(X, Y)
    average = flat(first.module_).astype(float)
    for t, weights in enumerate(steps.weights, start=1):
        d = min(decay, (1 + t) / (10 + t))
        average = d * average + (1 - d) * weights
    np.testing.assert_allclose(flat(model.module_), average, rtol=1e-4, atol=1e-6)


def test_training_goes_on_from_weights_that_are_not_averaged():
    plain, averaged = Steps(), Steps()
    LSTMRegressor(**TINY, callbacks=[plain]).fit(X, Y)
    LSTMRegressor(**TINY, callbacks=[averaged], weight_averaging=0.9).fit(X, Y)
    np.testing.assert_array_equal(plain.weights, averaged.weights)


def test_the_average_is_what_validation_judges_and_the_best_epoch_keeps():
    model = LSTMRegressor(**TINY, weight_averaging=0.9, early_stopping=True)
    model.fit(X, Y, X_val=X[:20], y_val=Y[:20])
    error = (model.predict(X[:20]) - Y[:20]) / Y.std()
    best = model.validation_loss_curve_[model.best_epoch_ - 1]
    np.testing.assert_allclose(np.mean(error**2), best, rtol=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_decay_is_the_optimisers_own(optimizer):
    model = LSTMRegressor(**TINY, optimizer=optimizer, weight_decay=0.3).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.3
    plain = LSTMRegressor(**TINY, optimizer=optimizer).fit(X, Y)
    assert np.abs(flat(model.module_)).sum() < np.abs(flat(plain.module_)).sum()


def test_decay_may_change_when_training_goes_on():
    model = LSTMRegressor(**TINY, weight_decay=0.1, warm_start=True).fit(X, Y)
    model.set_params(weight_decay=0.2).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.2


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_a_quantile_of_a_constant_input_is_that_of_the_targets(quantile):
    y = np.random.default_rng(1).exponential(size=400)
    model = LSTMRegressor(
        loss="quantile", quantile=quantile, batch_size=400, max_epochs=400, random_state=0
    )
    model.fit(np.zeros((400, 1)), y)
    expected = np.quantile(y, quantile)
    assert model.predict(np.zeros((1, 1)))[0] == pytest.approx(expected, abs=0.05)


def test_the_quantile_may_change_when_training_goes_on():
    model = LSTMRegressor(**TINY, loss="quantile", quantile=0.1, warm_start=True).fit(X, Y)
    low = model.predict(X)
    model.set_params(quantile=0.9, max_epochs=30).fit(X, Y)
    assert (model.predict(X) > low).mean() > 0.9


def test_smoothed_labels_give_the_loss_of_their_formula():
    share = 0.3
    model = LSTMClassifier(
        **TINY | {"max_epochs": 1, "batch_size": 64, "dtype": "float64"},
        label_smoothing=share,
        learning_rate=1e-30,
    ).fit(X, LABELS)
    logits = np.log(model.predict_proba(X))
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    spread = np.full((64, 3), share / 3)
    spread[np.arange(64), LABELS] += 1 - share
    np.testing.assert_allclose(model.loss_curve_[0], -(spread * log_p).sum(1).mean())


def test_attention_is_read_in_the_order_of_time():
    x = X.copy()
    x[0, :3] = x[1, 2] = x[2] = np.nan
    model = LSTMRegressor(**TINY, pooling="attention").fit(x, Y)
    weights = model.attention_weights(x)
    assert weights.shape == (64, 6)
    assert (weights[~np.isnan(x[:, :, 0])] > 0).all()
    assert (weights[np.isnan(x[:, :, 0])] == 0).all()
    np.testing.assert_allclose(np.delete(weights.sum(axis=1), 2), 1, rtol=1e-5)
    gap = model.attention_weights(np.delete(x[1:2], 2, axis=1))
    np.testing.assert_allclose(np.delete(weights[1], 2), gap[0], rtol=1e-5)


def test_attention_needs_its_pooling():
    model = LSTMRegressor(**TINY).fit(X, Y)
    with pytest.raises(AttributeError, match="attention_weights") as error:
        model.attention_weights(X)
    assert "pooling='attention'" in str(error.value)
    assert not hasattr(model.set_params(pooling="attention"), "attention_weights")
    assert hasattr(LSTMRegressor(pooling="attention"), "attention_weights")


def test_categories_are_not_standardised_and_unknown_ones_are_alike():
    tokens = rng.integers(0, 30, size=(200, 8)).astype(float)
    tokens[rng.random(tokens.shape) < 0.1] = np.nan
    y = (tokens == 7).any(axis=1)
    model = LSTMClassifier(
        categorical_features=0, embedding_size=8, max_epochs=40, random_state=0
    )
    model.fit(tokens, y)
    assert model.score(tokens, y) == 1
    assert model.module_.embedding.lookups[0].known.tolist() == [*range(30), np.inf]
    assert (
        model._model.encoding.scaling.mean[0],
        model._model.encoding.scaling.scale[0],
    ) == (0, 1)
    new = np.full((3, 8), 2.0)
    new[:, 3] = [30, 1e6, -4]
    probability = model.predict_proba(new)
    np.testing.assert_allclose(probability[1:], probability[[0, 0]], rtol=1e-6)


def test_numbers_of_features_may_be_any_sequence():
    table = np.stack([rng.normal(size=(50, 5)), rng.integers(0, 4, size=(50, 5))], axis=2)
    model = LSTMRegressor(
        **TINY, instance_norm="last", target_features=(0,), categorical_features=[1]
    )
    expected = model.fit(table, Y[:50]).predict(table)
    model.set_params(target_features=[0], categorical_features=np.array([1]))
    np.testing.assert_array_equal(model.fit(table, Y[:50]).predict(table), expected)
    model.set_params(warm_start=True, target_features=np.array([0])).fit(table, Y[:50])
    model.categorical_features = (0,)
    with pytest.raises(ValueError, match="categorical_features must stay what it was"):
        model.fit(table, Y[:50])


def test_a_missing_category_is_unknown_and_not_the_first():
    table = np.stack([rng.normal(size=(50, 5)), rng.integers(0, 4, size=(50, 5))], axis=2)
    model = LSTMRegressor(**TINY, categorical_features=[1]).fit(table, Y[:50])
    missing, unknown, first = (table[:1].copy() for _ in range(3))
    missing[0, 0, 1], unknown[0, 0, 1], first[0, 0, 1] = np.nan, 9, 0
    got = model.predict(missing)
    np.testing.assert_allclose(got, model.predict(unknown), rtol=1e-6)
    assert abs(got - model.predict(first)) > 1e-6


@pytest.mark.parametrize("bad", [0.5, -1, 2**24])
def test_a_category_that_is_no_index_is_refused(bad):
    with pytest.raises(ValueError, match="X must have integers from 0"):
        LSTMRegressor(categorical_features=0).fit([[1, 2], [bad, 3]], [0, 1])


@pytest.mark.parametrize("features", [2, -1, [0, 5], ["a"]])
def test_a_category_that_is_no_feature_is_refused(features):
    with pytest.raises(ValueError, match="categorical_features must be features of X"):
        LSTMRegressor(categorical_features=features).fit(X, Y)


@pytest.mark.parametrize(
    "options",
    [
        {"head_sizes": [0]},
        {"head_sizes": ["a"]},
        {"convolution": "before", "conv_filters": []},
        {"convolution": "beside", "conv_filters": [3], "conv_kernel_sizes": [3, 3]},
    ],
)
def test_sizes_that_are_none_are_refused(options):
    name = next(reversed(options)) if "head_sizes" in options else "conv_filters"
    with pytest.raises(ValueError, match=name):
        LSTMRegressor(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "filters", "kernels"),
    [
        ({"convolution": "beside"}, (128, 256, 128), (8, 5, 3)),
        ({"convolution": "before"}, (32,), (5,)),
        ({"convolution": "before", "conv_filters": (4, 6)}, (4, 6), (5, 5)),
        ({"convolution": "before", "conv_filters": [4, 6, 3]}, (4, 6, 3), (8, 5, 3)),
        ({"convolution": "before", "conv_kernel_sizes": [3]}, (32,), (3,)),
    ],
)
def test_sizes_of_convolutions_that_are_not_given(options, filters, kernels):
    architecture = LSTMRegressor(**TINY, **options).fit(X, Y)._model.architecture
    assert architecture["conv_filters"] == filters
    assert architecture["conv_kernel_sizes"] == kernels


@pytest.mark.parametrize("convolution", ["before", "beside"])
@pytest.mark.parametrize("seed", [0, 1])
def test_with_convolutions_the_defaults_learn(convolution, seed):
    x = np.random.default_rng(seed).normal(size=(300, 12, 3))
    y = x[:, -1, 0]
    model = LSTMRegressor(convolution=convolution, max_epochs=30, random_state=seed)
    assert model.fit(x, y).score(x, y) > 0.98


@pytest.mark.parametrize(
    "options",
    [
        {"convolution": "beside", "conv_filters": (4, 6), "conv_kernel_sizes": (3, 2)},
        {"convolution": "before", "conv_filters": [4], "conv_kernel_sizes": [3]},
        {"cell": "peephole", "layer_norm": True, "patch_length": 2},
        {"pooling": "attention", "head_sizes": (3,), "weight_averaging": 0.9},
        {"instance_norm": "affine", "target_features": 0},
    ],
    ids=str,
)
def test_the_same_seed_gives_the_same_model_with_every_part(options):
    first, second = (LSTMRegressor(**TINY, **options).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    alone = np.concatenate([first.predict(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(first.predict(X), alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "warmup"])
def test_a_schedule_begins_anew_at_the_rate_of_its_fit(schedule):
    steps = Steps()
    model = LSTMRegressor(
        **TINY, learning_rate=0.1, learning_rate_schedule=schedule, warm_start=True
    )
    model.fit(X, Y)
    model.set_params(learning_rate=0.001, callbacks=[steps]).fit(X, Y)
    alone = rates(schedule, learning_rate=0.001)
    np.testing.assert_allclose(steps.rates, alone, rtol=1e-12)


def test_an_own_optimisers_decay_is_its_own():
    model = LSTMRegressor(**TINY, optimizer=partial(torch.optim.SGD, weight_decay=0.5))
    assert model.fit(X, Y).net_.optimizer_.param_groups[0]["weight_decay"] == 0.5
    model = LSTMRegressor(**TINY, optimizer="adamw").fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.01


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_pass_through_some_data_has_no_schedule(schedule):
    steps = Steps()
    model = LSTMRegressor(
        **TINY, learning_rate=0.1, learning_rate_schedule=schedule, callbacks=[steps]
    )
    model.partial_fit(X, Y).partial_fit(X, Y)
    assert steps.rates == [0.1] * 8


def test_what_batch_normalisation_knows_is_averaged_with_the_weights():
    beside = {"convolution": "beside", "conv_filters": (3,), "conv_kernel_sizes": (2,)}

    class Statistics(Steps):
        def on_batch_end(self, net, training, **kwargs):
            if training:
                self.weights.append(
                    net.module_.branch.norms[0].running_mean.clone().numpy()
                )

    steps = Statistics()
    model = LSTMRegressor(**TINY, **beside, weight_averaging=0.5, callbacks=[steps])
    model.fit(X, Y)
    average = np.zeros(3)
    for t, mean in enumerate(steps.weights, start=1):
        d = min(0.5, (1 + t) / (10 + t))
        average = d * average + (1 - d) * mean
    got = model.module_.branch.norms[0].running_mean.numpy()
    np.testing.assert_allclose(got, average, rtol=1e-4, atol=1e-6)


def test_a_category_that_training_did_not_bring_has_a_vector_of_zeros():
    tokens = rng.choice([0, 3, 200_000], size=(50, 4))
    model = LSTMRegressor(**TINY, categorical_features=0, embedding_size=3)
    model.fit(tokens, tokens[:, -1])
    vectors = model.module_.embedding.lookups[0].table.weight.detach().numpy()
    assert vectors.shape == (4, 3)
    np.testing.assert_array_equal((vectors == 0).all(axis=1), [1, 0, 0, 0])
    unknown = model.predict([[1, 0, 3, 3], [2, 0, 3, 3], [2.5, 0, 3, 3]])
    np.testing.assert_allclose(unknown[1:], unknown[:1].repeat(2), rtol=1e-6)


def test_a_forecast_category_is_refused():
    table = np.stack([rng.normal(size=(50, 5)), rng.integers(0, 4, size=(50, 5))], axis=2)
    model = LSTMRegressor(
        **TINY, categorical_features=[1], instance_norm="last", target_features=1
    )
    with pytest.raises(ValueError, match="target_features must not be among"):
        model.fit(table, Y[:50])


def test_the_length_of_memory_is_of_steps_and_not_of_patches():
    model = LSTMRegressor(**TINY | {"hidden_size": 64}, memory_length=60, patch_length=6)
    model.set_params(learning_rate=1e-30).fit(rng.normal(size=(20, 60)), Y[:20])
    layer = model.module_.core.layers[0].forwards
    steps = (layer.bias_ih_l0 + layer.bias_hh_l0)[64:128].exp()
    assert 7 < steps.max() <= 9
