"""The steps of a sequence on the axis: by their times, or counted from the last."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.datasets import load_airline

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.plotting import AttributionDisplay, GateDisplay
from sklstm.sktime import LSTMForecaster

TINY = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
N, LENGTH = 60, 12
VALUES = np.random.default_rng(0).normal(size=N)
INDEXES = {
    "periods": pd.period_range("2020-01", periods=N, freq="M"),
    "dates": pd.date_range("2020-01-01", periods=N, freq="MS"),
    "dates with a zone": pd.date_range("2020-01-01", periods=N, freq="D", tz="Asia/Tokyo"),
    "elapsed": pd.timedelta_range("0h", periods=N, freq="h"),
}


def rows(index):
    return pd.DataFrame({"load": VALUES}, index=index)


def over(X, *steps, **options):
    windows = SlidingWindowTransformer(LENGTH, **options)
    return make_pipeline(*steps, windows, LSTMRegressor(**TINY)).fit(X, VALUES[: len(X)])


def labels(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_steps_have_the_times_of_their_rows(index):
    X = rows(index)
    model = over(X)
    gates = GateDisplay.from_estimator(model, X, sample=40, gates="forget")
    assert gates.times.equals(index[29:41])
    attributed = AttributionDisplay.from_estimator(model, X, sample=40)
    assert attributed.times.equals(index[29:41])
    # Drawn where they were: the last step is 0.
    np.testing.assert_array_equal(gates.lines_[0].get_xdata(), np.arange(1 - LENGTH, 1))
    assert gates.images_["forget"].get_extent()[:2] == [0.5 - LENGTH, 0.5]
    for ax in (*gates.axes_, attributed.ax_):
        assert len(labels(ax)) >= 2


def test_ticks_stand_at_the_months_that_they_name():
    display = GateDisplay(
        {"forget": np.zeros((LENGTH, 2))},
        times=pd.period_range("2020-07", "2021-06", freq="M"),
    ).plot()
    at = dict(zip(labels(display.axes_[0]), display.axes_[0].get_xticks(), strict=True))
    assert at["2021"] == -5  # January
    assert at["Sep"] == -9
    assert display.axes_[-1].get_xlabel() == ""


def test_ticks_of_elapsed_times_and_numbers():
    gates = {"forget": np.zeros((LENGTH, 2))}
    ax = GateDisplay(gates, times=INDEXES["elapsed"][3:15]).plot().axes_[0]
    assert labels(ax) == ["4", "6", "8", "10", "12", "14"]
    np.testing.assert_allclose(ax.get_xticks(), [-10, -8, -6, -4, -2, 0], atol=1e-9)
    assert ax.get_xlabel() == "Elapsed time (hours)"
    ax = GateDisplay(gates, times=np.arange(100, 112)).plot().axes_[0]
    assert labels(ax) == ["100", "102", "104", "106", "108", "110"]
    np.testing.assert_array_equal(ax.get_xticks(), [-11, -9, -7, -5, -3, -1])


def test_rows_before_those_that_are_given_have_no_known_time():
    X = rows(INDEXES["dates"])
    model = over(X[:50], StandardScaler(), context="fit")
    times = GateDisplay.from_estimator(model, X[50:], sample=3, gates="cell").times
    assert times[-4:].equals(X.index[50:54])
    assert times[:-4].isna().all()
    # One known time says no more than that the last step is the last.
    display = GateDisplay.from_estimator(model, X[50:], sample=0, gates="cell")
    assert display.axes_[-1].get_xlabel() == "Step (0 is the last)"


def test_times_may_be_a_column_of_many_series():
    X = pd.DataFrame({"store": ["a", "b"] * 30, "week": np.arange(60) // 2, "load": VALUES})
    model = over(X, groups="store", time="week")
    display = GateDisplay.from_estimator(model, X, sample=-1, gates="cell")
    np.testing.assert_array_equal(display.times, np.arange(18, 30))
    np.testing.assert_array_equal(
        display.lines_[0].get_ydata(), X["load"][X["store"] == "b"][18:]
    )


def test_unknown_times_and_several_sequences_are_counted():
    X = rows(INDEXES["dates"])
    model = over(X)
    many = AttributionDisplay.from_estimator(model, X)
    assert many.times is None
    assert many.ax_.get_xlabel() == "Step (0 is the last)"
    assert many.image_.get_extent()[:2] == [0.5 - LENGTH, 0.5]
    # An array has no index, and an index of numbers that count is no time.
    plain = GateDisplay.from_estimator(over(VALUES[:, None]), VALUES[:, None], gates="cell")
    counted = X.reset_index(drop=True)
    assert plain.times is None
    assert GateDisplay.from_estimator(over(counted), counted, gates="cell").times is None
    sequences = model[:-1].transform(X)
    assert GateDisplay.from_estimator(model[-1], sequences, gates="cell").times is None


def test_a_forecaster_knows_its_months():
    y = load_airline()
    forecaster = LSTMForecaster(window_length=24, **TINY).fit(y, fh=[1, 2])
    ends = GateDisplay.from_estimator(forecaster, None, gates="cell")
    assert ends.times.equals(y.index[-24:])
    np.testing.assert_array_equal(ends.lines_[0].get_ydata(), y[-24:])
    first = GateDisplay.from_estimator(forecaster, y, sample=0, gates="cell")
    assert first.times.equals(y.index[:24])


def test_there_is_a_time_for_each_step():
    with pytest.raises(ValueError, match=r"times must have 3 values, one per step\. Got 2"):
        GateDisplay({"cell": np.zeros((3, 2))}, times=[1, 2]).plot()
