"""Targets that lie ahead: what reaches the network, as input and as target.

Every value names its series and its time: ``1000 * series + time``.
"""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
    cut_sequences,
    future_targets,
    sliding_windows,
)
from sklstm.metrics import get_scorer, where_known

N, LENGTH = 60, 4
TINY = {"hidden_size": 2, "max_epochs": 1, "standardize": False, "random_state": 0}


class Look(Callback):
    """Writes down all samples of a fit: the last inputs, and the targets."""

    seen: list = []  # noqa: RUF012

    def on_train_begin(self, net, X, **kwargs):
        samples = [X[i] for i in range(len(X))]
        inputs = [observed(inputs)[-LENGTH:] for inputs, _ in samples]
        targets = [target.reshape(-1).tolist() for _, target in samples]
        Look.seen.append((np.array(inputs), np.array(targets)))


def observed(inputs):
    """The observed steps of a sequence, the last ones last; before them NaN."""
    x, lengths = inputs["x"][0, :, 0], inputs["lengths"]
    steps = x[: len(x) if lengths is None else lengths[0]].tolist()
    return [np.nan] * (LENGTH - len(steps)) + steps


class Recorder(LSTMRegressor):
    """Writes down what it predicts from."""

    asked: list = []  # noqa: RUF012

    def _fitted(self, X):
        model, windows = super()._fitted(X)
        Recorder.asked.append(np.asarray(windows)[:, :, 0])
        return model, windows


@pytest.fixture(autouse=True)
def forget():
    Look.seen.clear()
    Recorder.asked.clear()


def regressor(horizon, cls=Recorder, **options):
    # Nothing is scaled: the network sees the values that name their series and time.
    options = TINY | {"instance_scale": False} | options
    return cls(**options, horizon=horizon, callbacks=[Look()])


def expected_targets(now, last, horizon):
    """The value at each step ahead, up to the last one of its series; NaN after it."""
    ahead = now[:, None] + np.arange(1, horizon + 1)
    return np.where(ahead <= last[:, None], ahead, np.nan)


