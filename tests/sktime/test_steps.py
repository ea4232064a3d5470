"""A fitted forecaster gives any of the steps that it was trained for, and no others."""

import copy
import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import BaseForecaster, ForecastingHorizon

from sklstm.sktime import LSTMForecaster
from tests.sktime.data import MONTHS, noise, panel, rmse, wave

trained = pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
INDICES = {
    "period": MONTHS,
    "datetime": pd.date_range("2000", periods=240, freq="D"),
    "int": pd.RangeIndex(240),
}
every_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 12, "random_state": 0, "max_epochs": 2} | kwargs
    return LSTMForecaster(strategy, **options)


def dates(index, steps, cutoff=199):
    return ForecastingHorizon(index[cutoff + np.array(steps)], is_relative=False)


@trained
@every_index
def test_a_subset_of_the_steps_is_the_same_forecast(strategy, index):
    y = wave(index)
    fitted = forecaster(strategy).fit(y[:200], fh=[1, 2, 3])
    expected = fitted.predict()
    for steps in ([2], [1, 3], [3]):
        part = expected.iloc[np.array(steps) - 1]
        for fh in (steps, dates(index, steps)):
            y_pred = fitted.predict(fh=fh)
            pd.testing.assert_series_equal(y_pred, part, check_freq=False)
    pd.testing.assert_series_equal(fitted.predict(), expected, check_exact=True)
    pd.testing.assert_series_equal(
        pickle.loads(pickle.dumps(fitted)).predict(fh=[2]), expected.iloc[[1]]
    )


@trained
@every_index
def test_dates_come_nearer_with_each_update(strategy, index):
    y = wave(index)
    fitted = forecaster(strategy, max_epochs=60).fit(y[:200], fh=dates(index, [1, 2, 3]))
    fitted.update(y[200:201], update_params=False)
    y_pred = fitted.predict(fh=dates(index, [2, 3]))
    relative = forecaster(strategy, max_epochs=60).fit(y[:200], fh=[1, 2, 3])
    relative.update(y[200:201], update_params=False)
    expected = relative.predict(fh=[1, 2])
    pd.testing.assert_series_equal(y_pred, expected, check_exact=True, check_freq=False)
    whole = fitted.predict()
    np.testing.assert_array_equal(whole.index, index[200:203])
    np.testing.assert_array_equal(whole[1:], expected)
    assert rmse(whole, y[200:203]) < 0.1


@every_index
def test_dates_nearer_than_all_trained_steps_keep_their_forecast(index):
    y = wave(index)
    fitted = forecaster().fit(y[:200], fh=dates(index, [5, 9]))
    expected = fitted.predict()
    for n in (1, 2, 3, 4):
        fitted.update(y[199 + n : 200 + n], update_params=False)
        y_pred = fitted.predict()
        np.testing.assert_array_equal(y_pred.index, index[[204, 208]])
        if n < 4:
            pd.testing.assert_series_equal(y_pred, expected, check_exact=True)
    # Now the later one is five steps ahead.
    again = forecaster().fit(y[:200], fh=[5, 9]).update(y[200:204], update_params=False)
    assert y_pred.iloc[1] == again.predict(fh=[5]).iloc[0]
    assert y_pred.iloc[0] == expected.iloc[0]


def test_dates_nearer_need_no_more_of_x_than_before():
    X = noise()
    y = wave()
    fitted = forecaster().fit(y[:200], X=X[:200], fh=dates(MONTHS, [5, 6]))
    expected = fitted.predict(X=X[200:206])
    fitted.update(y[200:202], X=X[200:202], update_params=False)
    y_pred = fitted.predict(fh=dates(MONTHS, [5]), X=X[202:206])
    pd.testing.assert_series_equal(y_pred, expected[:1], check_exact=True)
    # The sixth is read as five steps ahead of a later row, beside one step more.
    with pytest.warns(UserWarning, match=r"Got no row at 2017-03; the last known"):
        assert fitted.predict(X=X[202:206]).iloc[0] == expected.iloc[0]


@trained
def test_steps_not_trained_for_are_refused(strategy):
    y = wave()
    fitted = forecaster(strategy).fit(y[:200], fh=[2, 4])
    not_trained = [[5], [2, 5], [1, 2, 3, 4, 5]] + ([[3]] if strategy == "direct" else [])
    for fh in not_trained:
        with pytest.raises(ValueError, match="different forecasting horizon"):
            fitted.predict(fh=fh)
    with pytest.raises(ValueError, match="different forecasting horizon"):
        fitted.predict(fh=dates(MONTHS, [5]))


