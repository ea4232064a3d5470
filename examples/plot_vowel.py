"""
A spoken vowel, and a movement
==============================

Who said this vowel, and how does somebody move? Nine men say two Japanese vowels, each as
long as it takes, from 7 to 29 steps of twelve numbers; and what a smart watch feels is six
numbers, ten times a second. What tells lies in short shapes and in their order.
Convolutions see the shapes, and an LSTM the order: alone it has to find both, and with few
series it does so less well.

Of 370 new vowels the network with convolutions beside the LSTM tells the speaker of 99 %.
The LSTM alone tells 97 %, a logistic regression on the mean and the deviation of each
number 96 %, and the nearest neighbour 95 %. Movements are easy for whoever sees shapes:
with convolutions all 40 new ones are told, by the regression 95 %, by the neighbour 65 %.

As a script, ``python examples/plot_vowel.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[sktime,examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.datasets import load_basic_motions, load_japanese_vowels

from sklstm.sktime import LSTMTimeSeriesClassifier

Series = list[np.ndarray]
N_POINTS = 20


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Simple methods need a table: series of one length, or numbers for each series
# -----------------------------------------------------------------------------


def resampled(series: Series) -> np.ndarray:
    """Give each series as many points, between its own."""
    at = np.linspace(0, 1, N_POINTS)
    return np.array(
        [
            np.concatenate([np.interp(at, np.linspace(0, 1, len(s)), c) for c in s.T])
            for s in series
        ]
    )


def means_and_deviations(series: Series) -> np.ndarray:
    return np.array([np.concatenate([s.mean(axis=0), s.std(axis=0)]) for s in series])


# %%
# The networks take series of any length
# --------------------------------------


def shares(load: Callable) -> dict[str, float]:
    """Give the share of the test series that each method tells rightly."""
    (X, y), (X_test, y_test) = (
        load(split=split, return_type="pd-multiindex") for split in ("train", "test")
    )
    series, new = ([s.to_numpy() for _, s in part.groupby(level=0)] for part in (X, X_test))
    nearest = KNeighborsClassifier(1).fit(resampled(series), y)
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    regression.fit(means_and_deviations(series), y)
    networks = {
        "LSTM alone": LSTMTimeSeriesClassifier(
            convolution=None, hidden_size=32, dropout=0.3, max_epochs=60, random_state=0
        ),
        "Convolutions before": LSTMTimeSeriesClassifier(
            convolution="before", conv_filters=(64, 64), conv_kernel_sizes=(8, 5),
            hidden_size=32, dropout=0.3, max_epochs=60, random_state=0,
        ),
        "Convolutions beside": LSTMTimeSeriesClassifier(max_epochs=60, random_state=0),
    }  # fmt: skip
    return {
        "Nearest neighbour": nearest.score(resampled(new), y_test),
        "Regression": regression.score(means_and_deviations(new), y_test),
        **{name: model.fit(X, y).score(X_test, y_test) for name, model in networks.items()},
    }


told = {"speaker": shares(load_japanese_vowels), "movement": shares(load_basic_motions)}
table = pd.DataFrame(told)
print("Share of new series that are told rightly")
print(table.to_string(float_format="{:.3f}".format))

# %%
# Two speakers say the same, and how many are told wrongly
# --------------------------------------------------------

X, y = load_japanese_vowels(split="train", return_type="pd-multiindex")
figure, axes = plt.subplots(1, 3, figsize=(10, 3.5), layout="constrained")
for ax, speaker in zip(axes, ("1", "2"), strict=False):
    number = np.flatnonzero(y == speaker)[0]
    X.loc[number].plot(ax=ax, legend=False, title=f"Speaker {speaker}", xlabel="step")
(1 - table["speaker"]).plot.barh(ax=axes[2], xlabel="share told wrongly")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "vowel.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
