import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklstm import SlidingWindowTransformer, Windows, sliding_windows
from sklstm.training._holdout import hold_out, shares_rows

quick = settings(deadline=None, max_examples=50)


def one_series(n_rows, window_length, hop=1, horizon=1):
    """Windows over rows that hold their own number, and the rows each sample uses."""
    rows = np.arange(n_rows + horizon, dtype=float)
    view, _ = sliding_windows(
        rows, window_length=window_length, horizon=horizon, stride=hop
    )
    inputs = [set(window.ravel()) for window in view]
    targets = [{max(used) + h for h in range(1, horizon + 1)} for used in inputs]
    return view, inputs, targets


def share_a_row(used, train, valid):
    return any(used[i] & used[j] for i in train for j in valid)


def assert_separate(inputs, targets, train, valid):
    assert not share_a_row(inputs, train, valid)
    assert not share_a_row(targets, train, valid)


def independent(n, n_timesteps=5, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, n_timesteps, 2))
    return Windows.from_array(X)


@quick
@given(
    n_rows=st.integers(60, 90),
    window_length=st.integers(1, 6),
    hop=st.integers(1, 4),
    horizon=st.integers(1, 4),
    fraction=st.sampled_from([0.05, 0.1, 0.3]),
    stored=st.booleans(),
)
def test_validation_shares_no_row_with_training(
    n_rows, window_length, hop, horizon, fraction, stored
):
    # Windows side by side cannot be told from independent sequences.
    hop = min(hop, max(1, window_length - 1))
    horizon = horizon if window_length > 1 else 1
    view, inputs, targets = one_series(n_rows, window_length, hop, horizon)
    windows = Windows.from_array(view.copy() if stored else view)
    train, valid = hold_out(windows, fraction, "last", horizon=horizon)
    assert_separate(inputs, targets, train, valid)
    n_valid = int(np.ceil(fraction * len(view)))
    np.testing.assert_array_equal(valid, np.arange(len(view))[-n_valid:])


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("horizon", [1, 3, 8])
def test_the_gap_is_no_wider_than_needed(stored, horizon):
    view, inputs, targets = one_series(100, 5, horizon=horizon)
    windows = Windows.from_array(view.copy() if stored else view)
    train, valid = hold_out(windows, 0.1, "last", horizon=horizon)
    np.testing.assert_array_equal(train, np.arange(train[-1] + 1))
    assert len(valid) == np.ceil(0.1 * len(view))
    assert_separate(inputs, targets, train, valid)
    assert share_a_row(inputs, [train[-1] + 1], valid) or share_a_row(
        targets, [train[-1] + 1], valid
    )


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("hop", [2, 3, 4])
def test_the_gap_counts_samples_that_lie_some_rows_apart(stored, hop):
    view, inputs, _ = one_series(200, 7, hop=hop)
    windows = Windows.from_array(view.copy() if stored else view)
    train, valid = hold_out(windows, 0.1, "last")
    assert not share_a_row(inputs, train, valid)
    assert share_a_row(inputs, [train[-1] + 1], valid)


@quick
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(40, 60),
    n_groups=st.integers(1, 4),
    layout=st.sampled_from(["contiguous", "interleaved"]),
    window=st.sampled_from([{"window_length": 3}, {"lags": [0, 4]}, {"lags": [1, 2]}]),
    padding=st.sampled_from(["nan", "edge"]),
    horizon=st.integers(1, 4),
)
def test_validation_shares_no_row_with_training_in_any_group(
    seed, n_rows, n_groups, layout, window, padding, horizon
):
    groups = np.random.default_rng(seed).integers(0, n_groups, size=n_rows)
    if layout == "contiguous":
        groups = np.sort(groups)
    X = np.arange(n_rows, dtype=float)[:, None]
    windows = SlidingWindowTransformer(**window, padding=padding).fit_transform(
        X, groups=groups
    )
    if not isinstance(windows, Windows):
        windows = Windows.from_array(windows)
    train, valid = hold_out(windows, 0.2, "auto", horizon=horizon)
    inputs = [set(values[~np.isnan(values)]) for values in np.asarray(windows)]
    targets = []
    for i in range(n_rows):
        later = [k for k in range(i + 1, n_rows) if groups[k] == groups[i]]
        targets.append(set(later[:horizon]))
    assert_separate(inputs, targets, train, valid)
    assert len(train) + len(valid) <= n_rows
    members = [np.flatnonzero(groups == label) for label in np.unique(groups)]
    several = [rows for rows in members if len(rows) > 1 or len(members) == 1]
    last = [rows[-int(np.ceil(0.2 * len(rows))) :] for rows in several]
    np.testing.assert_array_equal(valid, np.sort(np.concatenate(last)))


