"""Forecasts without training: of whose series they are, how far, and how sure."""

import copy
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sktime.datasets import load_airline

from sklstm.sktime import LSTMForecaster, PretrainedLSTMForecaster
from sklstm.sktime._pretrained._forecast import quantiles_ahead
from sklstm.sktime._pretrained._weights import WEIGHTS, read_weights, shipped

LEVELS = [0.05, 0.3, 0.5, 0.7, 0.95]


def months(values, start="2015-01"):
    index = pd.period_range(start, periods=len(values), freq="M")
    return pd.DataFrame(np.asarray(values, dtype=float), index)


def panel_of(series, start="2015-01"):
    return pd.concat({name: months(y, start) for name, y in series.items()})


def noisy(rng, n, level=100.0):
    t = np.arange(n)
    return level + level / 10 * np.sin(2 * np.pi * t / 12) + level / 50 * rng.normal(size=n)


# ------------------------------------------------------------------ whose series


def test_each_series_is_forecast_from_itself():
    series = {f"s{i}": np.full(20 + i, 10.0**i) for i in range(6)}
    y = panel_of(series)
    y_pred = PretrainedLSTMForecaster().fit(y, fh=[1, 2, 60]).predict()
    for i, name in enumerate(series):
        assert_allclose(y_pred.loc[name].to_numpy()[:2], 10.0**i, rtol=1e-5)
        last = y.loc[name].index[-1]
        assert_array_equal(y_pred.loc[name].index, [last + 1, last + 2, last + 60])


def test_series_are_forecast_together_as_alone():
    rng = np.random.default_rng(0)
    series = {f"s{i}": noisy(rng, n, 10.0**i) for i, n in enumerate((3, 7, 40, 200))}
    together = PretrainedLSTMForecaster().fit(panel_of(series), fh=range(1, 121))
    both = together.predict_quantiles(alpha=[0.05, 0.5, 0.9])
    for name, values in series.items():
        alone = PretrainedLSTMForecaster().fit(months(values), fh=range(1, 121))
        said = alone.predict_quantiles(alpha=[0.05, 0.5, 0.9])
        assert_allclose(both.loc[name].to_numpy(), said.to_numpy(), rtol=1e-3)


def test_columns_are_forecast_each_by_itself():
    rng = np.random.default_rng(1)
    y = months(np.c_[noisy(rng, 50), noisy(rng, 50, 3.0)]).set_axis(["a", "b"], axis=1)
    wide = PretrainedLSTMForecaster().fit(y, fh=[1, 12]).predict()
    assert list(wide.columns) == ["a", "b"]
    for name in y.columns:
        alone = PretrainedLSTMForecaster().fit(y[[name]], fh=[1, 12]).predict()
        assert_allclose(wide[name], alone[name], rtol=1e-5)


def test_hierarchies_keep_their_names():
    rng = np.random.default_rng(2)
    stores = {("north", 1): noisy(rng, 30), ("south", 1): noisy(rng, 40, 7.0)}
    y = pd.concat({name: months(v) for name, v in stores.items()})
    y_pred = PretrainedLSTMForecaster().fit(y, fh=[1, 2]).predict()
    for name, values in stores.items():
        alone = PretrainedLSTMForecaster().fit(months(values), fh=[1, 2]).predict()
        assert_allclose(y_pred.loc[name], alone, rtol=1e-5)


@pytest.mark.parametrize("factor", [1e-5, 1e6])
def test_unit_of_a_series_is_that_of_its_forecast(factor):
    y = months(noisy(np.random.default_rng(3), 60))
    one = PretrainedLSTMForecaster().fit(y, fh=range(1, 13)).predict()
    other = PretrainedLSTMForecaster().fit(factor * y, fh=range(1, 13)).predict()
    assert_allclose(other, factor * one, rtol=1e-4)


@pytest.mark.parametrize("offset", [1e6, -1e9, 1e12])
def test_small_changes_about_a_large_level_are_seen(offset):
    y = months(10 * np.sin(np.arange(60) * np.pi / 6))
    options = {"fh": range(1, 13)}
    one = PretrainedLSTMForecaster().fit(y + 1e5, **options).predict() - 1e5
    other = PretrainedLSTMForecaster().fit(y + offset, **options).predict() - offset
    assert_allclose(other, one, atol=0.5)


