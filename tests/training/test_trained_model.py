"""The one trained model that an estimator owns: set in one step, pickled as arrays."""

import multiprocessing
import os
import pickle
import sys
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import InconsistentVersionWarning

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)
from sklstm.estimators._lstm import REMEMBERED

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6))
Y = X[:, -1] + 0.1 * rng.normal(size=60)
SMALL = {"hidden_size": 4, "max_epochs": 3, "random_state": 0}


# In one step


def watched(estimator, look, fit):
    """All that another thread sees while an estimator is fitted again and again."""
    seen, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            seen.append(look(estimator))

    thread = threading.Thread(target=watch)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread.start()
        for i in range(12):
            fit(i)
            time.sleep(0.002)
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)
    return seen


@pytest.mark.parametrize("method", ["fit", "warm_start", "partial_fit"])
def test_another_threads_predictions_are_those_of_whole_models(method):
    model = LSTMRegressor(**SMALL, warm_start=method == "warm_start").fit(X, Y)
    whole = [model.predict(X[:3])]

    def fit(i):
        if method == "partial_fit":
            model.partial_fit(X, (-1) ** i * 100 * Y)
        else:
            model.fit(X, (-1) ** i * 100 * Y)
        whole.append(model.predict(X[:3]))

    seen = watched(model, lambda model: model.predict(X[:3]), fit)
    assert len(seen) > 20
    known = {prediction.tobytes() for prediction in whole}
    assert {prediction.tobytes() for prediction in seen} <= known


def test_another_thread_sees_attributes_and_shapes_of_one_model():
    tables = [pd.DataFrame(X[:, :n]).add_prefix("step") for n in (4, 6)]
    model = LSTMRegressor(**SMALL).fit(tables[0], Y)

    def look(model):
        found = vars(model)["_model"]
        layout = found.encoding.layout
        return len(layout.feature_names_in), layout.n_features_in, model.n_features_in_

    seen = watched(model, look, lambda i: model.fit(tables[i % 2], Y))
    assert {n for n, *_ in seen} <= {4, 6}
    assert all(n == m for n, m, _ in seen)


def test_another_thread_sees_labels_and_probabilities_of_one_model():
    labels = [np.where(Y > 0, "up", "down"), np.digitize(Y, [-0.5, 0.5]).astype(str)]
    model = LSTMClassifier(**SMALL).fit(X, labels[0])
    seen = watched(
        model, lambda m: m.predict(X).tolist(), lambda i: model.fit(X, labels[i % 2])
    )
    kinds = [set("012"), {"up", "down"}]
    assert all(any(set(prediction) <= kind for kind in kinds) for prediction in seen)


def test_another_threads_windows_are_those_of_one_fit():
    tables = [np.arange(8.0 * n).reshape(8, n) for n in (1, 3)]
    windows = SlidingWindowTransformer(2).fit(tables[0])

    def look(windows):
        try:
            return np.asarray(windows.transform(tables[0])).shape
        except ValueError:
            return "another fit"

    def fit(i):
        windows.set_params(window_length=2 + i % 2).fit(tables[i % 2])

    assert set(watched(windows, look, fit)) <= {(8, 2, 1), "another fit"}


@pytest.mark.parametrize("cls", [LSTMRegressor, LSTMClassifier])
def test_a_failed_fit_sets_nothing(cls):
    model = cls(**SMALL, head_sizes=(0,))
    before = dict(vars(model))
    with pytest.raises(ValueError, match="head_sizes"):
        model.fit(X, Y > 0)
    assert vars(model) == before


def test_going_on_leaves_a_copy_of_before_alone():
    model = LSTMRegressor(**SMALL, warm_start=True).fit(X, Y)
    before, predicted = vars(model)["_model"], model.predict(X)
    weights = {name: w.clone() for name, w in before.network.state_dict().items()}
    model.fit(X, -Y).partial_fit(X, -Y)
    assert vars(model)["_model"] is not before
    for name, weight in before.network.state_dict().items():
        assert torch.equal(weight, weights[name])
    assert (model.predict(X) != predicted).all()


# Pickles


def predict_in_a_child(model, queue):
    queue.put(model.predict(X))


def test_a_fitted_model_is_an_argument_of_a_spawned_process():
    model = LSTMRegressor(**SMALL, dropout=0.2, warm_start=True).fit(X, Y)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=predict_in_a_child, args=(model, queue))
    child.start()
    predicted = queue.get(timeout=120)
    child.join(120)
    assert child.exitcode == 0
    np.testing.assert_allclose(predicted, model.predict(X), rtol=1e-6)


def predict_in_a_fork(model, queue):
    torch.set_num_threads(1)
    queue.put(model.predict(X))


