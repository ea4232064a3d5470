"""
Forecast airline passengers with sktime
=======================================

Twelve years of monthly passengers grow, and swing more from year to year. An LSTM learns
the first eleven years and forecasts the twelfth, beside two forecasts that are hard to
beat: the same month of the year before, and exponential smoothing with a trend and a
season. Then all three are judged again from every month of the year before, as if each
forecast had been made at its time (a backtest). In both the error of the LSTM is less than
70 % of that of the year before.

As a script, ``python examples/plot_sktime_forecasting.py folder`` saves the pictures in
that folder. It needs ``pip install "sklstm[sktime,examples]"`` and takes a few seconds.
"""  # noqa: D205, D400

import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sktime.datasets import load_airline
from sktime.forecasting.base import BaseForecaster
from sktime.forecasting.exp_smoothing import ExponentialSmoothing
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import MeanAbsolutePercentageError
from sktime.split import ExpandingWindowSplitter

from sklstm.plotting import ForecastDisplay
from sklstm.sktime import LSTMForecaster

HORIZON = np.arange(1, 13)  # months ahead
METRIC = MeanAbsolutePercentageError()


def forecasters() -> dict[str, BaseForecaster]:
    return {
        "LSTM": LSTMForecaster(random_state=0),
        "Year before": NaiveForecaster(sp=12),
        "Smoothing": ExponentialSmoothing(trend="add", seasonal="mul", sp=12),
    }


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# The twelfth year
# ----------------


def forecast_last_year(passengers: pd.Series) -> pd.DataFrame:
    """Train to 1959 and forecast the twelve months of 1960."""
    train = passengers[:"1959-12"]
    return pd.DataFrame(
        {
            name: forecaster.fit(train, fh=HORIZON).predict()
            for name, forecaster in forecasters().items()
        }
    )


# %%
# Every origin of two years
# -------------------------


def backtest(passengers: pd.Series) -> pd.DataFrame:
    """Give the errors of forecasts from 13 origins, the first at the end of 1958."""
    cv = ExpandingWindowSplitter(fh=HORIZON, initial_window=len(passengers[:"1958-12"]))
    errors = {}
    for name, forecaster in forecasters().items():
        result = evaluate(forecaster, cv, passengers, scoring=METRIC, error_score="raise")
        errors[name] = 100 * result.set_index("cutoff")[f"test_{METRIC.name}"]
    return pd.DataFrame(errors)


# %%
# Beside each other
# -----------------

passengers = load_airline()
# sktime announces a change of its defaults each time that it makes a forecaster.
with warnings.catch_warnings(record=True):
    forecasts = forecast_last_year(passengers)
    errors = backtest(passengers)
actual = passengers["1960":]
of_year = {
    name: 100 * METRIC(actual, forecast.rename(actual.name))
    for name, forecast in forecasts.items()
}
table = {"MAPE of 1960, %": of_year, "MAPE of the backtest, %": errors.mean()}
print(pd.DataFrame(table).to_string(float_format="{:.2f}".format))

# %%
# The forecasts, and the errors of the backtest
# ---------------------------------------------

display = ForecastDisplay.from_predictions(
    passengers[:"1959-12"], forecasts, y_true=actual, n_context=36,
    persistence=False,  # that of the same month, "Year before", is among them
)  # fmt: skip
display.ax_.set_ylabel("Passengers a month, thousands")
ylabel = "MAPE of 12 months, %"
axes = errors.plot(style="o-", ylim=(0, None), xlabel="Forecast at", ylabel=ylabel)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    display.figure_.savefig(folder / "airline_forecast.png", dpi=120)
    axes.figure.savefig(folder / "airline_backtest.png", dpi=120, bbox_inches="tight")
    print(f"Pictures saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
