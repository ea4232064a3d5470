"""Every argument of fit: what it may be, and by which name it is refused."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.model_selection import GridSearchCV

from sklstm import LSTMClassifier, LSTMRegressor, Windows

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 5, 2))
Y = rng.normal(size=40)
LABELS = np.repeat(["a", "b"], 20)
TINY = {"max_epochs": 2, "hidden_size": 4, "random_state": 0}


def no_training(output, target):
    raise AssertionError("training began")


def regressor(**params):
    return LSTMRegressor(**TINY | {"loss": no_training} | params)


def classifier(**params):
    return LSTMClassifier(**TINY | {"loss": no_training} | params)


# Sizes


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden_size": 3},
        {"num_layers": 2},
        {"max_epochs": 3},
        {"batch_size": 16},
        {"n_epochs_no_change": 1, "early_stopping": True},
        {"verbose": 0},
        {"random_state": 5},
        {"bidirectional": True},
        {"target_features": 1, "instance_norm": "last"},
        {"dropout": 0.5, "num_layers": 2},
        {"learning_rate": 0.25, "max_grad_norm": 0.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("schedule", ["cosine", "step"])
def test_numbers_of_numpy_are_as_good_as_those_of_python(sizes, schedule):
    kinds = {int: np.int64, bool: np.bool_, float: np.float32}
    numpys = {name: kinds.get(type(v), type(v))(v) for name, v in sizes.items()}
    options = TINY | {"learning_rate_schedule": schedule}
    expected = LSTMRegressor(**options | sizes).fit(X, Y)
    model = LSTMRegressor(**options | numpys).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert model.loss_curve_ == expected.loss_curve_


def test_a_grid_of_numpy_integers():
    grid = {"hidden_size": np.arange(2, 4), "batch_size": np.array([16, 40])}
    search = GridSearchCV(LSTMRegressor(**TINY), grid, cv=2).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# X


def object_array(*rows):
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1.0, 2.0], [3.0]], "X must have sequences of one length"),
        ([[[1.0], [2.0]], [[3.0]]], "X must have sequences of one length"),
        (object_array([1.0, 2.0], [3.0]), "X must have sequences of one length"),
        ({"price": [1.0]}, "X must be an array, a data frame or .* Got {'price': "),
        (3.0, "X must be an array, a data frame or .* Got 3.0"),
        ((row for row in X), "X must be an array, a data frame or .* Got <generator"),
        ("text", "X must be an array, a data frame or .* Got 'text'"),
        (sparse.csr_array(X[:, :, 0]), r"X must be dense. .*sparse.*X.toarray\(\)"),
        (sparse.coo_array(X), r"X must be dense. .*sparse.*X.toarray\(\)"),
        (Windows.from_array(X)[:0], "X must have at least 1 of its samples"),
        (Windows.from_array(X).over(np.empty((200, 0))), "X must have at least 1 of its f"),
    ],
)
def test_what_is_no_table_of_sequences_is_refused_by_name(bad, message):
    fitted = LSTMRegressor(**TINY).fit(X, Y)
    with pytest.raises((TypeError, ValueError), match=message):
        regressor().fit(bad, Y)
    name = message.replace("X", "X_val")
    with pytest.raises((TypeError, ValueError), match=name):
        regressor().fit(X, Y, X_val=bad, y_val=Y)
    with pytest.raises((TypeError, ValueError), match=message):
        fitted.predict(bad)


def test_no_sequences_at_all_are_refused():
    with pytest.raises(TypeError, match=r"X must be an array, a data frame or .* Got None"):
        regressor().fit(None, Y)


@pytest.mark.parametrize("dtype", [object, "float16", "longdouble"])
def test_infinity_in_three_dimensions_of_any_type_is_refused(dtype):
    infinite = X.astype(dtype)
    infinite[3, 2, 1] = np.inf
    with pytest.raises(ValueError, match="Input X contains infinity"):
        regressor().fit(infinite, Y)


@pytest.mark.parametrize("dtype", [object, "int64", "uint8", "float16", bool])
def test_three_dimensions_of_any_type_are_numbers(dtype):
    numbers = (X > 0).astype(dtype)
    expected = LSTMRegressor(**TINY).fit((X > 0).astype(float), Y)
    model = LSTMRegressor(**TINY).fit(numbers, Y)
    np.testing.assert_array_equal(model.predict(numbers), expected.predict(numbers))


# y


BAD_TARGETS = {
    "None in it": (np.where(np.arange(40) == 3, None, Y), "y contains NaN"),
    "all None": ([None] * 40, "y contains NaN"),
    "the text nan": (np.full(40, "nan"), "y must be numbers. Got text"),
    "the object nan": (np.array(["nan"] * 40, dtype=object), "y contains NaN"),
    "text of numbers": (np.full(40, "1.5"), "y must be numbers. Got text"),
    "bytes": (np.full(40, b"1.5"), "y must be numbers. Got text"),
    "text": (np.array(["x"] * 40, dtype=object), "y must be numbers. .* 'x'"),
    "missing of pandas": (pd.Series([1, None] * 20, dtype="Int64"), "y contains NaN"),
    "days": (np.full(40, "2020", dtype="M8[D]"), "y must be numbers. Got times"),
    "dates": (pd.Series(pd.date_range("2020", periods=40)), "y must be numbers. Got times"),
    "durations": (np.full(40, 3, dtype="m8[s]"), "y must be numbers. Got durations"),
    "zoned dates": (
        pd.Series(pd.date_range("2020", periods=40, tz="UTC")),
        "y must be numbers",
    ),
    "two columns of text": (np.full((40, 2), "1"), "y must be numbers. Got text"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_targets_that_are_no_numbers_are_refused_by_name(case):
    y, message = BAD_TARGETS[case]
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, y)
    with pytest.raises(ValueError, match=message.replace("y", "y_val", 1)):
        regressor().fit(X, Y, X_val=X, y_val=y)


@pytest.mark.parametrize(
    "kind",
    [
        lambda y: y.astype(object),
        lambda y: [Decimal(v) for v in y.tolist()],
        lambda y: pd.Series(y, dtype="Float64"),
    ],
    ids=["object", "decimal", "pandas"],
)
def test_numbers_of_other_types_are_targets(kind):
    expected = LSTMRegressor(**TINY).fit(X, Y).predict(X)
    model = LSTMRegressor(**TINY).fit(X, kind(Y))
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (object_array(*["a", None] * 20), "Input y contains None. .* horizon"),
        (object_array(*["a", np.nan] * 20), "Input y contains NaN"),
        (pd.Series(["a", None] * 20, dtype="string"), "Input y contains (nan|<NA>|NaN)"),
        ([None] * 40, "Input y contains None"),
    ],
)
def test_labels_that_are_none_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, labels)


def test_one_output_is_singular():
    model = LSTMRegressor(**TINY).partial_fit(X, Y)
    with pytest.raises(
        ValueError, match=r"y must have 1 output, as before\. Got 2 instead"
    ):
        model.partial_fit(X, np.c_[Y, Y])


# Weights


@pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val"])
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(40), " must have a weight above zero. Got only zeros"),
        (np.r_[-1.0, np.ones(39)], " must not be negative. Got -1"),
        (np.full(40, np.nan), " contains NaN"),
        (np.full(40, np.inf), " contains infinity"),
        (np.ones(39), r".shape must be \(40,\), .* Got \(39,\)"),
        (np.ones((40, 1)), r".shape must be \(40,\), .* Got \(40, 1\)"),
        (0.0, " must have a weight above zero"),
    ],
)
def test_weights_are_refused_by_the_name_of_their_argument(name, weight, message):
    with pytest.raises(ValueError, match=rf"\b{name}{message}"):
        regressor().fit(X, Y, X_val=X, y_val=Y, **{name: weight})


def test_one_weight_for_all_is_no_weight():
    expected = LSTMRegressor(**TINY).fit(X, Y).predict(X)
    weighted = LSTMRegressor(**TINY).fit(X, Y, sample_weight=2.0).predict(X)
    np.testing.assert_allclose(weighted, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"a": 0, "b": 0}, "give a sample a weight above zero"),
        ({"a": -1, "b": 2}, "finite and not negative. Got -1 for 'a'"),
        ({"a": 1, "b": np.nan}, "finite and not negative. Got nan for 'b'"),
        ({"a": 1, "b": np.inf}, "finite and not negative. Got inf for 'b'"),
        ({"a": 1, "b": "2"}, "finite and not negative. Got '2' for 'b'"),
        ({"a": 1, "bb": 2}, r"labels from the classes, .* Got 'bb' as well"),
    ],
)
def test_bad_class_weights_are_refused_by_name(class_weight, message):
    with pytest.raises(ValueError, match=f"class_weight .*{message}"):
        classifier(class_weight=class_weight).fit(X, LABELS)


def test_class_weights_that_silence_all_samples_to_validate_on_are_refused():
    model = classifier(class_weight={"a": 0, "b": 1})
    with pytest.raises(ValueError, match="class_weight must give a sample"):
        model.fit(X, LABELS, X_val=X[:20], y_val=LABELS[:20])


def test_class_weights_may_name_a_class_that_a_fold_lacks():
    options = TINY | {"class_weight": {"a": 2, "b": 1, "c": 9}}
    expected = LSTMClassifier(**TINY, class_weight={"a": 2, "b": 1}).fit(X, LABELS)
    model = LSTMClassifier(**options).fit(X, LABELS)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


# Samples to validate on


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"X_val": X[:, :, :1]}, "X_val has 1 features, but LSTMRegressor is expecting 2"),
        ({"X_val": X[:, :, 0]}, "X_val must have 3 dimensions, as in fit. Got 2"),
        ({"X_val": X[None]}, "X_val must have 2 dimensions .* Got 4"),
        ({"X_val": X[:0]}, "X_val must have at least 1 of its samples"),
        ({"X_val": np.where(X > 2, np.inf, X)}, "Input X_val contains infinity"),
        ({"X_val": X * 1e300}, "X_val must fit into float32"),
        ({"y_val": np.full(40, np.nan)}, "Input y_val contains NaN"),
        ({"y_val": np.c_[Y, Y]}, "y_val must have 1 output, as before. Got 2"),
        ({"y_val": Y * 1e300}, "y_val must fit into float32"),
    ],
)
def test_validation_data_are_called_by_their_own_names(data, message):
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, Y, **{"X_val": X, "y_val": Y} | data)


def test_flat_validation_data_are_called_by_their_own_name():
    with pytest.raises(ValueError, match="Input X_val contains infinity"):
        regressor().fit(X[:, :, 0], Y, X_val=np.full((40, 5), np.inf), y_val=Y)
    with pytest.raises(ValueError, match="X_val has 4 features, but LSTMRegressor"):
        regressor().fit(X[:, :, 0], Y, X_val=X[:, :4, 0], y_val=Y)


def test_validation_labels_are_called_by_their_own_name():
    with pytest.raises(ValueError, match=r"y_val must have labels from classes.*\['z'\]"):
        classifier().fit(X, LABELS, X_val=X, y_val=np.full(40, "z"))


def test_validation_weights_need_samples():
    message = "X_val must be given together with sample_weight_val"
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, Y, sample_weight_val=np.ones(40))


# Classes


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "classes must have at least 1 label"),
        ([np.nan, 1.0], "classes contains NaN"),
        (object_array("a", None), "classes contains None"),
    ],
)
def test_classes_that_are_none_are_refused_by_name(classes, message):
    model = classifier()
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, LABELS, classes=classes)
    assert not hasattr(model, "classes_")


# Numbers that are too large


@pytest.mark.parametrize(
    ("factors", "params", "message"),
    [
        ((1, 1e300), {}, "y must have a mean and a standard deviation within float64"),
        ((1e300, 1), {}, "X must have a mean and a standard deviation within float64"),
        ((1e39, 1), {"standardize": False}, "X must fit into float32"),
        ((1, 1e39), {"standardize": False}, "y must fit into float32"),
    ],
)
def test_overflow_is_an_error_before_training(factors, params, message):
    with pytest.raises(ValueError, match=message):
        regressor(**params).fit(X * factors[0], Y * factors[1])


@pytest.mark.parametrize("n_dims", [2, 3])
def test_overflow_is_an_error_in_prediction(n_dims):
    data = X if n_dims == 3 else X[:, :, 0]
    model = LSTMRegressor(**TINY).fit(data, Y)
    with pytest.raises(ValueError, match=r"X must fit into float32 .* becomes .*e\+"):
        model.predict(data * 1e300)
    assert np.isfinite(model.predict(data * 1e30)).all()


def test_float64_holds_what_float32_does_not():
    model = LSTMRegressor(**TINY, standardize=False, dtype="float64")
    assert np.isfinite(model.fit(X * 1e39, Y).predict(X)).all()


@pytest.mark.parametrize("before", ["float32", "float64"])
def test_prediction_is_of_the_type_of_the_fit(before):
    after = {"float32": "float64", "float64": "float32"}[before]
    model = LSTMRegressor(**TINY, dtype=before).fit(X, Y)
    expected = model.predict(X)
    np.testing.assert_array_equal(model.set_params(dtype=after).predict(X), expected)


# Devices


@pytest.mark.parametrize(
    "device", ["meta", "xpu", "xla", "hip", "privateuseone", torch.device("meta")]
)
def test_a_device_that_is_not_there_is_refused_by_name(device):
    with pytest.raises(ValueError, match=f"device must be one of .* Got '{device}'"):
        regressor(device=device).fit(X, Y)
