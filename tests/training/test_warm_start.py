"""Training that goes on: what it takes over and refuses, what an interruption keeps."""

import copy
import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 6, 2))
Y = X[:, -1, 0] + 0.5 * X[:, -2, 1] + 0.1 * rng.normal(size=90)
LABELS = np.array(["low", "mid", "high"])[np.digitize(Y, [-0.5, 0.5])]
WARM = {"max_epochs": 2, "hidden_size": 4, "random_state": 0, "warm_start": True}
CONSTANT = WARM | {"learning_rate_schedule": "constant"}


class Count(Callback):
    """Counts epochs, and how often it was initialised."""

    def initialize(self):
        self.epochs = 0
        return self

    def on_epoch_end(self, net, **kwargs):
        self.epochs += 1


# What is taken over


def test_a_new_batch_size_is_taken_over():
    model = LSTMRegressor(**WARM, batch_size=45).fit(X, Y)
    model.set_params(batch_size=np.int64(30)).fit(X, Y)
    assert model.net_.history[:, "train_batch_count"] == [2, 2, 3, 3]


def test_a_new_bound_of_the_gradient_is_taken_over():
    model = LSTMRegressor(**CONSTANT, optimizer=torch.optim.SGD).fit(X, Y)
    before = copy.deepcopy(model.module_.state_dict())
    model.set_params(max_grad_norm=1e-12, learning_rate=1.0).fit(X, Y)
    for name, weight in model.module_.state_dict().items():
        torch.testing.assert_close(weight, before[name], rtol=0, atol=1e-10)
    model.set_params(max_grad_norm=None).fit(X, Y)
    assert (model.module_.head.linear.bias - before["head.linear.bias"]).abs() > 1e-3


def test_a_new_schedule_and_learning_rate_are_taken_over():
    def halving(optimizer):
        return torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)

    model = LSTMRegressor(**WARM).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0
    model.set_params(learning_rate_schedule=halving, learning_rate=0.4).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(0.1)
    model.set_params(learning_rate_schedule="constant").fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.4


def test_a_new_loss_is_taken_over():
    model = LSTMRegressor(**CONSTANT).fit(X, Y)
    residual = (model.predict(X) - Y) / Y.std()
    model.set_params(loss="absolute_error", learning_rate=1e-12).fit(X, Y)
    expected = np.abs(residual).mean()
    np.testing.assert_allclose(model.loss_curve_[2:], [expected] * 2, rtol=1e-5)


