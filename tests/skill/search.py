"""The search of the guide, judged by rows that it has not seen."""

import doctest
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.performance_metrics.forecasting import MeanAbsoluteError
from sktime.split import ExpandingWindowSplitter

from sklstm.sktime import LSTMForecaster
from tests.skill import panels, series

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "sktime.md"
SOLAR = panels.DATA / "solar_atl.csv"
# Rows of solar radiation: a hundred days.
N_HOURS = 2400


def _hours(values):
    index = pd.period_range("2018-01-01", periods=len(values), freq="h")
    return pd.Series(np.asarray(values, dtype=float), index)


def _of_m4(name):
    rows = pd.concat(panels.read("M4, hourly")).sort_index()
    return _hours(rows.loc[name])


def _solar():
    return _hours(pd.read_csv(SOLAR, skiprows=2)["DHI"][-N_HOURS:])


def _timetable():
    """Days that come again after four weeks, exactly."""
    values = np.random.default_rng(0).integers(100, size=28)
    index = pd.period_range("2020-01-06", periods=400, freq="D")
    return pd.Series(np.resize(values, len(index)).astype(float), index)


# Long ones, those of two seasons, and an exact one: series, season and horizon.
LONG = {
    "Timetable of four weeks, daily": (_timetable, 7, 14),
    "M4, hourly, the 1st": (lambda: _of_m4(0), 24, 24),
    "M4, hourly, the 201st": (lambda: _of_m4(200), 24, 24),
    "Solar radiation, hourly": (_solar, 24, 24),
}


def search_of_guide(*arguments):
    """Make the search as the guide's own code does."""
    examples = doctest.DocTestParser().get_examples(GUIDE.read_text("utf-8"))
    (source,) = (e.source for e in examples if e.source.startswith("def search_around"))
    names = {
        "ExpandingWindowSplitter": ExpandingWindowSplitter,
        "ForecastingGridSearchCV": ForecastingGridSearchCV,
        "MeanAbsoluteError": MeanAbsoluteError,
    }
    exec(source, names)
    return names["search_around"](*arguments)


def read(name):
    """A series, its season and its horizon."""
    if name not in LONG:
        return series.read(name)
    load, season, horizon = LONG[name]
    return load(), season, horizon


def judge(name, random_state):
    """Search before the first origin, then forecast from each with what was found.

    Gives the mean absolute error of what was found, that of the defaults, the seconds of a
    processor and the fits of the search, and what was found.
    """
    y, season, horizon = read(name)
    at = np.array(series.last_origins(len(y), horizon, season))
    steps = np.arange(1, horizon + 1)
    forecaster = LSTMForecaster(random_state=random_state)
    before = y[: at.min()]
    search = search_of_guide(forecaster, len(before), season, horizon)
    search.set_params(backend=None)
    begin = time.process_time()
    with warnings.catch_warnings():
        # Of windows longer than the rows, which are not chosen; and sktime's own.
        warnings.simplefilter("ignore")
        search.fit(before, fh=steps)
    seconds = time.process_time() - begin
    truth = y.to_numpy()[at[:, None] + steps - 1]

    def error(candidate):
        said = [candidate.fit(y[:i], fh=steps).predict().to_numpy() for i in at]
        return float(np.abs(truth - said).mean())

    n_fits = len(search.cv_results_) * search.cv.get_n_splits(before)
    best = search.best_params_
    found = error(forecaster.clone().set_params(**best))
    return found, error(forecaster), seconds, n_fits, best
