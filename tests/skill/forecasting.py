"""Bundled series of many kinds, forecast by the defaults and by the season before."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from sktime.datasets import (
    load_airline,
    load_lynx,
    load_macroeconomic,
    load_PBS_dataset,
    load_shampoo_sales,
    load_uschange,
)
from sktime.forecasting.naive import NaiveForecaster

from sklstm.sktime import LSTMForecaster


def _months(values, start):
    index = pd.period_range(start, periods=len(values), freq="M")
    return pd.Series(np.asarray(values, dtype=float), index)


def _years(name, column):
    data = getattr(sm.datasets, name).load_pandas().data
    index = pd.PeriodIndex(data["YEAR" if "YEAR" in data else "year"].astype(int), freq="Y")
    return pd.Series(data[column].to_numpy(float), index)


def _elnino():
    table = sm.datasets.elnino.load_pandas().data.drop(columns="YEAR")
    return _months(table.to_numpy().ravel(), "1950-01")


def _co2():
    weeks = sm.datasets.co2.load_pandas().data["co2"]
    months = weeks.resample("MS").mean().interpolate()
    return _months(months, "1958-03")


def _macro(column):
    return load_macroeconomic()[column]


# Series, length of its season, and steps to forecast.
SERIES = {
    "Airline passengers, monthly": (load_airline, 12, 12),
    "Shampoo sales, monthly": (load_shampoo_sales, 12, 6),
    "Lynx trapped, yearly": (load_lynx, 10, 6),
    "Drug scripts (PBS), monthly": (load_PBS_dataset, 12, 12),
    "US consumption, change, quarterly": (lambda: load_uschange()[0], 4, 4),
    "US GDP, quarterly": (lambda: _macro("realgdp"), 4, 4),
    "US unemployment, quarterly": (lambda: _macro("unemp"), 4, 4),
    "US inflation, quarterly": (lambda: _macro("infl"), 4, 4),
    "Sunspots, yearly": (lambda: _years("sunspots", "SUNACTIVITY"), 11, 6),
    "Nile, yearly": (lambda: _years("nile", "volume"), 1, 6),
    "El Niño, sea temperature, monthly": (_elnino, 12, 12),
    "CO2 on Mauna Loa, monthly": (_co2, 12, 12),
}

# Origins of the forecasts: the last of them leaves one horizon.
N_ORIGINS = 8


def read(name):
    load, season, horizon = SERIES[name]
    y = load()
    y = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y
    return y.astype(float), season, horizon


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
