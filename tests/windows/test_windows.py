import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array

from sklstm import Windows
from sklstm.windows._windows import KnownFuture

quick = settings(deadline=None, max_examples=40)

TABLE = np.arange(16.0).reshape(8, 2)


def make(padding=float("nan"), lags=(3, 1, 0), dtype=float):
    """Windows of two series of rows 0 to 4 and 5 to 7, in mixed order."""
    return Windows(
        TABLE.astype(dtype),
        ends=np.array([0, 5, 1, 6, 2, 7, 3, 4]),
        starts=np.array([0, 5, 0, 5, 0, 5, 0, 0]),
        lags=np.array(lags),
        padding=padding,
    )


def test_values_stand_lag_by_lag_and_never_before_the_start():
    nan = np.nan
    wanted = [
        [nan, nan, 0],
        [nan, nan, 10],
        [nan, 0, 2],
        [nan, 10, 12],
        [nan, 2, 4],
        [nan, 12, 14],
        [0, 4, 6],
        [2, 6, 8],
    ]
    np.testing.assert_array_equal(np.asarray(make())[:, :, 0], wanted)
    edge = np.asarray(make("edge"))[:, :, 0]
    np.testing.assert_array_equal(edge[[0, 3, 5]], [[0, 0, 0], [10, 10, 12], [10, 12, 14]])
    constant = np.asarray(make(-1.0))
    np.testing.assert_array_equal(constant[0], [[-1, -1], [-1, -1], [0, 1]])


def test_shape_and_kin_are_those_of_the_array():
    windows = make()
    array = np.asarray(windows)
    assert windows.shape == array.shape == (8, 3, 2)
    assert windows.ndim == array.ndim
    assert windows.size == array.size
    assert len(windows) == len(array)
    assert windows.dtype == array.dtype
    assert repr(windows) == "Windows(shape=(8, 3, 2), dtype=float64, rows=8)"


MASK = np.array([True, False, True, True, False, False, False, True])

INDICES = [
    0,
    -1,
    np.int64(3),
    np.array(2),
    slice(None),
    slice(2, 5),
    slice(None, None, -2),
    slice(3, 3),
    [1, 1, 0],
    [],
    [-1, 2],
    np.array([5, 0]),
    np.array([], dtype=int),
    MASK,
    MASK.tolist(),
    np.array([[0, 1, 2], [3, 4, 5]]),
    None,
    Ellipsis,
    (),
    (0,),
    (0, 1),
    (0, 1, 1),
    (0, Ellipsis),
    (MASK, Ellipsis),
    (slice(2, 6), Ellipsis),
    ([2, 0], Ellipsis, 0),
    (Ellipsis, 0),
    (0, None),
    (0, slice(1, None), 0),
    (0, [0, 2]),
    (slice(2, 6), 0),
    (slice(2, 6), None),
    (slice(2, 6), slice(None, None, -1), 1),
    (slice(None), [0, 2]),
    (slice(None), [0, 2], [1, 0]),
    (slice(None), Ellipsis, 0),
    ([2, 0], 1),
    ([2, 0], slice(None), 0),
    ([2, 0], [1, 2]),
    ([2, 0], slice(None), [1, 0]),
    (MASK, 0),
    (MASK, slice(None), 1),
    (None, 0),
    np.arange(48).reshape(8, 3, 2) % 5 == 0,
    np.arange(24).reshape(8, 3) % 2 == 0,
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
@pytest.mark.parametrize("padding", [float("nan"), "edge"])
def test_indexing_gives_what_the_array_gives(index, padding):
    windows = make(padding)
    wanted = np.asarray(windows)[index]
    found = np.asarray(windows[index])
    assert found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("index", [slice(1, 7, 2), [3, 1], np.array([2]), MASK], ids=repr)
def test_choosing_windows_stays_lazy(index):
    for key in (index, (index, ...)):
        chosen = make()[key]
        assert isinstance(chosen, Windows)
        np.testing.assert_array_equal(chosen[1:], np.asarray(make())[index][1:])


def test_choosing_windows_copies_no_rows():
    windows = make()
    assert windows[[3, 1]].table is windows.table


@pytest.mark.parametrize("index", [8, -9, [0, 8], (8, 0), (0, 3)])
def test_an_index_out_of_range_is_an_error(index):
    with pytest.raises(IndexError):
        make()[index]


def test_iteration_gives_each_window_once():
    windows = make()
    found = list(windows)
    assert len(found) == 8
    np.testing.assert_array_equal(np.stack(found), np.asarray(windows))


def test_windows_cannot_be_written():
    with pytest.raises(TypeError):
        make()[0] = 1.0


def test_writing_to_gathered_values_leaves_the_rows_alone():
    windows = make()
    values = np.asarray(windows)
    values[:] = -1
    np.testing.assert_array_equal(windows.table, TABLE)


def test_an_array_of_another_dtype_and_a_refused_copy():
    assert np.asarray(make(), dtype=np.float32).dtype == np.float32
    assert np.asarray(make(dtype=np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="needs a copy"):
        np.asarray(make(), copy=False)


def test_values_gathered_in_many_chunks_are_the_same():
    n, n_timesteps = 4000, 50
    table = np.random.default_rng(0).normal(size=(n, 1))
    lags = np.arange(n_timesteps - 1, -1, -1)
    windows = Windows(table, np.arange(n), np.zeros(n, dtype=int), lags)
    padded = np.r_[np.full(n_timesteps - 1, np.nan), table[:, 0]]
    wanted = np.lib.stride_tricks.sliding_window_view(padded, n_timesteps)
    np.testing.assert_array_equal(np.asarray(windows)[:, :, 0], wanted)


@pytest.mark.parametrize("padding", [float("nan"), "edge", 0.0])
def test_rows_and_steps_name_the_rows_of_the_table(padding):
    windows = make(padding)
    rows = windows.rows()
    extended = np.vstack([TABLE, np.full(2, np.nan if padding == "edge" else padding)])
    np.testing.assert_array_equal(extended[rows], np.asarray(windows))
    np.testing.assert_array_equal(np.stack(list(windows.steps()), axis=1), rows)
    np.testing.assert_array_equal(windows.rows([6, 0]), rows[[6, 0]])
    np.testing.assert_array_equal(windows.rows(MASK), rows[MASK])


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        lambda w: clone(w, safe=False),
        lambda w: pickle.loads(pickle.dumps(w)),
    ],
    ids=["copy", "deepcopy", "clone", "pickle"],
)
@pytest.mark.parametrize("padding", [float("nan"), "edge"])
def test_a_copy_holds_the_same_windows(duplicate, padding):
    windows = make(padding)
    copied = duplicate(windows)
    assert isinstance(copied, Windows)
    np.testing.assert_array_equal(np.asarray(copied), np.asarray(windows))
    np.testing.assert_array_equal(np.asarray(copied[2:4]), np.asarray(windows)[2:4])