@pytest.mark.skipif(os.name != "posix", reason="processes cannot be forked")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_that_uses_one_thread_predicts():
    model = LSTMRegressor(**SMALL).fit(X, Y)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=predict_in_a_fork, args=(model, queue))
    child.start()
    predicted = queue.get(timeout=60)
    child.join(60)
    np.testing.assert_allclose(predicted, model.predict(X), rtol=1e-6)


FITTED = [
    LSTMRegressor(**SMALL).fit(X, Y),
    LSTMClassifier(**SMALL).fit(X, Y > 0),
    SlidingWindowTransformer(3, context="fit").fit(X),
    SequenceReshaper(2).fit(X),
]


@pytest.mark.parametrize("model", FITTED, ids=lambda model: type(model).__name__)
def test_a_pickle_of_another_version_warns(model, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("sklstm.fitting._pickling.__version__", "0.0.7")
        pickled = pickle.dumps(model)
    with pytest.warns(InconsistentVersionWarning, match=r"0\.0\.7 when using version"):
        other = pickle.loads(pickled)
    assert not hasattr(other, "_sklstm_version")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(other))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("weights"),
        lambda state: state["architecture"].update(units=3),
        lambda state: state["weights"].popitem(),
        lambda state: state["targets"].update(kind="colours"),
        lambda state: state.update(encoding=None),
    ],
    ids=["no weights", "an argument too many", "a weight too few", "a kind", "no encoding"],
)
def test_a_pickle_that_cannot_be_read_says_so(spoil):
    model = vars(FITTED[0])["_model"]
    state = model.__getstate__()
    state["version"] = "9.8.7"
    spoil(state)
    with pytest.raises(ValueError, match=r"A model of sklstm 9\.8\.7 cannot be read by"):
        object.__new__(type(model)).__setstate__(state)


def test_the_net_of_a_pickled_model_has_its_history_and_goes_on():
    model = LSTMRegressor(**SMALL, warm_start=True).fit(X, Y)
    other = pickle.loads(pickle.dumps(model))
    assert other.net_.history[:, "train_loss"] == model.loss_curve_
    assert other.net_.module_ is other.module_
    np.testing.assert_array_equal(other.fit(X, Y).predict(X), model.fit(X, Y).predict(X))


# Training without an end


def test_partial_fit_without_an_end_stays_small():
    model = LSTMRegressor(hidden_size=2, random_state=0).partial_fit(X[:4], Y[:4])
    model = model.partial_fit(X[:4], Y[:4])
    row = len(pickle.dumps(model.net_.history[-1:]))
    for _ in range(REMEMBERED):
        model.partial_fit(X[:4], Y[:4])
    sizes = [len(pickle.dumps(model))]
    for _ in range(50):
        model.partial_fit(X[:4], Y[:4])
    sizes.append(len(pickle.dumps(model)))
    assert abs(sizes[1] - sizes[0]) < 3 * row
    assert model.n_epochs_ == model.best_epoch_ == REMEMBERED + 52
    assert len(model.loss_curve_) == len(model.net_.history) == REMEMBERED
    assert model.net_.history[-1, "train_loss"] == model.loss_curve_[-1]


# Whatever the caller has set

MODES = {
    "inference": torch.inference_mode,
    "no gradients": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", ["lstm", "peephole"])  # in threads of its own, and not
def test_training_and_prediction_compute_as_if_no_mode_were_set(mode, cell):
    options = SMALL | {"cell": cell, "pooling": "attention", "warm_start": True}
    expected = LSTMRegressor(**options).fit(X, Y).fit(X, Y)
    with MODES[mode]():
        model = LSTMRegressor(**options).fit(X, Y).fit(X, Y)
        predicted, weights = model.predict(X), model.attention_weights(X)
        again = pickle.loads(pickle.dumps(model)).fit(X, Y)
    np.testing.assert_array_equal(predicted, expected.predict(X))
    np.testing.assert_array_equal(weights, expected.attention_weights(X))
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    np.testing.assert_array_equal(again.predict(X), expected.fit(X, Y).predict(X))


def test_training_goes_on_where_no_thread_can_be_had(monkeypatch):
    def no_more(self):
        raise RuntimeError("can't start new thread")

    expected = LSTMRegressor(**SMALL).fit(X, Y)
    monkeypatch.setattr(threading.Thread, "start", no_more)
    with torch.inference_mode():
        model = LSTMRegressor(**SMALL).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-5)


class Weighing(torch.nn.Module):
    """A squared error whose weight is learnt."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, output, target):
        return (output - target) ** 2 * torch.exp(-self.weight) + self.weight


def test_the_net_of_a_copy_has_the_loss_of_the_parameters():
    model = LSTMRegressor(**SMALL, loss=Weighing()).fit(X, Y)
    other = pickle.loads(pickle.dumps(model))
    weight = model.net_.criterion_.criterion.weight.item()
    assert other.net_.criterion_.criterion.weight.item() == weight != 0
    changed = pickle.loads(pickle.dumps(model)).set_params(loss="huber")
    assert not list(changed.net_.criterion_.parameters())