def test_the_last_of_each_group_is_held_out():
    X = np.arange(100.0)[:, None]
    groups = np.repeat([0, 1, 2], [80, 19, 1])
    windows = SlidingWindowTransformer(window_length=5).fit_transform(X, groups=groups)
    train, valid = hold_out(windows, 0.2, "last")
    np.testing.assert_array_equal(train, [*range(60), *range(80, 91), 99])
    np.testing.assert_array_equal(valid, [*range(64, 80), *range(95, 99)])


def test_sequences_drawn_twice_are_still_independent():
    windows = independent(40, 5)
    drawn = windows[np.random.default_rng(0).integers(0, 40, size=40)]
    labels = np.arange(40) % 2
    _, valid = hold_out(drawn, 0.2, "auto", labels=labels)
    assert not np.array_equal(valid, np.arange(32, 40))


@pytest.mark.parametrize("horizon", [1, 5])
@pytest.mark.parametrize("method", ["last", "auto", "random"])
@pytest.mark.parametrize("n_timesteps", [1, 5])
def test_independent_sequences_lose_no_sample(method, horizon, n_timesteps):
    windows = independent(40, n_timesteps)
    train, valid = hold_out(windows, 0.25, method, horizon=horizon)
    assert len(valid) == 10
    np.testing.assert_array_equal(np.sort(np.r_[train, valid]), np.arange(40))


def test_last_holds_out_the_last():
    train, valid = hold_out(independent(10), 0.3, "last")
    np.testing.assert_array_equal(train, range(7))
    np.testing.assert_array_equal(valid, [7, 8, 9])


def test_random_is_decided_by_its_seed():
    windows = independent(40)
    splits = [hold_out(windows, 0.25, "random", seed=seed)[1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(splits[0], splits[1])
    assert not np.array_equal(splits[0], splits[2])
    assert not np.array_equal(splits[0], np.arange(30, 40))
    assert (np.diff(splits[0]) > 0).all()


def test_random_leaves_the_global_generator_alone():
    windows = independent(40)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    hold_out(windows, 0.25, "random", seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("method", ["random", "auto"])
def test_classes_are_held_out_in_their_shares(method):
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    train, valid = hold_out(independent(100), 0.2, method, labels=labels)
    np.testing.assert_array_equal(np.bincount(labels[valid]), [12, 6, 2])
    np.testing.assert_array_equal(np.bincount(labels[train]), [48, 24, 8])


def test_auto_is_last_for_targets_that_are_no_classes():
    _, valid = hold_out(independent(40), 0.25, "auto")
    np.testing.assert_array_equal(valid, np.arange(30, 40))


@pytest.mark.parametrize("stored", [False, True])
def test_auto_is_last_for_classes_of_windows_of_one_series(stored):
    rows = np.random.default_rng(0).normal(size=60)
    view, _ = sliding_windows(rows, window_length=4)
    windows = Windows.from_array(view.copy() if stored else view)
    labels = np.arange(len(view)) % 2
    train, valid = hold_out(windows, 0.25, "auto", labels=labels)
    np.testing.assert_array_equal(valid, np.arange(42, 56))
    np.testing.assert_array_equal(train, np.arange(39))


def test_windows_of_one_series_are_told_from_independent_sequences():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    for hop in (1, 2, 3):
        view, _ = sliding_windows(rows, window_length=4, stride=hop)
        assert shares_rows(Windows.from_array(view))
        assert shares_rows(Windows.from_array(view.copy()))
        assert shares_rows(Windows.from_array(view[:, :, 0].copy()))
    side_by_side, _ = sliding_windows(rows, window_length=4, stride=4)
    assert not shares_rows(Windows.from_array(np.asarray(side_by_side)))
    assert not shares_rows(independent(40))
    assert not shares_rows(independent(40, n_timesteps=1))
    assert not shares_rows(independent(1))


def test_stored_windows_with_nan_are_told_too():
    rows = np.random.default_rng(0).normal(size=(20, 1))
    rows[5] = np.nan
    windows = SlidingWindowTransformer(window_length=4).fit_transform(rows)
    assert shares_rows(Windows.from_array(windows.copy()))


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.101, 0.5])
def test_the_share_is_rounded_up(fraction):
    _, valid = hold_out(independent(100), fraction, "last")
    assert len(valid) == {0.01: 1, 0.1: 10, 0.101: 11, 0.5: 50}[fraction]


@pytest.mark.parametrize("stored", [False, True])
def test_windows_that_all_overlap_are_too_few(stored):
    view, *_ = one_series(13, 10)
    windows = Windows.from_array(view.copy() if stored else view)
    with pytest.raises(ValueError, match="X must have more rows"):
        hold_out(windows, 0.1, "last")


@pytest.mark.parametrize("method", ["last", "random"])
def test_one_sample_is_too_few(method):
    with pytest.raises(ValueError, match="X must have more rows"):
        hold_out(independent(1), 0.1, method)


@quick
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(2, 60), min_size=2, max_size=4),
    fraction=st.sampled_from([0.1, 0.25, 0.4]),
)
def test_no_class_is_lost_or_held_out_beyond_its_share(seed, sizes, fraction):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    np.random.default_rng(seed).shuffle(labels)
    train, valid = hold_out(
        independent(len(labels)), fraction, "random", labels=labels, seed=seed
    )
    np.testing.assert_array_equal(np.sort(np.r_[train, valid]), np.arange(len(labels)))
    assert len(valid) == np.ceil(fraction * len(labels))
    assert set(labels[train]) == set(labels)
    held_out = np.bincount(labels[valid], minlength=len(sizes))
    assert (np.abs(held_out - fraction * np.array(sizes)) < 2).all()


