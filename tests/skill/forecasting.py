"""Bundled series, forecast by the defaults and by the season before."""

import numpy as np
from sktime.forecasting.naive import NaiveForecaster

from sklstm.sktime import LSTMForecaster
from tests.skill.series import read

# Origins of the forecasts: the last of them leaves one horizon.
N_ORIGINS = 8


def origins(n_rows, horizon):
    """Rows at which a forecast begins, spread over the last third of a series."""
    first = max(n_rows * 2 // 3, n_rows - N_ORIGINS * horizon)
    return np.unique(np.linspace(first, n_rows - horizon, N_ORIGINS).astype(int))


def mean_absolute_error(make, name):
    """Mean over the steps of the forecasts from all origins, fitted anew at each."""
    y, season, horizon = read(name)
    steps = np.arange(1, horizon + 1)
    errors = []
    for origin in origins(len(y), horizon):
        forecast = make(season).fit(y[:origin], fh=steps).predict()
        errors.append(np.abs(forecast.to_numpy() - y[origin : origin + horizon].to_numpy()))
    return float(np.mean(errors))


def by_default(seed, **options):
    """Make the forecaster as a user makes it who changes nothing."""
    return lambda season: LSTMForecaster(random_state=seed, **options)


def season_before(season):
    """Make the seasonal naive forecaster."""
    return NaiveForecaster(sp=season)


def last_value(season):
    """Make the forecaster to which everything stays as it is."""
    return NaiveForecaster()
