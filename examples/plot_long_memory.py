"""
A long memory
=============

Two of 300 numbers are marked, one early and one late. What is their sum? The first of them
has to be kept for up to 300 steps, and its gradient has to come back as far: the classical
test of recurrent networks (Hochreiter and Schmidhuber, 1997). As PyTorch begins, an LSTM
forgets half at each step, so that nothing is left of the first number, nor of its gradient.
``memory_length=300`` lets the gates begin open for up to 300 steps (Tallec and Ollivier,
2018).

With it, an LSTM explains all of the variance of the sums of new sequences after 500 steps
of training. Without, it explains 56 %: the second number, which is half of it, and little
of the first. Linear regression and gradient boosting, which see all numbers and marks at
once, explain nothing.

As a script, ``python examples/plot_long_memory.py folder`` saves the picture in that
folder. It needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sklstm import LSTMRegressor
from sklstm.inspection import gradient_norms

N_STEPS = 300


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Two marked numbers
# ------------------


def make(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give numbers with their marks, one in each half, and the sum of those marked."""
    rng = np.random.default_rng(seed)
    numbers, marks = rng.uniform(size=(n, N_STEPS)), np.zeros((n, N_STEPS))
    half = N_STEPS // 2
    for places in (rng.integers(half, size=n), rng.integers(half, N_STEPS, size=n)):
        marks[np.arange(n), places] = 1
    return np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1)


X, y = make(4000, seed=0)
X_new, y_new = make(1000, seed=1)

# %%
# The same network, with and without a long memory at first
# ---------------------------------------------------------

options = {"hidden_size": 16, "batch_size": 64, "max_steps": 500, "random_state": 0}
plain = LSTMRegressor(**options).fit(X, y)
remembers = LSTMRegressor(memory_length=N_STEPS, **options).fit(X, y)


def flat(sequences: np.ndarray) -> np.ndarray:
    return sequences.reshape(len(sequences), -1)


said = {
    "Linear regression": Ridge().fit(flat(X), y).predict(flat(X_new)),
    "Boosting": HistGradientBoostingRegressor().fit(flat(X), y).predict(flat(X_new)),
    "LSTM": plain.predict(X_new),
    "LSTM, memory_length": remembers.predict(X_new),
}
print("Share of the variance that is explained, in new sequences")
for name, values in said.items():
    print(f"{name:20}  {r2_score(y_new, values):.3f}")

# %%
# Why: how much of a gradient comes back
# --------------------------------------
#
# Before anything is learnt, the gradient by the states of the first steps is either there
# or not. (Below 1e-44 float32 has no numbers.) An epoch is 25 steps here.

asleep = {"hidden_size": 16, "max_epochs": 1, "learning_rate": 1e-9, "random_state": 0}
memories = {"LSTM": None, "LSTM, memory_length": N_STEPS}
few = X[:64], y[:64]
norms = {
    name: gradient_norms(LSTMRegressor(memory_length=length, **asleep).fit(*few), *few)
    for name, length in memories.items()
}

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
pd.DataFrame(norms).plot(
    ax=left, logy=True, xlabel="step", ylabel="norm of the gradient", title="At first"
)
curves = {"LSTM": plain.loss_curve_, "LSTM, memory_length": remembers.loss_curve_}
pd.DataFrame(curves).plot(
    ax=right, logy=True, xlabel="epoch", ylabel="training loss", title="Learning"
)
right.axhline(1, color="gray", ls=":", label="always the mean")
right.legend()

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "long_memory.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