def test_a_constant_is_sure_and_a_single_value_is_not():
    def width(values):
        said = PretrainedLSTMForecaster().fit(months(values), fh=[1]).predict_interval()
        return np.ptp(said.to_numpy())

    assert width([5.0] * 30) < 1e-4
    assert width([0.0] * 30) < 1e-4
    assert width([5.0]) > 0.3


def test_a_single_value_may_rise_as_well_as_fall():
    forecaster = PretrainedLSTMForecaster().fit(months([100.0]), fh=range(1, 13))
    assert_allclose(forecaster.predict(), 100.0)
    said = forecaster.predict_interval(coverage=0.8).to_numpy()
    assert_allclose(said.mean(axis=1), 100.0)


# ------------------------------------------------------------------ short, long, missing


@pytest.mark.parametrize("n", [1, 2, 3, 4, 11, 12, 13, 25, 96, 97, 2_000])
def test_series_of_any_length_are_forecast(n):
    y = months(noisy(np.random.default_rng(4), n), "1800-01")
    said = PretrainedLSTMForecaster().fit(y, fh=[1, 5]).predict_interval(coverage=0.8)
    assert np.isfinite(said.to_numpy()).all()
    assert (np.diff(said.to_numpy(), axis=1) >= 0).all()
    assert (np.abs(said.to_numpy() - 100) < 100).all()


def test_horizon_may_be_any_and_is_given_late():
    y = months(noisy(np.random.default_rng(5), 70))
    forecaster = PretrainedLSTMForecaster().fit(y)
    far = forecaster.predict(fh=range(1, 131))
    near = forecaster.predict(fh=[1, 48])
    assert_allclose(near.to_numpy(), far.iloc[[0, 47]].to_numpy())
    # What is read of the 100th step does not depend on the others that are asked for.
    assert_allclose(forecaster.predict(fh=[100]).to_numpy(), far.iloc[[99]].to_numpy())
    # The season goes on where the network goes on from its own forecasts.
    season = 10 * np.sin(2 * np.pi * (70 + np.arange(48, 96)) / 12)
    assert np.corrcoef(far.to_numpy()[48:96, 0], season)[0, 1] > 0.9


def test_a_walk_is_less_and_less_sure():
    walks = np.cumsum(np.random.default_rng(6).normal(size=(40, 120)), axis=1)
    y = panel_of({f"{i:02d}": walk for i, walk in enumerate(walks)}, "1990-01")
    forecaster = PretrainedLSTMForecaster(season_length=None).fit(y)
    said = forecaster.predict_interval(fh=[1, 24, 96], coverage=0.8).to_numpy()
    width = (said[:, 1] - said[:, 0]).reshape(40, 3).mean(axis=0)
    # That of a walk is 2.56 times the root of the number of steps.
    assert_allclose(width, 2.563 * np.sqrt([1, 24, 96]), rtol=0.35)


def test_quantiles_ascend_and_the_median_is_the_forecast():
    y = months(noisy(np.random.default_rng(7), 50))
    forecaster = PretrainedLSTMForecaster().fit(y, fh=range(1, 61))
    levels = [0.01, 0.05, 0.3, 0.5, 0.77, 0.95, 0.99]
    said = forecaster.predict_quantiles(alpha=levels).to_numpy()
    assert (np.diff(said, axis=1) >= 0).all()
    assert_allclose(said[:, 3], forecaster.predict().to_numpy()[:, 0])
    ends = forecaster.predict_interval(coverage=0.9).to_numpy()
    assert_allclose(ends, said[:, [1, 5]])
    assert (forecaster.predict_var().to_numpy() > 0).all()


