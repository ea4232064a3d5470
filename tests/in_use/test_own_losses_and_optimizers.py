import copy
import pickle
import sys
from functools import partial

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn, optim

from sklstm import LSTMClassifier, LSTMRegressor

try:
    from joblib.externals import cloudpickle
except ImportError:  # joblib 1.6 and later
    import cloudpickle

TINY = {"hidden_size": 4, "max_epochs": 4, "batch_size": 32, "random_state": 0}


class Pinball(nn.Module):
    def __init__(self, quantile=0.5):
        super().__init__()
        self.quantile = quantile

    def forward(self, output, target):
        error = target - output
        return torch.maximum(self.quantile * error, (self.quantile - 1) * error)


class Focal(nn.Module):
    def forward(self, logits, target):
        loss = nn.functional.cross_entropy(logits, target, reduction="none")
        return (1 - torch.exp(-loss)) ** 2 * loss


def log_cosh(output, target):
    return torch.log(torch.cosh(output - target))


LOSSES = {
    "module": Pinball(0.7),
    "module of torch": nn.SmoothL1Loss(beta=0.5),
    "class": Pinball,
    "class of torch": nn.L1Loss,
    "function": log_cosh,
    "partial": partial(nn.functional.huber_loss, reduction="none", delta=0.5),
}
OPTIMIZERS = {
    "class": optim.NAdam,
    "partial": partial(optim.SGD, momentum=0.5, weight_decay=0.01),
}


@pytest.fixture
def workers_know_this_module():
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        (nn.MSELoss(), "squared_error"),
        (nn.MSELoss, "squared_error"),
        (lambda output, target: (output - target) ** 2, "squared_error"),
        (lambda output, target: ((output - target) ** 2).mean(), "squared_error"),
        (nn.L1Loss, "absolute_error"),
        (partial(nn.functional.huber_loss, reduction="none"), "huber"),
    ],
    ids=["module", "class", "value a sample", "mean", "other class", "partial"],
)
def test_own_loss_trains_as_the_same_loss_by_name(series, own, name):
    X, y = series
    expected = LSTMRegressor(**TINY, loss=name).fit(X, y).predict(X)
    predicted = LSTMRegressor(**TINY, loss=own).fit(X, y).predict(X)
    np.testing.assert_allclose(predicted, expected, rtol=1e-6)


@pytest.mark.parametrize("own", [nn.CrossEntropyLoss(), nn.CrossEntropyLoss])
def test_own_cross_entropy_trains_as_the_default(sequences, own):
    X, y = sequences
    expected = LSTMClassifier(**TINY).fit(X, y).predict_proba(X)
    predicted = LSTMClassifier(**TINY, loss=own).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(predicted, expected)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        (optim.RMSprop, "rmsprop"),
        (partial(optim.Adam, fused=True), "adam"),
        (partial(optim.SGD, momentum=0.9, nesterov=True, fused=True), "sgd"),
    ],
)
def test_own_optimizer_trains_as_the_same_one_by_name(series, own, name):
    X, y = series
    expected = LSTMRegressor(**TINY, optimizer=name).fit(X, y).predict(X)
    predicted = LSTMRegressor(**TINY, optimizer=own).fit(X, y).predict(X)
    np.testing.assert_array_equal(predicted, expected)


def test_loss_of_a_module_is_what_training_makes_small():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 3)), rng.exponential(size=400)
    model = LSTMRegressor(hidden_size=2, max_epochs=30, random_state=0)
    for quantile in (0.2, 0.8):
        model.set_params(loss=Pinball(quantile)).fit(X, y)
        assert np.mean(y < model.predict(X)) == pytest.approx(quantile, abs=0.05)


def test_loss_of_a_class_uses_its_defaults(series):
    X, y = series
    by_class = LSTMRegressor(**TINY, loss=Pinball).fit(X, y).predict(X)
    by_instance = LSTMRegressor(**TINY, loss=Pinball(0.5)).fit(X, y).predict(X)
    np.testing.assert_array_equal(by_class, by_instance)


