"""Airline passengers by the protocol of darts' published LSTM notebook."""

import numpy as np
import pandas as pd
from sktime.datasets import load_airline

from sklstm.sktime import LSTMForecaster

HORIZON = 6
# The months whose forecasts are judged: those of the notebook; and before them five times
# two years, by which the settings were chosen.
TEST = [("1959-01", "1960-12")]
VALIDATION = [(f"{year}-01", f"{year + 1}-12") for year in range(1953, 1958)]


def covariates(index):
    """The month, as twelve columns."""
    months = pd.get_dummies(index.month, dtype=float).set_axis(index)
    return months.rename(columns=str)


def mape(spans, **options):
    """Mean absolute percentage error six months ahead, over some spans."""
    return float(np.mean([_mape(*map(pd.Period, span), **options) for span in spans]))


def _mape(first, last, **options):
    """The same over all origins of a span, not refitted.

    The network learns the logarithm up to the first origin, and nothing later.
    """
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
    return 100 * (forecast / y[forecast.index] - 1).abs().mean()
