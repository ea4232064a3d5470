"""Series whose last values are missing: forecasts are those of the dates asked for."""

import copy

import numpy as np
import pandas as pd
import pytest
from sktime.datasets import load_airline

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._ahead import _with_ends_filled
from sklstm.sktime._rows import Rows, count_missing
from tests.sktime.data import MONTHS, PLAIN, noise, panel, rmse

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
airline = load_airline().astype(float)


def forecaster(strategy="direct", **kwargs):
    return LSTMForecaster(strategy, **PLAIN | {"random_state": 0} | kwargs)


def ramp(n=130, start=0.0, index=MONTHS):
    """Each value names its own time."""
    return pd.Series(start + np.arange(n), index[:n], name="ramp")


def without_end(y, n_missing):
    y = y.astype(float).copy()
    y.iloc[len(y) - n_missing :] = np.nan
    return y


def pattern(period):
    values = np.random.default_rng(period).normal(50, 10, size=period)
    return pd.Series(np.resize(values, len(MONTHS)), MONTHS)


INDICES = {
    "period": pd.period_range("2020", periods=240, freq="D"),
    "datetime": pd.date_range("2020", periods=240, freq="MS"),
    "int": pd.RangeIndex(7, 247),
}


@every_strategy
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("n_missing", [1, 3, 20])
def test_a_ramp_goes_on_at_its_own_dates(strategy, index, n_missing):
    y = ramp(130, index=index)
    y_pred = forecaster(strategy).fit(without_end(y, n_missing), fh=[1, 2]).predict()
    np.testing.assert_array_equal(y_pred.index, index[[130, 131]])
    np.testing.assert_allclose(y_pred, [130, 131], atol=0.5)


@every_strategy
def test_steps_further_ahead_count_from_the_last_row_too(strategy):
    fitted = forecaster(strategy).fit(without_end(ramp(150), 3), fh=[4, 9])
    np.testing.assert_allclose(fitted.predict(), [153, 158], atol=0.7)


@every_strategy
def test_one_column_of_a_wide_frame_ends_earlier(strategy):
    y = pd.DataFrame({"a": ramp(), "b": without_end(ramp(start=1000), 3)})
    y_pred = forecaster(strategy).fit(y, fh=[1, 2]).predict()
    np.testing.assert_allclose(y_pred, [[130, 1130], [131, 1131]], atol=0.5)
    alone = forecaster(strategy, channel_independent=True).fit(y, fh=[1, 2]).predict()
    np.testing.assert_allclose(alone, [[130, 1130], [131, 1131]], atol=0.5)


@every_strategy
def test_each_series_of_a_panel_ends_where_it_ends(strategy):
    series = {"a": ramp(), "b": without_end(ramp(start=1000), 3), "c": ramp(100, 2000)}
    y_pred = forecaster(strategy).fit(panel(**series), fh=[1, 2]).predict()
    # Series of a panel are learnt in units of their own size. Late by 3 rows is 3 off.
    np.testing.assert_allclose(
        y_pred["value"], [130, 131, 1130, 1131, 2100, 2101], atol=1.2
    )


@every_strategy
def test_the_end_is_missing_after_an_update_and_then_comes(strategy):
    y = ramp(140)
    fitted = forecaster(strategy).fit(y[:120], fh=[1, 2])
    fitted.update(without_end(y[120:128], 3), update_params=False)
    np.testing.assert_allclose(fitted.predict(), [128, 129], atol=0.5)
    fitted.update(without_end(y[128:130], 2), update_params=False)
    np.testing.assert_allclose(fitted.predict(), [130, 131], atol=0.5)
    fitted.update(y[120:130], update_params=False)
    seen = forecaster(strategy).fit(y[:120], fh=[1, 2])
    seen.update(y[120:130], update_params=False)
    pd.testing.assert_series_equal(fitted.predict(), seen.predict(), check_exact=True)


@every_strategy
def test_the_last_value_is_kept_however_long_the_rows_after_it_are_missing(strategy):
    y = ramp(240)
    fitted = forecaster(strategy, batch_size=8).fit(y[:100], fh=[1])
    for start in range(100, 200, 10):
        fitted.update(without_end(y[start : start + 10], 10), update_params=False)
    np.testing.assert_allclose(fitted.predict(), [200], atol=3)


@every_strategy
def test_what_stands_in_is_what_the_network_forecasts_from_the_last_value(strategy):
    """The oracle: forecast each missing row from the last observed one in reach."""
    y = airline[:120]
    fitted = forecaster(strategy, max_epochs=5).fit(y, fh=[1, 2, 3])
    last = 1 if strategy == "recursive" else 3
    for n_missing in (1, 2, 4):
        first = 120 - n_missing
        oracle, whole = copy.deepcopy(fitted), y[:first]
        for distance in range(1, n_missing + 1):
            step = min(distance, last)
            oracle.update(whole[: first + distance - step], update_params=False)
            whole = pd.concat([whole, oracle.predict(fh=[step])])
        oracle.update(whole, update_params=False)
        fitted.update(without_end(y, n_missing), update_params=False)
        expected = oracle.predict(fh=[1, 2, 3])
        np.testing.assert_allclose(fitted.predict(fh=[1, 2, 3]), expected, rtol=1e-5)


