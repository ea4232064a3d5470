"""What users get wrong is told by the name of the argument, before training starts."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.compose import TransformedTargetRegressor
from skorch.callbacks import EarlyStopping

from sklstm import LSTMClassifier, LSTMRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 5))
Y = X[:, 0]


def regressor(**options):
    return LSTMRegressor(max_epochs=2, hidden_size=4, **options)


def gives_none(*args, **options):
    return None


WRONG = {
    "targets of three dimensions": (
        lambda: regressor().fit(X, np.zeros((40, 2, 2))),
        r"y must have the shape \(n_samples,\) or \(n_samples, n_outputs\);.* Got 3",
    ),
    "labels of two dimensions": (
        lambda: LSTMClassifier().fit(X, np.zeros((40, 2))),
        r"y must have the shape \(n_samples,\)\. Got 2|y must be one label per sample",
    ),
    "classes of two dimensions": (
        lambda: LSTMClassifier().partial_fit(X, Y > 0, classes=[[0, 1], [2, 3]]),
        "classes must be one label per sample",
    ),
    "validation targets of another length": (
        lambda: regressor().fit(X, Y, X_val=X[:5], y_val=Y[:4]),
        "y_val must have one row for each of the 5 sequences of X_val. Got 4",
    ),
    "early stopping of skorch without validation": (
        lambda: regressor(callbacks=[EarlyStopping()]).fit(X, Y),
        "callbacks has EarlyStopping, which reads the validation loss",
    ),
    "a part of the callbacks": (
        lambda: regressor(callbacks=[("es", EarlyStopping())]).set_params(
            callbacks__es__patience=3
        ),
        "callbacks must be set as a whole.*'callbacks__es__patience'",
    ),
    "a list of arrays of times": (
        lambda: regressor().fit([np.arange(5).astype("datetime64[D]")] * 40, Y),
        "X must have numbers in its columns. Got times in column 0",
    ),
    "a loss that gives nothing": (
        lambda: regressor(loss=gives_none).fit(X, Y),
        "loss must give a tensor.*Got NoneType",
    ),
    "a loss that gives a number": (
        lambda: regressor(loss=lambda output, target: 1.0).fit(X, Y),
        "loss must give a tensor.*Got float",
    ),
    "an optimiser that is none": (
        lambda: regressor(optimizer=gives_none).fit(X, Y),
        "optimizer must give a torch.optim.Optimizer.*Got None",
    ),
    "a schedule that is none": (
        lambda: regressor(learning_rate_schedule=gives_none).fit(X, Y),
        "learning_rate_schedule must give a scheduler.*Got None",
    ),
    "text as weights": (
        lambda: regressor().fit(X, Y, sample_weight=["a"] * 40),
        "sample_weight must be one number per sample",
    ),
    "a word as weight": (
        lambda: regressor().fit(X, Y, sample_weight="heavy"),
        "sample_weight must be one number per sample",
    ),
    "sequences with gradients": (
        lambda: regressor().fit(torch.tensor(X, requires_grad=True), Y),
        r"X must be data.*X\.detach\(\)",
    ),
    "targets with gradients": (
        lambda: regressor().fit(X, torch.tensor(Y, requires_grad=True)),
        r"y must be data.*y\.detach\(\)",
    ),
    "weights with gradients": (
        lambda: regressor().fit(X, Y, sample_weight=torch.ones(40, requires_grad=True)),
        r"sample_weight must be data.*sample_weight\.detach\(\)",
    ),
    "ragged lists": (
        lambda: regressor().fit([[1.0, 2.0], [1.0]], [1.0, 2.0]),
        "X must have sequences of one length.*sklstm.pad_sequences fills the shorter",
    ),
    "ragged arrays": (
        lambda: regressor().fit([np.zeros((3, 2)), np.zeros((2, 2))], [1.0, 2.0]),
        "X must have sequences of one length.*sklstm.pad_sequences fills the shorter",
    ),
    "lists of words": (
        lambda: regressor().fit([["the", "cat"], ["a", "dog"]], [1.0, 2.0]),
        "X must be numbers. Got text.*one wherever it stands.*categorical_features",
    ),
    "an array of words": (
        lambda: regressor().fit(np.array([["a", "b"]] * 2, dtype=object), [1.0, 2.0]),
        "X must be numbers. Got text.*one wherever it stands.*categorical_features",
    ),
    "missing targets": (
        lambda: regressor().fit(X, np.where(Y > 0, Y, np.nan)),
        "Input y contains NaN.*horizon",
    ),
    "a category that is none": (
        lambda: regressor(categorical_features=0).fit(X, Y),
        "categorical_features.*one number, the same in all steps",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_message_names_the_argument(case):
    call, message = WRONG[case]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize(
    "name", ["batch_size", "hidden_size", "patch_length", "num_layers", "embedding_size"]
)
def test_sizes_that_torch_cannot_count_are_refused(name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of LSTMRegressor must be an"):
        LSTMRegressor(**{name: 2**70}).fit(X, Y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("standardize", [True, False])
def test_numbers_are_predicted_in_float64(dtype, standardize):
    for y in (Y, np.c_[Y, Y], Y.astype("float32")):
        model = regressor(dtype=dtype, standardize=standardize).fit(X, y)
        assert model.predict(X).dtype == np.float64


def test_validation_targets_in_other_units_warn():
    y = np.exp(8 + X[:, 0])
    model = TransformedTargetRegressor(
        regressor(random_state=0), func=np.log, inverse_func=np.exp
    )
    with pytest.warns(UserWarning, match=r"far above the training loss.* y_val"):
        model.fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X[:30], y[:30], X_val=X[30:], y_val=np.log(y[30:]))
