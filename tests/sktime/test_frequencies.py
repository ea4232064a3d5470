"""The step of time stamps: one for all series, and what is said where there is none."""

import numpy as np
import pandas as pd
import pytest

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._frequency import common_frequency, fitting_frequency
from sklstm.sktime._panel import Panel
from tests.sktime.data import panel, wave

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def stamps(freq, n=60, start="2024-01-01"):
    return pd.date_range(start, periods=n, freq=freq)


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 6, "random_state": 0, "max_epochs": 1} | kwargs
    return LSTMForecaster(strategy, **options)


@every_strategy
@pytest.mark.parametrize(
    ("first", "second"), [("D", "W-SUN"), ("W-SUN", "D"), ("MS", "QS-OCT"), ("D", "2D")]
)
def test_series_of_different_frequencies_are_named(strategy, first, second):
    y = panel(north=wave(stamps(first)), south=wave(stamps(second)))
    message = rf"'{first}' in series 'north', and '{second}' in series 'south'\. Fit a"
    with pytest.raises(ValueError, match=message):
        forecaster(strategy).fit(y, fh=[1])
    if strategy == "direct":
        with pytest.raises(ValueError, match=message):
            forecaster().pretrain(y, fh=[1])


def test_names_of_all_levels_and_of_many_series():
    y = {("n", i): wave(stamps("D"))[: 50 - i] for i in range(5)}
    y[("s", 0)] = wave(stamps("W-SUN"))
    y = pd.concat({key: one.to_frame("y") for key, one in y.items()})
    message = r"'D' in series \('n', 0\), series \('n', 1\), series \('n', 2\), \.\.\., and"
    with pytest.raises(ValueError, match=message):
        forecaster().fit(y, fh=[1])


@pytest.mark.parametrize("freq", ["D", "B", "h", "MS", "ME", "W-WED", "QS-OCT", "15min"])
def test_gaps_and_short_series_do_not_change_the_frequency(freq):
    full = wave(stamps(freq))
    gaps = full.drop(full.index[[3, 10, 11, 30]])
    y = panel(a=full[:2], b=gaps, c=full[:40], d=full[:1])
    assert common_frequency(Panel.of(y)) == freq
    y_pred = forecaster().fit(y, fh=[1]).predict()
    expected = [full.index[2], full.index[59] + full.index.freq, full.index[40]]
    assert y_pred.index.get_level_values(1).tolist() == [*expected, full.index[1]]


def test_three_business_days_do_not_make_a_daily_panel():
    days = stamps("B", start="2024-01-01")  # a Monday
    y = panel(a=wave(days)[:3], b=wave(days))
    assert common_frequency(Panel.of(y)) == "B"
    y_pred = forecaster().fit(y, fh=[1]).predict()
    assert y_pred.index.tolist()[1] == ("b", days[-1] + days.freq)


def test_many_series_with_the_same_times_are_looked_at_once(monkeypatch):
    calls = []
    infer = pd.infer_freq
    monkeypatch.setattr(pd, "infer_freq", lambda t: calls.append(1) or infer(t))
    y = panel(**{f"s{i:03}": wave(stamps("D")) for i in range(200)})
    assert common_frequency(Panel.of(y)) == "D"
    assert len(calls) == 1


@every_strategy
def test_new_rows_off_the_frequency_are_refused(strategy):
    y = wave(stamps("D"))
    fitted = forecaster(strategy).fit(y[:50], fh=[1])
    noon = y[50:52].set_axis(y.index[50:52] + pd.Timedelta("12h"))
    with pytest.raises(ValueError, match=r"of one frequency, 'D'\. Got 2024-02-20 12:00"):
        fitted.update(noon, update_params=False)
    shops = forecaster(strategy).fit(panel(a=y[:50], b=y[:50]), fh=[1])
    with pytest.raises(ValueError, match=r"Got 2024-02-20 12:00:00 in series 'b'"):
        shops.update(panel(b=noon), update_params=False)
    assert shops.predict().index[0] == ("a", y.index[50])


# ------------------------------------------------------------------ the hint


@pytest.mark.parametrize(
    "freq",
    ["D", "B", "W-MON", "W-SUN", "MS", "ME", "QS-JAN", "QS-FEB", "QE-DEC", "QE-NOV",
     "YS-JAN", "YS-JUL", "YE-DEC", "h", "15min", "7s"],
)  # fmt: skip
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_the_hint_fits_what_is_there(freq, zone):
    full = stamps(freq, n=200, start="2000-01-01").tz_localize(zone)
    keep = np.sort(np.random.default_rng(0).choice(200, size=100, replace=False))
    assert fitting_frequency(full[keep]) == freq


@every_strategy
@pytest.mark.parametrize("freq", ["MS", "h", "D"])
def test_an_index_without_a_step_is_told_one_that_fits(strategy, freq):
    full = stamps(freq, n=300)
    keep = np.sort(np.random.default_rng(0).choice(300, size=200, replace=False))
    y = wave(full).iloc[keep]
    with pytest.raises(ValueError, match=rf"as with y\.asfreq\('{freq}'\)"):
        forecaster(strategy).fit(y, fh=[1]).predict()
    again = forecaster(strategy).fit(y.asfreq(freq), fh=[1]).predict()
    assert again.index[0] == y.index[-1] + full.freq