def test_without_step_1_the_nearest_step_stands_in():
    y = ramp(150)
    fitted = forecaster().fit(without_end(y, 4), fh=[3])
    np.testing.assert_allclose(fitted.predict(), [152], atol=0.7)


@every_strategy
def test_what_is_known_of_the_missing_rows_is_used(strategy):
    X = noise(columns=1)
    y = (10 * X["x0"]).rename("y")
    fitted = forecaster(strategy, max_epochs=100, instance_norm=None).fit(
        without_end(y[:200], 2), X=X[:200], fh=[1, 2]
    )
    rows = Rows.of(fitted._context, np.full((1, 2, 2), np.nan))
    n_missing = count_missing(rows.table[:, :1], rows.lasts, rows.starts)
    table = _with_ends_filled(fitted.model_, rows, n_missing)
    stand_ins = table[rows.lasts[0] - 1 : rows.lasts[0] + 1, 0]
    np.testing.assert_allclose(stand_ins, y[198:200], atol=4)
    assert rmse(fitted.predict(X=X[200:202]), y[200:202]) < 4


def test_a_series_never_observed_gets_the_mean():
    y = panel(a=ramp(60), b=without_end(ramp(20), 20))
    y_pred = forecaster(max_epochs=1).fit(y, fh=[1, 2]).predict()
    np.testing.assert_allclose(y_pred.loc["b", "value"], np.arange(60).mean())


def test_early_series_are_not_read_before_their_start():
    """A series of two rows, of which one is missing, after a long one."""
    y = panel(a=ramp(100), b=pd.Series([50.0, np.nan], MONTHS[:2]))
    fitted = forecaster(max_epochs=2).fit(y, fh=[5])
    expected = fitted.predict().loc["b"]
    other = fitted.clone().fit(y, fh=[5])
    other._context = other._context.only([("b",)])
    pd.testing.assert_frame_equal(other.predict().loc["b"], expected, check_exact=True)


# ----------------------------------------------------- beside what a forward fill gives


def error(y_pred, y):
    return float(np.mean(np.abs(np.ravel(y_pred) - y.to_numpy()) / np.abs(y.to_numpy())))


@every_strategy
def test_airline_without_its_last_two_months(strategy):
    """Better than after a forward fill: at one origin chance decides, so at five."""
    model, errors = forecaster(strategy, loss="absolute_error"), []
    for origin in range(len(airline) - 36, len(airline) - 11, 6):
        missing, test = without_end(airline[:origin], 2), airline[origin : origin + 12]
        for y in (missing, missing.ffill()):
            errors.append(error(model.fit(y, fh=range(1, 13)).predict(), test))
    ours, filled = np.mean(errors[::2]), np.mean(errors[1::2])
    assert ours < min(filled, 0.1)


@every_strategy
@pytest.mark.parametrize("n_missing", [1, 2, 3])
@pytest.mark.parametrize("period", [4, 7])
def test_a_pattern_keeps_its_phase(strategy, period, n_missing):
    y = pattern(period)
    fitted = forecaster(strategy, loss="absolute_error").fit(y[:200], fh=[1, 2, 3])
    missing = without_end(y[180:200], n_missing)
    ours = error(fitted.update(missing, update_params=False).predict(), y[200:203])
    fitted.update(missing.ffill(), update_params=False)
    assert ours < 0.01
    assert error(fitted.predict(), y[200:203]) > 0.02


def late_forecasts(kind, strategy, tail, whole):
    """A year of a series whose end is missing, alone, or beside one whose end is there."""
    model, fh = forecaster(strategy, channel_independent=kind == "channels"), range(1, 13)
    if kind == "single":
        return model.fit(tail, fh=fh).predict()
    if kind == "update":
        return model.fit(tail[:-14], fh=fh).update(tail[-14:]).predict()
    if kind == "panel":
        return model.fit(panel(a=whole, b=tail), fh=fh).predict().loc["b"]
    return model.fit(pd.DataFrame({"a": whole, "b": tail}), fh=fh).predict()["b"]


@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
@pytest.mark.parametrize("kind", ["single", "panel", "wide", "channels", "update"])
def test_airline_from_several_months(kind, strategy):
    """A forward fill has luck where the months happen to be alike, and none elsewhere."""
    ours, filled = [], []
    for n in (132, 121, 96):
        test, whole = airline[n : n + 12], airline[:n]
        tail = without_end(whole, 2)
        ours.append(error(late_forecasts(kind, strategy, tail, whole), test))
        filled.append(error(late_forecasts(kind, strategy, tail.ffill(), whole), test))
    assert np.mean(ours) < 1.1 * np.mean(filled)
