"""
Forecast a share price, and see whether it was worth it
=======================================================

A first LSTM project from end to end: four years of daily Netflix prices are looked at,
split in time, cut into windows of 30 trading days and given to three LSTM layers. The
forecast of tomorrow's close is then set beside the one that anybody can make: that the
price stays what it is today, called persistence.

Run it with ``python examples/plot_netflix.py [folder]``. The tables are printed, and the
pictures are saved in the folder, "figures" by default. It needs pandas and matplotlib, and
takes well under a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    root_mean_squared_error,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.datasets import load_netflix

WINDOW = 30  # trading days that the network sees
AVERAGE = 14  # trading days of the moving average
HELD_OUT = 0.15  # the last share of the days to test on; of those before, to validate on

# Colours that can be told apart without colour vision.
REAL, LSTM, OTHER, LIGHT = "#222222", "#d55e00", "#0072b2", "#009e73"


# %%
# The data
# --------


def print_summary(prices: pd.DataFrame) -> None:
    first, last = prices.index[[0, -1]]
    print(f"{len(prices)} trading days, {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    print("\nMissing values")
    print(prices.isna().sum().to_string())


def plot_close(prices: pd.DataFrame) -> plt.Figure:
    close = prices["Close"]
    figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
    ax.plot(close, color=REAL, linewidth=0.9, label="Close")
    average = close.rolling(AVERAGE).mean()
    ax.plot(average, color=LSTM, linewidth=1.5, label=f"Average of the last {AVERAGE} days")
    ax.set(title="Netflix, closing price", ylabel="Price (US dollars)")
    ax.legend(loc="upper left", frameon=False)
    tidy_dates(ax)
    return figure


def plot_panels(prices: pd.DataFrame) -> plt.Figure:
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharex=True, layout="constrained")
    close, volume, extremes, opening = axes.flat
    close.plot(prices["Close"], color=REAL, linewidth=0.9)
    close.set(title="Close", ylabel="Price (US dollars)")
    volume.fill_between(prices.index, prices["Volume"] / 1e6, color=OTHER, linewidth=0.4)
    volume.set(title="Volume", ylabel="Shares traded (millions)", ylim=(0, None))
    extremes.plot(prices["High"], color=LIGHT, linewidth=0.9, label="High")
    extremes.plot(prices["Low"], color=LSTM, linewidth=0.9, label="Low")
    extremes.set(title="High and low of the day", ylabel="Price (US dollars)")
    extremes.legend(loc="upper left", frameon=False)
    opening.plot(prices["Open"], color=REAL, linewidth=0.9)
    opening.set(title="Open", ylabel="Price (US dollars)")
    for ax in axes.flat:
        tidy_dates(ax)
    return figure


def plot_histograms(prices: pd.DataFrame) -> plt.Figure:
    columns = {
        **{
            f"{name} (US dollars)": prices[name]
            for name in ("Open", "High", "Low", "Close")
        },
        "Volume (millions of shares)": prices["Volume"] / 1e6,
        "Change of the close in a day (%)": prices["Close"].pct_change().dropna() * 100,
    }
    figure, axes = plt.subplots(2, 3, figsize=(11, 6.2), layout="constrained")
    for ax, (label, values) in zip(axes.flat, columns.items(), strict=True):
        ax.hist(values, bins=40, color=OTHER)
        ax.set(xlabel=label)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("Trading days")
    figure.suptitle("How often each value occurs")
    return figure


# %%
# Samples and their split
# -----------------------
#
# A sample is a day on which to forecast, and its target the close of the next trading day.
# The samples are split in time, never shuffled: what comes later tests what was learnt
# before. The last day of all has no target yet; it gives the forecast that one would use.


def split(prices: pd.DataFrame) -> tuple[pd.Index, pd.Index, pd.Index]:
    """Give the days on which to forecast: for training, validation and the test."""
    days = prices.index[:-1]
    development, test = train_test_split(days, test_size=HELD_OUT, shuffle=False)
    train, validation = train_test_split(development, test_size=HELD_OUT, shuffle=False)
    return train, validation, test


def plot_split(
    prices: pd.DataFrame, train: pd.Index, validation: pd.Index, test: pd.Index
) -> plt.Figure:
    figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
    parts = {"Training": train, "Validation": validation, "Test": test}
    for (name, days), color in zip(parts.items(), (OTHER, LIGHT, LSTM), strict=True):
        label = f"{name}, {len(days)} days"
        ax.plot(prices["Close"][days], color=color, linewidth=1.1, label=label)
        ax.axvspan(days[0], days[-1], color=color, alpha=0.08, linewidth=0)
    ax.set(title="The split, in order of time", ylabel="Closing price (US dollars)")
    ax.legend(loc="upper left", frameon=False)
    tidy_dates(ax)
    return figure


# %%
# What to forecast
# ----------------
#
# The network can be given prices and asked for a price, or be given changes and asked for
# a change, from which a price follows. A price wanders: what it was in training need not
# come back, and a network asked for it first has to learn to repeat its last input before
# it can learn anything else. Changes stay in one range all the time, and to forecast none
# is already as good as persistence. That is the theory; the validation days decide.


def as_price(close: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Give prices as inputs, and the next day's price as the target."""
    return close.to_frame(), close.shift(-1)


