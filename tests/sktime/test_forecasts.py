"""The values that the forecaster gives, at every kind of horizon and index."""

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import ForecastingHorizon

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._panel import Panel
from tests.sktime.data import MONTHS, noise, panel, rmse, wave

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 12, "random_state": 0, "max_epochs": 60} | kwargs
    return LSTMForecaster(strategy, **options)


@every_strategy
@pytest.mark.parametrize("fh", [[12], [2, 5], [1, 2, 3], [7, 3]])
def test_each_step_is_the_one_asked_for(strategy, fh):
    y = wave()
    y_pred = forecaster(strategy).fit(y[:200], fh=fh).predict()
    steps = np.sort(fh)
    np.testing.assert_array_equal(y_pred.index, y.index[199 + steps])
    assert rmse(y_pred, y[y_pred.index]) < 0.1


@every_strategy
def test_relative_and_absolute_horizons_agree(strategy):
    y = wave()
    relative = forecaster(strategy).fit(y[:200], fh=[2, 5]).predict()
    absolute = ForecastingHorizon(y.index[[201, 204]], is_relative=False)
    again = forecaster(strategy).fit(y[:200], fh=absolute).predict()
    pd.testing.assert_series_equal(relative, again)


def test_recursive_takes_any_horizon_in_predict():
    y = wave()
    fitted = forecaster("recursive").fit(y[:200])
    long = fitted.predict(fh=range(1, 25))
    assert rmse(long, y[200:224]) < 0.15
    pd.testing.assert_series_equal(fitted.predict(fh=[12]), long.iloc[[11]])


def test_recursive_forecasts_are_its_own_one_step_forecasts_fed_back():
    y = wave()
    fitted = forecaster("recursive").fit(y[:200])
    y_pred = fitted.predict(fh=[1, 2, 3])
    for step in range(3):
        known = pd.concat([y[:200], y_pred[:step]])
        one = fitted.clone().fit(y[:200])
        one.update(known.iloc[-12:], update_params=False)
        np.testing.assert_allclose(one.predict(fh=[1]), y_pred.iloc[[step]], rtol=1e-6)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 245),
        pd.Index(np.arange(240) + 1000),
        pd.period_range("2000", periods=240, freq="Q"),
        pd.date_range("2000", periods=240, freq="MS"),
        pd.date_range("2000", periods=240, freq="ME"),
        pd.date_range("2000", periods=240, freq="h", tz="Europe/Berlin"),
        pd.date_range("2000", periods=240, freq="B"),
    ],
    ids=lambda index: f"{type(index).__name__}-{getattr(index, 'freqstr', '')}",
)
@every_strategy
def test_values_do_not_depend_on_the_kind_of_index(strategy, index):
    y, fh = wave(), [1, 4]
    expected = forecaster(strategy, max_epochs=2).fit(y[:200], fh=fh).predict()
    y.index = index
    y_pred = forecaster(strategy, max_epochs=2).fit(y[:200], fh=fh).predict()
    np.testing.assert_array_equal(y_pred.to_numpy(), expected.to_numpy())
    np.testing.assert_array_equal(y_pred.index, index[[200, 203]])


@every_strategy
def test_all_columns_of_a_multivariate_series_are_forecast(strategy):
    y = pd.DataFrame({"a": wave(), "b": 10 + 3 * wave(phase=1), "c": wave(period=17)})
    y_pred = forecaster(strategy, max_epochs=100).fit(y[:200], fh=[1, 3]).predict()
    assert list(y_pred.columns) == ["a", "b", "c"]
    errors = np.abs(y_pred - y.loc[y_pred.index])
    assert (errors.max() < [0.2, 0.6, 0.2]).all()


@every_strategy
def test_what_is_known_ahead_is_used_at_its_own_step(strategy):
    X = noise(columns=2)
    y = (2 * X["x1"]).rename("y")
    fh = [1, 2, 3]
    fitted = forecaster(strategy, max_epochs=100).fit(y[:200], X=X[:200], fh=fh)
    errors = []
    for start in range(200, 236):
        y_pred = fitted.predict(X=X[start : start + 3])
        errors.append(y_pred - y[y_pred.index])
        fitted.update(y[start : start + 1], X=X[start : start + 1], update_params=False)
    assert np.std(errors) < 0.4 * y.std()


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_with_gaps_in_the_horizon_x_is_read_at_the_steps_themselves(strategy):
    X = noise()
    y = X["x0"].rename("y")
    fitted = forecaster(strategy, max_epochs=100).fit(y[:200], X=X[:200], fh=[2, 5])
    future = X.iloc[[201, 204]] if strategy == "direct" else X.iloc[200:205]
    y_pred = fitted.predict(X=future)
    assert rmse(y_pred, y[y_pred.index]) < 0.6


@every_strategy
def test_past_covariates_are_read_and_not_needed_ahead(strategy):
    X = noise(columns=2)
    y = X["x0"].shift(1, fill_value=0.0).rename("y")
    fitted = forecaster(strategy, past_covariates=["x0"], max_epochs=100)
    fitted.fit(y[:200], X=X[:200], fh=[1])
    errors = []
    for start in range(200, 236):
        y_pred = fitted.predict(X=X.loc[X.index[start : start + 1], ["x1"]])
        errors.append(y_pred - y[y_pred.index])
        fitted.update(y[start : start + 1], X=X[start : start + 1], update_params=False)
    assert np.std(errors) < 0.4


