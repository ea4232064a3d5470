"""How training goes: batches, weights, validation, warm starts, schedules."""

import copy
import functools

import numpy as np
import pytest
import torch

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 6, 2))
Y = X[:, -1, 0] + 0.5 * X[:, -2, 1] + 0.1 * rng.normal(size=90)
LABELS = np.array(["low", "mid", "high"])[np.digitize(Y, [-0.5, 0.5])]
EXACT = {"dtype": "float64", "batch_size": 1000, "max_epochs": 5, "random_state": 0}


def test_an_epoch_is_that_of_the_plain_loop():
    options = {"random_state": 0, "batch_size": 16, "dtype": "float64"}
    options |= {"learning_rate_schedule": "constant", "optimizer": torch.optim.Adam}
    start = LSTMRegressor(**options, max_epochs=1, learning_rate=1e-300).fit(X, Y)
    trained = LSTMRegressor(**options, max_epochs=2, learning_rate=0.01).fit(X, Y)

    net = copy.deepcopy(start.module_).train()
    generator = torch.Generator().manual_seed(start.net_.seed)
    torch.randint(2**62, (), generator=generator)  # the seed of dropout
    x = torch.from_numpy((X - X.mean((0, 1))) / X.std((0, 1)))
    y = torch.from_numpy((Y - Y.mean()) / Y.std())[:, None]
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(2):
        total = 0.0
        for index in torch.randperm(len(x), generator=generator).split(16):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(net(x[index]), y[index])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            total += loss.item() * len(index)
        losses.append(total / len(x))
    np.testing.assert_allclose(trained.loss_curve_, losses, rtol=1e-9)
    for got, expected in zip(trained.module_.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_weights_of_0_1_and_2_remove_and_repeat_rows(seed):
    weight = np.random.default_rng(seed).integers(0, 3, size=90)
    weighted = LSTMRegressor(**EXACT).fit(X, Y, sample_weight=weight)
    repeated = LSTMRegressor(**EXACT).fit(np.repeat(X, weight, 0), np.repeat(Y, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-7)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize(
    "class_weight", [None, "balanced", {"low": 3, "mid": 1, "high": 2}]
)
def test_weights_and_class_weights_act_together(class_weight):
    weight = np.random.default_rng(0).integers(0, 3, size=90)
    model = LSTMClassifier(**EXACT, class_weight=class_weight)
    weighted = copy.deepcopy(model).fit(X, LABELS, sample_weight=weight)
    repeated = model.fit(np.repeat(X, weight, 0), np.repeat(LABELS, weight))
    expected = repeated.predict_proba(X)
    np.testing.assert_allclose(weighted.predict_proba(X), expected, rtol=1e-6)


def test_a_class_weight_is_a_weight_of_the_samples():
    per_class = {"low": 3.0, "mid": 1.0, "high": 2.0}
    by_class = LSTMClassifier(**EXACT, class_weight=per_class).fit(X, LABELS)
    weight = np.array([per_class[label] for label in LABELS])
    by_sample = LSTMClassifier(**EXACT).fit(X, LABELS, sample_weight=weight)
    np.testing.assert_allclose(by_class.predict_proba(X), by_sample.predict_proba(X))


def test_rows_of_weight_zero_are_as_good_as_absent_in_mini_batches():
    weight = np.r_[np.ones(60), np.zeros(30)]
    options = {"max_epochs": 3, "random_state": 0}
    weighted = LSTMRegressor(**options).fit(X, Y, sample_weight=weight)
    absent = LSTMRegressor(**options).fit(X[:60], Y[:60])
    np.testing.assert_allclose(weighted.predict(X), absent.predict(X), rtol=1e-5)


def test_early_stopping_keeps_the_best_epoch():
    model = LSTMRegressor(
        early_stopping=True, n_epochs_no_change=4, learning_rate=0.05, random_state=0
    ).fit(X, Y)
    curve = model.validation_loss_curve_
    assert model.best_epoch_ == 1 + int(np.argmin(curve))
    assert model.n_epochs_ == len(curve) == min(model.best_epoch_ + 4, 100)
    held_out = X[-9:], Y[-9:]
    scale = model._model.targets.scaling.scale[0]
    loss = np.mean((model.predict(held_out[0]) - held_out[1]) ** 2) / scale**2
    np.testing.assert_allclose(loss, min(curve), rtol=1e-4)


def test_scaling_learns_nothing_of_the_validation_rows():
    shifted = X.copy()
    shifted[-9:] += 1e6
    model = LSTMRegressor(early_stopping=True, max_epochs=1).fit(shifted, Y)
    np.testing.assert_allclose(model._model.encoding.scaling.mean, X[:-9].mean((0, 1)))
    np.testing.assert_allclose(model._model.targets.scaling.mean, Y[:-9].mean())


def test_validation_data_are_used_instead_of_a_hold_out():
    options = {"early_stopping": True, "max_epochs": 6, "random_state": 0}
    inside = LSTMRegressor(**options).fit(X, Y)
    outside = LSTMRegressor(**options).fit(X[:-9], Y[:-9], X_val=X[-9:], y_val=Y[-9:])
    np.testing.assert_array_equal(inside.predict(X), outside.predict(X))
    assert inside.validation_loss_curve_ == outside.validation_loss_curve_


def test_validation_weights_weigh_the_validation_loss():
    options = {"max_epochs": 3, "random_state": 0}
    data = {"X_val": X[60:], "y_val": Y[60:]}
    weight = np.r_[np.ones(10), np.zeros(20)]
    weighted = LSTMRegressor(**options).fit(
        X[:60], Y[:60], **data, sample_weight_val=weight
    )
    first_ten = LSTMRegressor(**options).fit(X[:60], Y[:60], X_val=X[60:70], y_val=Y[60:70])
    np.testing.assert_allclose(
        weighted.validation_loss_curve_, first_ten.validation_loss_curve_, rtol=1e-5
    )


def test_without_validation_there_is_no_curve_and_the_last_epoch_counts():
    model = LSTMRegressor(max_epochs=4, random_state=0).fit(X, Y)
    assert model.validation_loss_curve_ == []
    assert model.best_epoch_ == model.n_epochs_ == len(model.loss_curve_) == 4
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_a_sorted_classification_set_holds_out_every_class():
    order = np.argsort(LABELS)
    model = LSTMClassifier(early_stopping=True, random_state=0, max_epochs=30)
    model.fit(X[order], LABELS[order])
    assert model.score(X, LABELS) > 0.8


def test_classifying_windows_of_a_series_holds_out_the_last():
    windows = SlidingWindowTransformer(window_length=5).fit_transform(X[:, 0])
    options = {"early_stopping": True, "max_epochs": 2, "random_state": 0}
    by_default = LSTMClassifier(**options).fit(windows, LABELS)
    last = LSTMClassifier(**options, validation_split="last").fit(windows, LABELS)
    assert by_default.loss_curve_ == last.loss_curve_


def test_warm_start_goes_on():
    options = {"learning_rate_schedule": "constant", "random_state": 0}
    whole = LSTMRegressor(max_epochs=6, **options).fit(X, Y)
    halves = LSTMRegressor(max_epochs=3, warm_start=True, **options).fit(X, Y)
    assert halves.fit(X, Y).n_epochs_ == 6
    np.testing.assert_allclose(halves.loss_curve_[:3], whole.loss_curve_[:3])
    assert halves.loss_curve_[3] < halves.loss_curve_[2]
    cold = LSTMRegressor(max_epochs=3, **options).fit(X, Y)
    assert cold.fit(X, Y).n_epochs_ == 3


def test_partial_fit_is_an_epoch_and_keeps_the_first_scaling():
    model = LSTMRegressor(random_state=0, learning_rate_schedule="constant")
    one = LSTMRegressor(random_state=0, learning_rate_schedule="constant", max_epochs=1)
    np.testing.assert_array_equal(
        model.partial_fit(X, Y).predict(X), one.fit(X, Y).predict(X)
    )
    mean = model._model.encoding.scaling.mean
    assert model.partial_fit(X + 5, Y).n_epochs_ == 2
    np.testing.assert_array_equal(model._model.encoding.scaling.mean, mean)


def test_partial_fit_learns_classes_that_come_late():
    model = LSTMClassifier(random_state=0, learning_rate=0.03)
    for epoch in range(40):
        for label in np.unique(LABELS)[:: 1 if epoch % 2 else -1]:
            chosen = (label == LABELS) | (rng.random(90) < 0.5)
            model.partial_fit(X[chosen], LABELS[chosen], classes=np.unique(LABELS))
    assert model.score(X, LABELS) > 0.8


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
        ("step", [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]),
        ("cosine", 0.05 * (1 + np.cos(np.pi * np.arange(6) / 6))),
        (
            functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5),
            0.1 * 0.5 ** np.arange(6),
        ),
    ],
)
def test_learning_rate_follows_its_schedule(schedule, expected):
    rates = []

    class Recording(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    LSTMRegressor(
        learning_rate_schedule=schedule,
        learning_rate=0.1,
        max_epochs=6,
        batch_size=100,
        optimizer=Recording,
    ).fit(X, Y)
    np.testing.assert_allclose(rates, expected)


def test_plateau_lowers_the_rate_when_the_loss_stands_still():
    model = LSTMRegressor(
        learning_rate_schedule="plateau", optimizer="sgd", learning_rate=1e-30, max_epochs=8
    ).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(0.5e-30)


def test_gradients_are_clipped_by_default():
    norms = []

    class Recording(torch.optim.SGD):
        def step(self, closure=None):
            loss = super().step(closure)
            grads = [p.grad for group in self.param_groups for p in group["params"]]
            norms.append(torch.cat([g.flatten() for g in grads]).norm().item())
            return loss

    options = {"optimizer": Recording, "max_epochs": 1, "batch_size": 1, "random_state": 0}
    LSTMRegressor(**options).fit(X, 50 * Y)
    assert max(norms) <= 1.001
    norms.clear()
    LSTMRegressor(**options, max_grad_norm=None).fit(X, 50 * Y)
    assert max(norms) > 1.001


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_named_losses_are_those_of_torch(loss):
    criterion = {"absolute_error": torch.nn.L1Loss, "huber": torch.nn.HuberLoss}[loss]
    options = {"max_epochs": 2, "random_state": 0}
    by_name = LSTMRegressor(loss=loss, **options).fit(X, Y)
    for own in (criterion, criterion(), functools.partial(torch.nn.functional.l1_loss)):
        if loss == "huber" and isinstance(own, functools.partial):
            continue
        model = LSTMRegressor(loss=own, **options).fit(X, Y)
        np.testing.assert_allclose(model.loss_curve_, by_name.loss_curve_, rtol=1e-6)


def test_the_absolute_error_is_not_moved_by_outliers():
    y = Y.copy()
    y[::10] += 1000
    residuals = {}
    for loss in ("squared_error", "absolute_error"):
        model = LSTMRegressor(loss=loss, random_state=0, max_epochs=60).fit(X, y)
        residuals[loss] = np.median(np.abs(model.predict(X) - Y))
    assert residuals["absolute_error"] < 0.5 * residuals["squared_error"]


@pytest.mark.parametrize(
    "optimizer", ["adam", "adamw", "rmsprop", "sgd", torch.optim.LBFGS]
)
def test_every_optimizer_learns(optimizer):
    rate = 0.1 if optimizer is torch.optim.LBFGS else 0.01
    model = LSTMRegressor(
        optimizer=optimizer, learning_rate=rate, max_epochs=30, random_state=0
    ).fit(X, Y)
    assert model.score(X, Y) > 0.5
