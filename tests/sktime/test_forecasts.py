"""The values that the forecaster gives, at every kind of horizon and index."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from sktime.forecasting.base import ForecastingHorizon

from sklstm.estimators._forecast_regressor import ForecastRegressor
from sklstm.losses import LossWhereObserved
from sklstm.network import Decoder, Head
from sklstm.sktime import LSTMForecaster
from sklstm.sktime._panel import Panel
from tests.sktime.data import MONTHS, PLAIN, noise, panel, rmse, wave

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def forecaster(strategy="direct", **kwargs):
    options = PLAIN | {"random_state": 0, "max_epochs": 60} | kwargs
    return LSTMForecaster(strategy, **options)


@every_strategy
@pytest.mark.parametrize("fh", [[12], [2, 5], [1, 2, 3], [7, 3]])
def test_each_step_is_the_one_asked_for(strategy, fh):
    y = wave()
    y_pred = forecaster(strategy, max_epochs=100).fit(y[:200], fh=fh).predict()
    steps = np.sort(fh)
    np.testing.assert_array_equal(y_pred.index, y.index[199 + steps])
    assert rmse(y_pred, y[y_pred.index]) < 0.05


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
    options = {
        "standardize": False,
        "instance_norm": None,
        "batch_size": 1000,
        "loss": "squared_error",
    }
    fitted = forecaster(max_epochs=1, **options).fit(y, fh=[1, 2])
    model = fitted.model_
    windows, targets = model.samples(Panel.of(y.to_frame()))
    targets = np.asarray(targets)[:, :, 0]
    assert np.isnan(targets).sum() == 1
    untrained = forecaster(max_epochs=1, learning_rate=1e-30, **options)
    output = untrained.fit(y, fh=[1, 2]).model_.regressor.predict(windows)
    squares = np.where(np.isnan(targets), 0, (output - targets) ** 2)
    np.testing.assert_allclose(model.regressor.loss_curve_, [squares.mean()], rtol=1e-5)


def test_series_of_a_panel_train_one_network_whose_windows_stay_within_a_series():
    y = panel(a=wave()[:50], b=wave(phase=1)[:30], c=wave(phase=2)[:8])
    y["value"] = np.r_[np.arange(50), 1000 + np.arange(30), 2000 + np.arange(8)]
    fitted = forecaster("direct", window_length=6, max_epochs=1).fit(y, fh=[1, 3])
    windows, targets = fitted.model_.samples(Panel.of(y.set_axis([0], axis=1)))
    steps, targets = np.asarray(windows)[:, :, 0], np.asarray(targets)[:, :, 0]
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


# ------------------------------------------------------------- what is missing or absent


@pytest.mark.parametrize("instance_norm", ["last", "standard"])
@pytest.mark.parametrize("n_missing", [1, 3])
def test_a_missing_value_beside_a_calendar_moves_the_forecast_little(
    instance_norm, n_missing
):
    y = pd.Series(np.arange(210) + np.sin(np.arange(210)))
    X = pd.DataFrame({"day": np.arange(210) % 7.0})
    fitted = forecaster(instance_norm=instance_norm).fit(y[:200], X=X[:200], fh=[1, 2])
    expected = fitted.predict(X=X[200:202])
    gap = y[188:200].copy()
    gap.iloc[:n_missing] = np.nan
    fitted.update(gap, X=X[188:200], update_params=False)
    np.testing.assert_allclose(fitted.predict(X=X[200:202]), expected, atol=3)


@every_strategy
@pytest.mark.parametrize(
    "index",
    [MONTHS, pd.date_range("2000", periods=240, freq="D"), pd.RangeIndex(240)],
    ids=["period", "datetime", "int"],
)
def test_rows_that_are_absent_are_rows_that_are_missing(strategy, index):
    y = wave(index).rename("y")
    absent = np.random.default_rng(0).choice(np.arange(3, 195), size=30, replace=False)
    missing = y[:200].copy()
    missing.iloc[absent] = np.nan
    shops = pd.concat({"a": missing, "b": y[:150]}).to_frame("value")
    expected = forecaster(strategy).fit(shops, fh=[1, 10]).predict()
    # b shows the frequency.
    again = forecaster(strategy).fit(shops[shops.notna().all(axis=1)], fh=[1, 10])
    pd.testing.assert_frame_equal(again.predict(), expected, check_exact=True)
    later = y[205:215]
    fitted = forecaster(strategy).fit(y[:200], fh=[1])
    filled = forecaster(strategy).fit(y[:200], fh=[1])
    fitted.update(later, update_params=False)
    filled.update(y[200:215].where(y[200:215].index >= later.index[0]), update_params=False)
    assert fitted.predict().index[0] == index[215]
    pd.testing.assert_series_equal(fitted.predict(), filled.predict(), check_exact=True)


def test_a_known_value_that_is_missing_takes_the_last_one_before_it():
    X = pd.DataFrame({"level": np.arange(110.0) // 10})
    y = pd.Series(np.arange(110.0) // 10)
    fitted = forecaster().fit(y[:100], X=X[:100], fh=[1, 2])
    future = X[100:102].copy()
    future.iloc[0] = np.nan
    expected = fitted.predict(X=future.fillna(X["level"][99]))
    with pytest.warns(
        UserWarning, match=r"NaN in \['level'\], in 1 of 2 rows, first at 100"
    ):
        found = fitted.predict(X=future)
    pd.testing.assert_series_equal(found, expected, check_exact=True)


# ------------------------------------------------------------- columns and horizons


@every_strategy
def test_columns_of_y_are_found_by_name(strategy):
    y = pd.DataFrame({"p": wave(), "q": 50 + 10 * wave(phase=1)})
    X = noise()
    fitted = forecaster(strategy).fit(y[:100], X=X[:100], fh=[1, 2])
    again = forecaster(strategy).fit(y[:100], X=X[:100], fh=[1, 2])
    fitted.update(y[100:110], X=X[100:110])
    again.update(y[100:110][["q", "p"]], X=X[100:110])
    future = X[110:112]
    pd.testing.assert_frame_equal(
        fitted.predict(X=future), again.predict(X=future)[["p", "q"]], check_exact=True
    )


@every_strategy
def test_a_horizon_of_times_counts_from_the_end_of_each_series(strategy):
    y = panel(a=wave()[:200], b=wave()[:197])
    fh = ForecastingHorizon(MONTHS[[200, 203]], is_relative=False)
    y_pred = forecaster(strategy).fit(y, fh=fh).predict()
    np.testing.assert_array_equal(y_pred.loc["a"].index, MONTHS[[200, 203]])
    np.testing.assert_array_equal(y_pred.loc["b"].index, MONTHS[[200, 203]])
    for name in "ab":
        assert rmse(y_pred.loc[name, "value"], wave().iloc[[200, 203]]) < 0.15


@every_strategy
def test_a_panel_of_time_stamps_in_a_zone_needs_no_frequency(strategy):
    stamps = pd.date_range("2000-03-20", periods=240, freq="h", tz="Europe/Berlin")
    y = panel(a=wave(stamps)[:200], b=wave(stamps)[:150])
    assert y.index.levels[1].freq is None
    y_pred = forecaster(strategy).fit(y, fh=[2]).predict()
    assert y_pred.index.tolist() == [("a", stamps[201]), ("b", stamps[151])]
    assert rmse(y_pred["value"], wave(stamps).iloc[[201, 151]]) < 0.15


@every_strategy
def test_a_horizon_of_time_differences(strategy):
    stamps = pd.date_range("2000", periods=240, freq="D")
    y = wave(stamps)
    fh = ForecastingHorizon(pd.to_timedelta([2, 5], unit="D"), is_relative=True)
    y_pred = forecaster(strategy).fit(y[:200], fh=fh).predict()
    np.testing.assert_array_equal(y_pred.index, stamps[[201, 204]])
    assert rmse(y_pred, y[y_pred.index]) < 0.1


# ------------------------------------------------------------- network and validation


def test_each_strategy_has_its_own_head():
    X = noise()
    heads = {}
    for strategy in STRATEGIES:
        fitted = forecaster(strategy, max_epochs=1).fit(wave()[:50], X=X[:50], fh=[1, 3])
        heads[strategy] = type(fitted.model_.regressor.module_.head)
    assert heads == {
        "direct": Head, "recursive": Head, "seq2seq": Decoder
    }  # fmt: skip


@every_strategy
@pytest.mark.parametrize("fh", [[1, 2, 3], [9]])
def test_early_stopping_holds_out_the_last_windows_and_their_targets(strategy, fh):
    y = panel(a=wave()[:120], b=wave()[:100])
    options = {"early_stopping": True, "validation_fraction": 0.2, "max_epochs": 3}

    def curves(y):
        regressor = forecaster(strategy, **options).fit(y, fh=fh).model_.regressor
        return regressor.loss_curve_, regressor.validation_loss_curve_

    horizon = 1 if strategy == "recursive" else fh[-1]
    training, validation = curves(y)
    changed = y.copy()
    for name, n in (("a", 120), ("b", 100)):
        n_windows = n - 12 - horizon + 1
        n_valid = -(-n_windows // 5)
        rows = np.flatnonzero(y.index.get_level_values(0) == name)
        # From after the last target of training: as far before the first of validation
        # as a window, or the horizon, is long.
        changed.iloc[rows[-n_valid - max(12, horizon) + 1 :]] += 5.0
    new_training, new_validation = curves(changed)
    assert new_training == training
    assert new_validation != validation


def test_early_stopping_of_many_short_series_holds_out_whole_ones():
    rng = np.random.default_rng(0)
    y = panel(
        **{f"s{i:02}": wave(phase=phase)[:24] for i, phase in enumerate(rng.random(40))}
    )
    fitted = forecaster(early_stopping=True, max_epochs=3).fit(y, fh=[1, 2])
    assert len(fitted.model_.regressor.validation_loss_curve_) == 3


@pytest.mark.parametrize("loss", ["quantile", "per sample", torch.nn.PoissonNLLLoss()])
def test_a_loss_with_a_slope_at_0_learns_nothing_from_a_missing_target(loss):
    own = {
        "quantile": lambda out, y: torch.maximum(0.9 * (y - out), 0.1 * (out - y)),
        "per sample": lambda out, y: torch.exp(out - y).mean(dim=1),
    }.get(loss, loss)
    criterion = LossWhereObserved(ForecastRegressor(loss=own)._resolve_loss().criterion)
    output = torch.randn(4, 3, requires_grad=True)
    target = torch.randn(4, 3)
    target[1, 2] = torch.nan
    criterion(output, target).sum().backward()
    assert output.grad[1, 2] == 0
    assert output.grad[0].abs().min() > 0


def test_targets_are_gathered_and_not_stored():
    y = pd.Series(np.sin(np.arange(20_000) / 5))
    tracemalloc.start()
    forecaster(max_epochs=1, hidden_size=1, batch_size=4096).fit(y, fh=np.arange(1, 169))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000 * 168 * 4
