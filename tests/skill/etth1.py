"""ETTh1 by the field's protocol, forecast one series at a time by one shared network."""

from pathlib import Path

import numpy as np
import pandas as pd

import sklstm

PATH = Path(__file__).parents[3] / "shared" / "data" / "ETTh1.csv"
MONTH = 30 * 24
# Row at which each part begins to be forecast, and row at which it ends.
PARTS = {
    "train": (0, 12 * MONTH),
    "validation": (12 * MONTH, 16 * MONTH),
    "test": (16 * MONTH, 20 * MONTH),
}


def load():
    """All seven series, standardised by the twelve months of training."""
    table = pd.read_csv(PATH, index_col="date").to_numpy("float32")
    train = table[slice(*PARTS["train"])]
    return (table - train.mean(axis=0)) / train.std(axis=0)


def windows(table, part, window_length, horizon):
    """All windows of one series, whose forecasts lie within the part, and those rows."""
    begin, end = PARTS[part]
    rows = table[max(0, begin - window_length) : end]
    n_rows, n_series = rows.shape
    series = np.repeat(np.arange(n_series), n_rows)
    return sklstm.sliding_windows(
        rows.T.ravel(), window_length=window_length, horizon=horizon, groups=series
    )


def errors(model, table, part, window_length, horizon):
    """Mean squared and mean absolute error over windows, steps and series."""
    X, y = windows(table, part, window_length, horizon)
    error = model.predict(X) - y
    return float(np.mean(error**2)), float(np.mean(np.abs(error)))