def test_users_module_stays_as_it_was(series):
    loss = nn.SmoothL1Loss()
    LSTMRegressor(**TINY, loss=loss).fit(*series)
    assert loss.reduction == "mean"
    assert loss.training


def test_own_loss_of_classes_gives_probabilities(sequences):
    X, y = sequences
    model = LSTMClassifier(hidden_size=8, max_epochs=40, loss=Focal(), random_state=0)
    probability = model.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    assert model.score(X, y) > 0.9


def test_optimizer_that_calls_the_loss_several_times(series):
    X, y = series
    lbfgs = partial(optim.LBFGS, max_iter=5, line_search_fn="strong_wolfe")
    model = LSTMRegressor(
        **{**TINY, "batch_size": 90}, optimizer=lbfgs, learning_rate=1.0, max_grad_norm=None
    )
    first, *_, last = model.fit(X, y).loss_curve_
    assert last < 0.8 * first


def model_with(part):
    kind, name = part
    return LSTMRegressor(**TINY, **{kind: (LOSSES if kind == "loss" else OPTIMIZERS)[name]})


@pytest.mark.parametrize(
    "part",
    [("loss", name) for name in LOSSES] + [("optimizer", name) for name in OPTIMIZERS],
    ids=" ".join,
)
def test_copies_train_and_predict_alike(series, part):
    X, y = series
    model = model_with(part)
    copies = [clone(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    expected = model.fit(X, y).predict(X)
    for copied in copies:
        np.testing.assert_array_equal(copied.fit(X, y).predict(X), expected)
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copied.predict(X), expected)
        np.testing.assert_array_equal(clone(copied).fit(X, y).predict(X), expected)


@pytest.mark.parametrize(("name", "parts"), [("loss", LOSSES), ("optimizer", OPTIMIZERS)])
@pytest.mark.usefixtures("workers_know_this_module")
def test_search_in_processes_over_own_parts(series, name, parts):
    grid = {name: list(parts.values())}
    here = GridSearchCV(LSTMRegressor(**TINY), grid, cv=2).fit(*series)
    there = GridSearchCV(LSTMRegressor(**TINY), grid, cv=2, n_jobs=2)
    with parallel_config("loky", inner_max_num_threads=1):
        there.fit(*series)
    scores = here.cv_results_["mean_test_score"]
    assert len(set(scores)) == len(parts)
    np.testing.assert_array_equal(there.cv_results_["mean_test_score"], scores)


@pytest.mark.parametrize(
    ("loss", "shape"),
    [
        (lambda output, target: ((output - target) ** 2).mean(dim=0), r"\(1,\)"),
        (lambda output, target: (output - target[:, 0]) ** 2, r"\(32, 32\)"),
    ],
    ids=["mean over samples", "each with each"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_of_another_shape_is_refused(series, loss, shape, weighted):
    X, y = series
    weight = np.ones(len(y)) if weighted else None
    message = f"loss must give one value per sample, .* Got shape {shape} instead"
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(**TINY, loss=loss).fit(X, y, sample_weight=weight)


def test_loss_may_have_a_value_for_each_sample_or_each_output(series):
    X, y = series
    both, weight = np.c_[y, y**2], np.arange(len(y)) % 3 + 1.0
    losses = [
        lambda output, target: (output - target) ** 2,
        lambda output, target: ((output - target) ** 2).mean(dim=1),
        lambda output, target: ((output - target) ** 2).mean(dim=1, keepdim=True),
    ]
    curves = [
        LSTMRegressor(**TINY, loss=loss).fit(X, both, sample_weight=weight).loss_curve_
        for loss in ("squared_error", *losses)
    ]
    for curve in curves[1:]:
        assert curve == pytest.approx(curves[0], rel=1e-6)