def check_fit(horizon, last_of_each, fit=-1):
    """All that a fit has seen: the right targets, none that lies after its rows."""
    inputs, targets = Look.seen[fit]
    now = inputs[:, -1]
    last = np.array([last_of_each[int(v // 1000)] for v in now])
    np.testing.assert_array_equal(targets, expected_targets(now, last, horizon))
    # Each row whose next value is known is a sample.
    rows = sorted(now)
    assert rows == sorted(
        1000 * series + time
        for series, end in last_of_each.items()
        for time in range(int(end) - 1000 * series)
    )


def series(number=0, n=N):
    return 1000.0 * number + np.arange(n)


@pytest.mark.parametrize("horizon", [1, 3, 8])
def test_rows_of_an_array_are_one_series(horizon):
    y = series()
    X = np.asarray(SlidingWindowTransformer(LENGTH).fit_transform(y[:, None]))
    targets = future_targets(y, horizon)
    known = np.nan_to_num(targets, nan=1e9)  # as if the future were known
    model = regressor(horizon).fit(X, known)
    assert model.predict(X).shape == (N, horizon)
    check_fit(horizon, {0: N - 1})


@pytest.mark.parametrize("horizon", [1, 3, 8])
def test_targets_of_sliding_windows_are_all_known(horizon):
    X, y = sliding_windows(series(), window_length=LENGTH, horizon=horizon)
    regressor(horizon).fit(X, y)
    inputs, targets = Look.seen[-1]
    assert len(inputs) == N - LENGTH - horizon + 1
    np.testing.assert_array_equal(targets, inputs[:, [-1]] + np.arange(1, horizon + 1))


@pytest.mark.parametrize("horizon", [1, 3, 8])
@pytest.mark.parametrize("kind", ["array", "times", "pandas", "polars", "index"])
def test_walk_forward_learns_nothing_of_the_test_and_cuts_no_window(horizon, kind):
    """Two series, told in each way; the second part of the rows in time is the test."""
    numbers = [0] if kind in ("array", "times") else [1, 2]
    time = np.tile(np.arange(N), len(numbers))
    value = np.concatenate([series(i) for i in numbers])
    store = np.repeat(np.array(numbers), N)
    order = np.argsort(time, kind="stable")
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(time, unit="D")
    table = pd.DataFrame({"store": store, "day": days, "value": value}).iloc[order]
    windows = {"context": "fit", "gaps": "ignore"}
    y = future_targets(table, horizon, groups="store", time="day", gaps="ignore")
    y = y.to_numpy()
    if kind == "array":
        X, windows = table[["value"]].to_numpy(), {"context": "fit"}
    elif kind == "times":
        X = table.set_index("day")[["value"]]
    elif kind == "index":
        X = table.set_index(["day", "store"])
    elif kind == "polars":
        X, windows = pl.from_pandas(table), windows | {"groups": "store", "time": "day"}
    else:
        X, windows = table, windows | {"groups": "store", "time": "day"}
    model = make_pipeline(SlidingWindowTransformer(LENGTH, **windows), regressor(horizon))
    score = cross_validate(
        model,
        X,
        y,
        cv=TimeSeriesSplit(3, test_size=12 * len(numbers)),
        scoring=get_scorer("neg_mean_absolute_error"),
        error_score="raise",
    )
    assert np.isfinite(score["test_score"]).all()
    for fold, asked in enumerate(Recorder.asked):
        begin = N - 12 * (3 - fold)  # the first test row in time
        last = {i: 1000.0 * i + begin - 1 for i in numbers}
        check_fit(horizon, last, fold)
        # Each test window is whole, and ends in its own row.
        now = asked[:, -1]
        np.testing.assert_array_equal(asked, now[:, None] - np.arange(LENGTH)[::-1])
        assert sorted(now) == sorted(
            1000.0 * i + t for i in numbers for t in range(begin, begin + 12)
        )


@pytest.mark.parametrize("horizon", [3])
def test_a_search_learns_nothing_of_the_test_either(horizon):
    y = series()
    model = make_pipeline(
        SlidingWindowTransformer(LENGTH, context="fit"), regressor(horizon)
    )
    search = GridSearchCV(
        model,
        {"slidingwindowtransformer__window_length": [LENGTH, 6]},
        cv=TimeSeriesSplit(2, test_size=10),
        scoring=get_scorer("r2"),
        refit=False,
        error_score="raise",
    )
    search.fit(y[:, None], future_targets(y, horizon))
    for inputs, targets in Look.seen:
        assert np.nanmax(targets) in (N - 21, N - 11)
        assert np.nanmax(targets) == inputs[-1, -1] + 1
    assert all(np.isfinite(asked).all() for asked in Recorder.asked)


@pytest.mark.parametrize("fold", range(3))
def test_nothing_is_learnt_of_test_rows_in_a_hole(fold):
    hours = pd.date_range("2024", periods=120, freq="h")
    rows = pd.DataFrame({"v": np.sin(np.arange(120) / 4)}, index=hours)
    train, test = list(KFold(3).split(rows))[fold]
    changed = rows.copy()
    changed.iloc[test] += 1000
    pipeline = make_pipeline(
        SlidingWindowTransformer(8),
        LSTMRegressor(horizon=3, hidden_size=4, max_epochs=2, random_state=0),
    )
    predictions = [
        clone(pipeline)
        .fit(table.iloc[train], future_targets(table["v"], 3).iloc[train])
        .predict(rows)
        for table in (rows, changed)
    ]
    np.testing.assert_array_equal(*predictions)


def test_sequences_that_were_cut_one_after_the_other_know_the_next():
    rows = pd.DataFrame({"v": np.arange(40.0)}, index=pd.date_range("2024", periods=40))
    pieces = cut_sequences(rows, length=10).X
    y = np.array([10.0, 20.0, 30.0, 40.0])
    model = LSTMRegressor(horizon=1, hidden_size=2, max_epochs=1, standardize=True)
    model.fit(pieces, y)
    assert model._model.targets.scaling.mean == [20.0]


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_last_row_of_all_is_forecast_from_a_whole_window(horizon):
    y = series()
    X, targets = y[:, None], future_targets(y, horizon)
    model = make_pipeline(
        SlidingWindowTransformer(LENGTH, context="fit"), regressor(horizon)
    )
    model.fit(X[:-1], targets[:-1]).predict(X[-1:])
    np.testing.assert_array_equal(Recorder.asked[-1], [y[-LENGTH:]])


def test_other_shapes_of_y_lie_wholly_ahead():
    y = series()
    X = np.asarray(SlidingWindowTransformer(LENGTH).fit_transform(y[:, None]))
    third = np.append(y[3:], [1e9] * 3)
    regressor(3).fit(X, third)
    inputs, targets = Look.seen[-1]
    np.testing.assert_array_equal(targets[:, 0], inputs[:, -1] + 3)
    assert len(inputs) == N - 3
    regressor(3).fit(X, np.c_[third, -third])
    assert len(Look.seen[-1][0]) == N - 3


def test_a_hold_out_has_the_gap_that_the_horizon_needs():
    horizon, y = 7, series(n=100)
    X = np.asarray(SlidingWindowTransformer(2).fit_transform(y[:, None]))
    regressor(horizon, early_stopping=True).fit(X, future_targets(y, horizon))
    inputs, targets = Look.seen[-1]
    first_valid = 89  # of 99 rows with a target the last tenth
    assert np.nanmax(targets) < first_valid + 1
    assert inputs[-1, -1] + horizon == first_valid


def test_unknown_targets_count_nothing_in_the_loss():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 5)), rng.normal(size=(30, 2))
    y[3, 0] = y[7] = np.nan
    exact = {"dtype": "float64", "batch_size": 100, "random_state": 0, "max_epochs": 2}
    model = LSTMRegressor(**exact, horizon=2).fit(X, y)
    known = y.copy()
    known[28, 1] = known[29] = np.nan
    mean, std = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    z = (known - mean) / std
    keep = ~np.isnan(known).all(axis=1)
    first = LSTMRegressor(**exact | {"max_epochs": 1, "learning_rate": 1e-30}, horizon=2)
    scaled = (first.fit(X, y).predict(X) - mean) / std
    per_sample = np.nansum((scaled - z) ** 2, axis=1)[keep] / 2
    assert model.loss_curve_[0] == pytest.approx(per_sample.mean(), rel=1e-9)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_labels_that_are_not_known_yet(missing):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    label = np.where(X[:, 0] > 0, "up", "down").astype(object)
    y = np.append(label[2:], [missing] * 2)
    y[10] = missing
    model = LSTMClassifier(max_epochs=2, horizon=2, random_state=0).fit(X, y)
    assert model.classes_.tolist() == ["down", "up"]
    keep = np.delete(np.arange(58), 10)
    alone = LSTMClassifier(max_epochs=2, random_state=0).fit(X[keep], y[keep].astype(str))
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    expected = accuracy_score(y[keep].astype(str), model.predict(X)[keep])
    assert model.score(X, y) == expected
    assert get_scorer("accuracy")(model, X, y) == expected
    assert get_scorer("roc_auc")(model, X, y) > 0


def test_without_a_known_target_a_fit_is_refused():
    with pytest.raises(ValueError, match="y must have a target that is known"):
        LSTMRegressor(horizon=2).fit(np.zeros((5, 3)), np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="known at the last row of X"):
        LSTMRegressor(horizon=9).fit(np.zeros((5, 3)), np.zeros(5))


def test_partial_fit_knows_the_end_of_its_own_rows():
    y = series()
    X = np.asarray(SlidingWindowTransformer(LENGTH).fit_transform(y[:, None]))
    targets = future_targets(y, 3)
    regressor(3).partial_fit(X[:20], targets[:20]).partial_fit(X[20:40], targets[20:40])
    assert [np.nanmax(seen) for _, seen in Look.seen] == [19, 39]


# Scores of what is known


def test_metrics_and_scorers_count_what_is_known():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 4)), rng.normal(size=(40, 3))
    model = LSTMRegressor(**TINY, horizon=3).fit(X, y)
    predicted, weight = model.predict(X), rng.random(40)
    y[5:9, 0] = y[20:, 2] = np.nan
    known = ~np.isnan(y)
    for metric, name, sign in (
        (r2_score, "r2", 1),
        (mean_absolute_error, "neg_mean_absolute_error", -1),
    ):
        for w in (None, weight):
            parts = [
                metric(y[k, i], predicted[k, i], sample_weight=None if w is None else w[k])
                for i, k in enumerate(known.T)
            ]
            got = where_known(metric)(y, predicted, sample_weight=w)
            assert got == pytest.approx(np.mean(parts))
            options = {} if w is None else {"sample_weight": w}
            scored = get_scorer(name)(model, X, y, **options)
            assert scored == pytest.approx(sign * np.mean(parts))
    assert model.score(X, y) == pytest.approx(where_known(r2_score)(y, predicted))
    one = LSTMRegressor(**TINY, horizon=1).fit(X, y[:, 1])
    assert get_scorer("r2")(one, X, y[:, 1]) == one.score(X, y[:, 1])


