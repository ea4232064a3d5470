"""Panels of competitions: reading, the season taken out by hand, and scores of quantiles.

Needs NumPy and pandas alone: the environment of the baselines reads them too.
"""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[3] / "shared" / "data"
# File, season and horizon.
PANELS = {
    "CIF 2016": ("cif2016.csv", 12, 12),
    "Hospital": ("hospital.csv.gz", 12, 12),
    "Tourism, quarterly": ("tourism_quarterly.csv.gz", 4, 8),
    "M4, hourly": ("m4_hourly.csv.gz", 24, 48),
}
# Those over which the weighted quantile loss is taken.
DECILES = np.arange(1, 10) / 10


def read(name):
    """Training and test part, series by series."""
    table = pd.read_csv(DATA / PANELS[name][0]).sort_values(["series", "step"])
    rows = table.set_index(["series", "step"])["value"].astype(float)
    is_train = (table["part"] == "train").to_numpy()
    return rows[is_train], rows[~is_train]


def n_series(name):
    """How many series a panel has."""
    return read(name)[1].index.get_level_values(0).nunique()


def before(train, test):
    """The same for validation: the last horizon of the training part is to be forecast."""
    horizon = test.groupby(level=0).size()
    left = train.groupby(level=0).cumcount(ascending=False)
    is_valid = left < left.index.get_level_values(0).map(horizon)
    first, valid = train[~is_valid], train[is_valid]
    enough = first.groupby(level=0).size() >= 20
    return first, valid[valid.index.get_level_values(0).map(enough).fillna(False)]


class Season:
    """Seasonal means of each series, where its autocorrelation says that it has a season.

    The test is that of the M4 competition's naive forecast.
    """

    def __init__(self, period):
        self.period = period

    def fit_transform(self, train):
        """Take the season out."""
        self.means, self.lengths, parts = {}, {}, []
        for name, series in train.groupby(level=0):
            y = series.to_numpy()
            means = _seasonal_means(y, self.period) if _is_seasonal(y, self.period) else 0.0
            self.means[name] = np.broadcast_to(means, (self.period,))
            self.lengths[name] = len(y)
            parts.append(y - self.means[name][np.arange(len(y)) % self.period])
        return pd.Series(np.concatenate(parts), train.index)

    def inverse_transform(self, values, index):
        """Put the season back on values that follow, of shape (n_rows, n_levels)."""
        names = index.get_level_values(0)
        ahead = pd.Series(0, index).groupby(level=0).cumcount().to_numpy()
        season = [
            self.means[name][(self.lengths[name] + step) % self.period]
            for name, step in zip(names, ahead, strict=True)
        ]
        return values + np.array(season)[:, None]


def _is_seasonal(y, period):
    if len(y) < 3 * period or not np.ptp(y):
        return False
    z = y - y.mean()
    r = np.array([z[k:] @ z[:-k] for k in range(1, period + 1)]) / (z @ z)
    bound = 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / len(y))
    return abs(r[-1]) > bound


def _seasonal_means(y, period):
    """Mean difference from the centred moving average, phase by phase."""
    weights = np.ones(period + 1 - period % 2) / period
    if period % 2 == 0:
        weights[[0, -1]] /= 2
    half = len(weights) // 2
    change = y[half : len(y) - half] - np.convolve(y, weights, "valid")
    phase = np.arange(half, len(y) - half) % period
    means = np.array([change[phase == i].mean() for i in range(period)])
    return means - means.mean()


def loss(truth, quantiles):
    """Weighted quantile loss over the deciles, as in GIFT-Eval."""
    error = truth[:, None] - quantiles
    pinball = np.maximum(DECILES * error, (DECILES - 1) * error)
    return float((2 * pinball).sum(axis=0).mean() / np.abs(truth).sum())


def coverage(truth, low, high):
    """Share of the true values within an interval."""
    return float(((truth >= low) & (truth <= high)).mean())


def winkler(truth, low, high, nominal):
    """Mean width, and what a miss costs."""
    miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return float((high - low + 2 / (1 - nominal) * miss).mean())
