"""
The load of the next day, with intervals
========================================

How much electricity will a town take in each of the next 24 hours, and how sure is that?
Much of this town heats with it, and walls keep their warmth for days: what counts is how
cold it has been, hour by hour. An LSTM reads the last 72 hours as they are, with the
weather forecast and the calendar of the hours to come. `ConformalRegressor` keeps later
rows from its training, sees how far off it is there, and makes intervals of that.

On the last 60 days the error of the LSTM is 1.7 MW. The same hour of the day before is 5.4
MW off, gradient boosting on lags 2.5, and 2.0 with means of the temperature that are made
by hand. Intervals that promise to hold 90 % of the loads hold 91 %.

As a script, ``python examples/plot_load.py folder`` saves the pictures in that folder. It
needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from sklstm import (
    ConformalRegressor,
    LSTMRegressor,
    SlidingWindowTransformer,
    future_targets,
)
from sklstm.datasets import make_load
from sklstm.metrics import coverage, width
from sklstm.plotting import ForecastDisplay

DAY, WEEK, WINDOW = 24, 168, 72
N_TEST = 60 * DAY


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# What is known at each hour, and what is to be known
# ---------------------------------------------------
#
# Weather and calendar of the coming day are known today: ``shift`` moves them back to the
# hour at which they are known.

hours = make_load(600, random_state=2)
load, known = hours["load"], hours.drop(columns="load").assign(hour=hours.index.hour)
X = hours[["load"]].join(known.shift(-DAY).add_suffix("_ahead"))
y = future_targets(load, horizon=DAY)
test = len(hours) - N_TEST
rows = np.arange(test, len(hours) - DAY)  # those that have a day after them
truth = y.iloc[rows].to_numpy()

# %%
# The network, and what measures it
# ---------------------------------

lstm = LSTMRegressor(
    horizon=DAY,
    loss="quantile",
    quantile=[0.05, 0.5, 0.95],
    hidden_size=64,
    patch_length=6,
    batch_size=128,
    max_epochs=12,
    random_state=0,
)
model = ConformalRegressor(
    make_pipeline(SlidingWindowTransformer(WINDOW), lstm), coverage=0.9
).fit(X[:test], y[:test])
seen = X[test - WINDOW + 1 : -DAY]  # with what the first window looks back at
forecast = model.predict(seen)[WINDOW - 1 :]
interval = model.predict_interval(seen)[WINDOW - 1 :]

# %%
# Beside it: nothing new, the day before, and boosting on lags
# ------------------------------------------------------------


def table(rows: np.ndarray, lead: int, means: tuple[int, ...]) -> np.ndarray:
    """Give loads an hour, a day and a week ago, and what is known of the hour to come."""
    beside = known.assign(
        lead=lead, **{f"{n}": known["temperature"].rolling(n, 1).mean() for n in means}
    )
    past = [load.shift(n) for n in (0, 1, DAY - lead, WEEK - lead)]
    return pd.concat([*past, beside.shift(-lead)], axis=1).to_numpy()[rows]


def boosted(means: tuple[int, ...]) -> np.ndarray:
    leads, past = range(1, DAY + 1), np.arange(WEEK, test - DAY, 2)
    boosting = HistGradientBoostingRegressor(max_iter=200, random_state=0).fit(
        np.concatenate([table(past, lead, means) for lead in leads]),
        y.to_numpy()[past].T.ravel(),
    )
    return np.column_stack([boosting.predict(table(rows, lead, means)) for lead in leads])


forecasts = {
    "Persistence": load.to_numpy()[rows][:, None],
    "The day before": np.column_stack([load.to_numpy()[rows + k] for k in range(-23, 1)]),
    "Boosting on lags": boosted(()),
    "Boosting, and means": boosted((DAY, 3 * DAY)),
    "LSTM": forecast,
}
errors = {name: np.abs(truth - said) for name, said in forecasts.items()}
print("Mean absolute error of the next 24 hours, MW")
for name, error in errors.items():
    print(f"{name:20} {error.mean():6.2f}")
inside = coverage(truth, interval)
print(f"Share within intervals of {width(truth, interval):.1f} MW: {inside:.3f}")

# %%
# One day, and the errors by how far ahead they are
# -------------------------------------------------

at = rows[31 * DAY - 1]  # the last hour of a day
days = slice(at + 1, at + 1 + DAY)
ends = pd.DataFrame(interval[at - test], load.index[days])
display = ForecastDisplay.from_predictions(
    load[: at + 1],
    pd.Series(forecast[at - test], load.index[days]),
    intervals={0.9: ends},
    y_true=load[days],
    n_context=WINDOW,
)
by_lead = {name: error.mean(axis=0) for name, error in errors.items()}
axes = pd.DataFrame(by_lead, index=range(1, DAY + 1)).plot(
    ylim=(0, 8), xlabel="hours ahead", ylabel="mean absolute error, MW"
)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    display.figure_.savefig(folder / "load_forecast.png", dpi=120)
    axes.figure.savefig(folder / "load_errors.png", dpi=120, bbox_inches="tight")
    print(f"Pictures saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