class Learnt(torch.nn.Module):
    """A squared error whose weight is learnt."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, output, target):
        return (output - target) ** 2 * torch.exp(-self.weight) + self.weight


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_the_weights_of_a_new_loss_are_trained_and_those_of_the_same_kept(again):
    model = LSTMRegressor(**CONSTANT).fit(X, Y).set_params(loss=Learnt()).fit(X, Y)
    weight = model.net_.criterion_.criterion.weight.item()
    assert weight != 0
    model = again(model).set_params(learning_rate=1e-12).fit(X, Y)
    assert model.net_.criterion_.criterion.weight.item() == pytest.approx(weight)


def test_the_weights_of_a_loss_follow_the_rate_and_leave_with_it():
    model = LSTMRegressor(**CONSTANT | {"loss": Learnt()}).fit(X, Y)
    n_weights = len(model.net_.weights())
    model.set_params(loss=Learnt(), learning_rate=1e-12).fit(X, Y)
    assert abs(model.net_.criterion_.criterion.weight.item()) < 1e-9
    assert len(model.net_.weights()) == n_weights
    model.set_params(loss="squared_error").fit(X, Y)
    assert len(model.net_.weights()) == len(list(model.module_.parameters()))
    assert len(model.net_.optimizer_.state) == len(model.net_.weights())


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_weight_decay_of_none_is_the_optimisers_own_again(optimizer):
    own = {"adamw": 0.01, "sgd": 0.0}[optimizer]
    model = LSTMRegressor(**CONSTANT | {"optimizer": optimizer, "weight_decay": 0.3})
    for weight_decay, expected in ((0.3, 0.3), (None, own), (0.2, 0.2)):
        model.set_params(weight_decay=weight_decay).fit(X, Y)
        [group] = model.net_.optimizer_.param_groups
        assert group["weight_decay"] == expected


def test_new_dropout_is_taken_over():
    options = CONSTANT | {"hidden_size": 32, "max_epochs": 20}
    model = LSTMRegressor(**options).fit(X, Y)
    learnt = model.loss_curve_[-1]
    model.set_params(dropout=0.9, learning_rate=1e-12, max_epochs=2).fit(X, Y)
    assert min(model.loss_curve_[-2:]) > 1.5 * learnt
    model.set_params(dropout=0.0).fit(X, Y)
    assert model.loss_curve_[-1] == pytest.approx(model.loss_curve_[-2], rel=1e-6)
    assert model.loss_curve_[-1] < 1.5 * learnt


def test_new_callbacks_are_taken_over_and_the_same_go_on():
    first, second = Count(), Count()
    model = LSTMRegressor(**WARM, callbacks=[first]).fit(X, Y).fit(X, Y)
    assert first.epochs == 4
    model.set_params(callbacks=[first, second]).fit(X, Y)
    assert (first.epochs, second.epochs) == (2, 2)
    model.callbacks.remove(first)
    model.partial_fit(X, Y)
    assert (first.epochs, second.epochs) == (2, 1)
    model.set_params(callbacks=None).fit(X, Y)
    assert second.epochs == 1


def test_new_verbosity_is_taken_over(capsys):
    model = LSTMRegressor(**WARM).fit(X, Y)
    model.set_params(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["epoch", "3/4"], ["epoch", "4/4"]]
    model.set_params(verbose=0).fit(X, Y)
    assert capsys.readouterr().out == ""


def test_another_random_state_changes_nothing():
    models = [LSTMRegressor(**WARM, dropout=0.3).fit(X, Y) for _ in range(2)]
    models[1].set_params(random_state=7)
    first, second = (model.fit(X, Y).predict(X) for model in models)
    np.testing.assert_array_equal(first, second)


def test_validation_may_begin_later():
    model = LSTMRegressor(**WARM).fit(X, Y)
    model.set_params(early_stopping=True, learning_rate=1e-12).fit(X, Y)
    assert np.isfinite(model.validation_loss_curve_[2:]).all()
    assert model.best_epoch_ in (3, 4)


# What is refused


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("hidden_size", 4, 8),
        ("num_layers", 1, 2),
        ("bidirectional", False, True),
        ("optimizer", "adam", "sgd"),
        ("standardize", True, False),
        ("dtype", "float32", "float64"),
        ("device", "cpu", "cpu:0"),
        ("instance_norm", "last", "standard"),
        ("target_features", 0, 1),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_what_cannot_change_is_refused_by_name(name, before, after, method):
    options = {"instance_norm": "last", "target_features": 0}
    model = LSTMRegressor(**WARM, **options).fit(X, Y)
    predicted = model.predict(X)
    remedy = {"fit": "Set warm_start=False", "partial_fit": "start anew with a clone"}
    message = f"{name} must stay .*: expected {before!r}, got {after!r}.*{remedy[method]}"
    with pytest.raises(ValueError, match=message):
        getattr(model.set_params(**{name: after}), method)(X, Y)
    np.testing.assert_array_equal(model.predict(X), predicted)
    going_on = model.set_params(**{name: before})
    assert getattr(going_on, method)(X, Y).n_epochs_ == (4 if method == "fit" else 3)


@pytest.mark.parametrize("optimizer", ["adam", torch.optim.NAdam])
def test_what_has_not_changed_is_recognised_in_a_copy(optimizer):
    model = LSTMRegressor(**WARM, optimizer=optimizer, loss=torch.nn.L1Loss()).fit(X, Y)
    steps = [state["step"].item() for state in model.net_.optimizer_.state.values()]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.fit(X, Y).n_epochs_ == 4
        states = other.net_.optimizer_.state.values()
        assert [state["step"].item() for state in states] == [2 * n for n in steps]


# What an interruption keeps


class Interrupt(Callback):
    """Ctrl-C in the midst of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, training, **kwargs):
        if len(net.history) == self.epoch and training:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epoch", [3, 4])
