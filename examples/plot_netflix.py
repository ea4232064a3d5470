"""
Forecast a share price, and see whether it was worth it
=======================================================

A first LSTM project from end to end: four years of daily Netflix prices are looked at,
split in time, cut into windows of 30 trading days and given to three LSTM layers. The
forecast of tomorrow's close is then set beside the one that anybody can make: that the
price stays what it is today, called persistence.

As a script, ``python examples/plot_netflix.py folder`` saves the pictures in that folder.
It needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

# sphinx_gallery_thumbnail_number = -1

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
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
HELD_OUT = 0.15  # the last share of the days to test on; of those before, to validate on

torch.set_num_threads(1)  # a network this small is as fast, and sums in one order
plt.rcParams["figure.constrained_layout.use"] = True

# %%
# The data
# --------


prices = load_netflix()
close = prices["Close"]
print(f"{len(prices)} trading days. Missing values:")
print(prices.isna().sum().to_string())

average = close.rolling(14).mean().rename("Average of the last 14 days")
lines = pd.concat([close, average], axis=1)
ax = lines.plot(figsize=(9, 4.5), ylabel="Netflix (US dollars)")
figures = {"close": ax.figure}

# %%
# Each column, and how its values are spread. The adjusted close is the close here.

columns = prices.drop(columns="Adj Close")
columns["Volume (millions)"] = columns.pop("Volume") / 1e6
size = {"figsize": (11, 7), "layout": (3, 2)}
figures["panels"] = columns.plot(subplots=True, **size)[0, 0].figure
values = columns.assign(**{"Change of the close": close.pct_change()})
figures["histograms"] = values.hist(bins=40, **size)[0, 0].figure

# %%
# Samples and their split
# -----------------------
#
# A sample is a day on which to forecast, and its target the close of the next trading day.
# The samples are split in time, never shuffled: what comes later tests what was learnt
# before. The last day of all has no target yet; it gives the forecast that one would use.


known, test = train_test_split(np.arange(len(close) - 1), test_size=HELD_OUT, shuffle=False)
train, validation = train_test_split(known, test_size=HELD_OUT, shuffle=False)

# Targets of the last training days would lie in windows that validate.
cv = [(train[: 1 - WINDOW], validation), (known, test)]
windows = WindowDisplay.from_splitter(cv, close[:-1], window_length=WINDOW, horizon=1)
windows.ax_.set_yticks([1, 2], ["Validation", "Test"])
figures["split"] = windows.figure_

# %%
# What to forecast
# ----------------
#
# A price, or a change, from which a price follows? Prices wander: what they were in
# training need not come back, and a network first has to learn to repeat its last input.
# Changes stay in one range, and to forecast none is already as good as persistence. That is
# the theory; the validation days decide.


def returns_of(close: pd.Series) -> pd.Series:
    """Give log returns. The first day has none: NaN is a step that the LSTM leaves out."""
    return np.log(close).diff().rename("Return")


# How the network sees prices, and which price its forecast is.
FORMS = {
    "LSTM on prices": (lambda close: close, lambda said, today: said),
    "LSTM on returns": (returns_of, lambda said, today: today * np.exp(said)),
}


# %%
# The model
# ---------
#
# Windows, scaling and validation are part of the model, so that none can look ahead:
#
# - A window ends at its own day. ``gaps="ignore"`` takes Monday as the step after Friday;
#   ``context="fit"`` lets the windows of the first test days reach back across the split.
# - ``early_stopping=True`` holds out the last samples given to ``fit``, the validation
#   days, and in the end goes back to the best weights. Samples before whose
#   windows overlap with them are left out.
# - The regressor standardises by what is left for training. A `StandardScaler` at the head
#   of the pipeline would have seen the held-out days too.


def forecast(form: str, close: pd.Series, n_known: int) -> tuple[Pipeline, np.ndarray]:
    """Fit on the days up to the test; from each day, forecast the next close in dollars."""
    represent, price_from = FORMS[form]
    X, y = represent(close).to_frame(), represent(close).shift(-1)
    model = make_pipeline(
        SlidingWindowTransformer(WINDOW, gaps="ignore", context="fit"),
        LSTMRegressor(hidden_size=50, num_layers=3, dropout=0.2, max_epochs=60,
                      early_stopping=True, validation_fraction=HELD_OUT, random_state=0),
    ).fit(X[:n_known], y[:n_known])  # fmt: skip
    said = np.concatenate([model.predict(X[:n_known]), model.predict(X[n_known:])])
    return model, price_from(said, close.to_numpy())


# A forecast stands in the row of the day that it is for, which is the next one.
days = close.index[1:].append(close.index[-1:] + pd.offsets.BDay())
table = pd.DataFrame({"Truth": close.reindex(days), "Persistence": close.to_numpy()})
models = {}
for form in FORMS:
    models[form], table[form] = forecast(form, close, test[0])

# %%
# How training went
# -----------------
#
# The losses share one meaning: 1 is that of "always the mean of the training days". Prices
# leave that mean behind: to forecast them better is no feat.

figures["losses"], axes = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    TrainingCurveDisplay.from_estimator(model, relative=True, ax=ax)
    ax.set(title=name, yscale="log")

# %%
# Which network
# -------------


def errors_of(table: pd.DataFrame) -> pd.DataFrame:
    """Measure the errors of some days' forecasts."""
    truth = table["Truth"]
    error = table.drop(columns="Truth").sub(truth, axis=0)
    mae, rmse = error.abs().mean(), (error**2).mean() ** 0.5
    mape = 100 * error.div(truth, axis=0).abs().mean()
    return pd.DataFrame({"MAE ($)": mae, "RMSE ($)": rmse, "MAPE (%)": mape})


validated = errors_of(table.iloc[validation])
chosen = validated.loc[list(FORMS), "MAE ($)"].idxmin()
print(f"\nValidation, {len(validation)} days: chooses between the networks")
print(validated.round(3).to_string(), f"\nChosen: {chosen}")

# %%
# Was it worth it?
# ----------------

tested = errors_of(table.iloc[test][["Truth", chosen, "Persistence"]])
print(f"\nTest, {len(test)} days: seen once, after the choice")
print(tested.round(3).to_string())
print(f"Smaller absolute error: {tested['MAE ($)'].idxmin()}")
print(f"\nForecast of {chosen} for the next trading day, {days[-1]:%Y-%m-%d}: "
      f"${table[chosen].iloc[-1]:.2f} (last close: ${close.iloc[-1]:.2f})")  # fmt: skip

figure, ax = plt.subplot_mosaic([["price"] * 2, ["errors", "lags"]], figsize=(10, 7))
ahead = table.iloc[test[0] :]
ForecastDisplay.from_predictions(
    close[: test[0] + 1], ahead[chosen], y_true=ahead["Truth"],
    persistence=ahead["Persistence"], n_context=20, name=chosen, ax=ax["price"],
)  # fmt: skip
left = ahead["Truth"], ahead[chosen]
ResidualDisplay.from_predictions(*left, ax=[ax["errors"], ax["lags"]])
ax["price"].set(title="The test: one day ahead", ylabel="Close (US dollars)")
figures["forecast"] = figure

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"netflix_{name}.png", dpi=120)
    print(f"\n{len(figures)} pictures saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
