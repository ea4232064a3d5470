"""Exponential smoothing on the series of the tables, in an environment of its own.

statsforecast needs an older pandas than the package is tested with. `tox run -e baselines`
writes what it forecasts, and with which versions.
"""

import time
from importlib.metadata import version

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, AutoTheta

from tests.skill import panels, series, smoothed

COVERAGES = [20, 40, 60, 80, 90]
COLUMNS = [
    *(f"AutoETS-lo-{c}" for c in COVERAGES[::-1]),
    "AutoETS",
    *(f"AutoETS-hi-{c}" for c in COVERAGES),
]


def long(y, names, steps):
    return pd.DataFrame({"unique_id": names, "ds": steps, "y": y})


def of_origins(name, model):
    """Medians from the last origins, of shape (n_origins, n_steps)."""
    y, season, horizon = series.read(name)
    at = series.last_origins(len(y), horizon, season)
    values = np.concatenate([y.to_numpy()[:i] for i in at])
    frame = long(values, np.repeat(at, at), np.concatenate([np.arange(i) for i in at]))
    models = StatsForecast([model(season_length=season)], freq=1)
    forecast = models.forecast(df=frame, h=horizon).set_index(["unique_id", "ds"])
    return forecast[model.__name__].to_numpy().reshape(len(at), horizon)[::-1]


def of_panel(name):
    """Quantiles of the test part, row by row, of shape (n_rows, 11)."""
    train, test = panels.read(name)
    season = panels.PANELS[name][1]
    horizon = test.groupby(level=0).size()
    parts = []
    for h in horizon.unique():
        rows = train[train.index.get_level_values(0).map(horizon == h)]
        frame = long(rows.to_numpy(), *map(rows.index.get_level_values, (0, 1)))
        model = StatsForecast([AutoETS(season_length=season)], freq=1)
        parts.append(model.forecast(df=frame, h=int(h), level=COVERAGES))
    forecast = pd.concat(parts).set_index(["unique_id", "ds"])
    return forecast.loc[test.index.to_list(), COLUMNS].to_numpy()


def of_series(name):
    """Quantiles of each month ahead from each origin, fitted anew at each."""
    y, season, horizon = series.read(name)
    frame = long(y.to_numpy(), 0, np.arange(len(y)))
    rolled = StatsForecast([AutoETS(season_length=season)], freq=1).cross_validation(
        df=frame,
        h=horizon,
        n_windows=len(y) - horizon - series.first_origin(len(y)) + 1,
        step_size=1,
        level=COVERAGES,
        refit=True,
    )
    return rolled.sort_values(["cutoff", "ds"])[COLUMNS].to_numpy()


def timed(name):
    """The same of a panel, and the milliseconds that a series takes."""
    begin = time.perf_counter()
    said = of_panel(name)
    n_series = panels.read(name)[0].index.get_level_values(0).nunique()
    return said, 1000 * (time.perf_counter() - begin) / n_series


if __name__ == "__main__":
    forecasts = {name: of_series(name) for name in series.monthly()}
    for name in panels.PANELS:
        if "hourly" not in name:
            forecasts[name], forecasts[f"ms/{name}"] = timed(name)
    every = series.SERIES | series.OTHERS
    forecasts |= {f"last/{name}": of_origins(name, AutoETS) for name in every}
    forecasts |= {f"theta/{name}": of_origins(name, AutoTheta) for name in every}
    versions = [f"{p} {version(p)}" for p in ("statsforecast", "pandas", "numpy")]
    np.savez_compressed(smoothed.PATH, versions=", ".join(versions), **forecasts)