def test_classes_may_be_strings_of_which_one_is_rare():
    labels = np.array(["common"] * 9 + ["rare"])
    train, valid = hold_out(independent(10), 0.2, "random", labels=labels)
    assert labels[train].tolist().count("rare") == 1
    assert labels[valid].tolist() == ["common", "common"]


def test_stored_windows_of_two_groups_are_told_too():
    X = np.arange(100.0)[:, None]
    groups = np.repeat([0, 1], [85, 15])
    windows = SlidingWindowTransformer(window_length=5).fit_transform(X, groups=groups)
    stored = Windows.from_array(np.asarray(windows))
    train, valid = hold_out(stored, 0.1, "last")
    inputs = [set(values[~np.isnan(values)]) for values in np.asarray(windows)]
    assert not share_a_row(inputs, train, valid)


@pytest.mark.parametrize("stride", [4, 5, 9])
def test_targets_do_not_overlap_where_windows_do_not(stride):
    rows = np.arange(200)
    ends = np.arange(3, 188, stride)
    windows = Windows(
        rows[:, None].astype(float), ends, np.zeros_like(ends), np.arange(4)[::-1]
    )
    train, valid = hold_out(windows, 0.1, "last", horizon=12)
    assert ends[train[-1]] + 12 < ends[valid[0]] + 1
    assert ends[train[-1]] + stride + 12 > ends[valid[0]]


def test_rare_and_constant_signals_are_no_windows_of_a_series():
    rng = np.random.default_rng(0)
    share = np.repeat([0.3, 0.01, 0.0], [200, 30, 30])
    X = (rng.random((260, 12)) < share[:, None]).astype(float)
    labels = np.repeat(["active", "rare", "dead"], [200, 30, 30])
    windows = Windows.from_array(X)
    assert not shares_rows(windows)
    train, valid = hold_out(windows, 0.1, "auto", labels=labels)
    assert set(labels[train]) == set(labels[valid]) == {"active", "rare", "dead"}


def test_stored_windows_of_a_discrete_series_are_found():
    series = np.random.default_rng(0).integers(0, 3, size=300).astype(float)
    stored = np.lib.stride_tricks.sliding_window_view(series, 12).copy()
    assert shares_rows(Windows.from_array(stored))
