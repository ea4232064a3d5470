"""
Pictures of the guide
=====================

Draws one picture per display of `sklstm.plotting`, for the page on plotting. Run it with
``python docs/draw.py [folder]``; the folder is "docs/images" by default. It takes well
under a minute.
"""  # noqa: D205, D400

import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sktime.datasets import load_airline

from sklstm import LSTMRegressor, SlidingWindowTransformer, future_targets
from sklstm.datasets import load_netflix
from sklstm.inspection import gradient_norms
from sklstm.plotting import (
    ForecastDisplay,
    GradientNormDisplay,
    IntervalCalibrationDisplay,
    ResidualDisplay,
    TrainingCurveDisplay,
    WindowDisplay,
)
from sklstm.sktime import LSTMForecaster

HORIZON = 5  # trading days
N_TRAIN = 800


def make_model(**options: object) -> Pipeline:
    """Windows of 20 trading days, and an LSTM that stops early."""
    return make_pipeline(
        SlidingWindowTransformer(20, gaps="ignore", context="fit"),
        LSTMRegressor(early_stopping=True, max_epochs=40, random_state=0, **options),
    )


def draw_volume(volume: pd.Series) -> dict[str, plt.Figure]:
    """Forecast the shares traded on the next days, as logarithms."""
    X = np.log10(volume / 1e6).rename("Volume").to_frame()
    y = future_targets(X["Volume"], horizon=HORIZON, gaps="ignore")
    tomorrow = X["Volume"].shift(-1)
    train, test = slice(None, N_TRAIN), slice(N_TRAIN, -1)
    model = make_model(horizon=1).fit(X[train], tomorrow[train])
    ahead = make_model(horizon=HORIZON).fit(X[train], y[train])
    sure = make_model(horizon=1, loss="gaussian").fit(X[train], tomorrow[train])
    residuals = ResidualDisplay.from_estimator(ahead, X[test], y[test])
    residuals.axes_[0].set_ylabel("True minus predicted, one day\nahead (log10 of shares)")
    residuals.axes_[2].set_ylabel("Mean absolute error\n(log10 of shares)")
    calibration = IntervalCalibrationDisplay.from_estimator(sure, X[test], tomorrow[test])
    return {
        "training_curve": TrainingCurveDisplay.from_estimator(model).figure_,
        "residuals": residuals.figure_,
        "interval_calibration": calibration.figure_,
    }


def draw_forecast(passengers: pd.Series) -> plt.Figure:
    """Forecast the twelve months of 1960."""
    train, test = passengers[:"1959-12"], passengers["1960":]
    forecaster = LSTMForecaster(random_state=0).fit(train, fh=np.arange(1, 13))
    display = ForecastDisplay.from_estimator(forecaster, train, y_true=test, n_context=36)
    display.ax_.set_ylabel("Passengers per month, thousands")
    return display.figure_


def draw_windows(prices: pd.DataFrame) -> plt.Figure:
    """Show a year of trading days in four folds."""
    cv = TimeSeriesSplit(n_splits=4, test_size=40, gap=HORIZON)
    year = prices[-252:]
    return WindowDisplay.from_splitter(cv, year, window_length=20, horizon=HORIZON).figure_


def draw_gradients() -> plt.Figure:
    """Show how far the gradient reaches back, with gates that begin half open, and open."""
    X = np.random.default_rng(0).normal(size=(128, 100))
    y = X[:, 0]
    norms = {}
    for name, options in {
        "RNN": {"cell": "rnn"},
        "LSTM": {},
        "LSTM, memory_length=100": {"memory_length": 100},
    }.items():
        model = LSTMRegressor(max_epochs=1, random_state=0, **options).fit(X, y)
        norms[name] = gradient_norms(model, X, y)
    return GradientNormDisplay.from_norms(norms).figure_


def main(folder: Path) -> None:
    """Draw and save all pictures."""
    torch.set_num_threads(1)  # the same sums on every machine
    prices = load_netflix()
    # sktime announces a change of its defaults each time that it makes a forecaster.
    with warnings.catch_warnings(record=True):
        forecast = draw_forecast(load_airline())
    figures = {
        **draw_volume(prices["Volume"]),
        "forecast": forecast,
        "windows": draw_windows(prices),
        "gradient_norms": draw_gradients(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