@trained
def test_steps_of_a_panel_count_from_each_end(strategy):
    y = panel(a=wave()[:200], b=wave()[:198])
    fitted = forecaster(strategy).fit(y, fh=[1, 2, 3])
    expected = fitted.predict()
    y_pred = fitted.predict(fh=dates(MONTHS, [1]))
    assert y_pred.index.tolist() == [("a", MONTHS[200]), ("b", MONTHS[200])]
    np.testing.assert_array_equal(y_pred["value"], expected["value"].iloc[[0, 5]])
    with pytest.raises(ValueError, match="different forecasting horizon"):
        fitted.predict(fh=dates(MONTHS, [2]))


@trained
@pytest.mark.parametrize("channel_independent", [False, True])
def test_a_subset_for_each_column(strategy, channel_independent):
    y = pd.DataFrame({"b": wave(), "a": 10 + wave(phase=1)})[:200]
    fitted = forecaster(strategy, channel_independent=channel_independent)
    expected = fitted.fit(y, fh=[1, 2, 3]).predict()
    pd.testing.assert_frame_equal(fitted.predict(fh=[2]), expected.iloc[[1]])


def test_x_is_needed_where_the_network_reads_it():
    X, y = noise(), wave()
    fitted = forecaster().fit(y[:200], X=X[:200], fh=[1, 2, 3])
    expected = fitted.predict(X=X[200:203])
    pd.testing.assert_series_equal(fitted.predict(fh=[2], X=X[200:203]), expected.iloc[[1]])
    with pytest.warns(UserWarning, match=r"all steps that were trained .*row at 2016-11"):
        fitted.predict(fh=[2], X=X[200:202])
    with pytest.raises(ValueError, match=r"the steps 1 to 2.*no row at 2016-10"):
        fitted.predict(fh=[2], X=X[200:201])
    assert len(fitted.predict(fh=[-1, 0])) == 2


# ------------------------------------------------------- what the override leans on


def test_sktime_still_refuses_other_horizons_itself():
    """If this fails, look at `LSTMForecaster._check_fh`: it may no longer be needed."""

    class Plain(LSTMForecaster):
        _check_fh = BaseForecaster._check_fh

    fitted = Plain(max_epochs=1, random_state=0).fit(wave()[:60], fh=[1, 2, 3])
    with pytest.raises(ValueError, match="A different forecasting horizon"):
        fitted.predict(fh=[2])


def test_sktime_still_checks_horizons_in_the_method_that_is_overridden():
    """If this fails, sktime calls or reads it in another way: adapt the override."""
    signature = inspect.signature(BaseForecaster._check_fh)
    assert str(signature) == "(self, fh, pred_int=False)"
    fitted = forecaster().fit(wave()[:60], fh=[1, 2, 3])
    seen = []

    class Spy(LSTMForecaster):
        def _check_fh(self, fh, pred_int=False):
            seen.append(fh)
            return super()._check_fh([3])

        def _predict(self, fh, X):
            seen.append(fh)
            return super()._predict(fh, X)

    spy = copy.copy(fitted)
    spy.__class__ = Spy
    spy.predict(fh=[2])
    assert seen[0] == [2]
    assert list(seen[1]) == [3]
    assert list(fitted.fh) == [1, 2, 3]
    # Without a horizon a fitted forecaster is asked for its own, which is read from here.
    spy = copy.copy(fitted)
    spy._fh = ForecastingHorizon([2], is_relative=True)
    assert BaseForecaster._check_fh(spy, None) is spy._fh


def test_sktime_still_refuses_what_is_in_sample_by_the_tags():
    fitted = forecaster().fit(wave()[:60], fh=[1, 2, 3])
    assert fitted._check_fh([-1]).is_relative
    assert fitted._check_fh([-1], pred_int=True).is_relative
    fitted.set_tags(**{"capability:pred_int:insample": False})
    with pytest.raises(NotImplementedError, match="in-sample"):
        fitted._check_fh([-1], pred_int=True)
    fitted.set_tags(**{"capability:insample": False})
    with pytest.raises(NotImplementedError, match="in-sample"):
        fitted.predict(fh=[-1])
