import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from sklstm import SlidingWindowTransformer, Windows
from sklstm.samples._scaling import Scaling
from sklstm.windows._windows import CHUNK

quick = settings(deadline=None, max_examples=40)


def draw(n_rows, n_columns=3, nan=0.0, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(loc=[5, -300, 0.1][:n_columns], size=(n_rows, n_columns))
    values[rng.random(values.shape) < nan] = np.nan
    return values


def assert_same(scaling, mean, scale):
    np.testing.assert_allclose(scaling.mean, mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(scaling.scale, scale, rtol=1e-8)


@quick
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(3, 50),
    nan=st.sampled_from([0.0, 0.3]),
    weighted=st.booleans(),
)
def test_equals_standard_scaler(seed, n, nan, weighted):
    values = draw(n, nan=nan, seed=seed)
    values[:2] = [[1, 2, 3], [4, 6, 8]]
    weight = np.random.default_rng(seed).uniform(0.5, 2, size=n) if weighted else None
    scaler = StandardScaler().fit(values, sample_weight=weight)
    scaling = Scaling.of_columns(values, weight)
    assert_same(scaling, scaler.mean_, scaler.scale_)
    np.testing.assert_allclose(scaling.apply(values), scaler.transform(values), atol=1e-7)


def test_nan_is_not_counted():
    values = draw(100, nan=0.3)
    scaling = Scaling.of_columns(values)
    assert_same(scaling, np.nanmean(values, axis=0), np.nanstd(values, axis=0))
    np.testing.assert_array_equal(np.isnan(scaling.apply(values)), np.isnan(values))


@quick
@given(
    weight=st.lists(st.integers(0, 3), min_size=4, max_size=20).filter(
        lambda w: sum(k > 0 for k in w) >= 2
    ),
    nan=st.sampled_from([0.0, 0.3]),
)
def test_weight_two_is_a_row_twice_and_weight_zero_none(weight, nan):
    values = draw(len(weight), nan=nan)
    scaling = Scaling.of_columns(values, np.array(weight, dtype=float))
    repeated = Scaling.of_columns(np.repeat(values, weight, axis=0))
    assert_same(scaling, repeated.mean, repeated.scale)


def test_the_size_of_the_weights_does_not_matter():
    values, weight = draw(50), np.random.default_rng(1).uniform(size=50)
    once, more = (
        Scaling.of_columns(values, weight),
        Scaling.of_columns(values, 1e6 * weight),
    )
    assert_same(more, once.mean, once.scale)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3, 1e8 + 0.1, 1e-20])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_column_has_scale_one(value, weighted):
    weight = np.random.default_rng(0).uniform(size=1000) if weighted else None
    scaling = Scaling.of_columns(np.full((1000, 1), value), weight)
    np.testing.assert_array_equal(scaling.scale, [1.0])
    np.testing.assert_allclose(scaling.mean, [value], rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 3.3, 1e8 + 0.1])
def test_a_long_constant_column_has_scale_one(value):
    scaling = Scaling.of_columns(np.full((2 * CHUNK + 3, 1), value))
    np.testing.assert_array_equal(scaling.scale, [1.0])


def test_small_changes_of_a_large_value_are_seen():
    values = 1e6 + np.array([[0.0], [1e-3], [2e-3]])
    scaling = Scaling.of_columns(values)
    np.testing.assert_allclose(scaling.scale, np.std(values, axis=0), rtol=1e-6)
    single = Scaling.of_columns((values - 1e6).astype(np.float32) + np.float32(100))
    assert single.scale[0] != 1


def test_a_column_never_observed_is_left_as_it_is():
    scaling = Scaling.of_columns(np.array([[np.nan, 1.0], [np.nan, 3.0]]))
    np.testing.assert_array_equal(scaling.mean, [0, 2])
    np.testing.assert_array_equal(scaling.scale, [1, 1])


def test_weights_that_are_all_zero_change_nothing():
    scaling = Scaling.of_columns(draw(5), np.zeros(5))
    np.testing.assert_array_equal(scaling.mean, [0, 0, 0])
    np.testing.assert_array_equal(scaling.scale, [1, 1, 1])


ROWS = CHUNK // 2  # of two columns


