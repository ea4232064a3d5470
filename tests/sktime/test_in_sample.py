"""In-sample forecasts: each row one step ahead, from the rows before it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.reconcile import ReconcilerForecaster
from sktime.forecasting.residual_booster import ResidualBoostingForecaster
from sktime.utils._testing.hierarchical import _make_hierarchical

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._model import ForecastModel
from tests.sktime.data import MONTHS, noise, panel, rmse, wave

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 6, "random_state": 0, "max_epochs": 2} | kwargs
    return LSTMForecaster(strategy, **options)


def with_gaps(y):
    y = y.astype(float).copy()
    y.iloc[[0, 9, 10, 11, 12, 20, 41, 58, 59]] = np.nan
    return y


def one_step_oracle(fitted, y, X=None):
    """Move the forecast origin from row to row, and forecast the next."""
    moved = pickle.loads(pickle.dumps(fitted))
    rows = [float(np.nanmean(y)) if y.ndim == 1 else y.mean()]
    for i in range(1, len(y)):
        past = None if X is None else X[:i]
        ahead = None if X is None else X[i:]
        if y[:i].isna().all(axis=None):
            rows.append(rows[0])
            continue
        moved.update(y[:i], X=past, update_params=False)
        rows.append(moved.predict(fh=[1], X=ahead).iloc[0])
    return rows


INDICES = {
    "period": MONTHS[:60],
    "datetime": pd.date_range("2000", periods=60, freq="D"),
    "int": pd.RangeIndex(60),
}


@every_strategy
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("gaps", [False, True])
def test_each_row_is_what_would_have_been_forecast_of_it(strategy, index, gaps):
    y = pd.Series(np.random.default_rng(0).normal(size=60).cumsum(), index)
    y = with_gaps(y) if gaps else y
    fitted = forecaster(strategy).fit(y, fh=[1])
    y_pred = fitted.predict(fh=np.arange(-59, 1))
    np.testing.assert_array_equal(y_pred.index, index)
    expected = one_step_oracle(fitted, y)
    np.testing.assert_allclose(y_pred, np.ravel(expected), rtol=1e-5)
    assert y_pred.iloc[0] == pytest.approx(y.mean())
    absolute = ForecastingHorizon(index, is_relative=False)
    pd.testing.assert_series_equal(fitted.predict(fh=absolute), y_pred, check_exact=True)


@every_strategy
@pytest.mark.parametrize("past_covariates", [None, ["x0"]])
def test_covariates_at_the_rows_are_read(strategy, past_covariates):
    X = noise(columns=2)[:60]
    y = with_gaps(wave()[:60])
    fitted = forecaster(strategy, past_covariates=past_covariates)
    fitted.fit(y, X=X, fh=[1])
    y_pred = fitted.predict(fh=np.arange(-58, 1))
    np.testing.assert_allclose(y_pred, one_step_oracle(fitted, y, X)[1:], rtol=1e-5)


@every_strategy
def test_a_known_column_tells_its_own_row(strategy):
    X = noise()
    y = (2 * X["x0"]).rename("y")
    fitted = forecaster(strategy, max_epochs=60).fit(y[:200], X=X[:200], fh=[1, 2])
    y_pred = fitted.predict(fh=np.arange(-150, 1))
    assert rmse(y_pred, y[49:200]) < 0.3 * y.std()


@every_strategy
@pytest.mark.parametrize("channel_independent", [False, True])
def test_columns_of_a_wide_frame(strategy, channel_independent):
    y = pd.DataFrame({"b": with_gaps(wave()[:60]), "a": 10 + 2 * wave(phase=1)[:60]})
    fitted = forecaster(strategy, channel_independent=channel_independent)
    y_pred = fitted.fit(y, fh=[1]).predict(fh=np.arange(-59, 1))
    assert list(y_pred.columns) == ["b", "a"]
    np.testing.assert_allclose(y_pred.iloc[0], y.mean())
    moved = pickle.loads(pickle.dumps(fitted))
    for i in (1, 2, 5, 12, 13, 42, 59):
        if not y["b"][:i].isna().all():
            expected = moved.update(y[:i], update_params=False).predict(fh=[1])
            np.testing.assert_allclose(y_pred.iloc[[i]], expected, rtol=1e-5)


@every_strategy
def test_series_of_a_panel_as_if_each_were_alone(strategy):
    series = {"b": 100 + wave()[:50], "a": with_gaps(wave(phase=1)[:60])}
    y = panel(**series)
    fitted = forecaster(strategy).fit(y, fh=[1, 2])
    y_pred = fitted.predict(fh=np.arange(-40, 1))
    assert y_pred.notna().all(axis=None)
    for name, one in series.items():
        alone = pickle.loads(pickle.dumps(fitted))
        for i in (len(one) - 41, len(one) - 1):
            alone.update(panel(**{name: one[:i]}), update_params=False)
            expected = alone.predict(fh=[1]).loc[name].iloc[0]
            np.testing.assert_allclose(
                y_pred.loc[(name, one.index[i])], expected, rtol=1e-5
            )


@every_strategy
def test_times_of_a_panel_lie_in_one_series_and_ahead_of_another(strategy):
    y = panel(a=wave()[:60], b=wave()[:57])
    fitted = forecaster(strategy, max_epochs=60, window_length=12).fit(y, fh=[1, 2, 3])
    times = ForecastingHorizon(MONTHS[:60], is_relative=False)
    y_pred = fitted.predict(fh=times)
    assert len(y_pred) == 120
    ahead = fitted.predict(fh=[1, 2, 3]).loc["b"]
    pd.testing.assert_frame_equal(y_pred.loc["b"][57:], ahead, check_exact=True)


def test_rows_before_the_start_of_a_series_get_its_mean():
    y = panel(a=wave()[:60], b=100 + wave()[40:60])
    y_pred = forecaster().fit(y, fh=[1]).predict(fh=np.arange(-59, 1))
    np.testing.assert_allclose(y_pred.loc["b", "value"][:41], 100 + wave()[40:60].mean())
    assert y_pred.loc["b", "value"][41:].between(90, 110).all()


def test_series_that_an_update_adds_or_puts_behind_others():
    y = panel(b=wave()[:30], a=10 + wave()[:30])
    fitted = forecaster().fit(y, fh=[1])
    fitted.update(panel(z=20 + wave()[:30], b=30 + wave()[:25]), update_params=False)
    y_pred = fitted.predict(fh=np.arange(-9, 1))["value"]
    assert y_pred.loc["a"].between(5, 15).all()
    assert y_pred.loc["b"].between(25, 35).all()
    assert y_pred.loc["z"].between(15, 25).all()


# ------------------------------------------------------------------ horizons


@every_strategy
def test_a_horizon_may_be_in_sample_and_out_of_sample(strategy):
    y = wave()
    fitted = forecaster(strategy, max_epochs=60, window_length=12)
    y_pred = fitted.fit(y[:200], fh=[-30, 0, 3]).predict()
    np.testing.assert_array_equal(y_pred.index, MONTHS[[169, 199, 202]])
    assert rmse(y_pred, y[y_pred.index]) < 0.1


@every_strategy
def test_a_horizon_all_in_sample_trains_step_1(strategy):
    y = wave()[:60]
    fitted = forecaster(strategy).fit(y, fh=[-3, 0])
    assert fitted.model_.steps.tolist() == [1]
    again = forecaster(strategy).fit(y, fh=[1])
    pd.testing.assert_series_equal(fitted.predict(), again.predict(fh=[-3, 0]))


def test_where_step_1_was_not_trained_an_error_says_so():
    fitted = forecaster().fit(wave()[:60], fh=[12])
    with pytest.raises(ValueError, match=r"step 1 must be among .*, \[12\].* \[-5\] from"):
        fitted.predict(fh=[-5])
    assert len(fitted.predict()) == 1
    assert len(forecaster("seq2seq").fit(wave()[:60], fh=[12]).predict(fh=[-5])) == 1


def test_tags_say_it():
    assert LSTMForecaster.get_class_tag("capability:insample") is True
    assert "capability:pred_int:insample" in LSTMForecaster._tags
    for tag in ("capability:pred_int", "capability:pred_int:insample"):
        assert LSTMForecaster.get_class_tag(tag) is True
        assert LSTMForecaster().get_tag(tag) is True
        assert LSTMForecaster(loss="gaussian").get_tag(tag) is True
        assert LSTMForecaster(loss="absolute_error").get_tag(tag) is False
        assert LSTMForecaster(quantile=0.5).get_tag(tag) is False


# ------------------------------------------------------------------ what is kept


@every_strategy
@pytest.mark.parametrize("update_params", [False, True])
def test_rows_of_updates_are_kept_too(strategy, update_params):
    y = with_gaps(wave()[:60])
    fitted = forecaster(strategy, batch_size=4).fit(y[:30], fh=[1])
    for start in range(30, 60, 3):
        fitted.update(y[start : start + 3], update_params=update_params)
    y_pred = fitted.predict(fh=np.arange(-59, 1))
    np.testing.assert_allclose(y_pred, np.ravel(one_step_oracle(fitted, y)), rtol=1e-5)


def test_many_updates_cost_little_and_lose_nothing():
    y = wave(pd.RangeIndex(400))
    fitted = forecaster().fit(y[:30], fh=[1])
    for i in range(30, 400):
        fitted.update(y[i : i + 1], update_params=False)
    assert len(fitted._history.pieces) <= 64
    at_once = forecaster().fit(y[:30], fh=[1]).update(y[30:], update_params=False)
    fh = np.arange(-399, 1)
    pd.testing.assert_series_equal(fitted.predict(fh=fh), at_once.predict(fh=fh))


def test_an_update_with_earlier_data_forgets_what_came_after():
    y = wave()
    fitted = forecaster().fit(y[:100], fh=[1])
    later = y.copy()
    later.iloc[50:] = 1e3
    other = forecaster().fit(y[:100], fh=[1]).update(later[60:100], update_params=False)
    fh = np.arange(-49, 1)
    expected = fitted.update(y[:50], update_params=False).predict(fh=fh)
    other.update(y[:50], update_params=False)
    pd.testing.assert_series_equal(other.predict(fh=fh), expected, check_exact=True)


def test_rows_survive_a_pickle_and_are_no_reference_to_those_passed():
    y = wave()[:60].copy()
    fitted = forecaster().fit(y, fh=[1])
    expected = fitted.predict(fh=np.arange(-59, 1))
    y.iloc[:] = 1e6
    copied = pickle.loads(pickle.dumps(fitted))
    for one in (fitted, copied):
        pd.testing.assert_series_equal(one.predict(fh=np.arange(-59, 1)), expected)


def test_a_clone_keeps_no_rows():
    fitted = forecaster().fit(wave()[:60], fh=[1])
    assert not hasattr(fitted.clone(), "_history")


def test_rows_are_forecast_by_parts(monkeypatch):
    y = wave()[:60]
    fitted = forecaster().fit(y, fh=[1, 2])
    expected = fitted.predict(fh=np.arange(-59, 1))
    monkeypatch.setattr("sklstm.sktime._ahead.CHUNK", 40)
    pd.testing.assert_series_equal(fitted.predict(fh=np.arange(-59, 1)), expected)


def test_gaps_are_forecast_by_parts(monkeypatch):
    y = pd.DataFrame({"a": with_gaps(wave()[:60]), "b": wave()[:60].shift(3)})
    fitted = forecaster().fit(y, fh=[1, 2])
    expected = fitted.predict(fh=np.arange(-59, 1))
    monkeypatch.setattr("sklstm.sktime._ahead.CHUNK", 40)
    pd.testing.assert_frame_equal(fitted.predict(fh=np.arange(-59, 1)), expected)


def test_gaps_of_columns_that_overlap():
    """What stands in for one column depends on where the others are missing by then."""
    y = pd.DataFrame({"a": wave()[:40], "b": 5 + wave(phase=1)[:40]})
    y.iloc[10:25, 0] = y.iloc[15:20, 1] = y.iloc[22:30, 1] = np.nan
    fitted = forecaster().fit(y, fh=[1])
    y_pred = fitted.predict(fh=np.arange(-39, 1))
    expected = np.stack(one_step_oracle(fitted, y))
    np.testing.assert_allclose(y_pred, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["alone", "wide", "panel"])
def test_a_missing_stretch_is_filled_once(monkeypatch, kind):
    """Rows after it begins do not fill it anew, each for itself."""
    asked = []
    predict = ForecastModel.predict

    def counted(self, table, ends, starts):
        asked.append(len(ends))
        return predict(self, table, ends, starts)

    def series(n_missing):
        whole = wave(pd.RangeIndex(200))
        late = whole.where(whole.index < 200 - n_missing)
        if kind == "wide":
            return pd.DataFrame({"a": whole, "b": late})
        return late if kind == "alone" else panel(a=whole, b=late)

    def count(n_missing):
        fitted.update(series(n_missing), update_params=False)
        asked.clear()
        fitted.predict(fh=np.arange(-199, 1))
        return len(asked), sum(asked)

    fitted = forecaster(max_epochs=1, instance_norm=None).fit(series(0), fh=[1])
    monkeypatch.setattr(ForecastModel, "predict", counted)
    n_calls, n_windows = count(0)
    for n_missing in (40, 80, 160):
        calls, windows = count(n_missing)
        assert calls <= n_calls + n_missing
        assert windows <= n_windows + n_missing


# ------------------------------------------------------------------ who needs them


@every_strategy
def test_residuals(strategy):
    y = wave()
    fitted = forecaster(strategy, max_epochs=60, window_length=12).fit(y[:200], fh=[1])
    residuals = fitted.predict_residuals(y[:200])
    y_pred = fitted.predict(fh=np.arange(-199, 1))
    pd.testing.assert_series_equal(residuals, y[:200] - y_pred, check_names=False)
    assert residuals[12:].abs().max() < 0.1
    assert fitted.predict(fh=[1]).index[0] == MONTHS[200]


@every_strategy
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:Found elements in the index of X")
@pytest.mark.parametrize("method", ["mint_shrink", "wls_var"])
def test_reconciled_forecasts_add_up(strategy, method):
    y = _make_hierarchical((2, 2), min_timepoints=40, max_timepoints=40, random_state=0)
    model = ReconcilerForecaster(forecaster(strategy), method=method)
    y_pred = model.fit(y, fh=[1, 2]).predict()
    residuals = model.residuals_.iloc[:, 0]
    assert residuals.notna().all()
    assert residuals.groupby(level=[0, 1]).size().eq(40).all()
    values = y_pred.iloc[:, 0].unstack(level=1)
    parts = values.drop(columns="__total").dropna()
    np.testing.assert_allclose(parts.sum(axis=1), values["__total"].loc[parts.index])
    tops = values["__total"].unstack(level=0)
    np.testing.assert_allclose(tops.drop(columns="__total").sum(axis=1), tops["__total"])


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("strategies", [("direct", "recursive"), ("recursive", "direct")])
def test_residual_boosting_learns_what_the_first_left(strategies):
    y = wave() + wave(period=7)
    small, good = {"max_epochs": 1}, {"max_epochs": 60, "window_length": 14}
    first, second = strategies
    boosted = ResidualBoostingForecaster(
        forecaster(first, **small), forecaster(second, **good)
    )
    alone = forecaster(first, **small).fit(y[:200], fh=[1, 2, 3, 4])
    y_pred = boosted.fit(y[:200], fh=[1, 2, 3, 4]).predict()
    assert y_pred.notna().all()
    assert rmse(y_pred, y[200:204]) < rmse(alone.predict(), y[200:204])


@every_strategy
def test_times_that_an_update_has_reached_are_in_sample(strategy):
    y = wave()
    fh = ForecastingHorizon(MONTHS[[100, 101]], is_relative=False)
    fitted = forecaster(strategy).fit(panel(a=y[:100], b=y[:99]), fh=fh)
    assert len(fitted.predict()) == 4
    fitted.update(panel(b=y[99:101]), update_params=False)
    y_pred = fitted.predict()
    assert len(y_pred) == 4
    one_ahead = pickle.loads(pickle.dumps(fitted))
    one_ahead.update(panel(b=y[90:100]), update_params=False)
    np.testing.assert_allclose(
        y_pred.loc["b"].iloc[0], one_ahead.predict().loc["b"].iloc[0], rtol=1e-6
    )
