"""Training that is counted in steps of the optimiser."""

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.training import Plan, SequenceData
from sklstm.training._batches import Batches


class Steps(Callback):
    """Count the steps, and note the learning rate at each."""

    def initialize(self):
        self.rates = []
        return self

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.rates.append(net.optimizer_.param_groups[0]["lr"])


rng = np.random.default_rng(0)
X = rng.normal(size=(100, 5))
Y = X[:, -1] + 0.1 * rng.normal(size=100)


def fitted(**options):
    steps = Steps()
    model = LSTMRegressor(
        hidden_size=2, batch_size=10, callbacks=[steps], random_state=0, **options
    )
    return model.fit(X, Y), steps.rates


@pytest.mark.parametrize(
    ("options", "n_steps", "n_epochs"),
    [
        ({"max_epochs": 3}, 30, 3),
        ({"max_epochs": 3, "max_steps": 1000}, 30, 3),
        ({"max_epochs": 300, "max_steps": 200}, 200, 20),
        ({"max_epochs": 300, "max_steps": 400}, 400, 40),
        ({"max_epochs": 300, "max_steps": 40}, 40, 20),
        ({"max_epochs": 300, "max_steps": 7}, 7, 7),
        ({"max_epochs": 2, "validation_steps": 4}, 20, 5),
        ({"max_epochs": 2, "validation_steps": 50}, 20, 2),
        ({"max_epochs": 9, "max_steps": 50, "validation_steps": 5}, 50, 25),
        ({}, 1000, 100),
        ({"max_steps": 1500}, 1000, 100),
        ({"max_steps": 400}, 400, 40),
    ],
)
def test_steps_and_epochs(options, n_steps, n_epochs):
    model, rates = fitted(**options)
    assert len(rates) == n_steps
    assert model.n_epochs_ == len(model.loss_curve_) == n_epochs


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "n_passes"),
    [
        (32, 32, 100),
        (640, 32, 100),
        (800, 32, 80),
        (8000, 32, 8),
        (8000, 64, 8),
        (8000, 8, 8),
        (8000, 128, 8),
        (8192, 256, 500 / 32),  # 500 steps at least
        (81920, 512, 5),
        (320_000, 32, 5),
        (320_000, 320, 5),
        (1000, 500, 100),
    ],
)
def test_automatic_epochs_are_many_for_few_samples(n_samples, batch_size, n_passes):
    n_batches = -(-n_samples // batch_size)
    rounds = Plan("auto", batch_size).rounds(n_batches)
    assert rounds.n_steps == pytest.approx(n_passes * n_batches, rel=0.02)
    assert rounds.n >= 20
    assert Plan(7, batch_size).rounds(n_batches).n_steps == 7 * n_batches
    assert Plan("auto", batch_size, most_steps=50).rounds(n_batches).n_steps <= 50


@pytest.mark.parametrize("batch_size", [10, 40])
def test_as_many_samples_are_seen_in_small_batches_and_in_large_ones(batch_size):
    many = np.tile(X, (16, 1))
    steps = Steps()
    LSTMRegressor(
        hidden_size=2, batch_size=batch_size, callbacks=[steps], random_state=0
    ).fit(many, many[:, 0])
    assert len(steps.rates) * batch_size == 64_000


def test_no_other_word_stands_for_a_number_of_epochs():
    with pytest.raises(ValueError, match=r"'max_epochs' parameter .*'auto'"):
        LSTMRegressor(max_epochs="all").fit(X, Y)


def test_the_rate_falls_over_the_steps_that_there_are():
    _, rates = fitted(max_epochs=1000, max_steps=100)
    assert rates[0] == 0.01
    assert rates[-1] < 0.0001
    assert (np.diff(rates) <= 0).all()


def test_each_sample_comes_once_before_one_comes_again(monkeypatch):
    seen = []
    gather = Batches.__iter__

    def noted(self):
        if self.batch_size == 10 and isinstance(self.data, SequenceData):
            seen.extend(self.order.tolist())
        return gather(self)

    monkeypatch.setattr(Batches, "__iter__", noted)
    fitted(max_epochs=4, validation_steps=3)
    assert len(seen) == 390  # 13 epochs of 3 batches
    for i in range(0, 300, 100):
        assert sorted(seen[i : i + 100]) == list(range(100))
    assert len(set(seen[300:])) == 90


def test_the_best_part_of_an_epoch_is_kept():
    noise = rng.normal(size=100)
    model = LSTMRegressor(
        hidden_size=8,
        batch_size=5,
        max_epochs=50,
        validation_steps=2,
        early_stopping=True,
        n_epochs_no_change=3,
        learning_rate=0.05,
        random_state=0,
    ).fit(X, noise)
    curve = model.validation_loss_curve_
    assert model.best_epoch_ == np.argmin(curve) + 1
    assert model.n_epochs_ == model.best_epoch_ + 3


def test_a_budget_in_steps_gives_the_same_as_one_in_epochs():
    by_epochs, _ = fitted(max_epochs=20)
    by_steps, _ = fitted(max_epochs=20, max_steps=10_000)
    np.testing.assert_array_equal(by_epochs.predict(X), by_steps.predict(X))


def test_classifiers_have_it_too():
    model = LSTMClassifier(hidden_size=2, batch_size=10, max_steps=60, random_state=0)
    assert model.fit(X, Y > 0).n_epochs_ == 20


@pytest.mark.parametrize("name", ["max_steps", "validation_steps"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_what_is_no_number_of_steps_is_refused(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        LSTMRegressor(**{name: value}).fit(X, Y)


def test_rounds_never_exceed_the_budget():
    for n_batches in (1, 3, 10, 70, 4000):
        for steps in (1, 7, 100, 1000):
            for between in (None, 1, 13, 5000):
                plan = Plan(50, most_steps=steps, steps_of_epoch=between)
                n, length = plan.rounds(n_batches)
                assert 1 <= n * length <= steps
                assert length <= n_batches
