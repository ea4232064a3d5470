"""Forecasts on the axis: whatever holds them, over the times that they are for."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import ConciseDateFormatter, date2num

from sklstm.plotting import ForecastDisplay

# sktime announces a change of its defaults each time that it makes a forecaster.
pytestmark = pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")

VALUES, SAID, CAME = np.arange(6.0), np.array([7.0, 9.0]), np.array([6.0, 7.0])


def times(kind):
    """An index of 8 rows: 6 that are known, and 2 to come."""
    if kind == "dates":
        return pd.date_range("2024-01-31", periods=8, freq="ME")
    if kind == "dates with a zone":
        return pd.date_range("2024-01-31", periods=8, freq="D", tz="Asia/Tokyo")
    if kind == "periods":
        return pd.period_range("2024-01", periods=8, freq="M")
    if kind == "elapsed":
        return pd.to_timedelta(np.arange(8), unit="D")
    if kind == "integers":
        return pd.RangeIndex(5, 13)
    return pd.Index(np.arange(8) / 4)


def on_axis(index):
    """What the axis shows of an index."""
    if isinstance(index, pd.PeriodIndex):
        return date2num(index.to_timestamp().to_numpy())
    if isinstance(index, pd.DatetimeIndex):
        return date2num(index.tz_localize(None).to_numpy())
    if isinstance(index, pd.TimedeltaIndex):
        return np.arange(8.0)
    return index.to_numpy()


KINDS = ["dates", "dates with a zone", "periods", "elapsed", "integers", "floats"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_frame", [False, True])
def test_values_lie_over_their_times(kind, as_frame):
    index = times(kind)
    context = pd.Series(VALUES, index[:6], name="Price")
    said, came = pd.Series(SAID, index[6:]), pd.Series(CAME, index[6:])
    if as_frame:
        context, said, came = context.to_frame(), said.to_frame(), came.to_frame()
    display = ForecastDisplay.from_predictions(context, said, y_true=came)
    wanted = on_axis(index)
    for line, where, values in (
        (display.context_line_, wanted[:6], VALUES),
        (display.forecast_lines_["Forecast"], wanted[6:], SAID),
        (display.truth_line_, wanted[6:], CAME),
        (display.persistence_line_, wanted[6:], [5.0, 5.0]),
    ):
        np.testing.assert_allclose(line.get_xdata(orig=False), where)
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert display.origin_line_.get_xdata(orig=False)[0] == wanted[5]
    has_dates = kind in ("dates", "dates with a zone", "periods")
    formatter = display.ax_.xaxis.get_major_formatter()
    assert isinstance(formatter, ConciseDateFormatter) == has_dates
    assert display.ax_.get_ylabel() == ("" if as_frame else "Price")
    display.figure_.canvas.draw()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_known_yet_is_no_context(kind):
    index = times(kind)
    y = pd.Series(np.arange(8.0), index)
    with pytest.raises(ValueError, match=r"^context must end before the forecast") as error:
        ForecastDisplay.from_predictions(y, pd.Series(SAID, index[6:]), y_true=y[6:])
    assert f"begins, at {index[6]}. Got one that ends at {index[7]}:" in str(error.value)


def test_arrays_follow_each_other():
    display = ForecastDisplay.from_predictions(
        VALUES.tolist(), SAID[:, None], y_true=CAME, n_context=4
    )
    np.testing.assert_array_equal(display.context_line_.get_ydata(), VALUES[2:])
    np.testing.assert_array_equal(display.context_line_.get_xdata(), np.arange(4))
    np.testing.assert_array_equal(display.truth_line_.get_xdata(), [4, 5])
    (line,) = display.forecast_lines_.values()
    np.testing.assert_array_equal(line.get_xdata(), [4, 5])


def test_columns_are_forecasts_by_their_names():
    index = times("periods")
    said = pd.DataFrame({"LSTM": SAID, "Naive": CAME}, index[6:])
    display = ForecastDisplay.from_predictions(pd.Series(VALUES, index[:6]), said)
    assert list(display.forecast_lines_) == ["LSTM", "Naive"]
    np.testing.assert_array_equal(display.forecast_lines_["Naive"].get_ydata(), CAME)
    colors = {line.get_color() for line in display.forecast_lines_.values()}
    assert len(colors) == 2


def test_persistence_may_be_given_or_left_out():
    display = ForecastDisplay.from_predictions(VALUES, SAID, persistence=False)
    assert display.persistence_line_ is None
    display = ForecastDisplay.from_predictions(VALUES, SAID, persistence=[5.0, 6.0])
    np.testing.assert_array_equal(display.persistence_line_.get_ydata(), [5, 6])
    np.testing.assert_array_equal(display.persistence_line_.get_xdata(), [6, 7])
    display = ForecastDisplay.from_predictions([1.0, 2.0, np.nan], SAID)
    np.testing.assert_array_equal(display.persistence_line_.get_ydata(), [2, 2])


def test_one_step_is_seen():
    display = ForecastDisplay.from_predictions(VALUES, [7.0], y_true=[6.0])
    (line,) = display.forecast_lines_.values()
    lines = (line, display.truth_line_, display.persistence_line_)
    assert [line.get_marker() for line in lines] == ["o"] * 3


def test_intervals_lie_between_their_ends():
    ends = {0.5: [[6, 8], [8, 10]], 0.9: [[5, 9], [6, 12]]}
    display = ForecastDisplay.from_predictions(VALUES, SAID, intervals=ends)
    for coverage, wanted in ends.items():
        vertices = display.interval_areas_[coverage].get_paths()[0].vertices
        for step, (low, high) in zip((6, 7), wanted, strict=True):
            at = vertices[vertices[:, 0] == step, 1]
            assert (at.min(), at.max()) == (low, high)
    narrow, wide = (display.interval_areas_[c] for c in (0.5, 0.9))
    assert narrow.get_alpha() > wide.get_alpha()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert {"50 % interval", "90 % interval"} <= set(labels)


# ------------------------------------------------------------------ sktime's forecasters


@pytest.fixture
def airline():
    pytest.importorskip("sktime")
    from sktime.datasets import load_airline

    return load_airline()


def naive(**options):
    from sktime.forecasting.naive import NaiveForecaster

    return NaiveForecaster(**options)


def test_a_forecaster_of_sktime_is_asked_for_all(airline):
    train, test = airline[:"1959-12"], airline["1960":]
    forecaster = naive(sp=12).fit(train, fh=range(1, 13))
    display = ForecastDisplay.from_estimator(
        forecaster, train, coverage=0.8, y_true=test, n_context=24
    )
    line = display.forecast_lines_["NaiveForecaster"]
    np.testing.assert_array_equal(line.get_ydata(), train[-12:])
    wanted = date2num(test.index.to_timestamp().to_numpy())
    np.testing.assert_array_equal(line.get_xdata(orig=False), wanted)
    np.testing.assert_array_equal(display.context_line_.get_ydata(), train[-24:])
    ends = forecaster.predict_interval(coverage=0.8)
    np.testing.assert_array_equal(display.intervals[0.8], ends.to_numpy())
    assert list(display.interval_areas_) == [0.8]


def test_the_horizon_and_what_is_kept(airline):
    forecaster = naive().set_config(remember_data=True).fit(airline)
    display = ForecastDisplay.from_estimator(forecaster, fh=[2], coverage=None)
    assert not display.interval_areas_
    np.testing.assert_array_equal(display.context_line_.get_ydata(), airline)
    (line,) = display.forecast_lines_.values()
    last = date2num(airline.index.to_timestamp().to_numpy())[-1]
    assert 58 < line.get_xdata(orig=False)[0] - last < 63


def test_a_forecaster_without_intervals_gives_none(airline):
    from sktime.forecasting.trend import TrendForecaster

    forecaster = TrendForecaster().fit(airline, fh=[1, 2])
    assert not ForecastDisplay.from_estimator(forecaster, airline).interval_areas_


def test_the_lstm_of_sktime(airline):
    from sklstm.sktime import LSTMForecaster

    forecaster = LSTMForecaster(max_epochs=1, random_state=0).fit(airline, fh=[1, 2, 3])
    display = ForecastDisplay.from_estimator(forecaster, airline)
    line = display.forecast_lines_["LSTMForecaster"]
    np.testing.assert_array_equal(line.get_ydata(), forecaster.predict())
    assert sorted(display.interval_areas_) == [0.5, 0.9]
    with pytest.raises(
        ValueError, match=r"^y_train must be given where the forecaster has"
    ):
        ForecastDisplay.from_estimator(forecaster)


def test_other_forecasters_are_refused(airline):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(TypeError, match=r"^forecaster must be .* of sktime\. Got list\."):
        ForecastDisplay.from_estimator([], airline)
    with pytest.raises(NotFittedError, match="This NaiveForecaster is not fitted"):
        ForecastDisplay.from_estimator(naive(), airline)


# ------------------------------------------------------------------ errors

SERIES = pd.Series(VALUES, times("dates")[:6])
LEVELS = pd.MultiIndex.from_product([["a", "b"], range(3)])
REFUSED = {
    "context must be one series, of": ((np.zeros((5, 2)), SAID), {}, r"Got \(5, 2\)"),
    "context must be one series, whose": (
        (pd.Series(VALUES, LEVELS), SAID),
        {},
        "2 levels",
    ),
    "context must have an index of": (
        (pd.Series(VALUES, list("abcdef")), SAID),
        {},
        "Got one of",
    ),
    "context must be numbers": ((["a", "b"], SAID), {}, "could not convert"),
    "context must have at least one": (([], SAID), {}, "Got none"),
    "forecast must have dates": ((SERIES, SAID), {}, "Got numbers"),
    "truth must have numbers": ((VALUES, SAID), {"y_true": SERIES}, "Got dates"),
    "truth must have 2 values": ((VALUES, SAID), {"y_true": [1.0]}, "Got 1"),
    "persistence must have 2": ((VALUES, SAID), {"persistence": [1.0]}, "Got 1"),
    "n_context must be at least 1": ((VALUES, SAID), {"n_context": 0}, "Got 0"),
    "intervals must have two ends": (
        (VALUES, SAID),
        {"intervals": {0.9: [[1, 2]]}},
        r"\(2, 2\)\. Got \(1, 2\)",
    ),
    "intervals must be a mapping": ((VALUES, SAID), {"intervals": [1]}, "Got list"),
    "intervals must be None": (
        (VALUES, pd.DataFrame({"a": SAID, "b": CAME}, index=[6, 7])),
        {"intervals": {0.9: [[1, 2], [1, 2]]}},
        "Got 2 forecasts",
    ),
    "coverage must be": ((VALUES, SAID), {"intervals": {9: np.zeros((2, 2))}}, "Got 9"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_drawn_is_refused(message):
    args, options, got = REFUSED[message]
    with pytest.raises(ValueError, match=rf"^{message}.*{got}"):
        ForecastDisplay.from_predictions(*args, **options)
