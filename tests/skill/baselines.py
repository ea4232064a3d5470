"""Exponential smoothing on the series of the tables, in an environment of its own.

statsforecast needs an older pandas than the package is tested with. `tox run -e baselines`
writes what it forecasts, and with which versions.
"""

from importlib.metadata import version

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

from tests.skill import panels, series, smoothed

COVERAGES = [20, 40, 60, 80, 90]
COLUMNS = [
    *(f"AutoETS-lo-{c}" for c in COVERAGES[::-1]),
    "AutoETS",
    *(f"AutoETS-hi-{c}" for c in COVERAGES),
]


def long(y, names, steps):
    return pd.DataFrame({"unique_id": names, "ds": steps, "y": y})


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


if __name__ == "__main__":
    forecasts = {name: of_panel(name) for name in panels.PANELS if "hourly" not in name}
    forecasts |= {name: of_series(name) for name in series.monthly()}
    versions = [f"{p} {version(p)}" for p in ("statsforecast", "pandas", "numpy")]
    np.savez_compressed(smoothed.PATH, versions=", ".join(versions), **forecasts)
