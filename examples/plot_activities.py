"""
What somebody does, second by second
====================================

A sensor on the belt says every second how strongly its wearer moves and how high he is. Is
he sitting, walking, climbing stairs or running? Everybody moves in a way of their own, and
the barometer drifts, so that no second tells by itself. Recordings are hundreds of seconds
long: they are cut into sequences without overlap, and what is predicted of the steps is put
back beside the rows.

Of ten people who were not learnt from the LSTM tells 89 % of the seconds rightly. Gradient
boosting on means and changes over some seconds to each side tells 76 %.

As a script, ``python examples/plot_activities.py folder`` saves the picture in that folder.
It needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from sklstm import LSTMClassifier, cut_sequences, join_sequences
from sklstm.datasets import make_activities

READ = ["person", "second", "motion", "rise"]


def told(seconds: pd.DataFrame) -> pd.DataFrame:
    """Say it in better units: the order of the strength, and the change of height."""
    rise = seconds.groupby("person")["height"].diff().fillna(0.0)
    return seconds.assign(motion=np.log(seconds["motion"]), rise=rise)


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# The LSTM reads recordings, cut to two minutes
# ---------------------------------------------


def learn(seconds: pd.DataFrame) -> LSTMClassifier:
    X, y, _ = cut_sequences(
        seconds[READ], seconds["activity"], length=120, groups="person", time="second"
    )
    model = LSTMClassifier(
        return_sequences=True, bidirectional=True, dropout=0.3, random_state=0
    )
    return model.fit(X, y)


def predict(model: LSTMClassifier, seconds: pd.DataFrame) -> np.ndarray:
    X, _, rows = cut_sequences(seconds[READ], groups="person", time="second")
    return join_sequences(model.predict(X), rows)


# %%
# A simple method beside it: what happens within some seconds
# -----------------------------------------------------------


def within(seconds: pd.DataFrame, n: int = 9) -> pd.DataFrame:
    by_person = seconds.groupby("person")
    motion = by_person["motion"].rolling(n, center=True, min_periods=1)
    return pd.DataFrame(
        {
            "mean": motion.mean().to_numpy(),
            "deviation": motion.std().fillna(0).to_numpy(),
            "before": by_person["height"].diff(n).fillna(0).to_numpy(),
            "after": by_person["height"].diff(-n).fillna(0).to_numpy(),
        }
    )


# %%
# Ten people who were not learnt from
# -----------------------------------

seconds = told(make_activities(30))
train = seconds[seconds["person"] < 20]
test = seconds[seconds["person"] >= 20].reset_index(drop=True)

said = predict(learn(train), test)
boosting = HistGradientBoostingClassifier(random_state=0)
simple = boosting.fit(within(train), train["activity"]).predict(within(test))
print("Share of the seconds of ten new people that are told rightly")
print(f"Gradient boosting  {np.mean(simple == test['activity']):.3f}")
print(f"LSTM               {np.mean(said == test['activity']):.3f}")

# %%
# One of them
# -----------

one = test["person"] == 20
lines = {"truth": test["activity"][one], "LSTM": said[one], "boosting": simple[one]}
figure, axes = plt.subplots(4, figsize=(8, 6), sharex=True, layout="constrained")
test[one].plot(x="second", y=["motion", "height"], secondary_y="height", ax=axes[0])
order = ["sit", "walk", "climb", "run"]
for ax, (name, activity) in zip(axes[1:], lines.items(), strict=True):
    ax.step(test["second"][one], [order.index(a) for a in activity], where="mid")
    ax.set(ylabel=name, yticks=range(4), yticklabels=order)
axes[-1].set_xlabel("second")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "activities.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
