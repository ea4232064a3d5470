"""Measure how long training takes, and write the table of the guide.

python -m tests.benchmarks.how_long docs/guide/how_long.md

Seconds are those of one core that computes, not of the clock, so that other programs on the
machine count little.
"""

import platform
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from sklstm import LSTMRegressor, sliding_windows

BEGIN = "<!-- begin: written by `python -m tests.benchmarks.how_long` -->"
END = "<!-- end -->"
N_WINDOWS = 2048
N_FEATURES = 5
# Steps of a window, and rows that are joined to one step of the LSTM.
WINDOWS = [(24, 1), (72, 1), (72, 6), (168, 1), (168, 24)]
UNITS = [32, 64, 128]
BATCHES = [32, 128, 512]
PACKAGES = ["torch", "skorch", "scikit-learn", "numpy", "sklstm"]


def seconds(model, X, y):
    """Seconds of one core for an epoch: two epochs are what three take longer than one."""
    model.set_params(max_epochs=1).fit(X, y)  # the first in a process imports and allocates
    spent = []
    for n_epochs in (1, 3):
        start = time.process_time()
        model.set_params(max_epochs=n_epochs).fit(X, y)
        spent.append(time.process_time() - start)
    return (spent[1] - spent[0]) / 2


def row(length, patch_length):
    """One row of the table: seconds per 1,000 windows and 10 epochs."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(N_WINDOWS + length, N_FEATURES)).cumsum(axis=0)
    X, y = sliding_windows(rows, rows[:, 0], window_length=length)
    name = f"{length}" if patch_length == 1 else f"{length}, `patch_length={patch_length}`"
    cells = []
    for batch_size in BATCHES:
        for hidden_size in UNITS:
            model = LSTMRegressor(
                hidden_size=hidden_size,
                batch_size=batch_size,
                patch_length=patch_length,
                random_state=0,
            )
            cells.append(f"{10_000 / len(y) * seconds(model, X, y):.2g}")
    return f"| {name} | {' | '.join(cells)} |"


def processor():
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(": ")[2]
        for line in (info.read_text("utf-8").splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def table():
    """The table, and where and when it was measured."""
    heads = [f"{batch}: {units}" for batch in BATCHES for units in UNITS]
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return "\n".join(
        [
            f"| rows of a window | {' | '.join(heads)} |",
            "| --- |" + " --- |" * len(heads),
            *[row(*window) for window in WINDOWS],
            "",
            f"Measured on {date.today()} on one core of {processor()}, while others worked"
            f" on the machine; {versions}.",
        ]
    )


def main(page):
    """Put the table between the marks of the page."""
    torch.set_num_threads(1)
    before, rest = page.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
