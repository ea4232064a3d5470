"""Series of unlike size in one network are forecast as if each had been scaled by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer, future_targets
from sklstm.sktime import LSTMForecaster
from sklstm.windows import Windows
from tests.sktime.data import PLAIN

SIZES = 10.0 ** np.arange(6)
N_ROWS, HORIZON, SEASON = 72, 6, 12


def panel(seed=0, n_of_each=5, sizes=SIZES):
    """Series of sizes 1 to 100,000: a level, a season, noise."""
    rng = np.random.default_rng(seed)
    series = {}
    for size in sizes:
        for i in range(n_of_each):
            season = 0.4 * np.sin(2 * np.pi * (np.arange(N_ROWS) + rng.integers(12)) / 12)
            walk = 0.005 * rng.normal(size=N_ROWS).cumsum()
            values = size * (2 + season + walk + 0.05 * rng.normal(size=N_ROWS))
            series[f"{size:g} {i}"] = pd.Series(values, pd.RangeIndex(N_ROWS))
    return pd.concat(series, names=["series", "time"]).to_frame("y")


def errors(forecaster, y, *, by_hand=False):
    """Mean absolute scaled error of each size, over the last steps of each series."""
    divisor = y.abs().groupby("series").transform("mean") if by_hand else y * 0 + 1
    time = y.index.get_level_values("time")
    train, test = (y[time < N_ROWS - HORIZON], y[time >= N_ROWS - HORIZON])
    forecaster = forecaster.fit((y / divisor)[time < N_ROWS - HORIZON], fh=range(1, 7))
    forecast = forecaster.predict().reindex(test.index) * divisor.reindex(test.index)
    naive = train.groupby("series").transform(lambda a: a.diff(SEASON).abs().mean())
    naive = naive.groupby("series").first().reindex(test.index, level="series")
    size = test.index.get_level_values("series").str.split().str[0].astype(float)
    return ((forecast - test).abs() / naive)["y"].groupby(size).mean()


@pytest.mark.parametrize("instance_norm", ["last", "standard", "affine", None])
def test_each_size_is_forecast_as_when_scaled_by_hand(instance_norm):
    y = panel()
    options = PLAIN | {"instance_norm": instance_norm, "random_state": 0}
    by_hand = errors(LSTMForecaster(**options, instance_scale=False), y, by_hand=True)
    by_default = errors(LSTMForecaster(**options), y)
    assert (by_default < 1.3 * by_hand).all()
    assert (by_default < 1.1).all()


def test_new_series_of_another_size_and_new_rows_are_forecast_alike():
    y = panel(sizes=[1.0])
    small = LSTMForecaster(max_epochs=10, random_state=0).fit(y, fh=[1, 2])
    large = 1e6 * y.rename(index=lambda name: f"new {name}", level="series")
    both = small.clone().fit(y, fh=[1, 2]).update(large, update_params=False).predict()
    expected = 1e6 * small.predict().to_numpy()
    new = both[both.index.get_level_values("series").str.startswith("new")]
    np.testing.assert_allclose(new.to_numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize("of_many", [True, False])
def test_pretrained_on_large_series_a_small_one_is_forecast(of_many):
    large = panel(sizes=[1e5], n_of_each=5 if of_many else 1)
    small = panel(seed=1, sizes=[1e-3], n_of_each=1)
    one = small.droplevel("series")["y"]
    pretrained = LSTMForecaster(random_state=0, max_epochs=30)
    pretrained = pretrained.pretrain(large, fh=range(1, HORIZON + 1))
    forecast = pretrained.fit(one[:-HORIZON], fh=range(1, 7)).predict()
    naive = one.diff(SEASON)[:-HORIZON].abs().mean()
    assert (forecast - one[-HORIZON:]).abs().mean() < naive


def test_a_regressor_of_windows_forecasts_stores_of_any_size_by_default():
    rng = np.random.default_rng(0)
    time = np.tile(np.arange(80), 4)
    size = np.repeat([1.0, 50.0, 1e3, 1e5], 80)
    wave = 2 + np.sin(2 * np.pi * time / 7) + 0.02 * rng.normal(size=320)
    table = pd.DataFrame({"store": size, "day": time, "sales": size * wave})
    y = future_targets(table, 3, groups="store", time="day")
    model = make_pipeline(
        SlidingWindowTransformer(14, groups="store", time="day"),
        LSTMRegressor(horizon=3, max_epochs=40, random_state=0),
    )
    error = np.abs(model.fit(table, y).predict(table) - y) / size[:, None]
    for _, part in error.mean(axis=1)[time > 14].groupby(size[time > 14]):
        assert part.median() < 0.1


def relative(x, y):
    """The equations: each window, and its targets, divided by its mean absolute value."""
    size = np.nanmean(np.abs(x), axis=1)
    return x / size[:, None], y / size


def test_sizes_are_those_of_the_equations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 8)) * 10.0 ** rng.integers(-3, 4, size=(60, 1))
    x[::4, 2] = np.nan
    y = np.nansum(x[:, -2:], axis=1)
    options = {"hidden_size": 4, "max_epochs": 3, "dtype": "float64", "random_state": 0}
    model = LSTMRegressor(**options, instance_scale=True).fit(x, y)
    by_hand = LSTMRegressor(**options, standardize=False).fit(*relative(x, y))
    size = np.nanmean(np.abs(x), axis=1)
    expected = size * by_hand.predict(relative(x, y)[0])
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-9)
    np.testing.assert_allclose(model.loss_curve_, by_hand.loss_curve_, rtol=1e-9)


def test_zeros_after_which_only_zeros_came_are_forecast_as_zero():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 6)), rng.normal(size=40)
    options = {"hidden_size": 4, "max_epochs": 3, "batch_size": 50, "random_state": 0}
    model = LSTMRegressor(**options, instance_scale=True, loss="absolute_error")
    zeros = np.zeros((3, 6))
    plain = model.fit(x, y).predict(x)
    assert model.predict(zeros).tolist() == [0, 0, 0]
    more = model.fit(np.r_[x, zeros], np.r_[y, 0, 0, 0])
    assert more.predict(zeros).tolist() == [0, 0, 0]
    # But for their share of the mean loss they teach nothing.
    np.testing.assert_allclose(more.predict(x), plain, rtol=1e-5)


def test_zeros_have_the_size_of_what_has_followed_such():
    rng = np.random.default_rng(0)
    x, zeros = rng.normal(size=(40, 6)), np.zeros((4, 6))
    zeros[1, 2:4] = np.nan
    after = np.array([5.0, -7.0, 0.0, 1e9])
    y = np.r_[rng.normal(size=40), after]
    options = {"hidden_size": 4, "max_epochs": 3, "dtype": "float64", "random_state": 0}
    model = LSTMRegressor(**options, instance_scale=True).fit(np.r_[x, zeros], y)
    size = np.r_[np.abs(x).mean(axis=1), np.full(4, 7.0)]
    by_hand = LSTMRegressor(**options, standardize=False)
    inside = np.r_[x, zeros] / size[:, None]
    by_hand.fit(inside, y / size)
    np.testing.assert_allclose(model.predict(zeros), 7 * by_hand.predict(zeros), rtol=1e-9)
    np.testing.assert_allclose(model.loss_curve_, by_hand.loss_curve_, rtol=1e-9)


def test_demand_that_comes_rarely_has_quantiles_that_hold():
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(0, 1, size=(200, 1))
    demand = (rng.random((200, 41)) < 0.2) * rng.gamma(4, 0.25, size=(200, 41)) * sizes
    index = pd.MultiIndex.from_product([range(200), range(40)])
    y = pd.DataFrame({"demand": demand[:, :40].ravel()}, index)
    model = LSTMForecaster(window_length=8, season_length=None, random_state=0)
    model.set_params(loss="quantile", quantile=[0.05, 0.5, 0.95], max_steps=300)
    upper = model.fit(y, fh=[1]).predict_quantiles(alpha=[0.95]).to_numpy().ravel()
    truth = demand[:, 40]
    none = (demand[:, 32:40] == 0).all(axis=1)
    assert none.sum() > 20
    assert (truth > upper)[none].mean() < 0.12
    assert (truth > upper)[~none].mean() < 0.12


def test_windows_of_several_series_are_relative_by_default():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(40, 1)) + 5
    table[20:] *= 1e6
    ends, starts = np.r_[4:20, 24:40], np.repeat([0, 20], 16)
    lags = np.arange(4, -1, -1)
    parts = table, ends, starts, lags
    y = table[np.minimum(ends + 1, 39), 0]
    for series, expected in ((None, ()), (np.repeat([0, 1], 16), (0,))):
        windows = Windows(*parts, series=series)
        model = LSTMRegressor(instance_norm="last", max_epochs=1).fit(windows, y)
        assert model._model.encoding.relative == expected
        ahead = LSTMRegressor(horizon=1, max_epochs=1).fit(windows, y)
        assert ahead._model.encoding.relative == expected
        other = LSTMRegressor(horizon=1, max_epochs=1).fit(windows, -y)
        assert other._model.encoding.relative == ()
    assert LSTMRegressor(max_epochs=1).fit(windows, y)._model.encoding.relative == ()


CIF = Path(__file__).parents[2].parent / "shared" / "data" / "cif2016.csv"


@pytest.mark.skipif(not CIF.exists(), reason="the series of CIF 2016 are not here")
def test_the_defaults_forecast_a_public_panel_of_unlike_series():
    """72 monthly series of sizes from 1 to 10 ** 7; published: AutoETS .90."""
    table = pd.read_csv(CIF)
    scores = []
    for horizon in (6, 12):
        part = table[table.horizon == horizon]
        y = part.set_index(["series", "step"])[["value"]]
        is_train = (part.part == "train").to_numpy()
        forecaster = LSTMForecaster(random_state=0)
        forecast = forecaster.fit(y[is_train], fh=range(1, horizon + 1)).predict()
        for name, test in y[~is_train].groupby("series"):
            train = y[is_train].loc[name, "value"].to_numpy()
            naive = np.abs(train[12:] - train[:-12]).mean()
            error = np.abs(forecast.loc[name].to_numpy() - test.to_numpy()).mean()
            scores.append(error / naive)
    assert len(scores) == 72
    assert np.mean(scores) < 1.05
