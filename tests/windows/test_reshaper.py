import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone

from sklstm import SequenceReshaper

quick = settings(deadline=None, max_examples=40)


@quick
@given(
    n=st.integers(1, 5),
    n_timesteps=st.integers(1, 5),
    n_features=st.integers(1, 4),
    layout=st.sampled_from(["time-major", "feature-major"]),
    newest_first=st.booleans(),
)
def test_each_column_goes_to_its_step_and_feature(
    n, n_timesteps, n_features, layout, newest_first
):
    sequences = np.random.default_rng(0).normal(size=(n, n_timesteps, n_features))
    ages = range(n_timesteps) if newest_first else reversed(range(n_timesteps))
    steps = [n_timesteps - 1 - age for age in ages]
    if layout == "time-major":
        columns = [sequences[:, t, f] for t in steps for f in range(n_features)]
    else:
        columns = [sequences[:, t, f] for f in range(n_features) for t in steps]
    reshaper = SequenceReshaper(n_features, layout=layout, newest_first=newest_first)
    found = reshaper.fit_transform(np.column_stack(columns))
    np.testing.assert_array_equal(found, sequences)
    assert reshaper.n_timesteps_ == n_timesteps


def test_by_default_a_column_is_a_step_of_one_feature():
    found = SequenceReshaper().fit_transform([[1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(found, [[[1], [2], [3]]])


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("layout", ["time-major", "feature-major"])
def test_no_values_are_copied(layout, newest_first):
    X = np.arange(12.0).reshape(2, 6)
    reshaper = SequenceReshaper(2, layout=layout, newest_first=newest_first)
    assert np.shares_memory(reshaper.fit_transform(X), X)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_dtype_is_kept(dtype):
    X = np.arange(6).reshape(1, 6).astype(dtype)
    assert SequenceReshaper(3).fit_transform(X).dtype == dtype


def test_nan_is_passed_on_and_infinity_refused():
    found = SequenceReshaper().fit_transform([[1.0, np.nan]])
    np.testing.assert_array_equal(found, [[[1], [np.nan]]])
    with pytest.raises(ValueError, match="infinity"):
        SequenceReshaper().fit([[1.0, np.inf]])


@pytest.mark.parametrize("library", [pd, pl])
def test_frames_come_in_and_their_names_are_checked(library):
    X = library.DataFrame({"a1": [1.0], "b1": [2.0], "a2": [3.0], "b2": [4.0]})
    reshaper = SequenceReshaper(n_features=2).fit(X)
    np.testing.assert_array_equal(reshaper.transform(X), [[[1, 2], [3, 4]]])
    assert reshaper.feature_names_in_.tolist() == ["a1", "b1", "a2", "b2"]
    with pytest.raises(ValueError, match="feature names"):
        reshaper.transform(X[["b1", "a1", "a2", "b2"]])


def test_columns_that_do_not_divide_into_features_are_an_error():
    with pytest.raises(ValueError, match="multiple of n_features=2 columns"):
        SequenceReshaper(n_features=2).fit(np.ones((1, 3)))
    with pytest.raises(ValueError, match="multiple of n_features=4 columns"):
        SequenceReshaper(n_features=4).fit(np.ones((1, 3)))


def test_a_failed_fit_leaves_the_reshaper_as_it_was():
    X = np.arange(8.0).reshape(2, 4)
    reshaper = SequenceReshaper(n_features=2).fit(X)
    with pytest.raises(ValueError, match="multiple of n_features"):
        reshaper.fit(np.ones((1, 5)))
    assert reshaper.n_features_in_ == 4
    np.testing.assert_array_equal(reshaper.transform(X), X.reshape(2, 2, 2))


def test_other_columns_than_fitted_are_an_error():
    reshaper = SequenceReshaper(n_features=2).fit(np.ones((1, 4)))
    with pytest.raises(ValueError, match="expecting 4 features"):
        reshaper.transform(np.ones((1, 6)))


@pytest.mark.parametrize(
    "params",
    [{"n_features": 0}, {"n_features": 1.5}, {"layout": "rows"}, {"newest_first": "yes"}],
    ids=repr,
)
def test_a_parameter_out_of_range_is_refused_by_name(params):
    (name,) = params
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        SequenceReshaper(**params).fit(np.ones((1, 4)))


def test_sparse_and_three_axes_are_refused():
    with pytest.raises(TypeError, match="dense"):
        SequenceReshaper().fit(csr_array(np.eye(3)))
    with pytest.raises(ValueError, match="dim 3"):
        SequenceReshaper().fit(np.ones((2, 3, 1)))


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))],
    ids=["deepcopy", "pickle"],
)
def test_a_copy_does_the_same(duplicate):
    X = np.arange(12.0).reshape(2, 6)
    reshaper = SequenceReshaper(2, layout="feature-major", newest_first=True).fit(X)
    np.testing.assert_array_equal(duplicate(reshaper).transform(X), reshaper.transform(X))
    assert clone(reshaper).get_params() == reshaper.get_params()


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("layout", ["time-major", "feature-major"])
@pytest.mark.parametrize("static", [["s", "u"], [0, -1]])
def test_static_columns_stand_at_each_step(static, layout, newest_first):
    names = {
        "time-major": ["a1", "b1", "a2", "b2", "a3", "b3"],
        "feature-major": ["a1", "a2", "a3", "b1", "b2", "b3"],
    }[layout]
    if newest_first:
        names = [name[0] + str(4 - int(name[1])) for name in names]
    value = {f"{c}{t}": t + 10 * (c == "b") for c in "ab" for t in (1, 2, 3)}
    value |= {"s": 100, "u": 200}
    X = pd.DataFrame(
        [[value[name] for name in ["s", *names, "u"]]], columns=["s", *names, "u"]
    )
    reshaper = SequenceReshaper(2, layout=layout, newest_first=newest_first, static=static)
    expected = [[[1, 11, 100, 200], [2, 12, 100, 200], [3, 13, 100, 200]]]
    np.testing.assert_array_equal(reshaper.fit_transform(X), expected)


@pytest.mark.parametrize("static", [["z"], [7], [1.5], ["a", 9]])
def test_static_columns_that_are_not_there_are_named(static):
    X = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    with pytest.raises(ValueError, match="static must be columns of X"):
        SequenceReshaper(static=static).fit(X)


def test_a_step_beside_the_static_columns_is_needed():
    with pytest.raises(ValueError, match="besides 2 static ones"):
        SequenceReshaper(static=[0, 1]).fit([[1.0, 2.0]])


@pytest.mark.parametrize("static", [[0, 0], [0, -2], ["a", "a"]])
def test_static_columns_are_named_once(static):
    X = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    with pytest.raises(ValueError, match="static must name each column once"):
        SequenceReshaper(static=static).fit(X)