def test_a_past_covariate_ahead_is_never_read():
    X = noise(columns=2)
    y = wave()
    fitted = forecaster("recursive", past_covariates=["x0"], max_epochs=2)
    fitted.fit(y[:200], X=X[:200], fh=[1, 2, 3])
    expected = fitted.predict(X=X[200:203])
    pd.testing.assert_series_equal(
        fitted.predict(X=X[200:203].assign(x0=1e6)), expected, check_exact=True
    )
    assert not np.allclose(fitted.predict(X=X[200:203].assign(x1=10.0)), expected)


@every_strategy
def test_x_is_found_by_name_and_time(strategy):
    X = noise(columns=2)
    fitted = forecaster(strategy, max_epochs=2).fit(wave()[:200], X=X[:200], fh=[1, 2])
    expected = fitted.predict(X=X[200:202])
    more = X[190:210][["x1", "x0"]].assign(other=0.0)
    pd.testing.assert_series_equal(fitted.predict(X=more), expected, check_exact=True)


@every_strategy
def test_missing_values_are_masked_in_inputs_and_targets(strategy):
    y = wave()
    rng = np.random.default_rng(0)
    y.iloc[rng.choice(200, size=20, replace=False)] = np.nan
    fitted = forecaster(strategy, max_epochs=100).fit(y[:200], fh=[1, 2, 3])
    y_pred = fitted.predict()
    assert rmse(y_pred, wave()[y_pred.index]) < 0.25


def test_a_missing_target_counts_nothing():
    y = wave()[:100]
    y.iloc[-1] = np.nan
    options = {"standardize": False, "instance_norm": None, "batch_size": 1000}
    fitted = forecaster(max_epochs=1, **options).fit(y, fh=[1, 2])
    model = fitted.model_
    windows, targets = model._samples(Panel.of(y.to_frame()))
    assert np.isnan(targets).sum() == 1
    untrained = forecaster(max_epochs=1, learning_rate=1e-30, **options)
    output = untrained.fit(y, fh=[1, 2]).model_.regressor.predict(windows)
    squares = np.where(np.isnan(targets), 0, (output - targets) ** 2)
    np.testing.assert_allclose(model.regressor.loss_curve_, [squares.mean()], rtol=1e-5)


def test_series_of_a_panel_train_one_network_whose_windows_stay_within_a_series():
    y = panel(a=wave()[:50], b=wave(phase=1)[:30], c=wave(phase=2)[:8])
    y["value"] = np.r_[np.arange(50), 1000 + np.arange(30), 2000 + np.arange(8)]
    fitted = forecaster("direct", window_length=6, max_epochs=1).fit(y, fh=[1, 3])
    windows, targets = fitted.model_._samples(Panel.of(y.set_axis([0], axis=1)))
    steps = np.asarray(windows)[:, :, 0]
    assert len(steps) == (50 - 8) + (30 - 8)
    np.testing.assert_array_equal(np.diff(steps, axis=1), 1)
    np.testing.assert_array_equal(targets, steps[:, [-1]] + [1, 3])
    assert (steps // 1000 == targets[:, [0]] // 1000).all()


@every_strategy
def test_each_series_of_a_panel_is_forecast_from_its_own_end(strategy):
    phases = {"a": 0.0, "b": 2.0, "c": 4.0}
    ends = {"a": 200, "b": 180, "c": 5}
    full = {name: wave(phase=phase) for name, phase in phases.items()}
    y = panel(**{name: full[name][: ends[name]] for name in full})
    y_pred = forecaster(strategy).fit(y, fh=[1, 6]).predict()
    assert list(y_pred.index.names) == ["shop", "month"]
    for name, end in ends.items():
        one = y_pred.loc[name, "value"]
        np.testing.assert_array_equal(one.index, MONTHS[[end, end + 5]])
        if end > 12:
            assert rmse(one, full[name][one.index]) < 0.1


@every_strategy
def test_series_not_seen_in_training_are_forecast_once_their_past_is_known(strategy):
    y = panel(a=wave()[:200], b=wave(phase=2)[:200])
    fitted = forecaster(strategy).fit(y, fh=[1, 6])
    new = wave(phase=4)
    fitted.update(panel(z=new[:50]), update_params=False)
    y_pred = fitted.predict()
    assert list(y_pred.index.unique("shop")) == ["a", "b", "z"]
    assert rmse(y_pred.loc["z", "value"], new.iloc[[50, 55]]) < 0.1


@every_strategy
def test_a_series_alone_and_in_a_panel_gets_the_same_forecast(strategy):
    y = panel(a=wave()[:100], b=wave(phase=2)[:80], c=wave(phase=3)[:4])
    X = panel(a=noise()["x0"][:106], b=noise(seed=1)["x0"][:86], c=noise()["x0"][:10])
    fitted = forecaster(strategy, max_epochs=2).fit(y, X=X, fh=[1, 2])
    together = fitted.predict(X=X)
    for name in "abc":
        alone = forecaster(strategy, max_epochs=2).fit(y, X=X, fh=[1, 2])
        alone._context = type(alone._context).of(alone._context.frame.loc[[name]])
        pd.testing.assert_frame_equal(
            alone.predict(X=X), together.loc[[name]], check_exact=True
        )


def test_hierarchical_series_keep_all_their_levels():
    from sktime.utils._testing.hierarchical import _make_hierarchical

    y = _make_hierarchical((2, 3), min_timepoints=20, max_timepoints=30, random_state=0)
    y_pred = forecaster(window_length=5, max_epochs=1).fit(y, fh=[1, 2]).predict()
    assert y_pred.index.names == y.index.names
    assert len(y_pred) == 6 * 2
