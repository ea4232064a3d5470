"""Bundled series of many kinds, and the months from which they are forecast."""

from functools import partial

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


def _change(column):
    return load_uschange()[1][column]


# More of them, for what is fast enough to forecast them all.
OTHERS = {
    **{
        f"US economy ({column}), quarterly": (partial(_macro, column), 4, 4)
        for column in (
            "realcons",
            "realinv",
            "realgovt",
            "realdpi",
            "cpi",
            "m1",
            "tbilrate",
            "pop",
            "realint",
        )
    },
    **{
        f"US change ({column}), quarterly": (partial(_change, column), 4, 4)
        for column in ("Income", "Production", "Savings", "Unemployment")
    },
}

# Forecast from so many origins, where not from each month.
N_ORIGINS = 8


def read(name):
    load, season, horizon = (SERIES | OTHERS)[name]
    y = load()
    y = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y
    return y.astype(float), season, horizon


def monthly():
    """Names of those of months."""
    return [name for name in SERIES if name.endswith("monthly")]


def first_origin(n_rows):
    """Rows before the first forecast of a series that is forecast month by month."""
    return n_rows * 2 // 3


def last_origins(n_rows, horizon, season):
    """Rows before each of the last forecasts: a horizon apart where there is room."""
    least = max(2 * season, 10)
    step = max(1, min(horizon, (n_rows - horizon - least) // N_ORIGINS))
    last = n_rows - horizon
    return [last - step * i for i in range(N_ORIGINS) if last - step * i >= least]


def ahead(y, horizon):
    """True values of all steps from each of these origins, one origin after the other."""
    origins = np.arange(first_origin(len(y)), len(y) - horizon + 1)
    return y.to_numpy()[origins[:, None] + np.arange(horizon)].ravel()