def test_a_pickle_holds_rows_and_not_windows():
    n = 5000
    lags = np.arange(199, -1, -1)
    windows = Windows(np.zeros((n, 3)), np.arange(n), np.zeros(n, dtype=int), lags)
    assert len(pickle.dumps(windows)) < 2 * (windows.table.nbytes + 2 * windows.ends.nbytes)


def test_scikit_learn_reads_and_splits_windows():
    windows = make("edge")
    np.testing.assert_array_equal(check_array(windows, allow_nd=True), np.asarray(windows))
    numbers = np.arange(8)
    train, test, n_train, n_test = train_test_split(windows, numbers, random_state=0)
    assert isinstance(train, Windows)
    np.testing.assert_array_equal(np.asarray(train), np.asarray(windows)[n_train])
    np.testing.assert_array_equal(np.asarray(test), np.asarray(windows)[n_test])


# Reading arrays


def views():
    base = np.arange(60.0).reshape(20, 3)
    sliding = np.lib.stride_tricks.sliding_window_view(base, 4, axis=0).transpose(0, 2, 1)
    dense = np.random.default_rng(0).normal(size=(6, 5, 4))
    return {
        "view": sliding,
        "view with a stride": sliding[::2],
        "view with a stride of a window": sliding[::4],
        "view with a stride past a window": sliding[::6],
        "view backwards": sliding[::-1],
        "view with steps backwards": sliding[:, ::-1],
        "view of every other step": sliding[:, ::2],
        "view of some features": sliding[:, :, 1:],
        "view of later windows": sliding[5:],
        "one window of a view": sliding[:1],
        "stored": sliding.copy(),
        "fortran": np.asfortranarray(sliding),
        "dense": dense,
        "dense every other": dense[::2],
        "dense cut": dense[:, :3, 1:],
        "feature-major": dense.transpose(0, 2, 1),
        "time-first": dense.transpose(1, 0, 2),
        "axes reversed": dense.transpose(2, 1, 0),
        "broadcast": np.broadcast_to(dense[0], (6, 5, 4)),
        "two axes": dense[:, :, 0],
        "two axes, every other column": dense.reshape(6, 20)[:, ::2],
        "two axes, a view": np.lib.stride_tricks.sliding_window_view(np.arange(9.0), 3),
        "one step": dense[:, :1],
        "one step of a view": sliding[:, :1],
        "ints": np.arange(24).reshape(4, 3, 2),
    }


@pytest.mark.parametrize("kind", list(views()))
def test_reading_an_array_keeps_its_values(kind):
    X = views()[kind]
    wanted = X if X.ndim == 3 else X[:, :, None]
    windows = Windows.from_array(X)
    assert windows.shape == wanted.shape
    assert windows.dtype == X.dtype
    np.testing.assert_array_equal(np.asarray(windows), wanted)
    np.testing.assert_array_equal(np.asarray(windows[::-1]), wanted[::-1])


