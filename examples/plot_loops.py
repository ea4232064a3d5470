"""
Draw loops
==========

A pen draws circles, one after the other, each to the left or to the right as chance has it.
What does it do next? In the middle of a circle it goes on turning; at its end there are two
answers, and the mean of both, straight on, is never one of them. A network that learns the
mean drifts away. One that learns a mixture of distributions says that there are two
answers, and a line that is drawn from it has circles to both sides, like the line that it
has learnt (Graves, 2013, draws handwriting so).

The line that is drawn from the mixture turns a whole circle in 24 steps, as the learnt one
does, and 60 % of its steps to the left. That of the mean turns a fifth of a circle, and
never to the left. In the picture, the circle that the drawing goes on from has another
colour.

As a script, ``python examples/plot_loops.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[examples]"`` and takes a minute.
"""  # noqa: D205, D400

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from sklstm import LSTMRegressor, sliding_windows

CIRCLE = 24  # steps
TURN = 2 * np.pi / CIRCLE


def circles(n_circles: int, seed: int) -> np.ndarray:
    """Give how far the pen turns at each step, in radians; to the left is positive."""
    rng = np.random.default_rng(seed)
    side = rng.choice([-1, 1], size=n_circles)
    return np.repeat(side, CIRCLE) * TURN + 0.01 * rng.normal(size=n_circles * CIRCLE)


def path(turns: np.ndarray) -> np.ndarray:
    """Give where the pen is after each step, of shape (n_steps, 2)."""
    angle = np.cumsum(turns)
    return np.cumsum(np.column_stack([np.cos(angle), np.sin(angle)]), axis=0)


def train(loss: str) -> LSTMRegressor:
    """Learn the next turn from those of a whole circle."""
    turns = circles(400, seed=0)
    windows, following = sliding_windows(turns, turns, window_length=CIRCLE)
    model = LSTMRegressor(
        loss=loss, hidden_size=32, batch_size=128, max_epochs=15, random_state=0
    )
    return model.fit(windows, following)


def draw(
    next_turn: Callable[[np.ndarray], float], opening: np.ndarray, n_steps: int
) -> np.ndarray:
    """Add one turn after the other."""
    turns = list(opening)
    while len(turns) < n_steps:
        window = np.array(turns[-CIRCLE:]).reshape(1, -1, 1)
        turns.append(next_turn(window))
    return np.array(turns)


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# A mixture, and a mean
# ---------------------

learnt = circles(16, seed=1)
rng = np.random.RandomState(0)
mixture, mean = train("mixture"), train("squared_error")
opening, n_steps = learnt[:CIRCLE], len(learnt)
paths = {
    "Learnt": learnt,
    'Drawn from loss="mixture"': draw(
        lambda window: mixture.sample_y(window, random_state=rng)[0, 0],
        opening,
        n_steps,
    ),
    'Predicted with loss="squared_error"': draw(
        lambda window: mean.predict(window)[0], opening, n_steps
    ),
}
ends = path(opening)[-1] - path(opening)[0]
print(f"A circle ends {np.hypot(*ends):.1f} steps from where it began")
for title, turns in paths.items():
    circle = np.abs(turns[CIRCLE:]).mean() * CIRCLE / (2 * np.pi)
    left = (turns[CIRCLE:] > 0).mean()
    print(f"{title}: {circle:.2f} circles in {CIRCLE} steps, {left:.0%} to the left")

# %%
# What each draws
# ---------------

figure, axes = plt.subplots(1, len(paths), figsize=(10, 3.8), layout="constrained")
for ax, (title, turns) in zip(axes, paths.items(), strict=True):
    ax.plot(*path(turns).T, "C0", *path(turns[:CIRCLE]).T, "C1", linewidth=1.5)
    ax.set(title=title, aspect="equal")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "loops.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
