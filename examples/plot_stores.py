"""
Twenty stores, the next week
============================

How much will each store sell on each of the next seven days? Stores differ in size by a
factor of up to a hundred. All plan their promotions ahead, and know when they open; the
first days of a promotion sell most, and then customers have full pantries for a while. One
network learns from all stores, each in units of its own size, and reads the promotions of
the week to come in a decoder, day by day.

Over eight weeks the network is off by 6 % of what a store sells. Gradient boosting on two
weeks of sales and three of promotions is off by 10 %, the week before by 35 %.

As a script, ``python examples/plot_stores.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[sktime,examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingRegressor

from sklstm.datasets import make_stores
from sklstm.sktime import LSTMForecaster, from_long

KNOWN = ["discount", "open", "weekday"]
WEEK, N_WEEKS = 7, 8


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# A long frame gets sktime's index; the last eight weeks are the test
# -------------------------------------------------------------------

sales = make_stores(random_state=2)
sales["weekday"] = sales["day"].dt.day_name()
panel = from_long(sales, id="store", time="day")
day = panel.index.get_level_values("day")
days = day.unique()
begins = range(len(days) - N_WEEKS * WEEK, len(days), WEEK)

# %%
# One network for all stores
# --------------------------
#
# It is trained once. Then each week is forecast, and its rows are handed over; with
# ``update_params=False`` that costs next to nothing.

forecaster = LSTMForecaster(
    "seq2seq",
    window_length=28,
    season_length=None,  # the weekday is a column of X
    hidden_size=64,
    dropout=0,
    weight_decay=0,
    max_steps=2000,
    random_state=0,
)
past = day < days[begins[0]]
forecaster.fit(panel[past][["sales"]], X=panel[past][KNOWN], fh=range(1, WEEK + 1))
forecasts, intervals = [], []
for begin in begins:
    week = panel[day.isin(days[begin : begin + WEEK])]
    forecasts.append(forecaster.predict(X=week[KNOWN]))
    intervals.append(forecaster.predict_interval(X=week[KNOWN], coverage=0.9))
    forecaster.update(week[["sales"]], X=week[KNOWN], update_params=False)
by_network = pd.concat(forecasts)["sales"].unstack("store").to_numpy()

# %%
# Beside it: the week before, and gradient boosting in units of each store's size
# -------------------------------------------------------------------------------

sold, discount, is_open = (
    panel[name].unstack("store").to_numpy() for name in ("sales", "discount", "open")
)


def rows(begin: int) -> Iterator[np.ndarray]:
    """Give two weeks of sales, three of promotions and openings, and the day."""
    known = [sold[begin - 14 : begin] / size(begin)]
    known += [part[begin - 14 : begin + WEEK] for part in (discount, is_open)]
    for lead in range(WEEK):
        day = np.full((2, sold.shape[1]), [[lead], [(begin + lead) % WEEK]])
        yield np.concatenate([*known, day]).T


def size(begin: int) -> np.ndarray:
    return sold[begin - 56 : begin].mean(axis=0)


learnt = range(56, begins[0] - WEEK)
boosting = HistGradientBoostingRegressor(max_iter=300, random_state=0).fit(
    np.concatenate([row for begin in learnt for row in rows(begin)]),
    np.concatenate([(sold[i : i + WEEK] / size(i)).ravel() for i in learnt]),
)
boosted = [
    boosting.predict(np.concatenate([*rows(i)])).reshape(WEEK, -1) * size(i) for i in begins
]
truth = sold[begins[0] :]
table = {
    "The week before": sold[begins[0] - WEEK : -WEEK],
    "Boosting": np.concatenate(boosted),
    "LSTM": by_network,
}
print("Mean absolute error relative to the sales of the store")
errors = {
    name: np.abs(truth - said).mean(axis=0) / truth.mean(axis=0)
    for name, said in table.items()
}
for name, error in errors.items():
    print(f"{name:16}  {error.mean():.3f}")

# %%
# The stores one by one, and three weeks of the first
# ---------------------------------------------------

figure, (left, right) = plt.subplots(
    1, 2, figsize=(11, 4), width_ratios=[1, 1.5], layout="constrained"
)
pd.DataFrame(errors).plot.box(ax=left, ylabel="relative error of a store", ylim=(0, None))
store = panel.index[0][0]
shown = pd.DataFrame(
    {"sales": truth[:21, 0], "LSTM": by_network[:21, 0]}, days[begins[0] :][:21]
)
shown.plot(ax=right, style=["k-", "C1.-"], title=store, xlabel="")
ends = pd.concat(intervals).loc[store][:21].to_numpy()
right.fill_between(shown.index, *ends.T, color="C1", alpha=0.2)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "stores.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