def test_outputs_without_a_known_target_are_left_out_of_a_score():
    y, predicted = np.array([[1.0, np.nan], [2.0, np.nan]]), np.ones((2, 2))
    assert where_known(mean_absolute_error)(y, predicted) == 0.5
    with pytest.raises(ValueError, match="more rows of a series than the horizon"):
        where_known(r2_score)(np.full((2, 2), np.nan), np.zeros((2, 2)))


def test_targets_further_ahead_than_the_horizon_says_are_refused():
    targets = future_targets(pd.Series(series(), name="y"), 7)
    X = np.zeros((N, 3))
    with pytest.raises(ValueError, match=r"y must lie at most horizon=3 rows.*'y_lead_7'"):
        LSTMRegressor(horizon=3).fit(X, targets)
    LSTMRegressor(horizon=7, max_epochs=1).fit(X, targets)


# What lies in order, or between


@pytest.mark.parametrize("cls", [LSTMRegressor, LSTMClassifier])
def test_rows_of_any_array_are_held_out_with_the_gap_that_the_horizon_needs(cls):
    """Sequences that share no row, which nothing but the horizon tells to lie in order."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 1, 2))
    X[:, 0, 0] = np.arange(100)
    y = np.append(np.arange(10, 100) % 3, [np.nan] * 10)
    options = TINY | {"early_stopping": True, "horizon": 10, "callbacks": [Look()]}
    cls(**options).fit(X, y)
    trained = Look.seen[-1][0][:, -1]
    # The last tenth of the 90 rows with a target, and ten rows before, are not trained on.
    np.testing.assert_array_equal(trained, np.arange(90 - 9 - 9))


def test_a_step_between_windows_and_network_keeps_the_series():
    y = np.concatenate([series(1), series(2)])
    time = np.tile(np.arange(N), 2)
    table = pd.DataFrame({"store": np.repeat([1, 2], N), "day": time, "value": y})
    targets = future_targets(table, 5, groups="store", time="day")
    order = np.argsort(time, kind="stable")[:80]
    model = make_pipeline(
        SlidingWindowTransformer(LENGTH, groups="store", time="day"),
        FunctionTransformer(np.positive),
        regressor(5),
    )
    model.fit(table.iloc[order], targets.iloc[order])
    check_fit(5, {1: 1039.0, 2: 2039.0})


@pytest.mark.parametrize(
    "y",
    [[0, 1] * 10 + [None], [True, False] * 10 + [None], ["a", "b"] * 10 + [None]],
    ids=["numbers", "bools", "text"],
)
def test_labels_of_any_kind_may_be_unknown(y):
    X = np.random.default_rng(0).normal(size=(21, 3))
    y = np.array(y, dtype=object)
    model = LSTMClassifier(max_epochs=1, horizon=1).fit(X, y)
    assert model.classes_.tolist() == sorted(set(y[:20]))
    assert get_scorer("accuracy")(model, X, y) == model.score(X, y)


def test_masked_targets_are_not_known():
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = np.ma.masked_array(X[:, 0], X[:, 0] > 1)
    y.data[y.mask] = 1e9
    model = LSTMRegressor(max_epochs=1, horizon=1, random_state=0).fit(X, y)
    expected = LSTMRegressor(max_epochs=1, horizon=1, random_state=0)
    expected = expected.fit(X, y.filled(np.nan))
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    with pytest.raises(ValueError, match="y contains NaN"):
        LSTMRegressor().fit(X, y)


@pytest.mark.parametrize(
    "loss",
    [
        lambda output, target: ((output - target) ** 2).mean(dim=1, keepdim=True),
        lambda output, target: torch.sqrt((output - target) ** 2),
    ],
    ids=["a column", "no slope at 0"],
)
def test_own_losses_take_missing_targets(loss):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    y[::5, 0] = np.nan
    model = LSTMRegressor(max_epochs=2, horizon=2, loss=loss).fit(X, y)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.predict(X)).all()


def test_scorers_take_weights_that_are_routed():
    y = series()
    weight = np.r_[np.zeros(N - 10), np.ones(10)]
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("neg_mean_absolute_error").set_score_request(sample_weight=True)
        model = LSTMRegressor(**TINY, horizon=1).set_fit_request(sample_weight=False)
        X = np.asarray(SlidingWindowTransformer(LENGTH).fit_transform(y[:, None]))
        score = cross_validate(
            model,
            X,
            future_targets(y, 1),
            cv=TimeSeriesSplit(2, test_size=20),
            scoring=scorer,
            params={"sample_weight": weight + 1e-9},
            error_score="raise",
        )
    assert score["test_score"].shape == (2,)
