"""
Write a melody
==============

`LSTMClassifier` learns which note follows which from the theme of Beethoven's "Ode to Joy",
sung in several keys. Then it goes on by itself: it predicts the probability of each next
note, one is drawn, added to the melody, and so on.

Of all five notes in a row that it draws, 46 % stand so in the theme, in one key or another.
A Markov chain, which knows nothing but the last note, gets to 16 %.

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
# A simple method beside it: notes that follow the last one
# ---------------------------------------------------------


def chained(opening: np.ndarray, n_notes: int, seed: int) -> np.ndarray:
    """Draw from the notes that follow the last one somewhere in the theme."""
    rng = np.random.default_rng(seed)
    notes = list(opening)
    while len(notes) < n_notes:
        notes.append(rng.choice(theme[1:][theme[:-1] == notes[-1]]))
    return np.array(notes)


def share_known(melodies: list[np.ndarray], n: int = 5) -> float:
    """Give the share of so many notes in a row that stand in the theme, in any key."""

    def steps(notes: np.ndarray, begin: int) -> list[tuple[int, ...]]:
        return [tuple(np.diff(notes[i : i + n])) for i in range(begin, len(notes) - n + 1)]

    known = set(steps(theme, 0))
    drawn = [group in known for notes in melodies for group in steps(notes, WINDOW - n + 1)]
    return float(np.mean(drawn))


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

by_network = [compose(model, theme[:WINDOW], 60, 1.0, seed) for seed in range(10)]
by_chain = [chained(theme[:WINDOW], 60, seed) for seed in range(10)]
print("Share of five notes in a row that stand in the theme, in ten melodies")
print(f"LSTM          {share_known(by_network):.3f}")
print(f"Markov chain  {share_known(by_chain):.3f}")

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