def as_return(close: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Give log returns as inputs, and the next day's as the target.

    The first day has none. It stays NaN: an unobserved step, which the LSTM leaves out.
    """
    returns = np.log(close).diff().rename("Return")
    return returns.to_frame(), returns.shift(-1)


def price_from_price(forecast: np.ndarray, today: pd.Series) -> pd.Series:
    return pd.Series(forecast, index=today.index)


def price_from_return(forecast: np.ndarray, today: pd.Series) -> pd.Series:
    return today * np.exp(forecast)


FORMS = {
    "LSTM on prices": (as_price, price_from_price),
    "LSTM on returns": (as_return, price_from_return),
}


# %%
# The model
# ---------
#
# Windows, scaling and validation are part of the model, so that none can look ahead:
#
# - A window ends at its own day. ``gaps="ignore"`` takes Monday as the step after Friday;
#   ``context="fit"`` lets the windows of the first test days reach back across the split.
# - ``early_stopping=True`` holds out the last of the samples given to ``fit``, which are
#   those that `split` calls validation, leaves out those before whose windows overlap with
#   them, and in the end goes back to the best weights.
# - The regressor standardises by what is left for training, not by the held-out days. A
#   `StandardScaler` at the head of the pipeline would have seen these too.


def make_model() -> Pipeline:
    return make_pipeline(
        SlidingWindowTransformer(WINDOW, gaps="ignore", context="fit"),
        LSTMRegressor(
            hidden_size=50,
            num_layers=3,
            dropout=0.2,
            max_epochs=60,
            early_stopping=True,
            validation_fraction=HELD_OUT,
            random_state=0,
        ),
    )


def forecast(
    form: str, close: pd.Series, train: pd.Index, validation: pd.Index
) -> tuple[LSTMRegressor, pd.Series]:
    """Fit on the days up to the test, and forecast from every day.

    Parameters
    ----------
    form : str
        Key of `FORMS`.
    close : pandas.Series
        Closing prices, in dollars.
    train, validation : pandas.Index
        Days whose targets may be learnt from.

    Returns
    -------
    regressor : LSTMRegressor
        The fitted network.
    prices : pandas.Series
        For each day the forecast, made after its close, of the next close, in dollars.
    """
    represent, price_from = FORMS[form]
    X, y = represent(close)
    n_known = len(train) + len(validation)
    model = make_model().fit(X[:n_known], y[:n_known])
    predicted = np.concatenate([model.predict(X[:n_known]), model.predict(X[n_known:])])
    return model[-1], price_from(predicted, close)


def compare(
    forecasts: dict[str, pd.Series], tomorrow: pd.Series, days: pd.Index
) -> pd.DataFrame:
    """Measure the errors of the forecasts made on some days."""
    measures = {
        "MAE ($)": mean_absolute_error,
        "RMSE ($)": root_mean_squared_error,
        "MAPE (%)": lambda y, p: 100 * mean_absolute_percentage_error(y, p),
    }
    rows = {
        name: {
            measure: error(tomorrow[days], prices[days])
            for measure, error in measures.items()
        }
        for name, prices in forecasts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def plot_losses(regressors: dict[str, LSTMRegressor]) -> plt.Figure:
    figure, axes = plt.subplots(
        1, len(regressors), figsize=(11, 4.5), layout="constrained", squeeze=False
    )
    for ax, (name, regressor) in zip(axes.flat, regressors.items(), strict=True):
        epochs = np.arange(1, regressor.n_epochs_ + 1)
        ax.plot(epochs, regressor.loss_curve_, color=OTHER, label="Training")
        ax.plot(epochs, regressor.validation_loss_curve_, color=LSTM, label="Validation")
        best = f"Best epoch, {regressor.best_epoch_}"
        ax.axvline(regressor.best_epoch_, color=REAL, linestyle=":", label=best)
        ax.set(title=name, xlabel="Epoch", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(frameon=False)
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("Mean squared error\n(of standardised targets)")
    return figure


def plot_forecast(
    name: str, close: pd.Series, predicted: pd.Series, test: pd.Index
) -> plt.Figure:
    """Draw what came and what was forecast, each over the day it is for."""
    tomorrow = close.shift(-1)
    day = next_days(close.index)[test]
    figure, (price, change) = plt.subplots(
        2, 1, figsize=(10, 7.5), sharex=True, height_ratios=[2, 1], layout="constrained"
    )
    price.plot(day, tomorrow[test], color=REAL, linewidth=1.3, label="Real")
    price.plot(day, predicted[test], color=LSTM, linewidth=1.3, label=name)
    price.plot(
        next_days(close.index).iloc[-1],
        predicted.iloc[-1],
        color=LSTM,
        marker="*",
        markersize=11,
        linestyle="none",
        label=f"Next trading day: ${predicted.iloc[-1]:.2f}",
    )
    price.set(title="The test: close, forecast one day ahead", ylabel="Price (US dollars)")
    price.legend(loc="lower left", frameon=False)
    change.bar(day, (tomorrow - close)[test], width=1, color="#bbbbbb", label="Real")
    change.plot(day, (predicted - close)[test], color=LSTM, linewidth=1.3, label=name)
    change.set(title="As the change from the day before", ylabel="Change (US dollars)")
    change.legend(loc="lower right", ncols=2, frameon=False)
    for ax in (price, change):
        tidy_dates(ax)
    return figure


def next_days(days: pd.DatetimeIndex) -> pd.Series:
    """Give the trading day after each; after the last, the next that is no weekend."""
    return pd.Series(days[1:].append(days[-1:] + pd.offsets.BDay()), index=days)


def tidy_dates(ax: plt.Axes) -> None:
    locator = AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    ax.grid(alpha=0.25)
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)


# %%
# All of it
# ---------


def main(folder: str = "figures") -> None:
    """Print the tables and save the pictures."""
    # A network as small as this is as fast on one core; and the order of floating-point
    # sums, so the last digits, then do not depend on how many cores there are.
    torch.set_num_threads(1)
    prices = load_netflix()
    close = prices["Close"]
    tomorrow = close.shift(-1)
    train, validation, test = split(prices)
    print_summary(prices)

    regressors, forecasts = {}, {"Persistence": close}
    for form in FORMS:
        regressors[form], forecasts[form] = forecast(form, close, train, validation)

    validated = compare(forecasts, tomorrow, validation)
    print(f"\nValidation, {len(validation)} days: chooses between the networks")
    print(validated.round(3).to_string())
    chosen = validated.loc[list(FORMS), "MAE ($)"].idxmin()
    print(f"Chosen: {chosen}")

    tested = compare({n: forecasts[n] for n in (chosen, "Persistence")}, tomorrow, test)
    print(f"\nTest, {len(test)} days: seen once, after the choice")
    print(tested.round(3).to_string())
    print(f"Smaller absolute error: {tested['MAE ($)'].idxmin()}")

    day = next_days(close.index).iloc[-1]
    print(f"\nForecast of {chosen} for the next trading day, {day:%Y-%m-%d}:", end=" ")
    print(f"${forecasts[chosen].iloc[-1]:.2f} (last close: ${close.iloc[-1]:.2f})")

    figures = {
        "close": plot_close(prices),
        "panels": plot_panels(prices),
        "histograms": plot_histograms(prices),
        "split": plot_split(prices, train, validation, test),
        "losses": plot_losses(regressors),
        "forecast": plot_forecast(chosen, close, forecasts[chosen], test),
    }
    save(figures, Path(folder))


def save(figures: dict[str, plt.Figure], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"netflix_{name}.png", dpi=120)
        plt.close(figure)
    print(f"\n{len(figures)} pictures saved in {folder}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