@pytest.mark.parametrize("n_rows", [ROWS - 1, ROWS, ROWS + 1, 2 * ROWS + 7])
@pytest.mark.parametrize("weighted", [False, True])
def test_no_row_is_lost_at_the_end_of_a_chunk(n_rows, weighted):
    values = np.zeros((n_rows, 2))
    values[[0, ROWS - 2, -1]] = [[1, -1], [2, 5], [1e6, 7]]
    weight = np.random.default_rng(0).uniform(size=n_rows) if weighted else None
    mean = np.average(values, axis=0, weights=weight)
    variance = np.average((values - mean) ** 2, axis=0, weights=weight)
    assert_same(Scaling.of_columns(values, weight), mean, np.sqrt(variance))


def test_float32_is_summed_in_float64():
    values = draw(50_000).astype(np.float32)
    exact = values.astype(np.float64)
    scaling = Scaling.of_columns(values)
    assert scaling.mean.dtype == scaling.scale.dtype == np.float64
    assert_same(scaling, exact.mean(axis=0), exact.std(axis=0))


def test_integers_and_booleans_are_scaled():
    for values in (np.array([[1], [3]]), np.array([[True], [False]])):
        scaling = Scaling.of_columns(values)
        np.testing.assert_allclose(scaling.mean, values.mean(axis=0))
        np.testing.assert_allclose(scaling.scale, values.std(axis=0))


def test_apply_and_invert_undo_each_other():
    values = draw(50)
    scaling = Scaling.of_columns(values)
    scaled = scaling.apply(values)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    np.testing.assert_allclose(scaling.invert(scaled), values, rtol=1e-12)


def test_identity_changes_nothing():
    values = draw(5)
    scaling = Scaling.identity(3)
    np.testing.assert_array_equal(scaling.apply(values), values)
    np.testing.assert_array_equal(scaling.invert(values), values)


# Windows


def columns_of(windows, weight):
    """Every row of every window, with the weight of its window."""
    values = np.asarray(windows)
    w = np.ones(len(values)) if weight is None else weight
    return values.reshape(-1, values.shape[2]), np.repeat(w, values.shape[1])


@quick
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(4, 30),
    window=st.sampled_from([{"window_length": 3}, {"lags": [0, 2, 5]}]),
    padding=st.sampled_from(["nan", "edge"]),
    grouped=st.booleans(),
    weighted=st.booleans(),
    nan=st.sampled_from([0.0, 0.2]),
)
def test_a_row_counts_as_often_as_it_stands_in_a_window(
    seed, n, window, padding, grouped, weighted, nan
):
    rng = np.random.default_rng(seed)
    X = draw(n, nan=nan, seed=seed)
    X[-2:] = [[1, 2, 3], [4, 6, 8]]
    groups = rng.integers(0, 2, size=n) if grouped else None
    transformer = SlidingWindowTransformer(**window, padding=padding)
    windows = transformer.fit_transform(X, groups=groups)
    # A view with its padding is read as rows, as the estimators do.
    windows = windows if isinstance(windows, Windows) else Windows.from_array(windows)
    weight = rng.uniform(0.5, 2, size=n) if weighted else None
    scaling = Scaling.of_windows(windows, weight)
    wanted = Scaling.of_columns(*columns_of(windows, weight))
    assert_same(scaling, wanted.mean, wanted.scale)


def test_windows_of_weight_zero_do_not_count():
    windows = Windows.from_array(np.random.default_rng(0).normal(size=(6, 4, 3)))
    scaling = Scaling.of_windows(windows, np.array([1.0, 0, 2, 0, 1, 0]))
    repeated = Scaling.of_windows(windows[[0, 2, 2, 4]], None)
    assert_same(scaling, repeated.mean, repeated.scale)


def test_a_view_and_the_stored_windows_scale_alike():
    X = draw(200)
    view = np.lib.stride_tricks.sliding_window_view(X, 7, axis=0).transpose(0, 2, 1)
    weight = np.random.default_rng(0).uniform(size=len(view))
    scaling = Scaling.of_windows(Windows.from_array(view), weight)
    stored = Scaling.of_windows(Windows.from_array(view.copy()), weight)
    assert_same(scaling, stored.mean, stored.scale)
