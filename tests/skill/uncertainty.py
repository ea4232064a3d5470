"""Quantiles of forecasts and intervals of conformal prediction, on public data."""

import numpy as np
import pandas as pd
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.transformations.series.boxcox import LogTransformer
from sktime.transformations.series.detrend import Deseasonalizer

from sklstm import ConformalRegressor, LSTMRegressor
from sklstm.sktime import LSTMForecaster
from tests.skill import panels, series
from tests.sktime.data import PLAIN

LEVELS = [0.05, *panels.DECILES.tolist(), 0.95]


# ------------------------------------------------------------------ panels


def quantiles(name, random_state, *, has_season=False, part="test", **settings):
    """Quantiles of the test part, or of the end of the training part.

    Returns
    -------
    truth : ndarray of shape (n_rows,)
    quantiles : ndarray of shape (n_rows, 11)
    """
    train, test = panels.read(name)
    if part == "validation":
        train, test = panels.before(train, test)
    season, horizon = panels.Season(panels.PANELS[name][1]), panels.PANELS[name][2]
    rows = season.fit_transform(train) if has_season else train
    forecaster = LSTMForecaster(random_state=random_state, **PLAIN | settings)
    forecaster.fit(rows.to_frame(), fh=range(1, horizon + 1))
    said = forecaster.predict_quantiles(alpha=LEVELS)
    said.index = said.index.set_names(["series", "step"])
    values = said.loc[test.index].to_numpy()
    if has_season:
        values = season.inverse_transform(values, test.index)
    return test.to_numpy(), values


# ------------------------------------------------------------------ month by month


def rolled(name, random_state, *, has_season=True, has_logs=False, until=None, **settings):
    """Quantiles from each month of the last third on; the network is fitted once.

    Returns
    -------
    truth : ndarray of shape (n_origins * n_steps,)
    quantiles : ndarray of shape (n_origins * n_steps, 11)
    """
    y, period, horizon = series.read(name)
    y = y[:until]
    steps = [LogTransformer()] if has_logs else []
    steps += [Deseasonalizer(sp=period)] if has_season else []
    forecaster = LSTMForecaster(random_state=random_state, **PLAIN | settings)
    model = TransformedTargetForecaster([*steps, forecaster])
    first = series.first_origin(len(y))
    model.fit(y[:first], fh=range(1, horizon + 1))
    said = [model.predict_quantiles(alpha=LEVELS)]
    for origin in range(first, len(y) - horizon):
        model.update(y[origin : origin + 1], update_params=False)
        said.append(model.predict_quantiles(alpha=LEVELS))
    return series.ahead(y, horizon), np.concatenate(said)


# ------------------------------------------------------------------ solar radiation

SOLAR = panels.DATA / "solar_atl.csv"
N_LAGS = 20
FORTNIGHT = 14 * 24


def solar(random_state, *, part="test", fraction=0.3, **settings):
    """Intervals of coverage .9, one hour ahead, by the protocol of EnbPI.

    Returns
    -------
    scores : tuple of float
        Coverage, mean width, Winkler score, and coverage of the worst fortnight.
    """
    y = pd.read_csv(SOLAR, skiprows=2)["DHI"].to_numpy(float)
    X = np.lib.stride_tricks.sliding_window_view(y[:-1], N_LAGS)
    y, n_train = y[N_LAGS:], len(y) // 5
    if part == "validation":
        X, y, n_train = X[:n_train], y[:n_train], n_train * 3 // 5
    model = ConformalRegressor(
        LSTMRegressor(random_state=random_state, **settings),
        coverage=0.9,
        calibration_fraction=fraction,
    ).fit(X[:n_train], y[:n_train])
    low, high = model.update_predict(X[n_train:], y[n_train:]).T
    truth = y[n_train:]
    is_in = (low <= truth) & (truth <= high)
    spans = [is_in[i : i + FORTNIGHT].mean() for i in range(0, len(is_in), FORTNIGHT)]
    return (
        is_in.mean(),
        (high - low).mean(),
        panels.winkler(truth, low, high, 0.9),
        min(spans[: len(is_in) // FORTNIGHT]),
    )