@pytest.mark.parametrize(
    ("kind", "n_rows"),
    [("view", 20), ("view with a stride", 20), ("view of later windows", 15)],
)
def test_a_view_is_read_as_the_rows_under_it(kind, n_rows):
    X = views()[kind]
    windows = Windows.from_array(X)
    assert len(windows.table) == n_rows
    assert np.shares_memory(windows.table, X)
    assert not windows.table.flags.writeable


def test_reading_dense_sequences_takes_no_copy():
    X = views()["dense"]
    windows = Windows.from_array(X)
    assert np.shares_memory(windows.table, X)
    assert len(windows.table) == 30


def test_a_long_view_is_read_as_its_rows():
    X = np.zeros((20_499, 2))
    view = np.lib.stride_tricks.sliding_window_view(X, 500, axis=0).transpose(0, 2, 1)
    tracemalloc.start()
    windows = Windows.from_array(view)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(windows.table) == 20_499
    assert peak < 5 * X.nbytes


@quick
@given(
    n=st.integers(1, 12),
    n_timesteps=st.integers(1, 5),
    n_features=st.integers(1, 3),
    hop=st.integers(1, 6),
    step=st.integers(1, 3),
)
def test_any_strided_view_is_read_with_its_values(n, n_timesteps, n_features, hop, step):
    rows = (n - 1) * hop + (n_timesteps - 1) * step + 1
    table = np.random.default_rng(0).normal(size=(rows, n_features))
    by_row = table.strides[0]
    X = np.lib.stride_tricks.as_strided(
        table, (n, n_timesteps, n_features), (hop * by_row, step * by_row, 8)
    )
    np.testing.assert_array_equal(np.asarray(Windows.from_array(X)), X)


@pytest.mark.parametrize("padding", [np.nan, "edge", -1.0])
@pytest.mark.parametrize("lags", [(3, 1, 0), (2, 1), (5,)])
@pytest.mark.parametrize("n_windows", [1, 3, 8, 20])
def test_parts_hold_all_windows_over_the_rows_that_they_reach(n_windows, lags, padding):
    windows = make(padding, lags)
    parts = list(windows.parts(n_windows))
    assert [len(part) for part in parts[:-1]] == [n_windows] * (len(parts) - 1)
    values = np.concatenate([np.asarray(part) for part in parts])
    np.testing.assert_array_equal(values, np.asarray(windows))
    sorted_parts = windows[np.argsort(windows.ends)].parts(2)
    assert max(len(part.table) for part in sorted_parts) < len(windows.table)


def test_parts_keep_the_rows_that_are_known_ahead():
    ahead = KnownFuture(np.array([1, 3]), np.array([1]))
    ends = np.arange(2, 5)
    windows = Windows(TABLE, ends, np.zeros(3, int), np.array([2, 1, 0]), known=ahead)
    for i, part in enumerate(windows.parts(1)):
        rows = part.table[part.ends + part.known.leads]
        np.testing.assert_array_equal(rows, TABLE[ends[i] + ahead.leads])
        assert len(part.table) == 6


@quick
@given(
    lags=st.lists(st.integers(-2, 6), min_size=1, max_size=6),
    n_before=st.integers(0, 2),
    leads=st.lists(st.integers(-3, 3), max_size=3),
    padding=st.sampled_from([np.nan, "edge", -1.0]),
    seed=st.integers(0, 99),
)
def test_steps_in_any_order_are_cut_and_pickled(lags, n_before, leads, padding, seed):
    """A lag below 0 is a row after lag 0; windows may end before their series begins."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(30, 2))
    starts = np.repeat([0, 12], 10)
    ends = starts + np.tile(np.arange(10), 2) - n_before
    lags = np.array(lags)
    known = KnownFuture(np.array(leads, dtype=int), np.array([], dtype=int))
    made = Windows(table, np.arange(20), starts, np.array([1, 0]), padding)
    windows = made.reading(ends, lags, known)

    rows = ends[:, None] - lags
    outside = table[starts][:, None] if padding == "edge" else np.full((20, 1, 2), padding)
    wanted = np.where(
        (rows < starts[:, None])[:, :, None], outside, table[np.maximum(rows, 0)]
    )
    np.testing.assert_array_equal(np.asarray(windows), wanted)
    for some in (slice(0, 1), slice(10, 11), slice(3, 15), slice(None)):
        np.testing.assert_array_equal(np.asarray(windows[some]), wanted[some])
        chosen = windows.take(some)
        again = pickle.loads(pickle.dumps(chosen))
        np.testing.assert_array_equal(np.asarray(again), wanted[some])
        np.testing.assert_array_equal(np.asarray(again.trimmed()), wanted[some])
    parts = np.concatenate([np.asarray(w) for w in windows.parts(1)])
    np.testing.assert_array_equal(parts, wanted)


def test_windows_of_nothing_but_padding_are_cut():
    """All of them end before the first row of a table."""
    windows = Windows(TABLE, np.array([-1, -1]), np.zeros(2, int), np.array([1, 0]))
    assert np.isnan(np.asarray(windows.trimmed())).all()
    assert np.isnan(np.asarray(pickle.loads(pickle.dumps(windows)))).all()
