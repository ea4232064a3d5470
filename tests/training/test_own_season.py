"""Seasons taken out of each window, against plain NumPy."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from sklstm import (
    LSTMRegressor,
    SlidingWindowTransformer,
    future_targets,
    sliding_windows,
)
from sklstm.samples._encoding import Season
from sklstm.samples._scaling import Scaling
from sklstm.training import SequenceData
from sklstm.training._own_season import PASSES, seasonal_pattern
from sklstm.windows._windows import Windows
from tests.training.plain_season import season_of

METHODS = ["additive", "multiplicative"]


def made(rng, n, length, *, noise=0.3, trend=0.05):
    season = rng.uniform(0.5, 2, length)
    y = (10 + trend * np.arange(n)) * np.resize(season, n)
    return y * np.exp(noise * 0.2 * rng.normal(size=n))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [3, 4, 7, 8, 11, 12, 25])
@pytest.mark.parametrize("n_passes", [1, 3])
def test_pattern_is_that_of_plain_numpy(method, n, n_passes):
    rng = np.random.default_rng(n)
    y = np.stack([made(rng, n, 4, noise=noise) for noise in (0, 0.5, 3, 10)])
    y[1, rng.random(n) < 0.2] = np.nan
    y[2, rng.random(n) < 0.5] = np.nan
    if n > 8:
        y[3, -3] = -1.0
    found = seasonal_pattern(
        torch.from_numpy(y[:, :, None]),
        4,
        is_factor=method == "multiplicative",
        n_passes=n_passes,
    )
    expected = [season_of(row, 4, method, n_passes) for row in y]
    np.testing.assert_allclose(found[:, :, 0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_batches_are_without_season_whatever_is_missing(method):
    """Three series, rows missing, windows that begin before their series."""
    rng = np.random.default_rng(0)
    length, T, leads = 4, 12, np.array([1, 3, 6])
    lengths = [30, 20, 25]
    table = np.concatenate([made(rng, n, length) for n in lengths])[:, None]
    table = np.c_[table, rng.normal(size=len(table))]
    table[rng.random(len(table)) < 0.1] = np.nan
    stops = np.cumsum(lengths)
    starts = stops - lengths
    rows = np.arange(len(table))
    first = np.repeat(starts, lengths)
    ends = rows[(rows - first >= 5) & (rows + 6 < np.repeat(stops, lengths))]
    windows = Windows(table, ends, first[ends], np.arange(T - 1, -1, -1))
    targets = Windows(table[:, :1], ends, first[ends], -leads)
    data = SequenceData(
        windows,
        Scaling.identity(2),
        targets,
        dtype=torch.float64,
        outputs=[0, 0, 0],
        season=Season(length, method, tuple(leads)),
    )
    inputs, target = data.gather(torch.arange(len(windows)))
    for i, end in enumerate(ends):
        at = np.arange(end - T + 1, end + 1)
        y = np.where(at >= first[end], table[np.maximum(at, 0), 0], np.nan)
        pattern = season_of(y, length, method, PASSES if np.isnan(y).any() else 1)
        around = pattern[(at - end - 1) % length]
        ahead = pattern[(leads - 1) % length]
        truth = table[end + leads, 0]
        if method == "additive":
            rest, expected = y - around, truth - ahead
            np.testing.assert_allclose(inputs["shift"][i], ahead, atol=1e-12)
            assert inputs["size"] is None
        else:
            rest, expected = y / around, truth / ahead
            np.testing.assert_allclose(inputs["size"][i], ahead)
            assert inputs["shift"] is None
        seen = ~np.isnan(y)
        n = int(seen.sum())
        if inputs["lengths"] is not None:
            assert inputs["lengths"][i] == n
        np.testing.assert_allclose(inputs["x"][i, :n, 0], rest[seen], atol=1e-9)
        np.testing.assert_allclose(inputs["x"][i, :n, 1], table[at[seen], 1])
        np.testing.assert_allclose(target[i], expected, atol=1e-9)


def test_season_and_size_go_together():
    y = np.resize([1.0, 5.0, 3.0, 7.0], 40)[:, None]
    ends = np.arange(11, 34)
    windows = Windows(y, ends, np.zeros_like(ends), np.arange(11, -1, -1))
    targets = Windows(y, ends, np.zeros_like(ends), -np.arange(1, 6))
    for factor in (1.0, 1e4):
        data = SequenceData(
            windows.over(factor * y),
            Scaling.identity(1),
            targets.over(factor * y),
            dtype=torch.float64,
            relative=[0],
            outputs=[0] * 5,
            season=Season(4, "additive", (1, 2, 3, 4, 5)),
        )
        inputs, target = data.gather(torch.arange(len(ends)))
        np.testing.assert_allclose(inputs["x"], 1.0)
        np.testing.assert_allclose(target, 1.0)
        restored = target * inputs["size"] + inputs["shift"]
        truth = factor * y[ends[:, None] + np.arange(1, 6), 0]
        np.testing.assert_allclose(restored, truth)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("T", [8, 12, 14])
def test_a_season_does_not_depend_on_the_rest_of_the_call(method, T):
    rng = np.random.default_rng(0)
    X = np.stack([made(rng, T + 2, 4, noise=1) for _ in range(40)])
    X[20:, :][rng.random((20, T + 2)) < 0.15] = np.nan
    options = {"season_length": 4, "season": method, "instance_norm": "level"}
    model = LSTMRegressor(max_epochs=1, hidden_size=4, dtype="float64", **options)
    model.fit(X[:20, :T], X[:20, T:])
    together = model.predict(X[:, :T])
    alone = np.concatenate([model.predict(X[i : i + 1, :T]) for i in range(40)])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


# ------------------------------------------------------------------ regressors


def fitted(y, **options):
    X, targets = sliding_windows(y, window_length=12, horizon=6)
    options = {"instance_norm": "level"} | options
    model = LSTMRegressor(hidden_size=4, max_epochs=3, random_state=0, **options)
    return model.fit(X[:-10], targets[:-10]), X[-10:], targets[-10:]


@pytest.mark.parametrize("method", METHODS)
def test_exact_seasons_are_forecast_exactly(method):
    line = 10 + 0.0 * np.arange(80)
    pattern = np.resize([-1.0, 2.0, 0.0, -1.0], 80)
    y = line + pattern if method == "additive" else line * (1 + 0.3 * pattern)
    model, X, truth = fitted(y, season_length=4, season=method)
    np.testing.assert_allclose(model.predict(X), truth, atol=0.05)


@pytest.mark.parametrize("kind", ["none", "additive", "multiplicative"])
def test_what_forecasts_best_by_itself_is_taken(kind):
    rng = np.random.default_rng(1)
    level = 100 * np.exp(np.cumsum(0.05 * rng.normal(size=400)))
    pattern = np.resize([-0.4, 0.5, 0.1, -0.2], 400)
    y = {
        "none": level,
        "additive": level + 40 * pattern,
        "multiplicative": level * (1 + pattern),
    }[kind]
    model, *_ = fitted(y, season_length=4)
    assert model.season_ == (None if kind == "none" else (4, kind))


def test_the_length_that_is_there_is_taken():
    rng = np.random.default_rng(2)
    y = 5 + np.resize([1.0, 0.0, 3.0, -1.0], 200) + 0.1 * rng.normal(size=200)
    for lengths in ([3, 4], (4, 5, 3), np.array([5, 4]), pd.Series([4, 3]), np.int64(4), 4):
        model, *_ = fitted(y, season_length=lengths)
        assert model.season_[0] == 4


def test_a_smoothed_level_is_taken_where_the_last_value_is_noise():
    rng = np.random.default_rng(3)
    noise, walk = rng.normal(size=300), np.cumsum(rng.normal(size=300))
    assert fitted(noise)[0].level_decay_ == 0.9
    assert fitted(walk)[0].level_decay_ == 0.0
    assert fitted(walk + noise)[0].level_decay_ in (0.3, 0.5)


def test_horizon_tells_how_far_ahead_outputs_lie():
    rng = np.random.default_rng(4)
    y = 5 + np.resize([1.0, 0.0, 3.0, -1.0, 2.0], 200) + 0.01 * rng.normal(size=200)
    X = SlidingWindowTransformer(window_length=10).fit_transform(y[:, None])
    for ahead in (3, 5):
        target = future_targets(y, horizon=ahead)[:, -1]
        model = LSTMRegressor(
            hidden_size=4,
            max_epochs=3,
            season_length=5,
            instance_norm="level",
            horizon=ahead,
            random_state=0,
        ).fit(X, target)
        known = ~np.isnan(target) & (np.arange(200) > 10)
        np.testing.assert_allclose(model.predict(X)[known], target[known], atol=0.2)


@pytest.mark.parametrize("loss", ["quantile", "gaussian", "student_t", "negative_binomial"])
def test_quantiles_get_the_season_back(loss):
    rng = np.random.default_rng(5)
    y = rng.poisson(np.resize([4.0, 40.0, 10.0, 90.0], 300)).astype(float) + 1
    model, X, truth = fitted(y, season_length=4, loss=loss, quantile=[0.1, 0.5, 0.9])
    said = model.predict_quantiles(X, [0.1, 0.5, 0.9])
    assert (np.diff(said, axis=-1) >= 0).all()
    inside = (said[..., 0] <= truth) & (truth <= said[..., 2])
    assert inside.mean() > 0.6
    assert np.abs(said[..., 1] - truth).mean() < 9


def test_training_goes_on_with_the_season_of_before():
    y = 5 + np.resize([1.0, 0.0, 3.0, -1.0], 100)
    X, target = sliding_windows(y, window_length=8, horizon=2)
    model = LSTMRegressor(
        hidden_size=4, max_epochs=2, season_length=4, warm_start=True, random_state=0
    ).fit(X, target)
    season = model.season_
    walk = np.cumsum(np.random.default_rng(0).normal(size=100))
    model.fit(*sliding_windows(walk, window_length=8, horizon=2))
    assert model.season_ == season == (4, "additive")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"season_length": 13}, "season_length must be at most the number of steps"),
        ({"season_length": [4, 1]}, "season_length must be an int of at least 2"),
        ({"season_length": []}, "season_length must be an int of at least 2"),
        ({"season_length": np.array([4.0])}, r"of at least 2, several .* Got \(4.0,\)"),
        ({"season_length": np.array([[4]])}, r"of at least 2, several .* Got \(\(4,\),\)"),
        ({"season_length": 4, "season": "multiplicative"}, "where a value is not above 0"),
        (
            {"season_length": 4, "season": "multiplicative", "instance_norm": None},
            "where a value is not above 0|needs an instance_norm",
        ),
        ({"season_length": 4, "season": "sine"}, "'season' parameter"),
        (
            {"season_length": 4, "season": "additive", "loss": "negative_binomial"},
            "season must be 'multiplicative' or 'auto'",
        ),
    ],
)
def test_what_is_no_season_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fitted(np.arange(100.0) % 7, **options)


@pytest.mark.parametrize("season", [*METHODS, "skip"])
@pytest.mark.parametrize("options", [{}, {"target_features": ()}], ids=str)
def test_a_way_to_act_without_a_season_is_refused(season, options):
    y = np.resize([1.0, 5, 2, 4], 60)
    X, target = sliding_windows(y, window_length=8)
    message = rf"season must be 'auto' without season_length.* Got '{season}', and"
    model = LSTMRegressor(season=season, **options)
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            train(X, target)
        assert not hasattr(model, "n_features_in_")


def test_lengths_in_an_array_are_those_of_a_list():
    y = 5 + np.resize([1.0, 0.0, 3.0, -1.0], 100)
    X, target = sliding_windows(y, window_length=8, horizon=2)
    options = {"hidden_size": 4, "max_epochs": 2, "warm_start": True, "random_state": 0}
    listed = LSTMRegressor(season_length=[3, 4], **options).fit(X, target)
    model = clone(listed).set_params(season_length=np.array([3, 4])).fit(X, target)
    np.testing.assert_array_equal(model.predict(X), listed.predict(X))
    np.testing.assert_array_equal(
        model.fit(X, target).predict(X), listed.fit(X, target).predict(X)
    )


def test_sequences_that_leave_out_steps_have_no_season():
    y = np.arange(60.0)[:, None]
    ends = np.arange(20, 59)
    windows = Windows(y, ends, np.zeros_like(ends), np.array([8, 4, 0]))
    model = LSTMRegressor(season_length=2)
    with pytest.raises(ValueError, match="leave out steps"):
        model.fit(windows, y[ends + 1, 0])


def test_a_peak_that_is_missing_lowers_no_period():
    y = np.resize(np.arange(12.0), 36)
    y[[10, 11, 35]] = np.nan
    y = torch.from_numpy(y[None, :, None])
    found = seasonal_pattern(y, 12, is_factor=False, n_passes=PASSES)
    np.testing.assert_allclose(found[0, :, 0], np.arange(12) - 5.5, atol=0.02)


def test_without_a_level_a_season_is_found_too():
    rng = np.random.default_rng(0)
    y = 100 + np.resize([3.0, 9, 1, 7, 2, 8, 5], 420) + 0.5 * rng.normal(size=420)
    X, target = sliding_windows(y, window_length=21)
    for season in ("auto", "additive"):
        model = LSTMRegressor(season_length=7, season=season, max_epochs=20, random_state=0)
        model.fit(X[:320], target[:320])
        assert model.season_ == (7, "additive")
        assert model.score(X[320:], target[320:]) > 0.95


def test_horizon_of_many_outputs_is_that_of_all():
    y = np.resize([3.0, 9, 1, 7, 2, 8, 5], 200)
    X = SlidingWindowTransformer(window_length=14).fit_transform(y[:, None])
    ahead = np.r_[y[5:], np.full(5, np.nan)]
    model = LSTMRegressor(
        season_length=7, instance_norm="level", horizon=5, max_epochs=2, random_state=0
    ).fit(X, np.c_[ahead, ahead])
    np.testing.assert_allclose(model.predict(X)[20:-5, 1], ahead[20:-5], atol=0.05)


@pytest.mark.parametrize("padding", ["edge", np.nan])
def test_padding_is_no_period(padding):
    y = np.resize([3.0, 9, 1, 7, 2, 8, 5], 150)
    lags = range(21)
    X = SlidingWindowTransformer(lags=lags, padding=padding).fit_transform(y[:, None])
    target = np.r_[y[1:], np.nan]
    model = LSTMRegressor(
        season_length=7, instance_norm="level", horizon=1, max_epochs=2, random_state=0
    ).fit(X, target)
    np.testing.assert_allclose(model.predict(X)[14:-1], target[14:-1], atol=0.15)


def test_predict_refuses_sequences_that_hold_no_season():
    model, X, _ = fitted(np.resize([1.0, 5, 2, 4], 100), season_length=4)
    with pytest.raises(ValueError, match="at most the number of steps of a sequence, 3"):
        model.predict(np.asarray(X)[:, -3:])
