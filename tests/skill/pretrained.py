"""Forecasts without training on the panels of competitions, and on single series."""

import time

import numpy as np
import pandas as pd

from sklstm.sktime import PretrainedLSTMForecaster
from tests.skill import panels, series, smoothed

LEVELS = [0.05, *panels.DECILES.tolist(), 0.95]
# Hours have a week as well.
LONG = {24: 168}


def seasons(season):
    return (season, LONG[season]) if season in LONG else season if season > 1 else None


def forecast(name, **settings):
    """Quantiles of the test part, row by row, and seconds."""
    train, test = panels.read(name)
    season = panels.PANELS[name][1]
    horizon = int(test.groupby(level=0).size().max())
    begin = time.perf_counter()
    forecaster = PretrainedLSTMForecaster(seasons(season), **settings)
    forecaster.fit(train.to_frame(), fh=range(1, horizon + 1))
    said = forecaster.predict_quantiles(alpha=LEVELS)
    seconds = time.perf_counter() - begin
    return train, test, said.loc[test.index].to_numpy(), seconds


def scores(name, **settings):
    """MASE, weighted quantile loss, coverage of 80 % and 90 %, milliseconds a series."""
    train, test, q, seconds = forecast(name, **settings)
    season = panels.PANELS[name][1]
    change = train.groupby(level=0).diff(season).abs().groupby(level=0).mean()
    error = (test - q[:, 5]).abs().groupby(level=0).mean()
    scaled = (error / change)[change > 0]
    return (
        scaled.mean(),
        panels.loss(test.to_numpy(), q[:, 1:-1]),
        panels.coverage(test.to_numpy(), q[:, 1], q[:, -2]),
        panels.coverage(test.to_numpy(), q[:, 0], q[:, -1]),
        1000 * seconds / len(error),
    )


def of_series(name, **settings):
    """Mean absolute errors from the last origins: network, AutoETS, seasonal naive."""
    y, season, horizon = series.read(name)
    steps, values = np.arange(horizon), y.to_numpy()
    at = np.array(series.last_origins(len(y), horizon, season))
    parts = {i: pd.DataFrame({"y": values[:i]}) for i in at}
    said = (
        PretrainedLSTMForecaster(seasons(season), **settings)
        .fit(pd.concat(parts), fh=range(1, horizon + 1))
        .predict()
    )
    ours = np.stack([said.loc[i].to_numpy()[:, 0] for i in at])
    naive = values[at[:, None] - season + steps % season]
    truth = values[at[:, None] + steps]
    ets = smoothed.read(f"last/{name}")
    return tuple(np.abs(truth - each).mean() for each in (ours, ets, naive))
