"""One random_state decides everything, and nothing outside the model is touched."""

import copy
import locale
import logging
import os
import pickle
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone

from sklstm import LSTMClassifier, LSTMRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6, 2))
Y = X[:, -1, 0] + rng.normal(size=60)
OPTIONS = {
    "dropout": 0.3,
    "num_layers": 2,
    "hidden_size": 8,
    "max_epochs": 4,
    "early_stopping": True,
}


def fitted(**params):
    return LSTMRegressor(**OPTIONS | params).fit(X, Y)


def fit_and_predict(model):
    torch.set_num_threads(1)
    return model.fit(X, Y).predict(X)


def global_state():
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": np.random.mtrand._rand.get_state()[1].tolist(),
        "python": random.getstate(),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "grad": torch.is_grad_enabled(),
        "warnings": list(warnings.filters),
        "loggers": (sorted(logging.root.manager.loggerDict), logging.root.level),
        "environment": dict(os.environ),
        "folder": (os.getcwd(), sorted(os.listdir())),
        "locale": locale.setlocale(locale.LC_ALL),
    }


@pytest.mark.parametrize("random_state", [None, 0, np.random.RandomState(3)])
def test_nothing_global_is_touched(tmp_path, monkeypatch, capfd, random_state):
    monkeypatch.chdir(tmp_path)
    fitted(random_state=0)  # lets torch register what it registers once
    before = global_state()
    model = fitted(random_state=random_state)
    model.predict(X)
    pickle.loads(pickle.dumps(model))
    LSTMClassifier(**OPTIONS, random_state=random_state).fit(X, Y > 0).predict(X)
    assert global_state() == before
    assert capfd.readouterr() == ("", "")


def test_the_same_seed_gives_the_same_model_bit_for_bit():
    first, second = fitted(random_state=0), fitted(random_state=0)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert first.loss_curve_ == second.loss_curve_
    assert first.validation_loss_curve_ == second.validation_loss_curve_
    assert fitted(random_state=1).loss_curve_ != first.loss_curve_


def test_the_global_generators_decide_nothing():
    torch.manual_seed(1)
    first = fitted(random_state=0).predict(X)
    torch.manual_seed(2)
    np.testing.assert_array_equal(fitted(random_state=0).predict(X), first)


def test_without_a_seed_two_models_differ():
    assert (fitted().predict(X) != fitted().predict(X)).any()


def test_a_random_state_instance_gives_another_model_each_time():
    state = np.random.RandomState(0)
    first, second = fitted(random_state=state), fitted(random_state=state)
    assert first.loss_curve_ != second.loss_curve_
    again = fitted(random_state=np.random.RandomState(0))
    assert again.loss_curve_ == first.loss_curve_


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("again", [clone, copy.deepcopy, through_pickle])
def test_copies_train_to_the_same_model(again):
    model = LSTMRegressor(**OPTIONS, random_state=0)
    expected = model.fit(X, Y).predict(X)
    np.testing.assert_array_equal(again(model).fit(X, Y).predict(X), expected)


@pytest.mark.parametrize("again", [copy.deepcopy, through_pickle])
def test_copies_of_a_fitted_model_predict_and_go_on_alike(again):
    model = LSTMRegressor(dropout=0.3, random_state=0).partial_fit(X, Y)
    other = again(model)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    expected = model.partial_fit(X, Y).predict(X)
    np.testing.assert_array_equal(other.partial_fit(X, Y).predict(X), expected)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_fits_give_the_same_models(backend):
    models = [LSTMRegressor(**OPTIONS, random_state=seed) for seed in range(4)]
    expected = [fit_and_predict(model) for model in models]
    with Parallel(n_jobs=2, backend=backend) as parallel:
        got = parallel(delayed(fit_and_predict)(clone(model)) for model in models)
    np.testing.assert_array_equal(got, expected)


def test_another_process_gives_the_same_model(tmp_path):
    code = (
        "import numpy as np, torch; torch.set_num_threads(1);"
        "from sklstm import LSTMRegressor;"
        "X = np.random.default_rng(0).normal(size=(40, 5));"
        "m = LSTMRegressor(max_epochs=3, dropout=0.2, random_state=0).fit(X, X[:, 0]);"
        "print(m.predict(X).tobytes().hex())"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(outputs) == 1


def test_a_fitted_model_holds_no_data():
    big = np.random.default_rng(0).normal(size=(4000, 6, 2))
    small = len(pickle.dumps(LSTMRegressor(max_epochs=1).fit(X, Y)))
    options = {"max_epochs": 1, "early_stopping": True}
    large = len(pickle.dumps(LSTMRegressor(**options).fit(big, big[:, -1, 0])))
    assert large < small + 10_000


def test_the_first_fit_of_a_process_keeps_the_warning_filters():
    code = (
        "import warnings, numpy as np\n"
        "from sklstm import LSTMRegressor\n"
        "before = list(warnings.filters)\n"
        "LSTMRegressor(max_epochs=1).fit(np.zeros((9, 4)), np.arange(9.0))\n"
        "assert warnings.filters == before, warnings.filters\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
