"""Features and columns chosen by number, by mask and by name: which ones they are."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklstm import LSTMClassifier, LSTMRegressor, SequenceReshaper
from sklstm.windows import Windows
from sklstm.windows._columns import column_numbers

NAMES = ["price", "store", "volume", "day"]
RNG = np.random.default_rng(0)
N = 40
# Each feature has values of its own: what the network has learnt says which one it was.
STORE, DAY = RNG.integers(100, 103, (N, 5)), RNG.integers(200, 207, (N, 5))
X = np.stack([RNG.normal(5, 1, (N, 5)), STORE, RNG.normal(-70, 9, (N, 5)), DAY], axis=2)
Y = X[:, -1, [0, 2]] + RNG.normal(size=(N, 2))
TINY = {"max_epochs": 2, "hidden_size": 4, "random_state": 0}

# The same columns, 1 and 3, in every way.
WAYS = {
    "list": [1, 3],
    "tuple": (1, 3),
    "array": np.array([1, 3], dtype=np.uint8),
    "objects": np.array([1, 3], dtype=object),
    "index of numbers": pd.Index([1, 3]),
    "series of numbers": pd.Series([1, 3], index=[7, 8]),
    "mask": [False, True, False, True],
    "mask of numpy": np.array([False, True, False, True]),
    "mask of numpy's bools": [np.False_, np.True_, np.False_, np.True_],
    "mask of objects": np.array([False, True, False, True], dtype=object),
    "mask of pandas": pd.Series([False, True, False, True]),
    "nullable mask of pandas": pd.Series([False, True, False, True], dtype="boolean"),
    "mask of polars": pl.Series([False, True, False, True]),
    "numbers of polars": pl.Series([1, 3]),
}
NAMED = {
    "names": ["store", "day"],
    "array of names": np.array(["store", "day"]),
    "index of names": pd.Index(["store", "day"]),
    "series of names": pd.Series(["store", "day"]),
    "names of polars": pl.Series(["store", "day"]),
    "a name and a number": ["store", 3],
}


def named(X):
    """Sequences with names, as windows of a frame have them."""
    parts = {**vars(Windows.from_array(X)), "names": np.array(NAMES, dtype=object)}
    return Windows(**parts)


def embedded(model):
    """Categories of which the network has learnt a vector, feature by feature."""
    return [lookup.known[:-1].tolist() for lookup in model.module_.embedding.lookups]


STORES_AND_DAYS = [[100, 101, 102], [*range(200, 207)]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cls", [LSTMRegressor, LSTMClassifier])
def test_categories_are_those_features(cls, way):
    y = Y if cls is LSTMRegressor else STORE[:, 0]
    expected = cls(**TINY, categorical_features=[3, 1]).fit(X, y).predict(X)
    model = cls(**TINY, categorical_features=WAYS[way]).fit(X, y)
    assert embedded(model) == STORES_AND_DAYS
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("way", NAMED)
def test_categories_are_those_of_the_names(way):
    model = LSTMRegressor(**TINY, categorical_features=NAMED[way]).fit(named(X), Y)
    assert embedded(model) == STORES_AND_DAYS


def test_one_name():
    model = LSTMRegressor(**TINY, categorical_features="store").fit(named(X), Y)
    assert embedded(model) == STORES_AND_DAYS[:1]


@pytest.mark.parametrize("nothing", [None, [], (), np.zeros(4, bool), [False] * 4])
def test_no_feature_is_a_category(nothing):
    assert (
        LSTMRegressor(**TINY, categorical_features=nothing).fit(X, Y).module_.embedding
        is None
    )


TARGETS = {
    "numbers": [0, 2],
    "mask": [True, False, True, False],
    "mask of numpy": np.array([True, False, True, False]),
    "index": pd.Index([0, 2]),
}


def forecast(target_features, y=Y, X=X):
    model = LSTMRegressor(**TINY, instance_norm="last", target_features=target_features)
    return model.fit(X, y)


@pytest.mark.parametrize("way", TARGETS)
def test_outputs_follow_those_features(way):
    model = forecast(TARGETS[way])
    assert model.module_.normaliser.target_features.tolist() == [0, 2]
    shift = np.array([500.0, 0, -900, 0])
    moved = model.predict(X + shift) - model.predict(X)
    np.testing.assert_allclose(moved, np.tile([500, -900], (N, 1)), rtol=1e-3)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [("volume", [2, 2]), (["volume", "price"], [2, 0]), (["day", 0], [3, 0])],
)
def test_outputs_follow_the_features_of_these_names(names, numbers):
    model = forecast(names, X=named(X))
    assert model.module_.normaliser.target_features.tolist() == numbers


def test_a_search_tries_masks_and_numbers_alike():
    grid = {"categorical_features": [None, [1], np.array([False, True, False, False])]}
    search = GridSearchCV(LSTMRegressor(**TINY), grid, cv=2, error_score="raise").fit(X, Y)
    nothing, number, mask = search.cv_results_["mean_test_score"]
    assert number == mask != nothing


@pytest.mark.parametrize("way", WAYS)
def test_training_goes_on_with_features_given_in_any_way(way):
    model = LSTMRegressor(**TINY, warm_start=True, categorical_features=WAYS[way]).fit(X, Y)
    model.fit(X, Y)
    assert embedded(clone(model).fit(X, Y)) == embedded(model) == STORES_AND_DAYS
    model.set_params(categorical_features=[1])
    with pytest.raises(ValueError, match="categorical_features must stay what it was"):
        model.fit(X, Y)


BAD = {
    "too large": (4, "from 0 to 3. Got 4"),
    "negative": ([0, -1], "from 0 to 3. Got -1"),
    "a float": ([1.0], "from 0 to 3"),
    "a short mask": ([True, False], "a mask has one bool for each of the 4. Got 2"),
    "a long mask": (np.ones(5, bool), "a mask has one bool for each of the 4. Got 5"),
    "bools and numbers": ([True, 1, 2], "a mask has nothing but bools. Got .True, 1, 2."),
    "two axes": (np.ones((2, 4), bool), "as a number, a name, or a sequence of them"),
    "no axis": (np.array(1), "as a number, a name, or a sequence of them"),
    "a set": ({1, 3}, "as a number, a name, or a sequence of them"),
    "a mapping": ({1: "store"}, "as a number, a name, or a sequence of them"),
    "missing in a mask": (
        pd.Series([True, None, False, True], dtype="boolean"), "nothing but bools. Got"
    ),
    "a name": ("store", "by number: this 3-D X has no names.* Got 'store'"),
    "names": (["store", "day"], "by number: this 3-D X has no names.* Got 'store'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("parameter", ["categorical_features", "target_features"])
def test_what_is_no_feature_is_refused_by_the_name_of_the_parameter(parameter, case):
    value, message = BAD[case]
    model = LSTMRegressor(**TINY, instance_norm="last").set_params(target_features=0)
    model.set_params(**{parameter: value})
    with pytest.raises(ValueError, match=f"^{parameter} must be features of X.*{message}"):
        model.fit(X, Y)
    assert not hasattr(model, "n_features_in_")


def test_an_unknown_name_is_refused():
    model = LSTMRegressor(**TINY, categorical_features=["shop"])
    with pytest.raises(
        ValueError, match=r"features of X, which has \['price'.* Got 'shop'"
    ):
        model.fit(named(X), Y)


TOKENS = pd.DataFrame(STORE, columns=[f"word {i}" for i in range(5)])


@pytest.mark.parametrize("features", [0, [0], [True], np.array([True])], ids=repr)
@pytest.mark.parametrize("table", [TOKENS, STORE], ids=["frame", "array"])
def test_columns_of_two_dimensions_are_steps_of_one_feature(table, features):
    model = LSTMRegressor(**TINY, categorical_features=features).fit(table, Y)
    assert embedded(model) == [[100, 101, 102]]


@pytest.mark.parametrize("features", ["word 0", [*TOKENS.columns], "store"], ids=repr)
def test_names_of_steps_are_no_features(features):
    model = LSTMRegressor(**TINY, categorical_features=features)
    with pytest.raises(ValueError, match="columns of a 2-D X are the steps of one feature"):
        model.fit(TOKENS, Y)
    model.set_params(categorical_features=[True] * 5)
    with pytest.raises(ValueError, match=r"one bool for each of the 1\. Got 5"):
        model.fit(TOKENS, Y)


@pytest.mark.parametrize("channels", [1, [False, True, False, False]], ids=repr)
def test_channels_of_whole_series(channels):
    adapters = pytest.importorskip("sklstm.sktime", reason="sktime is not installed")
    model = adapters.LSTMTimeSeriesRegressor(**TINY, categorical_features=channels)
    model.fit(X.transpose(0, 2, 1), Y[:, 0])
    assert embedded(model.estimator_) == STORES_AND_DAYS[:1]


# Columns


@pytest.mark.parametrize("way", [*WAYS, *NAMED])
def test_static_columns_are_those(way):
    static = (WAYS | NAMED)[way]
    frame = pd.DataFrame([[1.0, 100.0, 2.0, 200.0]], columns=NAMES)
    found = SequenceReshaper(static=static).fit_transform(frame)
    np.testing.assert_array_equal(found, [[[1, 100, 200], [2, 100, 200]]])


@pytest.mark.parametrize("static", ["day", -1, 3, np.int64(3), [False, False, False, True]])
def test_one_static_column(static):
    frame = pd.DataFrame([[1.0, 100.0, 2.0, 200.0]], columns=NAMES)
    found = SequenceReshaper(static=static).fit_transform(frame)
    np.testing.assert_array_equal(found[0, 0], [1, 200])


@pytest.mark.parametrize("static", [True, np.True_, [True, 0], {3}, np.array(3)], ids=repr)
def test_what_is_no_static_column_is_refused(static):
    with pytest.raises(ValueError, match=r"static\W.*must be|static must be"):
        SequenceReshaper(static=static).fit(np.ones((1, 4)))


def test_order_and_repetition_are_kept():
    assert column_numbers(["day", "price", "day"], 4, NAMES, parameter="p") == [3, 0, 3]
    assert column_numbers([3, 0, 3], 4, parameter="p") == [3, 0, 3]
    assert column_numbers(np.int8(-4), 4, parameter="p", from_end=True) == [0]
    with pytest.raises(ValueError, match=r"of X, from -4 to 3\. Got -5"):
        column_numbers(-5, 4, parameter="p", from_end=True)
