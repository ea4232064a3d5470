"""Residuals: in time, lag by lag, and step by step."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from sklearn.linear_model import LinearRegression, LogisticRegression

from sklstm import LSTMRegressor
from sklstm.plotting import ResidualDisplay

rng = np.random.default_rng(0)
Y, SAID = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))


def test_residuals_are_true_minus_predicted():
    display = ResidualDisplay.from_predictions(Y[:, 0], SAID[:, 0])
    np.testing.assert_array_equal(display.line_.get_ydata(), Y[:, 0] - SAID[:, 0])
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(60))
    assert display.bars_ is None
    assert display.axes_.shape == (2,)


def test_of_several_steps_the_first_is_drawn_and_all_are_compared():
    display = ResidualDisplay.from_predictions(Y, SAID)
    np.testing.assert_array_equal(display.line_.get_ydata(), Y[:, 0] - SAID[:, 0])
    heights = [bar.get_height() for bar in display.bars_]
    np.testing.assert_allclose(heights, np.abs(Y - SAID).mean(axis=0))
    assert "one step ahead" in display.axes_[0].get_ylabel()
    alone = ResidualDisplay.from_predictions(Y[:, 0], SAID[:, 0])
    np.testing.assert_array_equal(display.autocorrelation, alone.autocorrelation)


def test_autocorrelations_are_those_of_statsmodels():
    acf = pytest.importorskip("statsmodels.tsa.stattools").acf
    display = ResidualDisplay.from_predictions(Y[:, 0], np.zeros(60), n_lags=12)
    np.testing.assert_allclose(display.autocorrelation, acf(Y[:, 0], nlags=12)[1:])
    (path, *_) = display.stems_.get_paths()
    np.testing.assert_allclose(path.vertices, [[1, 0], [1, display.autocorrelation[0]]])


def test_what_is_not_known_counts_nothing():
    y = Y.copy()
    y[[3, 10], 0] = y[59, 1:] = np.nan
    display = ResidualDisplay.from_predictions(y, np.zeros((60, 3)), n_lags=2)
    assert display.n_known == 58
    known = y[~np.isnan(y[:, 0]), 0]
    deviation = y[:, 0] - known.mean()
    for lag in (1, 2):
        wanted = np.nansum(deviation[lag:] * deviation[:-lag]) / np.nansum(deviation**2)
        np.testing.assert_allclose(display.autocorrelation[lag - 1], wanted)
    np.testing.assert_allclose(display.error_by_step, np.nanmean(np.abs(y), axis=0))
    half = display.band_.get_paths()[0].vertices[:, 1].max()
    np.testing.assert_allclose(half, 1.96 / np.sqrt(58))
    assert np.isnan(display.line_.get_ydata()[[3, 10]]).all()


def test_most_lags_of_white_noise_lie_in_the_band():
    noise = np.random.default_rng(1).normal(size=5000)
    display = ResidualDisplay.from_predictions(noise, np.zeros(5000), n_lags=400)
    share = np.mean(np.abs(display.autocorrelation) < 1.96 / np.sqrt(5000))
    assert 0.93 < share < 0.97


def test_residuals_that_are_all_the_same_have_no_autocorrelation():
    display = ResidualDisplay.from_predictions(np.ones(9), np.zeros(9))
    np.testing.assert_array_equal(display.autocorrelation, np.zeros(4))


@pytest.mark.parametrize("where", ["y", "X", "times", "periods"])
def test_times_are_those_of_the_rows(where):
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    X, y = np.arange(60.0)[:, None], Y[:, 0]
    model = LinearRegression().fit(X, y)
    if where == "times":
        display = ResidualDisplay.from_predictions(y, SAID[:, 0], times=days)
    elif where == "X":
        # Names of columns, and none in fit, would be a warning.
        model = LinearRegression().fit(pd.DataFrame(X, days, ["x"]), y)
        display = ResidualDisplay.from_estimator(model, pd.DataFrame(X, days, ["x"]), y)
    else:
        index = days if where == "y" else days.to_period("D")
        display = ResidualDisplay.from_estimator(model, X, pd.Series(y, index))
    drawn = display.line_.get_xdata(orig=False)
    np.testing.assert_array_equal(drawn, date2num(days.to_numpy()))
    display.figure_.canvas.draw()


def test_an_estimator_predicts():
    X = Y[:, None, :]
    model = LSTMRegressor(hidden_size=2, max_epochs=1, random_state=0).fit(X, Y[:, :2])
    display = ResidualDisplay.from_estimator(model, X, Y[:, :2])
    np.testing.assert_array_equal(display.residuals, Y[:, :2] - model.predict(X))


REFUSED = {
    "y_pred must have the shape": ((Y, SAID[:, 0]), {}, r"Got \(60,\), and \(60, 3\)"),
    "y_true must have at least 3": ((np.full(9, np.nan), np.zeros(9)), {}, "Got 0"),
    "n_lags must be": ((Y, SAID), {"n_lags": 60}, "60. Got 60"),
    "times must have 60 values": ((Y, SAID), {"times": np.arange(9)}, "Got 9"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_drawn_is_refused(message):
    args, options, got = REFUSED[message]
    with pytest.raises(ValueError, match=rf"^{message}.*{got}"):
        ResidualDisplay.from_predictions(*args, **options)


def test_classes_have_no_residuals():
    model = LogisticRegression().fit(Y, Y[:, 0] > 0)
    with pytest.raises(
        TypeError, match=r"^estimator must be a regressor\. Got a classifier"
    ):
        ResidualDisplay.from_estimator(model, Y, Y[:, 0] > 0)


def test_rows_that_are_not_the_same_are_refused():
    days = pd.date_range("2024", periods=30)
    y = pd.Series(np.random.default_rng(0).normal(size=30), days)
    for other in (y[::-1], y.set_axis(days + pd.Timedelta(days=1))):
        with pytest.raises(ValueError, match=r"y_pred must have the rows of y_true.*row 0"):
            ResidualDisplay.from_predictions(y, other)
    ResidualDisplay.from_predictions(y, y.set_axis(range(30)))
