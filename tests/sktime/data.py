"""Series whose next values are known."""

import numpy as np
import pandas as pd

MONTHS = pd.period_range("2000-01", periods=240, freq="M", name="month")


def wave(index=MONTHS, period=24, phase=0.0):
    """A sine that goes on for ever."""
    steps = np.arange(len(index))
    return pd.Series(np.sin(2 * np.pi * steps / period + phase), index, name="wave")


def noise(index=MONTHS, columns=1, seed=0):
    values = np.random.default_rng(seed).normal(size=(len(index), columns))
    return pd.DataFrame(values, index, [f"x{i}" for i in range(columns)])


def panel(**series):
    """One frame of many series, by name."""
    frames = {name: pd.DataFrame({"value": values}) for name, values in series.items()}
    return pd.concat(frames, names=["shop", "month"])


def rmse(y_pred, y_true):
    return float(np.sqrt(np.mean((y_pred.to_numpy() - y_true.to_numpy()) ** 2)))


# A network that learns whatever it is shown, noise or not, and reads no season.
PLAIN = {
    "window_length": 12,
    "season_length": None,
    "instance_norm": "last",
    "dropout": 0.0,
    "optimizer": "adam",
    "weight_decay": None,
    "max_epochs": 50,
    "max_steps": None,
}
