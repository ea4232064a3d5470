"""What bad input gets: one sentence that names the argument, before any training."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 5, 2))
Y = rng.normal(size=30)
LABELS = np.repeat(["a", "b", "c"], 10)


def with_value(array, value):
    changed = array.copy()
    changed.flat[7] = value
    return changed


class NoTraining(torch.nn.Module):
    """A loss that tells if training begins."""

    def forward(self, output, target):
        raise AssertionError("training began")


BAD_DATA = {
    "infinite X": (with_value(X, np.inf), Y, "X contains infinity"),
    "infinite flat X": (with_value(X[:, :, 0], -np.inf), Y, "X contains infinity"),
    "NaN in y": (X, with_value(Y, np.nan), "y contains NaN"),
    "infinite y": (X, with_value(Y, np.inf), "y contains infinity"),
    "one dimension": (X[:, 0, 0], Y, "Expected 2D array, got 1D array"),
    "four dimensions": (X[None], Y, "X must have 2 dimensions .* or 3 .* Got 4"),
    "no rows": (X[:0], Y[:0], "X must have at least 1 of its samples"),
    "no rows, flat": (X[:0, :, 0], Y[:0], "0 sample"),
    "no steps": (X[:, :0], Y, "X must have at least 1 of its time steps"),
    "no features": (X[:, :, :0], Y, "X must have at least 1 of its features"),
    "lengths differ": (X, Y[:-1], "inconsistent numbers of samples"),
    "no y": (X, None, "requires y to be passed"),
    "text in X": ([["a", "b"], ["c", "d"]], [1, 2], "X must be numbers. Got text"),
    "complex X": (X + 1j, Y, "Complex data not supported"),
    "three dimensions of y": (X, np.zeros((30, 2, 2)), "y|dim"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(case):
    X, y, message = BAD_DATA[case]
    with pytest.raises((ValueError, TypeError), match=message):
        LSTMRegressor(loss=NoTraining()).fit(X, y)


BAD_PARAMETERS = [
    {"hidden_size": 0},
    {"hidden_size": 2.5},
    {"num_layers": -1},
    {"dropout": 1.0},
    {"dropout": -0.1},
    {"bidirectional": "yes"},
    {"loss": "squared"},
    {"optimizer": "adamm"},
    {"learning_rate": 0},
    {"learning_rate": float("nan")},
    {"learning_rate_schedule": "cosinus"},
    {"max_grad_norm": -1},
    {"max_epochs": 0},
    {"max_epochs": 1.5},
    {"batch_size": 0},
    {"standardize": None},
    {"early_stopping": "maybe"},
    {"validation_fraction": 0.0},
    {"validation_fraction": 1.0},
    {"validation_split": "first"},
    {"n_epochs_no_change": 0},
    {"warm_start": 2.0},
    {"callbacks": 3},
    {"callbacks": ["3"]},
    {"dtype": "float16"},
    {"device": "gpu"},
    {"device": "cuda:7"},
    {"device": 3},
    {"random_state": "seed"},
]


@pytest.mark.parametrize("params", BAD_PARAMETERS, ids=str)
@pytest.mark.parametrize("estimator", [LSTMRegressor(), LSTMClassifier()])
def test_bad_parameter_is_named_with_what_was_expected_and_what_came(estimator, params):
    ((name, value),) = params.items()
    model = clone(estimator).set_params(**params)
    y = Y if isinstance(model, LSTMRegressor) else LABELS
    with pytest.raises((ValueError, TypeError), match=name) as error:
        model.fit(X, y)
    assert "must be" in str(error.value)
    assert str(value).strip("[]") in str(error.value)
    assert not hasattr(model, "net_")


@pytest.mark.parametrize(
    "params",
    [{"window_length": 0}, {"window_length": 2.5}, {"output": "4d"}, {"padding": "mean"}],
    ids=str,
)
def test_bad_parameter_of_the_transformer_is_named(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        SlidingWindowTransformer(**params).fit(X[:, 0])


def test_bad_class_weight_is_named():
    with pytest.raises(ValueError, match="class_weight"):
        LSTMClassifier(class_weight="even").fit(X, LABELS)


@pytest.mark.parametrize("method", ["predict", "score"])
def test_predicting_needs_a_fit(method):
    arguments = (X,) if method == "predict" else (X, Y)
    with pytest.raises(NotFittedError, match="LSTMRegressor"):
        getattr(LSTMRegressor(), method)(*arguments)
    with pytest.raises(AttributeError, match="module_ before fit"):
        _ = LSTMRegressor().module_


def test_predict_refuses_other_features_and_dimensions():
    model = LSTMRegressor(max_epochs=1).fit(X, Y)
    with pytest.raises(
        ValueError, match="X has 1 features, but LSTMRegressor is expecting 2"
    ):
        model.predict(X[:, :, :1])
    with pytest.raises(ValueError, match=r"X must have 3 dimensions, as in fit. Got 2"):
        model.predict(X[:, :, 0])
    with pytest.raises(ValueError, match="X contains infinity"):
        model.predict(with_value(X, np.inf))
    with pytest.raises(ValueError, match="samples"):
        model.predict(X[:0])


def test_validation_split_needs_rows():
    model = LSTMRegressor(early_stopping=True, loss=NoTraining())
    with pytest.raises(ValueError, match="X must have more rows than the validation split"):
        model.fit(X[:1], Y[:1])
    windows = SlidingWindowTransformer(window_length=20).fit_transform(X[:, 0])
    with pytest.raises(ValueError, match="n_samples=15 and leaves none to train on"):
        model.fit(windows[15:], Y[15:])


def test_validation_data_come_in_pairs():
    for given, missing in (("X_val", "y_val"), ("y_val", "X_val")):
        data = {"X_val": X, "y_val": Y}
        with pytest.raises(
            ValueError, match=f"{missing} must be given together with {given}"
        ):
            LSTMRegressor(loss=NoTraining()).fit(X, Y, **{given: data[given]})


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(30), "[Ss]ample.weight.*zero"),
        (-np.ones(30), "[Nn]egative"),
        (np.full(30, np.nan), "sample_weight contains NaN"),
        (np.ones(29), "sample_weight.shape|inconsistent"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(loss=NoTraining()).fit(X, Y, sample_weight=weight)


def test_a_loss_for_the_batch_cannot_be_weighted():
    model = LSTMRegressor(loss=lambda output, target: (output - target).abs().mean())
    assert len(model.set_params(max_epochs=2).fit(X, Y).loss_curve_) == 2
    with pytest.raises(ValueError, match="loss must give one value per sample"):
        model.fit(X, Y, sample_weight=np.ones(30))


def test_partial_fit_needs_classes_and_refuses_other_labels():
    model = LSTMClassifier(random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, LABELS)
    model.partial_fit(X, LABELS, classes=["a", "b", "c", "d"])
    assert list(model.classes_) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match=r"y must have labels from classes.*\['z'\]"):
        model.partial_fit(X, np.full(30, "z"))
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        model.partial_fit(X, LABELS, classes=["a", "b"])
    with pytest.raises(ValueError, match="y must have labels from classes"):
        LSTMClassifier().partial_fit(X, LABELS, classes=["a", "b"])


def test_regression_targets_for_the_classifier_are_refused():
    with pytest.raises(ValueError, match="Unknown label type"):
        LSTMClassifier().fit(X, Y)


def test_partial_fit_refuses_another_number_of_outputs():
    model = LSTMRegressor().partial_fit(X, np.c_[Y, Y])
    with pytest.raises(ValueError, match="y must have 2 outputs"):
        model.partial_fit(X, Y)


def test_divergence_says_when_and_what_to_try_and_leaves_the_estimator_unfitted():
    model = LSTMRegressor(
        optimizer="sgd", learning_rate=1e30, max_grad_norm=None, random_state=0
    )
    with pytest.raises(
        ValueError, match=r"loss became \w+ in epoch \d.*smaller learning_rate"
    ):
        model.fit(X, Y)
    assert not hasattr(model, "net_")
    assert not hasattr(model, "n_features_in_")


class StopAt:
    """A schedule that is interrupted, as by Ctrl-C, after some epochs."""

    def __init__(self, epoch):
        self.left = epoch

    def __call__(self, optimizer):
        return self

    def step(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_ctrl_c_before_the_first_whole_epoch_leaves_the_estimator_as_it_was():
    interrupted = LSTMRegressor(max_epochs=5, learning_rate_schedule=StopAt(1))
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit(X, Y)
    with pytest.raises(NotFittedError):
        interrupted.predict(X)
    model = LSTMRegressor(max_epochs=5, random_state=0).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(learning_rate_schedule=StopAt(1)).fit(X[:, :, :1], Y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_ctrl_c_leaves_the_last_whole_epoch():
    options = {"random_state": 0, "learning_rate_schedule": "constant"}
    two = LSTMRegressor(max_epochs=2, **options).fit(X[:, :, :1], Y)
    model = LSTMRegressor(max_epochs=5, random_state=0).fit(X, Y)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(learning_rate_schedule=StopAt(3)).fit(X[:, :, :1], Y)
    assert model.n_features_in_ == 1
    assert model.n_epochs_ == model.best_epoch_ == len(model.loss_curve_) == 2
    np.testing.assert_array_equal(model.predict(X[:, :, :1]), two.predict(X[:, :, :1]))
    assert not model.module_.training


def test_ctrl_c_leaves_the_best_whole_epoch_where_one_validates():
    data = {"X_val": X[20:], "y_val": -Y[20:]}  # the longer, the worse
    options = {"max_epochs": 9, "learning_rate": 0.05, "random_state": 0}
    model = LSTMRegressor(**options, learning_rate_schedule=StopAt(6))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:20], Y[:20], **data)
    assert model.n_epochs_ == len(model.validation_loss_curve_) == 5
    best = 1 + int(np.argmin(model.validation_loss_curve_))
    assert model.best_epoch_ == best < 5
    options |= {"max_epochs": best, "learning_rate_schedule": "constant"}
    expected = LSTMRegressor(**options).fit(X[:20], Y[:20]).predict(X)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    model = LSTMRegressor(max_epochs=2, random_state=0).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="y contains NaN"):
        model.fit(X[:, :, :1], with_value(Y, np.nan))
    np.testing.assert_array_equal(model.predict(X), before)
    assert model.n_features_in_ == 2


def test_an_interrupted_warm_start_keeps_the_last_whole_epoch():
    options = {"random_state": 0, "learning_rate_schedule": "constant"}
    two = LSTMRegressor(max_epochs=2, **options).fit(X, Y)
    model = LSTMRegressor(max_epochs=9, warm_start=True, random_state=0)
    model.set_params(learning_rate_schedule=StopAt(3))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.n_epochs_ == len(model.loss_curve_) == 2
    np.testing.assert_array_equal(model.predict(X), two.predict(X))
    assert not model.module_.training


def test_warm_start_refuses_another_structure():
    model = LSTMRegressor(max_epochs=1, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"hidden_size must stay.*expected 32, got 8"):
        model.set_params(hidden_size=8).fit(X, Y)
