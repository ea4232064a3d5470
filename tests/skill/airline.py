"""Airline passengers by the protocol of darts' published LSTM notebook."""

import numpy as np
import pandas as pd
from sktime.datasets import load_airline

from sklstm.sktime import LSTMForecaster

HORIZON = 6
# The months that are forecast six months ahead: those of the notebook, and two years
# before them, by which the settings were chosen.
PARTS = {"test": ("1959-01", "1960-12"), "validation": ("1957-01", "1958-12")}


def covariates(index):
    """The month, as twelve columns."""
    months = pd.get_dummies(index.month, dtype=float).set_axis(index)
    return months.rename(columns=str)


def mape(part, **options):
    """Mean absolute percentage error six months ahead, over all origins, not refitted.

    The network learns the logarithm up to the first origin, and nothing later.
    """
    first, last = map(pd.Period, PARTS[part])
    y = load_airline()[:last]
    log, X = np.log(y), covariates(y.index)
    fh = np.arange(1, HORIZON + 1)
    forecaster = LSTMForecaster(**options).fit(log[:first], X=X[:first], fh=fh)
    ahead = {}
    for origin in pd.period_range(first, last - HORIZON, freq="M"):
        if origin > first:
            forecaster.update(log[[origin]], X=X.loc[[origin]], update_params=False)
        forecast = forecaster.predict(X=X.loc[origin + 1 : origin + HORIZON])
        ahead[origin + HORIZON] = np.exp(forecast.iloc[-1])
    forecast = pd.Series(ahead)
    return 100 * float((forecast / y[forecast.index] - 1).abs().mean())
