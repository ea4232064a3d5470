"""Elapsed times in the unit that their span asks for."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import TimeSeriesSplit

from sklstm.plotting import (
    AnomalyDisplay,
    ForecastDisplay,
    ResidualDisplay,
    WindowDisplay,
)


def ticks(ax):
    """What stands at the ticks that are seen, and where that is, in days."""
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    pairs = zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
    return {label.get_text(): at for label, at in pairs if low <= at <= high}


@pytest.mark.parametrize(
    ("step", "unit", "per_day", "shown"),
    [
        ("1s", "seconds", 86400, "10"),
        ("1min", "minutes", 1440, "15"),
        ("15min", "hours", 24, "6"),
        ("6h", "days", 1, "8"),
        ("30D", "days", 1, "800"),
    ],
)
def test_the_unit_is_that_of_the_span(step, unit, per_day, shown):
    y = pd.Series(np.arange(40.0), pd.timedelta_range(0, periods=40, freq=step))
    display = ForecastDisplay.from_predictions(y[:30], y[30:])
    assert display.ax_.get_xlabel() == f"Elapsed time ({unit})"
    at = ticks(display.ax_)
    assert 3 <= len(at) <= 12
    assert at[shown] == pytest.approx(float(shown) / per_day)
    # The data stay in days, whatever the labels say.
    last = display.forecast_lines_["Forecast"].get_xdata()[-1]
    assert last == y.index[-1] / pd.Timedelta("1D")


def test_all_displays_of_rows_label_elapsed_times():
    hours = pd.timedelta_range(0, periods=24, freq="h")
    y = pd.Series(np.random.default_rng(0).normal(size=24), hours)
    drawn = [
        ResidualDisplay.from_predictions(y, 0 * y).axes_[0],
        AnomalyDisplay.from_predictions(y, scores=y**2, alarms=[3]).axes_[1],
        WindowDisplay.from_splitter(TimeSeriesSplit(2), y).ax_,
    ]
    for ax in drawn:
        assert ax.get_xlabel() == "Elapsed time (hours)"
        assert ticks(ax)["12"] == pytest.approx(0.5)


def test_a_name_of_the_user_stays():
    _, ax = plt.subplots()
    ax.set_xlabel("Since the start")
    y = pd.Series([1.0, 2.0, 3.0], pd.timedelta_range(0, periods=3, freq="h"))
    display = ForecastDisplay.from_predictions(y[:2], y[2:], ax=ax)
    assert display.ax_.get_xlabel() == "Since the start"
