"""Pipelines, rows, and what a stream has to say of them."""

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

rng = np.random.default_rng(0)
ROWS = np.cumsum(rng.normal(size=(120, 2)), axis=0)
Y = np.roll(ROWS[:, 0], -1)
LABELS = np.where(ROWS[:, 0] < Y, "up", "down")
SMALL = {"hidden_size": 4, "max_epochs": 2, "random_state": 0}
N_FIT = 80


def regressor(**options):
    return LSTMRegressor(**SMALL | options)


def classifier(**options):
    return LSTMClassifier(**SMALL | options)


def pipeline(windows, estimator, *steps):
    return make_pipeline(*steps, SlidingWindowTransformer(**windows), estimator)


def frame(time=None, **columns):
    """The rows as a frame with an index of times, if any."""
    table = pd.DataFrame({"load": ROWS[:, 0], "heat": ROWS[:, 1], **columns})
    return table if time is None else table.set_index(pd.Index(time, name="at"))


def two_stores(estimator):
    """A fitted pipeline, and its rows: of two series, one of which has a gap."""
    days = pd.to_timedelta(np.arange(120) // 2 + 5 * (np.arange(120) >= 60), unit="D")
    X = frame(store=np.tile(["a", "b"], 60), day=pd.Timestamp("2024-01-01") + days)
    windows = {"window_length": 6, "padding": "edge", "groups": "store", "time": "day"}
    return pipeline(windows, estimator).fit(X, Y), X.to_dict("records")


def each(X):
    """The rows of X, one by one, as a stream takes them."""
    if hasattr(X, "iloc"):
        return [X.iloc[[i]] for i in range(len(X))]
    return list(X)


def alone(model, X, method="predict"):
    """What the model says of each of its windows, asked by itself."""
    steps, last = model[:-1], model[-1]
    windows = steps.transform(X)
    said = [getattr(last, method)(windows[i : i + 1]) for i in range(len(windows))]
    return np.concatenate(said)


def is_same(one, other):
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


def is_near(one, other):
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind != "f":
        return np.array_equal(one, other)
    size = np.nanmax(np.abs(other))
    return np.allclose(one, other, rtol=1e-5, atol=1e-5 * size, equal_nan=True)
