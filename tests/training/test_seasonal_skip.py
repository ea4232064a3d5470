"""Forecasts that begin from past periods, against plain NumPy."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklstm import LSTMRegressor, sliding_windows
from sklstm.network import SeasonalSkip
from sklstm.windows._windows import Windows
from tests.training.plain_season import skip_forecast

# So small a rate leaves the weights as they begin.
STILL = {"max_epochs": 1, "learning_rate": 1e-30, "hidden_size": 4, "random_state": 0}


def with_weights(skip, rng):
    with torch.no_grad():
        skip.change.copy_(torch.from_numpy(0.3 * rng.normal(size=skip.change.shape)))
    return 1 / skip.n_periods + skip.change.detach().numpy()


@pytest.mark.parametrize("length", [2, 3, 5])
@pytest.mark.parametrize("n_periods", [1, 2, 4])
def test_forecast_is_that_of_plain_numpy(length, n_periods):
    rng = np.random.default_rng(length)
    leads, outputs = (1, 2, 7, 11, 1), [0, 3, 0, 3, 3]
    skip = SeasonalSkip(length, n_periods, leads, outputs, torch.float64, ["location"])
    weight = with_weights(skip, rng)
    history = rng.normal(size=(6, n_periods * length, 2))
    history[rng.random(history.shape) < 0.3] = np.nan
    level = rng.normal(size=(6, 2))
    found = skip.forecast(torch.from_numpy(history), torch.from_numpy(level))
    for i, j, lead in [(i, j, lead) for i in range(6) for j, lead in enumerate(leads)]:
        feature = [0, 3].index(outputs[j])
        expected = skip_forecast(
            history[i, :, feature], length, weight, [lead], level[i, feature]
        )
        np.testing.assert_allclose(found[i, j].item(), expected[0], atol=1e-12)


def test_locations_are_moved_and_spreads_are_not():
    roles = ["location", "scale", "size", "shape"]
    skip = SeasonalSkip(2, 1, (1,), [0], torch.float64, roles)
    history = torch.tensor([[[3.0], [4.0]]]).double()
    moved = skip(torch.ones(1, 4).double(), history, None)
    assert moved.tolist() == [[4.0, 1.0, 4.0, 1.0]]


def test_it_begins_at_the_mean_of_the_phase():
    rng = np.random.default_rng(0)
    y = 50 + rng.normal(size=200).cumsum() + np.resize([3.0, 9, 1, 7], 200)
    X, target = sliding_windows(y, window_length=14, horizon=6)
    plain = LSTMRegressor(**STILL, instance_norm="last", dtype="float64").fit(X, target)
    model = LSTMRegressor(
        **STILL, instance_norm="last", dtype="float64", season_length=4, season="skip"
    ).fit(X, target)
    assert model.season_ == (4, "skip")
    periods = np.asarray(X)[:, -12:, 0].reshape(-1, 3, 4)
    mean = periods.mean(axis=1)[:, [0, 1, 2, 3, 0, 1]]
    last = np.asarray(X)[:, -1]
    np.testing.assert_allclose(model.predict(X), plain.predict(X) + mean - last)


@pytest.mark.parametrize("instance_norm", ["last", "level", "standard", "affine", None])
@pytest.mark.parametrize("instance_scale", [True, False])
def test_the_network_is_added_whatever_is_missing(instance_norm, instance_scale):
    """Three series, rows missing, windows that begin before their series."""
    rng = np.random.default_rng(0)
    length, T, leads, lengths = 4, 14, np.arange(1, 7), [30, 20, 25]
    table = 40 + rng.normal(size=(75, 2)) + np.resize([3.0, 9, 1, 7], 75)[:, None]
    table[rng.random(75) < 0.1] = np.nan
    stops = np.cumsum(lengths)
    rows, starts = np.arange(75), np.repeat(stops - lengths, lengths)
    ends = rows[(rows - starts >= 5) & (rows + 6 < np.repeat(stops, lengths))]
    ends = ends[~np.isnan(table[ends[:, None] + leads, 0]).any(axis=1)]
    X = Windows(table, ends, starts[ends], np.arange(T - 1, -1, -1))
    target = table[ends[:, None] + leads, 0]
    options = {
        **STILL,
        "instance_norm": instance_norm,
        "instance_scale": instance_scale,
        "target_features": 0,
        "dtype": "float64",
    }
    season = {"season_length": length, "season": "skip"}
    model = LSTMRegressor(**options, **season).fit(X, target)
    skip = model.module_.skip
    still = model.predict(X)
    without = np.zeros_like(still)
    with torch.no_grad():
        skip.change.fill_(-1 / skip.n_periods)
        without += model.predict(X)
    assert not np.allclose(still, without)
    weight = with_weights(skip, rng)
    found = model.predict(X)
    for i, end in enumerate(ends):
        y = table[max(starts[end], end - T + 1) : end + 1, 0]
        level = level_of(y[~np.isnan(y)], instance_norm, model, table, instance_scale)
        expected = skip_forecast(y, length, weight, leads, level)
        np.testing.assert_allclose(found[i] - without[i], expected, atol=1e-6)


def level_of(y, method, model, table, instance_scale):
    if method is None:  # What the network begins from: 0 of its units.
        return 0.0 if instance_scale else model._model.encoding.scaling.mean[0]
    if method == "level":
        weight = model.level_decay_ ** np.arange(len(y))[::-1].astype(float)
        return np.average(y, weights=weight)
    return y[-1] if method == "last" else y.mean()


def test_weights_of_periods_are_learnt():
    """The value of two periods ago comes back: the mean of both is not it."""
    rng = np.random.default_rng(0)
    y = list(rng.normal(size=8))
    for _ in range(600):
        y.append(y[-8] + 0.1 * rng.normal())
    X, target = sliding_windows(np.array(y), window_length=8, horizon=4)
    model = LSTMRegressor(
        hidden_size=4, max_epochs=30, season_length=4, season="skip", random_state=0
    ).fit(X[:400], target[:400])
    weight = 1 / 2 + model.module_.skip.change.detach().numpy()
    np.testing.assert_allclose(weight, [[1.0, 0.0]], atol=0.2)
    assert model.score(X[400:], target[400:]) > 0.9


@pytest.mark.parametrize("n_steps", [4, 6, 12, 20])
def test_sequences_of_other_lengths_are_forecast(n_steps):
    y = np.resize([3.0, 9, 1, 7], 120)
    X, target = sliding_windows(y, window_length=12, horizon=4)
    model = LSTMRegressor(
        hidden_size=4, max_epochs=20, season_length=4, season="skip", random_state=0
    ).fit(X, target)
    X, target = sliding_windows(y, window_length=n_steps, horizon=4)
    np.testing.assert_allclose(model.predict(X), target, atol=0.5)


def test_it_is_cloned_pickled_and_trained_on():
    y = np.resize([3.0, 9, 1, 7], 120) + np.arange(120) / 10
    X, target = sliding_windows(y, window_length=12, horizon=4)
    model = LSTMRegressor(
        hidden_size=4,
        max_epochs=2,
        season_length=4,
        season="skip",
        warm_start=True,
        random_state=0,
    ).fit(X, target)
    before = model.predict(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), before)
    np.testing.assert_array_equal(clone(model).fit(X, target).predict(X), before)
    np.testing.assert_array_equal(
        again.fit(X, target).predict(X), model.fit(X, target).predict(X)
    )


def test_a_window_shorter_than_the_season_is_refused():
    X, target = sliding_windows(np.arange(100.0) % 7, window_length=12)
    model = LSTMRegressor(season_length=13, season="skip")
    with pytest.raises(ValueError, match="season_length must be at most the number of"):
        model.fit(X, target)
