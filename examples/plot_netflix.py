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
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    root_mean_squared_error,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.datasets import load_netflix
from sklstm.plotting import (
    ForecastDisplay,
    ResidualDisplay,
    TrainingCurveDisplay,
    WindowDisplay,
)

WINDOW = 30  # trading days that the network sees
AVERAGE = 14  # trading days of the moving average
HELD_OUT = 0.15  # the last share of the days to test on; of those before, to validate on

LSTM = "#d55e00"  # this and the others can be told apart without colour vision
STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=["#0072b2", LSTM, "#009e73"]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "date.converter": "concise",
    "figure.constrained_layout.use": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}


# %%
# The data
# --------


def print_summary(prices: pd.DataFrame) -> None:
    first, last = prices.index[[0, -1]]
    print(f"{len(prices)} trading days, {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    print("\nMissing values")
    print(prices.isna().sum().to_string())


def draw_lines(ax: plt.Axes, lines: pd.DataFrame, **labels: str) -> None:
    for name, line in lines.items():
        ax.plot(line, linewidth=0.9, label=name)
    ax.set(**labels)
    ax.legend(loc="upper left")


def plot_close(prices: pd.DataFrame) -> plt.Figure:
    lines = prices[["Close"]]
    lines[f"Average of the last {AVERAGE} days"] = lines["Close"].rolling(AVERAGE).mean()
    figure, ax = plt.subplots(figsize=(9, 4.5))
    draw_lines(ax, lines, title="Netflix, closing price", ylabel="Price (US dollars)")
    return figure


def plot_panels(prices: pd.DataFrame) -> plt.Figure:
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharex=True)
    close, volume, extremes, opening = axes.flat
    draw_lines(close, prices[["Close"]], ylabel="Price (US dollars)")
    draw_lines(volume, prices[["Volume"]] / 1e6, ylabel="Shares traded (millions)")
    draw_lines(extremes, prices[["High", "Low"]], ylabel="Price (US dollars)")
    draw_lines(opening, prices[["Open"]], ylabel="Price (US dollars)")
    volume.set_ylim(0, 70)
    return figure


def plot_histograms(prices: pd.DataFrame) -> plt.Figure:
    values = prices[["Open", "High", "Low", "Close"]].add_suffix(" (US dollars)")
    values["Volume (millions of shares)"] = prices["Volume"] / 1e6
    values["Change of the close in a day (%)"] = prices["Close"].pct_change() * 100
    axes = values.hist(bins=40, figsize=(11, 6.2), layout=(2, 3))
    for ax in axes[:, 0]:
        ax.set_ylabel("Trading days")
    return axes[0, 0].figure


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
    """Draw the parts, and the windows of the days on which one ends and the next begins."""
    figure, (price, rows) = plt.subplots(2, 1, figsize=(9, 6), sharex=True)
    parts = {"Training": train, "Validation": validation, "Test": test}
    lines = {f"{name}, {len(x)} days": prices["Close"][x] for name, x in parts.items()}
    draw_lines(price, pd.DataFrame(lines), ylabel="Closing price (US dollars)")
    known, last = np.arange(len(train) + len(validation)), np.arange(len(prices) - 1)
    cv = [(known[: 1 - WINDOW - len(validation)], known[len(train) :])]
    cv.append((known, last[len(known) :]))
    WindowDisplay.from_splitter(cv, prices, window_length=WINDOW, horizon=1, ax=rows)
    rows.set_yticks([1, 2], ["Validation", "Test"])
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
    """Draw the losses of all networks on one scale: 1 is that of always the mean.

    It is the mean of the training targets. Returns have no other mean later; prices do, and
    to forecast them better than by the price of years ago is no feat.
    """
    figure, axes = plt.subplots(1, len(regressors), figsize=(11, 4.5), sharey=True)
    for ax, (name, regressor) in zip(axes, regressors.items(), strict=True):
        TrainingCurveDisplay.from_estimator(regressor, relative=True, ax=ax)
        ax.set(title=name, yscale="log")
    return figure


def plot_forecast(
    name: str, close: pd.Series, predicted: pd.Series, test: pd.Index
) -> plt.Figure:
    """Draw what came and what was forecast, each over the day it is for; and the errors."""
    panels = [["price", "price"], ["change", "change"], ["errors", "lags"]]
    figure, axes = plt.subplot_mosaic(panels, figsize=(10, 10), height_ratios=[5, 3, 3])
    day, known = next_days(close.index), close[: test[0]]
    prices = pd.DataFrame({"came": close.shift(-1), "said": predicted, "today": close})
    prices = prices.loc[test].set_axis(day[test])
    changes = prices.sub(prices["today"], axis=0)
    for panel, past, ahead in (
        ("price", known, prices),
        ("change", known.diff(), changes),
    ):
        ForecastDisplay.from_predictions(
            past,
            ahead["said"],
            y_true=ahead["came"],
            persistence=ahead["today"],
            n_context=20,
            name=name,
            ax=axes[panel],
        )
    ResidualDisplay.from_predictions(
        prices["came"], prices["said"], ax=[axes["errors"], axes["lags"]]
    )
    label = f"Next trading day: ${predicted.iloc[-1]:.2f}"
    axes["price"].plot(day.iloc[-1], predicted.iloc[-1], "*", color=LSTM, label=label)
    axes["price"].legend()
    axes["price"].set(title="The test: close, forecast one day ahead", ylabel="US dollars")
    axes["change"].set(title="As the change from the day before", ylabel="US dollars")
    axes["errors"].set(ylabel="Error (US dollars)")
    return figure


def next_days(days: pd.DatetimeIndex) -> pd.Series:
    """Give the trading day after each; after the last, the next that is no weekend."""
    return pd.Series(days[1:].append(days[-1:] + pd.offsets.BDay()), index=days)


# %%
# All of it
# ---------


def main(folder: str = "figures") -> None:
    """Print the tables and save the pictures."""
    # A network as small as this is as fast on one core; and the order of floating-point
    # sums, so the last digits, then do not depend on how many cores there are.
    torch.set_num_threads(1)
    plt.rcParams.update(STYLE)
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
