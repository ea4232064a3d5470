"""scikit-learn's checks of weights and types, for every value of a parameter."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import (
    check_fit_idempotent,
    check_regressors_no_decision_function,
    check_sample_weight_equivalence_on_dense_data,
)

from sklstm import LSTMClassifier, LSTMRegressor

# With one batch of all samples, in float64, a weight is exactly a number of repetitions.
EXACT = {
    "dtype": "float64",
    "batch_size": 10_000,
    "hidden_size": 6,
    "max_epochs": 4,
    "learning_rate": 0.05,
}
BOTH = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"cell": "gru"},
    {"cell": "rnn"},
    {"cell": "peephole"},
    {"layer_norm": True},
    {"memory_length": 5},
    {"patch_length": 3},
    {"convolution": "before", "conv_filters": (3,), "conv_kernel_sizes": (2,)},
    {"pooling": "mean"},
    {"pooling": "max"},
    {"pooling": "attention"},
    {"head_sizes": (4,)},
    {"optimizer": "adamw", "weight_decay": 0.01},
    {"optimizer": "sgd"},
    {"optimizer": "rmsprop"},
    {"learning_rate_schedule": "constant"},
    {"learning_rate_schedule": "step"},
    {"learning_rate_schedule": "plateau"},
    {"learning_rate_schedule": "one_cycle"},
    {"learning_rate_schedule": "warmup"},
    {"weight_averaging": 0.9},
    {"max_grad_norm": None},
    {"standardize": False},
    {"checkpoint": "fit.ckpt"},
    {"instance_norm": "last"},
    {"instance_norm": "standard"},
    {"instance_norm": "affine"},
]
REGRESSION = [
    {"loss": "absolute_error"},
    {"loss": "huber"},
    {"loss": "quantile", "quantile": 0.9},
    {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
    {"loss": "gaussian"},
    {"loss": "student_t"},
    {"loss": "mixture", "n_mixtures": 2},
    {"loss": "gaussian", "instance_norm": "standard"},
    {"loss": "quantile", "quantile": [0.1, 0.9], "instance_scale": True},
    {"instance_scale": True},
    {"instance_norm": "last", "instance_scale": True},
]
# Rows repeated would be other rows, whose targets lie elsewhere.
IN_ORDER = [{"horizon": 1}]
CLASSIFICATION = [{"label_smoothing": 0.1}, {"class_weight": "balanced"}]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("options", BOTH + REGRESSION, ids=str)
def test_a_weight_of_a_number_is_that_many_samples(options):
    model = LSTMRegressor(**EXACT | options)
    check_sample_weight_equivalence_on_dense_data("LSTMRegressor", model)


@pytest.mark.parametrize("options", BOTH + CLASSIFICATION, ids=str)
def test_a_weight_of_a_label_is_that_many_samples(options):
    model = LSTMClassifier(**EXACT | options)
    check_sample_weight_equivalence_on_dense_data("LSTMClassifier", model)


@pytest.mark.parametrize("options", BOTH + REGRESSION + IN_ORDER, ids=str)
def test_numbers_are_float64_and_the_same_each_time(options):
    model = LSTMRegressor(max_epochs=2, hidden_size=4, **options)
    check_fit_idempotent("LSTMRegressor", model)
    check_regressors_no_decision_function("LSTMRegressor", model)
    X = np.random.default_rng(0).normal(size=(30, 8)).astype("float32")
    assert model.fit(X, X[:, 0]).predict(X).dtype == np.float64