def test_an_interruption_puts_back_weights_and_optimiser(epoch):
    model = LSTMRegressor(**CONSTANT).fit(X, Y)
    whole = copy.deepcopy(model).set_params(max_epochs=epoch - 3)
    if epoch > 3:
        whole.fit(X, Y)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Interrupt(epoch)], max_epochs=5).fit(X, Y)
    assert model.n_epochs_ == epoch - 1
    np.testing.assert_array_equal(model.predict(X), whole.predict(X))
    expected = whole.net_.optimizer_.state_dict()["state"]
    state = model.net_.optimizer_.state_dict()["state"]
    for number, values in expected.items():
        for name, value in values.items():
            torch.testing.assert_close(state[number][name], value, rtol=0, atol=0)


@pytest.mark.parametrize("warm_start", [False, True])
def test_the_cause_of_a_users_error_is_kept(warm_start):
    cause = OSError("no space left")

    class Fail(Callback):
        """A user's callback fails in its own way."""

        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise RuntimeError("cannot write") from cause

    model = LSTMRegressor(**WARM | {"warm_start": warm_start}, callbacks=[Fail()])
    with pytest.raises(RuntimeError, match="cannot write") as error:
        model.fit(X, Y)
    assert error.value.__cause__ is cause
    assert not hasattr(model, "net_")


# Weights of classes


def balanced(labels, so_far):
    names, counts = np.unique(so_far, return_counts=True)
    weight = dict(zip(names, len(so_far) / (len(names) * counts), strict=True))
    return np.array([weight[label] for label in labels])


def test_balanced_weights_count_the_classes_of_all_calls():
    exact = {"dtype": "float64", "batch_size": 1000, "random_state": 0}
    order = np.argsort(LABELS, kind="stable")
    parts = [np.r_[order[:50], order[-8:]], np.r_[order[45:], order[:3]]]
    by_name = LSTMClassifier(**exact, class_weight="balanced")
    by_hand = LSTMClassifier(**exact)
    so_far = []
    for part in parts:
        so_far += LABELS[part].tolist()
        weight = balanced(LABELS[part], so_far)
        by_name.partial_fit(X[part], LABELS[part], classes=np.unique(LABELS))
        by_hand.partial_fit(X[part], LABELS[part], np.unique(LABELS), sample_weight=weight)
    expected = by_hand.predict_proba(X)
    np.testing.assert_allclose(by_name.predict_proba(X), expected, rtol=1e-9)


def test_class_weights_count_in_the_validation_loss():
    per_class = {"low": 9.0, "mid": 1.0, "high": 2.0}
    weight = np.array([per_class[label] for label in LABELS])
    data = {"X_val": X[60:], "y_val": LABELS[60:]}
    options = {"max_epochs": 2, "random_state": 0}
    by_class = LSTMClassifier(**options, class_weight=per_class)
    by_class.fit(X[:60], LABELS[:60], **data)
    by_sample = LSTMClassifier(**options)
    by_sample.fit(X[:60], LABELS[:60], weight[:60], **data, sample_weight_val=weight[60:])
    curve = by_class.validation_loss_curve_
    np.testing.assert_allclose(curve, by_sample.validation_loss_curve_, rtol=1e-6)
    by_sample.fit(X[:60], LABELS[:60], weight[:60], **data)
    assert abs(curve[0] / by_sample.validation_loss_curve_[0] - 1) > 1e-3


def test_plateau_watches_the_validation_loss():
    options = {"learning_rate_schedule": "plateau", "max_epochs": 8, "random_state": 0}
    model = LSTMRegressor(**options).fit(X[:60], Y[:60])
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.01
    model.fit(X[:60], Y[:60], X_val=X[60:], y_val=-Y[60:])
    assert np.argmin(model.validation_loss_curve_) == 0
    assert model.loss_curve_ == sorted(model.loss_curve_, reverse=True)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.005
