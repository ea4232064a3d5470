"""
Write a melody
==============

`LSTMClassifier` learns which note follows which from the theme of Beethoven's "Ode to
Joy", sung in several keys. Then it goes on by itself: it predicts the probability of each
next note, one is drawn, added to the melody, and so on.

As a script, ``python examples/plot_melody.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[examples]"`` and takes a few seconds.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from sklstm import LSTMClassifier, sliding_windows

NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]

# The theme note by note, in semitones above the C below it (Beethoven, 1824).
THEME = [
    *(4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 4, 2, 2),
    *(4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 2, 0, 0),
    *(2, 2, 4, 0, 2, 4, 5, 4, 0, 2, 4, 5, 4, 2, 0, 2, -5),
    *(4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4, 2, 0, 0),
]
LOWEST = min(THEME)
WINDOW = 12


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Learn which note comes next
# ---------------------------


def transposed(semitones: int, times: int = 2) -> np.ndarray:
    """Give the theme in another key, as categories that begin at 0."""
    return np.tile(np.array(THEME) - LOWEST + semitones, times)


def train() -> LSTMClassifier:
    """Learn from the theme in all keys of an octave, each a series of its own."""
    keys = [transposed(key) for key in range(12)]
    windows, following = sliding_windows(
        np.concatenate(keys).astype(float),
        np.concatenate(keys),
        window_length=WINDOW,
        groups=np.repeat(np.arange(12), len(keys[0])),
    )
    model = LSTMClassifier(
        categorical_features=0,
        embedding_size=8,
        hidden_size=64,
        max_epochs=12,
        random_state=0,
    )
    return model.fit(windows, following)


# %%
# Go on from a few notes
# ----------------------


def compose(
    model: LSTMClassifier, opening: np.ndarray, n_notes: int, temperature: float, seed: int
) -> np.ndarray:
    """Draw one note after the other; a higher temperature makes unlikely ones likelier."""
    rng = np.random.default_rng(seed)
    notes = list(opening)
    while len(notes) < n_notes:
        window = np.array(notes[-WINDOW:], dtype=float).reshape(1, -1, 1)
        logits = np.log(model.predict_proba(window)[0]) / temperature
        probability = np.exp(logits - logits.max())
        notes.append(rng.choice(model.classes_, p=probability / probability.sum()))
    return np.array(notes)


# %%
# The theme, and what the network makes of its beginning
# ------------------------------------------------------

model = train()
theme = transposed(3)  # E flat major
melodies = {"The theme": theme[:60]} | {
    f"Drawn at temperature {temperature}": compose(
        model, theme[:WINDOW], 60, temperature, seed=0
    )
    for temperature in (0.3, 1.0, 1.5)
}
for title, notes in melodies.items():
    print(f"{title}: {' '.join(NAMES[(n + LOWEST) % 12] for n in notes)}")

# %%
# The notes before the line are given.

axes = pd.DataFrame(melodies).plot(
    subplots=True, sharey=True, figsize=(9, 6), style="_", ms=7, mew=3,
    xlabel="Note; those before the line are given",
)  # fmt: skip
for ax in axes:
    ax.axvline(WINDOW - 0.5, color="black")
    ax.set_yticks(range(0, 24, 3), [NAMES[(i + LOWEST) % 12] for i in range(0, 24, 3)])

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    axes[0].figure.savefig(folder / "melody.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
