"""
Forecast airline passengers with sktime
=======================================

Twelve years of monthly passengers grow, and swing more from year to year. An LSTM learns
the first eleven years and forecasts the twelfth, beside two forecasts that are hard to
beat: the same month of the year before, and exponential smoothing with a trend and a
season. Then all three are judged again from every month of the year before, as if each
forecast had been made at its time (a backtest).

Run it with ``python examples/plot_sktime_forecasting.py [folder]``. The tables are printed,
and the pictures are saved in the folder, "figures" by default. It needs
``pip install "sklstm[sktime,examples]"`` and takes a few seconds.
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

# Colours that can be told apart without colour vision.
COLOURS = ["#d55e00", "#0072b2", "#009e73"]


def forecasters() -> dict[str, BaseForecaster]:
    return {
        "LSTM": LSTMForecaster(random_state=0),
        "Year before": NaiveForecaster(sp=12),
        "Smoothing": ExponentialSmoothing(trend="add", seasonal="mul", sp=12),
    }


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


def plot_forecasts(passengers: pd.Series, forecasts: pd.DataFrame) -> plt.Figure:
    figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
    ForecastDisplay.from_predictions(
        passengers[:"1959-12"],
        forecasts,
        y_true=passengers["1960":],
        persistence=False,  # that of the same month, "Year before", is among them
        n_context=36,
        ax=ax,
    )
    ax.set(
        ylabel="Passengers a month, thousands", title="Forecasts made at the end of 1959"
    )
    return figure


# %%
# Every origin of two years
# -------------------------


def backtest(passengers: pd.Series) -> dict[str, pd.DataFrame]:
    """Fit and forecast 12 months from 13 origins, the first at the end of 1958."""
    cv = ExpandingWindowSplitter(fh=HORIZON, initial_window=len(passengers[:"1958-12"]))
    return {
        name: evaluate(
            forecaster,
            cv,
            passengers,
            scoring=METRIC,
            return_data=True,
            error_score="raise",
        )
        for name, forecaster in forecasters().items()
    }


def plot_backtest(results: dict[str, pd.DataFrame]) -> plt.Figure:
    errors = pd.DataFrame(
        {name: 100 * each[f"test_{METRIC.name}"] for name, each in results.items()}
    ).set_axis(results["LSTM"]["cutoff"])
    figure, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
    errors.plot(ax=ax, style="o-", color=COLOURS, title="Forecasts from each month of 1959")
    ax.set(xlabel="", ylabel="MAPE of 12 months, %", ylim=(0, None))
    return figure


def main(folder: Path) -> None:
    torch.set_num_threads(1)  # a network this small is slower with more
    passengers = load_airline()
    # sktime announces a change of its defaults each time that it makes a forecaster.
    with warnings.catch_warnings(record=True):
        forecasts = forecast_last_year(passengers)
        results = backtest(passengers)
    actual = passengers["1960":]
    table = pd.DataFrame(
        {
            "MAPE of 1960, %": {
                name: 100 * METRIC(actual, forecast.rename(actual.name))
                for name, forecast in forecasts.items()
            },
            "MAPE of the backtest, %": {
                name: 100 * result[f"test_{METRIC.name}"].mean()
                for name, result in results.items()
            },
        }
    )
    print(table.to_string(float_format="{:.2f}".format))
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in (
        ("forecast", plot_forecasts(passengers, forecasts)),
        ("backtest", plot_backtest(results)),
    ):
        figure.savefig(folder / f"airline_{name}.png", dpi=120)
        plt.close(figure)
    print(f"Pictures saved in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "figures"))
