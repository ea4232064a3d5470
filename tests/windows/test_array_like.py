"""`Windows` stand where an array is asked for, and travel as the rows that they reach."""

import operator
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import FunctionTransformer

from sklstm import SlidingWindowTransformer, Windows
from sklstm.windows._packed import pack, unpack
from sklstm.windows._windows import KnownFuture

quick = settings(deadline=None, max_examples=100)

LAGS = np.arange(2, -1, -1)


def some(padding=0.5):
    X = np.random.default_rng(0).normal(size=(9, 2))
    transformer = SlidingWindowTransformer(3, padding=padding)
    return transformer.fit_transform(X, groups=[0, 1, 0, 0, 1, 1, 0, 2, 1])


WINDOWS = some()
ARRAY = np.asarray(WINDOWS)


FUNCTIONS = [
    np.isnan,
    np.exp,
    np.nanmean,
    np.median,
    lambda w: np.mean(w, axis=(0, 1)),
    lambda w: np.mean(a=w, axis=0),
    lambda w: np.concatenate([w, w[:2]], axis=0),
    lambda w: np.stack((w, w)),
    lambda w: np.where(w > 0, w, 0),
    lambda w: np.transpose(w, (0, 2, 1)),
    lambda w: np.einsum("ijk->ik", w),
    lambda w: np.take(w, [1, 2], axis=0),
    lambda w: np.add.reduce(w, axis=1),
    lambda w: np.matmul(w, np.ones((2, 1))),
    lambda w: np.array_equal(w, w),
    lambda w: np.concatenate([w], out=np.empty(w.shape)),
    lambda w: np.add(w, 1, out=np.empty(w.shape)),
    lambda w: w.mean(axis=1),
    lambda w: w.reshape(len(w), -1),
    lambda w: w.transpose(1, 0, 2),
    lambda w: w.sum(),
    lambda w: w.copy(),
    lambda w: w.astype("f4"),
    lambda w: w.astype(np.float64, copy=False),
    lambda w: w.astype(int),
    lambda w: -w,
    lambda w: 2 * w - w / 3,
    lambda w: w**2,
    lambda w: w @ np.ones((2, 3)),
    lambda w: np.ones((9, 3, 2)) + w,
    lambda w: np.float64(2) * w,
    lambda w: w > 0,
    lambda w: w == w,
    lambda w: w != 0.5,
    lambda w: abs(w),
    lambda w: divmod(w, 2)[1],
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=range(len(FUNCTIONS)))
def test_it_computes_as_the_array_does(function):
    found, wanted = function(WINDOWS), function(ARRAY)
    np.testing.assert_array_equal(found, wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype


def test_its_shape_is_told_without_gathering(monkeypatch):
    def gather(*args, **kwargs):
        raise AssertionError("gathered")

    monkeypatch.setattr(Windows, "__array__", gather)
    assert np.shape(WINDOWS) == (9, 3, 2)
    assert np.ndim(WINDOWS) == 3
    assert np.size(WINDOWS) == 54
    assert hasattr(WINDOWS, "mean")
    assert not hasattr(WINDOWS, "iloc")
    assert isinstance(WINDOWS.astype("f4"), Windows)


WRITES = [
    lambda w: operator.iadd(w, 1),
    lambda w: operator.imul(w, 2),
    lambda w: np.add(1.0, 1.0, out=w),
    lambda w: np.copyto(w, 0.0),
    lambda w: w.fill(0.0),
    lambda w: w.__setitem__(0, 1.0),
]


@pytest.mark.parametrize("write", WRITES, ids=range(len(WRITES)))
def test_it_cannot_be_written_to(write):
    windows = some()
    try:
        with pytest.raises((TypeError, AttributeError, ValueError)):
            write(windows)
    finally:
        np.testing.assert_array_equal(windows, ARRAY)


def test_a_function_transformer_takes_it():
    windows = SlidingWindowTransformer(3).fit_transform(np.arange(9.0)[:, None])
    for function in (np.cbrt, lambda w: w[:, -2:], lambda w: np.nan_to_num(w)):
        found = FunctionTransformer(function).fit_transform(windows)
        np.testing.assert_array_equal(found, function(np.asarray(windows)))


def test_scikit_learn_takes_it_for_an_array_of_numpy():
    from sklearn.utils._array_api import get_namespace

    here = get_namespace(WINDOWS, ARRAY)[0]
    assert WINDOWS.__array_namespace__().__name__ == here.__name__


# Pickles


@quick
@given(st.lists(st.integers(-(2**40), 2**40)) | st.lists(st.integers(0, 3), max_size=40))
def test_packed_integers_come_back(integers):
    integers = np.array(integers, dtype=np.intp)
    found = unpack(pickle.loads(pickle.dumps(pack(integers))))
    assert found.dtype == np.intp
    np.testing.assert_array_equal(found, integers)


@st.composite
def windows(draw):
    """Windows of some series, in any order, some of them chosen."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    stops = np.cumsum(lengths)
    rows = np.arange(stops[-1])
    starts = np.repeat(stops - lengths, lengths)
    lags = draw(st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True))
    order = draw(st.permutations(list(rows)))
    chosen = np.array(order[: draw(st.integers(1, len(rows)))])
    chosen = np.sort(chosen) if draw(st.booleans()) else chosen
    padding = draw(st.sampled_from([np.nan, "edge", 7.0]))
    return Windows(
        rows[:, None] * 1.0, chosen, starts[chosen], np.sort(lags)[::-1], padding
    )


@quick
@given(windows(), st.data())
def test_a_pickle_holds_the_same_windows_over_the_rows_that_they_reach(windows, data):
    copied = pickle.loads(pickle.dumps(windows))
    np.testing.assert_array_equal(np.asarray(copied), np.asarray(windows))
    reached = set()
    for start in set(windows.starts):
        rows = [
            row
            for end in windows.ends[windows.starts == start]
            for row in range(max(start, end - windows.lags[0]), end + 1)
        ]
        reached |= set(range(min(rows), max(rows) + 1))
    np.testing.assert_array_equal(copied.table[:, 0], sorted(reached))
    # What lies in one series, and how far apart, is still to be seen.
    for a in range(len(windows)):
        same = windows.starts == windows.starts[a]
        np.testing.assert_array_equal(copied.starts == copied.starts[a], same)
        distance = (windows.ends - windows.ends[a])[same]
        np.testing.assert_array_equal((copied.ends - copied.ends[a])[same], distance)
    part = data.draw(st.slices(len(windows)))
    again = pickle.loads(pickle.dumps(copied[part][::-1]))
    np.testing.assert_array_equal(np.asarray(again), np.asarray(windows)[part][::-1])


def test_a_pickle_keeps_what_lies_ahead():
    table = np.arange(20.0)[:, None]
    ahead = KnownFuture(np.array([1, 3]), np.array([0]))
    windows = Windows(table, np.array([5, 6]), np.array([0, 0]), LAGS, known=ahead)
    copied = pickle.loads(pickle.dumps(windows))
    np.testing.assert_array_equal(copied.table[:, 0], np.arange(3, 10))
    rows = copied.table[copied.ends[:, None] + copied.known.leads]
    np.testing.assert_array_equal(rows[:, :, 0], [[6, 8], [7, 9]])
    targets = Windows(table, np.array([5, 6]), np.array([0, 0]), -np.arange(1, 4))
    copied = pickle.loads(pickle.dumps(targets))
    np.testing.assert_array_equal(np.asarray(copied), np.asarray(targets))
    assert len(copied.table) == 5


def test_what_is_computed_value_by_value_keeps_series_and_rows():
    stores = np.repeat([0, 1], 5)
    X = np.arange(10.0)[:, None]
    for padding in ("nan", "edge", 3.0):
        step = SlidingWindowTransformer(3, padding=padding)
        windows = step.fit_transform(X, groups=stores)
        for compute in (np.log1p, lambda w: 2 * w, lambda w: w - 1, lambda w: w**2 / 3):
            computed = compute(windows)
            assert isinstance(computed, Windows)
            assert computed.series.tolist() == stores.tolist()
            assert len(computed.table) == 10
            np.testing.assert_allclose(computed, compute(np.asarray(windows)))
    assert isinstance(np.isnan(windows), np.ndarray)
    assert isinstance(windows + windows[::-1], np.ndarray)
    assert isinstance(windows * np.ones((10, 1, 1)), np.ndarray)


def test_chosen_steps_are_those_of_the_array():
    X = np.arange(40.0).reshape(20, 2)
    for windows in (
        SlidingWindowTransformer(5).fit_transform(X),
        SlidingWindowTransformer(lags=[0, 3, 7], padding="edge").fit_transform(X),
    ):
        array = np.asarray(windows)
        for key in (-1, 0, slice(1, None), slice(None, None, -1), slice(9, 9)):
            np.testing.assert_array_equal(windows[:, key], array[:, key])
            np.testing.assert_array_equal(windows[2:9, key, 1], array[2:9, key, 1])
            np.testing.assert_array_equal(windows[[4, 2], key], array[[4, 2], key])
        with pytest.raises(IndexError):
            windows[:, 99]
