"""What a forecaster gives to a user who changes nothing."""

import time

import numpy as np
import pandas as pd

from sklstm.sktime import LSTMForecaster
from tests.skill import panels, series, smoothed

FREQUENCY = {12: "M", 4: "Q", 24: "h"}


def panel_error(name, random_state, **options):
    """Mean absolute scaled error, and symmetric percentage error, of a panel."""
    return panel_errors(name, random_state, **options)[:2]


def panel_errors(name, random_state, *, is_validation=False, **options):
    """The same, and the seconds of the processor that the fit has taken."""
    train, test = panels.read(name)
    if is_validation:
        train, test = panels.before(train, test)
        train = train[train.index.get_level_values(0).isin(test.index.get_level_values(0))]
    season = panels.PANELS[name][1]
    horizon = test.groupby(level=0).size()
    parts, seconds = [], 0.0
    for h in horizon.unique():
        rows = train[train.index.get_level_values(0).map(horizon == h)]
        forecaster = LSTMForecaster(random_state=random_state, **options)
        begin = time.process_time()
        forecaster.fit(_dated(rows, season), fh=range(1, int(h) + 1))
        seconds += time.process_time() - begin
        parts.append(forecaster.predict().iloc[:, 0])
    said = pd.concat(parts)
    truth = _dated(test, season).iloc[:, 0]
    said = said.loc[truth.index]
    change = train.groupby(level=0).diff(season).abs().groupby(level=0).mean()
    error = (truth - said).abs().groupby(level=0).mean()
    percent = 200 * (truth - said).abs() / (truth.abs() + said.abs())
    scaled, percent = (error / change)[change > 0], percent.groupby(level=0).mean()
    return scaled.mean(), percent.mean(), seconds


def _dated(rows, season):
    """Give steps as months or quarters: what users have."""
    names, steps = (rows.index.get_level_values(i) for i in (0, 1))
    times = pd.PeriodIndex.from_ordinals(steps, freq=FREQUENCY[season])
    return pd.DataFrame({"y": rows.to_numpy()}, pd.MultiIndex.from_arrays([names, times]))


def series_errors(name, random_state, **options):
    """Mean absolute errors: ours, AutoETS, AutoTheta, the season before."""
    y, season, horizon = series.read(name)
    values, steps = y.to_numpy(), np.arange(horizon)
    at = np.array(series.last_origins(len(y), horizon, season))
    forecaster = LSTMForecaster(random_state=random_state, **options)
    ours = [forecaster.fit(y[:i], fh=steps + 1).predict().to_numpy().ravel() for i in at]
    naive = values[at[:, None] - season + steps % season]
    smooth = [smoothed.read(f"{which}/{name}") for which in ("last", "theta")]
    truth = values[at[:, None] + steps]
    return [np.abs(truth - each).mean() for each in (ours, *smooth, naive)]
