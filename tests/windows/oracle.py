"""Windows, written as plain loops over rows."""

import numpy as np


def naive_windows(X, lags, groups=None, time=None, step=1, padding="nan"):
    """Walk back from each row to the rows before it in its own series."""
    X = np.asarray(X, dtype=float)
    groups = [0] * len(X) if groups is None else list(groups)
    history = []
    last = {}
    for i, group in enumerate(groups):
        before = last.get(group)
        if before is not None and time is not None and time[i] - time[before] > step:
            before = None
        history.append([i] + ([] if before is None else history[before]))
        last[group] = i
    windows = np.empty((len(X), len(lags), X.shape[1]))
    for i in range(len(X)):
        for j, lag in enumerate(sorted(lags, reverse=True)):
            if lag < len(history[i]):
                windows[i, j] = X[history[i][lag]]
            elif padding == "edge":
                windows[i, j] = X[history[i][-1]]
            else:
                windows[i, j] = np.nan if padding == "nan" else padding
    return windows


def naive_forecast_pairs(X, Y, lags, horizon, stride, groups=None):
    """Cut whole windows and the rows that follow, group after group."""
    groups = np.zeros(len(X)) if groups is None else np.asarray(groups)
    windows, targets = [], []
    for group in sorted(set(groups)):
        rows = [i for i in range(len(X)) if groups[i] == group]
        end = max(lags)
        while end + horizon < len(rows):
            windows.append([X[rows[end - lag]] for lag in sorted(lags, reverse=True)])
            targets.append([Y[rows[end + h]] for h in range(1, horizon + 1)])
            end += stride
    return np.array(windows), np.array(targets)


def naive_future(y, horizon, groups=None, time=None, step=1):
    """Walk on from each row to the rows after it in its own series."""
    groups = [0] * len(y) if groups is None else list(groups)
    following, last = {}, {}
    for i, group in enumerate(groups):
        before = last.get(group)
        if before is not None and (time is None or time[i] - time[before] <= step):
            following[before] = i
        last[group] = i
    targets = np.full((len(y), horizon), np.nan)
    for i in range(len(y)):
        row = i
        for k in range(horizon):
            row = following.get(row)
            if row is None:
                break
            targets[i, k] = y[row]
    return targets
