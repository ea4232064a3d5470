"""What `baselines.py` has written: forecasts by exponential smoothing."""

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("baselines.npz")


def read(name):
    """Quantiles of .05, .1, ..., .9, .95, of shape (n_rows, 11)."""
    with np.load(PATH) as forecasts:
        return forecasts[name]


def milliseconds(name):
    """Of one series of a panel."""
    with np.load(PATH) as forecasts:
        return float(forecasts[f"ms/{name}"])


def versions():
    """With which versions."""
    with np.load(PATH) as forecasts:
        return str(forecasts["versions"])
