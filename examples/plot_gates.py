"""
Inside the gates
================

A sensor reports numbers, and now and then a mark says: keep this one. What was the last
number that was marked? To answer, a network has to let one number in, and to forget the one
before it in the same step; in between it has to hold what it has. That is what the gates of
an LSTM are for, and here they can be seen at it.

The network of eight units gives the number back: it explains all of the variance, in
sequences that it has not seen. Linear regression explains 1 % and gradient boosting 28 %,
though both see all numbers and marks at once.

As a script, ``python examples/plot_gates.py folder`` saves the pictures in that folder. It
needs ``pip install "sklstm[examples]"`` and takes ten seconds.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sklstm import LSTMRegressor
from sklstm.inspection import gate_activations, saturation
from sklstm.plotting import GateDisplay, SaturationDisplay

N_STEPS = 30


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Numbers, and marks
# ------------------


def make(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give sequences of a number and a mark, and the last number that is marked."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, N_STEPS))
    marks = (rng.uniform(size=(n, N_STEPS)) < 0.1).astype(float)
    marks[:, 0] = 1
    last = N_STEPS - 1 - marks[:, ::-1].argmax(axis=1)
    return np.stack([numbers, marks], axis=2), numbers[np.arange(n), last]


X, y = make(4000, seed=0)
X_new, y_new = make(1000, seed=1)

# %%
# A network of eight units, and what does without one
# ---------------------------------------------------

network = LSTMRegressor(
    hidden_size=8, memory_length=N_STEPS, max_steps=5000, random_state=0
).fit(X, y)


def flat(sequences: np.ndarray) -> np.ndarray:
    return sequences.reshape(len(sequences), -1)


said = {
    "Linear regression": Ridge().fit(flat(X), y).predict(flat(X_new)),
    "Boosting": HistGradientBoostingRegressor().fit(flat(X), y).predict(flat(X_new)),
    "LSTM": network.predict(X_new),
}
print("Share of the variance that is explained, in new sequences")
for name, values in said.items():
    print(f"{name:18}  {r2_score(y_new, values):.3f}")

# %%
# Where the gates open
# --------------------
#
# `gate_activations` gives each gate and state at each step. On the mean over sequences and
# units, the input gate opens where there is a mark (in five of the eight units), and the
# forget gate is open (which means: nothing is forgotten) where there is none.

gates = gate_activations(network, X_new)
is_marked = X_new[:, :, 1] == 1
for name in ("input", "forget"):
    values = getattr(gates, name)
    at, elsewhere = values[is_marked].mean(), values[~is_marked].mean()
    print(f"{name:6} gate: {at:.2f} at marks, {elsewhere:.2f} elsewhere")

# %%
# One sequence, step by step: feature 0 is the number, feature 1 the mark. At each mark a
# stripe goes through the gates, and the cells change; between marks most of them stay.

shown = int(np.argmax(is_marked[:, 8:24].sum(axis=1) == 2))
display = GateDisplay.from_estimator(
    network, X_new, sample=shown, gates=("input", "forget", "cell")
)

# %%
# Which units remember?
# ---------------------
#
# A unit whose forget gate is nearly always open holds what it has (Karpathy et al., 2015).
# There is a mark at 13 % of the steps: 0.87 is open at all others. Six units remember.

shut, is_open = saturation(gates.forget)
print("Forget gate open, share of the steps, by unit:", np.sort(is_open).round(2))
units = SaturationDisplay.from_estimator(network, X_new)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    display.figure_.savefig(folder / "gates.png", dpi=120)
    units.figure_.savefig(folder / "units.png", dpi=120)
    print(f"Pictures saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
