"""What the net keeps, watches and refuses."""

import copy
import functools
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping

import sklstm
from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.training import SequenceNet

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 5, 2))
Y = rng.normal(size=40)
TINY = {"max_epochs": 3, "hidden_size": 4, "random_state": 0}
SCHEDULES = [
    "constant",
    "cosine",
    "step",
    "plateau",
    functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5),
]


# What a fitted net keeps


def parts_of(state):
    """All values of a nested state."""
    if isinstance(state, dict):
        yield from (part for item in state.items() for part in parts_of(item))
    elif isinstance(state, list | tuple):
        yield from (part for item in state for part in parts_of(item))
    else:
        yield state


class Noting(Callback):
    """Notes what is no plain value in the history."""

    def on_epoch_end(self, net, **kwargs):
        net.history.record("place", torch.device("cpu"))
        net.history.record("mean", np.float32(0.5))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", torch.optim.LBFGS])
def test_a_trained_model_is_pickled_as_arrays_and_plain_values(schedule, optimizer):
    model = LSTMRegressor(
        **TINY,
        learning_rate_schedule=schedule,
        optimizer=optimizer,
        dropout=0.5,
        callbacks=[Noting()],
        loss=torch.nn.L1Loss(),
    ).fit(X, Y)
    state = model._model.__getstate__()
    plain = (np.ndarray, str, int, float, bool, type(None))
    assert {type(part) for part in parts_of(state)} <= set(plain)
    assert state["version"] == sklstm.__version__
    assert state["memory"]["history"][-1]["mean"] == 0.5
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_holds_no_generator_of_dropout(again):
    model = LSTMRegressor(**TINY, num_layers=2, dropout=0.5).fit(X, Y)
    layers = [part for part in again(model).module_.modules() if hasattr(part, "generator")]
    assert len(layers) > 1
    assert all(layer.generator is None for layer in layers)


class FailAt(Callback):
    """Fails at the end of an epoch."""

    def __init__(self, epoch, error):
        self.epoch = epoch
        self.error = error

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise self.error


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_failed_run_leaves_the_estimator_as_it_was(warm_start):
    callbacks = [FailAt(5 if warm_start else 2, RuntimeError("disk full"))]
    model = LSTMRegressor(**TINY, warm_start=warm_start).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(RuntimeError, match="disk full"):
        model.set_params(callbacks=callbacks).fit(-X, Y)
    assert model.n_epochs_ == 3
    np.testing.assert_array_equal(model.predict(X), before)


# Ctrl-C


def test_an_interrupt_from_a_callback_is_no_wish_to_stop():
    model = LSTMRegressor(**TINY, callbacks=[FailAt(1, KeyboardInterrupt())])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


CTRL_C = """
import signal
import numpy as np
from skorch.callbacks import Callback
from sklstm import LSTMRegressor

class Interrupted(Callback):
    def on_epoch_end(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)

model = LSTMRegressor(max_epochs=3, callbacks=[Interrupted()])
try:
    model.fit(np.zeros((20, 4)), np.arange(20.0))
except KeyboardInterrupt:
    print("interrupted", hasattr(model, "net_"))
"""


def test_ctrl_c_while_a_callback_is_at_work_leaves_no_model():
    """In a process of its own: signals go to the main thread, whichever that is here."""
    child = subprocess.run(
        [sys.executable, "-c", CTRL_C], capture_output=True, text=True, timeout=120
    )
    assert child.stdout == "interrupted False\n", child.stderr


def test_early_stopping_of_a_subclass_stops():
    class Impatient(EarlyStopping):
        """A user's variant."""

    stop = Impatient(monitor="train_loss", patience=1, threshold=0.99, sink=lambda _: None)
    assert LSTMRegressor(**TINY, callbacks=[stop]).fit(X, Y).n_epochs_ == 2


# Weights that are no longer numbers


class Spoiling(torch.optim.SGD):
    """Spoils a weight in one of its steps."""

    def __init__(self, params, lr, at, value):
        super().__init__(params, lr=lr)
        self.at, self.value = at, value

    def step(self, closure=None):
        loss = super().step(closure)
        self.at -= 1
        if self.at == 0:
            self.param_groups[0]["params"][0].data[0, 0] = self.value
        return loss


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_fit_never_ends_with_weights_that_are_not_finite(value, early_stopping):
    def optimizer(params, lr):
        return Spoiling(params, lr, at=3, value=value)

    model = LSTMRegressor(**TINY, batch_size=100, optimizer=optimizer)
    model.set_params(early_stopping=early_stopping)
    with pytest.raises(ValueError, match=r"sum of the weights became .* in epoch 3\. Try"):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


# The global default device


@pytest.fixture
def default_device_meta():
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


MISSING = X.copy()
MISSING[3:9, :2] = np.nan
MISSING[20, 2, 0] = np.nan


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer": "rmsprop", "learning_rate_schedule": "plateau"},
        {"optimizer": "sgd", "loss": "huber", "learning_rate_schedule": "step"},
        {"dropout": 0.3, "num_layers": 2, "bidirectional": True, "early_stopping": True},
        {"instance_norm": "standard", "target_features": 0},
    ],
    ids=str,
)
def test_the_default_device_of_torch_decides_nothing(default_device_meta, params):
    model = LSTMRegressor(**TINY, **params)
    there = copy.deepcopy(model).fit(MISSING, Y)
    predicted = pickle.loads(pickle.dumps(there)).predict(MISSING)
    torch.set_default_device(None)
    np.testing.assert_array_equal(predicted, model.fit(MISSING, Y).predict(MISSING))


# What users ask of it


def test_the_net_says_who_predicts_from_arrays():
    net = LSTMRegressor(**TINY).fit(X, Y).net_
    with pytest.raises(TypeError, match=r"net_ takes the SequenceData .* Got ndarray"):
        net.predict(X)


def test_whether_callbacks_hear_of_batches_is_asked_once_an_epoch(monkeypatch):
    asked = []
    hears = SequenceNet._hears_batches
    monkeypatch.setattr(
        SequenceNet, "_hears_batches", lambda net: asked.append(1) or hears(net)
    )
    LSTMRegressor(**TINY, batch_size=1).fit(X, Y)
    assert len(asked) == 3


def test_the_validation_curve_is_as_long_as_the_other():
    model = LSTMRegressor(**TINY, warm_start=True).fit(X, Y)
    assert model.validation_loss_curve_ == []
    model.set_params(early_stopping=True).fit(X, Y)
    validated = model.validation_loss_curve_[3:]
    model.partial_fit(X, Y)
    assert len(model.loss_curve_) == model.n_epochs_ == 7
    nan = math.nan
    np.testing.assert_array_equal(
        model.validation_loss_curve_, [nan, nan, nan, *validated, nan]
    )
    assert np.isfinite(validated).all()
    assert model.net_.history[3, "valid_loss_best"]


@pytest.mark.parametrize("estimator", [LSTMRegressor, LSTMClassifier])
def test_one_sample_of_the_data_can_be_looked_at(estimator):
    seen = []

    class Look(Callback):
        """Reads a sample."""

        def on_epoch_begin(self, net, dataset_train, **kwargs):
            seen.append(dataset_train[7])

    labels = (Y > 0).astype(int)
    estimator(**TINY, standardize=False, callbacks=[Look()]).fit(X, labels)
    inputs, target = seen[0]
    np.testing.assert_allclose(inputs["x"], X[[7]].astype("float32"))
    assert target.flatten().tolist() == [labels[7]]