def test_forecast_of_a_mirror_image_is_the_mirror_image():
    y = load_airline().iloc[:100]
    said, mirrored = (
        PretrainedLSTMForecaster().fit(z, fh=range(1, 25)).predict_quantiles(alpha=LEVELS)
        for z in (y, -y)
    )
    assert_allclose(mirrored, -said.to_numpy()[:, ::-1], rtol=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_counts_stop_at_zero(sign):
    y = months(sign * np.random.default_rng(8).poisson(0.4, 60))
    forecaster = PretrainedLSTMForecaster().fit(y, fh=[1, 5, 60])
    assert (sign * forecaster.predict_quantiles(alpha=LEVELS).to_numpy() >= 0).all()


def test_forecasts_are_no_surer_where_paths_begin():
    walks = np.cumsum(np.random.default_rng(7).normal(size=(60, 120)), axis=1)
    y = panel_of({f"{i:02d}": walk for i, walk in enumerate(walks)}, "1990-01")
    forecaster = PretrainedLSTMForecaster(season_length=None).fit(y)
    said = forecaster.predict_interval(fh=[48, 49, 60], coverage=0.8).to_numpy()
    width = (said[:, 1] - said[:, 0]).reshape(60, 3).mean(axis=0)
    assert width[1] > 0.95 * width[0]
    assert width[2] > width[0]


def test_missing_end_is_forecast_too():
    values = noisy(np.random.default_rng(8), 60)
    cut = PretrainedLSTMForecaster().fit(months(values[:57]), fh=[4, 5, 15]).predict()
    values[57:] = np.nan
    ragged = panel_of({"a": values, "b": noisy(np.random.default_rng(9), 60)})
    y_pred = PretrainedLSTMForecaster().fit(ragged, fh=[1, 2, 12]).predict()
    assert_allclose(y_pred.loc["a"].to_numpy(), cut.to_numpy(), rtol=1e-5)
    assert_array_equal(y_pred.loc["a"].index, cut.index)


def test_rows_that_are_missing_are_values_that_are():
    y = months(noisy(np.random.default_rng(10), 60)).to_timestamp()
    y.index.freq = None
    holes = y.drop(y.index[[20, 21, 40]])
    filled = y.copy()
    filled.iloc[[20, 21, 40]] = np.nan
    one = PretrainedLSTMForecaster().fit(filled.asfreq("MS"), fh=[1, 2]).predict()
    panel = pd.concat({"a": holes, "b": y})
    other = PretrainedLSTMForecaster().fit(panel, fh=[1, 2]).predict()
    assert_allclose(other.loc["a"].to_numpy(), one.to_numpy(), rtol=1e-5)


def test_in_sample_forecasts_know_the_rows_before_alone():
    rng = np.random.default_rng(11)
    values = noisy(rng, 40)
    values[20] = np.nan
    forecaster = PretrainedLSTMForecaster(season_length=12).fit(months(values))
    said = forecaster.predict(fh=np.arange(-39, 1))
    assert_allclose(said.iloc[0], np.nanmean(values))
    for i in (1, 2, 15, 21, 39):
        before = PretrainedLSTMForecaster(season_length=12).fit(months(values[:i]))
        assert_allclose(said.iloc[i], before.predict(fh=[1]).iloc[0], rtol=1e-4)
    # Of both together, too.
    mixed = forecaster.predict(fh=[-3, 0, 1, 50])
    assert_allclose(mixed.iloc[:2], said.iloc[[-4, -1]])
    assert_allclose(mixed.iloc[2:], forecaster.predict(fh=[1, 50]))


# ------------------------------------------------------------------ the rest of its life


def test_update_is_as_good_as_fit():
    values = noisy(np.random.default_rng(12), 80)
    forecaster = PretrainedLSTMForecaster().fit(months(values[:50]), fh=[1, 2])
    for i in range(50, 80, 10):
        forecaster.update(months(values[:80]).iloc[i : i + 10])
    whole = PretrainedLSTMForecaster().fit(months(values), fh=[1, 2])
    assert_allclose(forecaster.predict(), whole.predict(), rtol=1e-6)


def test_update_finds_a_season_that_was_too_short_to_see():
    y = pd.Series(np.tile([0.0, 5, 1, 9, 3], 40))
    forecaster = PretrainedLSTMForecaster().fit(y[:8])
    forecaster.update(y[8:])
    whole = PretrainedLSTMForecaster().fit(y)
    assert forecaster.season_length_ == whole.season_length_ == (5, 0)
    fh = range(1, 6)
    assert_array_equal(forecaster.predict(fh=fh), whole.predict(fh=fh))


def test_season_can_be_told():
    t = np.arange(60)
    y = pd.DataFrame({0: 10.0 + np.array([0, 5, 1, 9, 3])[t % 5]})
    assert PretrainedLSTMForecaster().fit(y).season_length_ == (5, 0)
    told = PretrainedLSTMForecaster(season_length=5).fit(y, fh=range(1, 11)).predict()
    assert_allclose(told.to_numpy(), y.to_numpy()[:10], atol=0.4)
    blind = PretrainedLSTMForecaster(season_length=None).fit(y, fh=range(1, 11)).predict()
    assert np.abs(blind.to_numpy() - y.to_numpy()[:10]).mean() > 1
    days = pd.DataFrame({0: 1.0 * t}, pd.date_range("2020-01-01", periods=60, freq="D"))
    assert PretrainedLSTMForecaster().fit(days).season_length_ == (7, 365)
    assert PretrainedLSTMForecaster((7, 28)).fit(days).season_length_ == (7, 28)


def weights_of(regressor):
    return {k: v.clone() for k, v in regressor.module_.state_dict().items()}


def same(one, other):
    return all((one[k] == other[k]).all() for k in one)


def test_fine_tuning_learns_and_leaves_the_shipped_weights():
    before = weights_of(shipped())
    y = panel_of({str(i): np.tile([1.0, 1, 1, 7, 2], 12) * 2**i for i in range(8)})
    test = y.groupby(level=0).tail(10)
    train = y.drop(test.index)
    zero = PretrainedLSTMForecaster(season_length=None).fit(train, fh=range(1, 11))
    options = {"season_length": None, "fine_tune": True, "learning_rate": 0.003}
    tuned = PretrainedLSTMForecaster(**options, max_epochs=20).fit(train, fh=range(1, 11))
    again = PretrainedLSTMForecaster(**options, max_epochs=20).fit(train, fh=range(1, 11))

    def error(forecaster):
        said = forecaster.predict().to_numpy()
        return np.abs(said / test.to_numpy() - 1).mean()

    assert error(tuned) < 0.5 * error(zero)
    assert_array_equal(tuned.predict(), again.predict())
    assert same(weights_of(shipped()), before)
    other = PretrainedLSTMForecaster(**options, max_epochs=1).fit(train, fh=range(1, 11))
    assert tuned.regressor_.n_epochs_ > other.regressor_.n_epochs_
    moved = copy.deepcopy(other).update(test)
    assert not same(weights_of(moved.regressor_), weights_of(other.regressor_))
    still = copy.deepcopy(other).update(test, update_params=False)
    assert same(weights_of(still.regressor_), weights_of(other.regressor_))


def test_what_training_does_not_help_stays_as_it_was():
    rng = np.random.default_rng(0)
    y = panel_of({name: rng.normal(size=60).cumsum() for name in "abcd"}, "1990-01")
    fh = range(1, 4)
    before = PretrainedLSTMForecaster().fit_predict(y, fh=fh)
    wild = PretrainedLSTMForecaster(fine_tune=True, max_epochs=2, learning_rate=10.0)
    assert_frame_equal(wild.fit_predict(y, fh=fh), before)
    # Nothing can be held out of series that are this short.
    short = y.groupby(level=0).head(4)
    tuned = PretrainedLSTMForecaster(fine_tune=True).fit_predict(short, fh=range(1, 5))
    assert_frame_equal(tuned, PretrainedLSTMForecaster().fit_predict(short, fh=range(1, 5)))


@pytest.mark.parametrize("end", ["whole", "a gap", "missing"])
def test_fine_tuning_learns_where_ends_are_missing_and_the_horizon_is_not_told(end):
    y = panel_of({str(i): np.tile([1.0, 1, 1, 7, 2], 10) * 2**i for i in range(8)})
    rows = np.arange(len(y)) % 50
    y[(rows == 37) if end == "a gap" else (rows > 44) if end == "missing" else rows < 0] = (
        np.nan
    )
    forecaster = PretrainedLSTMForecaster(None, fine_tune=True, learning_rate=0.003)
    assert not same(weights_of(forecaster.fit(y).regressor_), weights_of(shipped()))


def test_pretraining_goes_on_from_the_weights_and_fit_from_there():
    y = panel_of({str(i): np.tile([1.0, 5.0, 2.0], 20) * 3**i for i in range(5)})
    alone = months(np.tile([1.0, 5.0, 2.0], 8))
    forecaster = PretrainedLSTMForecaster(None, learning_rate=0.003, max_epochs=20)
    forecaster.pretrain(y, fh=range(1, 4))
    known = forecaster.pretrained_regressor_
    forecaster.fit(alone, fh=range(1, 4))
    assert forecaster.regressor_ is known
    zero = PretrainedLSTMForecaster(None).fit(alone, fh=range(1, 4)).predict()
    said = forecaster.predict()
    errors = [np.abs(x.to_numpy()[:, 0] - [1, 5, 2]).mean() for x in (said, zero)]
    assert errors[0] < 0.5 * errors[1]
    # Further still.
    n_epochs = known.n_epochs_
    again = forecaster.pretrain(y, fh=range(1, 4)).pretrained_regressor_
    assert again.n_epochs_ >= n_epochs


def test_what_cannot_be_learnt_from_leaves_the_weights():
    panel = panel_of({"a": np.full(30, 5.0), "b": np.full(30, 7.0)})
    few = months([np.nan] * 20 + [1.0, 2.0])
    for y in (panel, few):
        forecaster = PretrainedLSTMForecaster(None, fine_tune=True).fit(y, fh=[1])
        assert forecaster.n_epochs_ == 0
        assert same(weights_of(forecaster.regressor_), weights_of(shipped()))


def test_forecasters_are_copied_and_pickled():
    y = load_airline()
    forecaster = PretrainedLSTMForecaster().fit(y, fh=range(1, 13))
    expected = forecaster.predict_quantiles(alpha=[0.1, 0.5])
    for other in (pickle.loads(pickle.dumps(forecaster)), copy.deepcopy(forecaster)):
        pd.testing.assert_frame_equal(other.predict_quantiles(alpha=[0.1, 0.5]), expected)


def test_weights_are_small_and_of_plain_values():
    assert WEIGHTS.stat().st_size < 4_000_000
    regressor = read_weights(WEIGHTS)
    history = noisy(np.random.default_rng(13), 50)[None]
    told = quantiles_ahead(regressor, history, np.array([[12, 0]]), 7)
    assert_array_equal(told, quantiles_ahead(shipped(), history, np.array([[12, 0]]), 7))

    page = (Path(__file__).parents[2] / "docs" / "guide" / "pretrained.md").read_text(
        "utf-8"
    )
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() in page


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"season_length": ()}, "season_length must be 'auto'"),
        ({"season_length": 1}, "season_length must be 'auto'"),
        ({"season_length": "month"}, "season_length must be 'auto'"),
        ({"season_length": (7, 28, 365)}, "season_length must be 'auto'"),
        ({"season_length": (168, 24)}, "season_length must be 'auto'"),
        ({"season_length": 10**20}, "season_length must be 'auto'"),
        ({"season_length": 12.0}, "season_length must be 'auto'"),
        ({"season_length": True}, "season_length must be 'auto'"),
        ({"fine_tune": "yes"}, "fine_tune must be True or False"),
        ({"max_epochs": 0}, "max_epochs must be an int of at least 1"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        PretrainedLSTMForecaster(**parameters).fit(months(np.arange(20)))


def test_series_without_a_value_are_refused():
    y = panel_of({"a": np.arange(5), "b": [np.nan] * 5})
    with pytest.raises(ValueError, match="column 0 of series 'b'"):
        PretrainedLSTMForecaster().fit(y)
    with pytest.raises(ValueError, match="Got infinity"):
        PretrainedLSTMForecaster().fit(months([1, np.inf, 2]))


def test_update_of_another_kind_or_off_the_steps_is_refused():
    days = pd.Series(np.arange(20.0), pd.date_range("2024-01-01", periods=20, freq="D"))
    forecaster = PretrainedLSTMForecaster().fit(days)
    noon = pd.Series(np.arange(20.0), days.index + pd.Timedelta("20D12h"))
    with pytest.raises(ValueError, match="one frequency, 'D'"):
        forecaster.update(noon)
    panel = panel_of({"a": np.arange(20.0)})
    many = PretrainedLSTMForecaster().fit(panel)
    with pytest.raises(TypeError, match="one series or many"):
        many.update(months([1.0, 2.0], "2016-09"))
    one = PretrainedLSTMForecaster().fit(months(np.arange(20.0)))
    with pytest.raises(TypeError, match="an index of periods, as in fit"):
        one.update(days)


def test_update_without_a_value_is_refused():
    y = panel_of({"a": np.arange(5), "b": np.arange(5)})
    forecaster = PretrainedLSTMForecaster().fit(y, fh=[1])
    with pytest.raises(ValueError, match="column 0 of series 'c'"):
        forecaster.update(panel_of({"c": [np.nan] * 3}))


def test_short_series_are_told_of_it():
    with pytest.raises(ValueError, match="PretrainedLSTMForecaster"):
        LSTMForecaster().fit(months(np.arange(8)), fh=range(1, 13))
