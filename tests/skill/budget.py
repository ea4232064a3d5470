"""How long the defaults train until they are as good as after 100 passes."""

import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.metrics import log_loss, mean_squared_error
from skorch.callbacks import Callback
from sktime.datasets import load_airline, load_lynx, load_shampoo_sales

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.datasets import load_netflix, make_load
from tests.skill import classification, panels

DATA = Path(__file__).parents[3] / "shared" / "data"


def _windows(rows, target, length, horizon=1):
    """Windows and what follows them, the last fifth for validation, nothing in both."""
    rows = np.asarray(rows, "float32").reshape(len(rows), -1)
    n = len(rows) - length - horizon + 1
    X = sliding_window_view(rows, length, axis=0).transpose(0, 2, 1)[:n]
    y = sliding_window_view(np.asarray(target, "float32")[length:], horizon)
    y = y[:, 0] if horizon == 1 else y
    first = int(0.8 * n)
    return X[: first - horizon + 1], y[: first - horizon + 1], X[first:], y[first:]


def _series(load, length):
    values = np.asarray(load(), float)
    return _windows(values, values, length)


def _etth1(n_hours, length, horizon):
    rows = pd.read_csv(DATA / "ETTh1.csv", index_col="date").to_numpy("float32")[:n_hours]
    return _windows(rows, rows[:, -1], length, horizon)


def _solar(n_rows, length, horizon):
    values = pd.read_csv(DATA / "solar_atl.csv", skiprows=2)["DHI"].to_numpy()[:n_rows]
    return _windows(values, values, length, horizon)


def _netflix(length, is_size):
    logs = np.log(load_netflix()["Close"].to_numpy())
    values = np.abs(np.diff(logs)) if is_size else logs
    return _windows(values, values, length)


def _load():
    table = make_load(300, 0).to_numpy("float32")
    return _windows(table, table[:, 0], 48, 24)


def _macro():
    columns = ["realgdp", "realcons", "realinv", "realgovt"]
    table = sm.datasets.macrodata.load_pandas().data[columns]
    changes = np.log(table).diff().dropna().to_numpy()
    return _windows(changes, changes[:, 0], 8)


def _of(name, column):
    return getattr(sm.datasets, name).load_pandas().data[column]


def _panel(name, length, horizon, n_series=None):
    """Windows of all series of a panel, each in units of its first part."""
    parts = []
    for _, series in list(panels.read(name)[0].groupby(level=0))[:n_series]:
        if len(series) >= length + horizon + 10:
            values = series.to_numpy()
            first = values[: int(0.7 * len(values))]
            values = (values - first.mean()) / (first.std() or 1.0)
            parts.append(_windows(values, values, length, horizon))
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def _turbofan():
    engines = np.loadtxt(DATA / "cmapss" / "train_FD001.txt")
    measured = [6, 7, 8, 11, 12, 13, 15, 16, 17, 18, 19, 21, 24, 25]
    parts = {False: ([], []), True: ([], [])}
    for number in range(1, 101):
        rows = engines[engines[:, 0] == number]
        left = np.minimum(125, np.arange(len(rows))[::-1])
        X, y = parts[number > 80]
        X.append(sliding_window_view(rows[:, measured], 30, axis=0).transpose(0, 2, 1))
        y.append(left[29:])
    return tuple(np.concatenate(p).astype("float32") for k in parts for p in parts[k])


def _classes(name):
    train, test = (classification.split(name, part) for part in ("train", "test"))
    turned = ((X.transpose(0, 2, 1).astype("float32"), y) for X, y in (train, test))
    return tuple(part for pair in turned for part in pair)


SETS = {
    "Shampoo sales": partial(_series, lambda: np.log(load_shampoo_sales()), 12),
    "ArrowHead": partial(_classes, "ArrowHead"),
    "BasicMotions": partial(_classes, "BasicMotions"),
    "GunPoint": partial(_classes, "GunPoint"),
    "ItalyPowerDemand": partial(_classes, "ItalyPowerDemand"),
    "Nile": partial(_series, partial(_of, "nile", "volume"), 10),
    "Lynx": partial(_series, lambda: np.log(load_lynx()), 12),
    "Airline passengers": partial(_series, lambda: np.log(load_airline()), 12),
    "US economy": _macro,
    "OSULeaf": partial(_classes, "OSULeaf"),
    "Sunspots": partial(_series, partial(_of, "sunspots", "SUNACTIVITY"), 22),
    "Sea temperature": partial(
        _series,
        lambda: sm.datasets.elnino.load_pandas().data.iloc[:, 1:].to_numpy().ravel(),
        24,
    ),
    "Netflix, price": partial(_netflix, 30, is_size=False),
    "Netflix, size of change": partial(_netflix, 20, is_size=True),
    "CO2, weekly change": partial(
        _series, lambda: _of("co2", "co2").interpolate().diff().dropna(), 52
    ),
    "CIF 2016": partial(_panel, "CIF 2016", 12, 6),
    "ETTh1, a day ahead": partial(_etth1, 6000, 96, 24),
    "Solar, a day ahead": partial(_solar, 6000, 72, 24),
    "M4, ten hourly series": partial(_panel, "M4, hourly", 48, 24, 10),
    "`make_load`, a day ahead": _load,
    "Solar, an hour ahead": partial(_solar, 8760, 48, 1),
    "ETTh1, an hour ahead": partial(_etth1, 10_000, 24, 1),
    "Turbofan": _turbofan,
    "Hospital": partial(_panel, "Hospital", 24, 12),
    "Tourism, quarterly": partial(_panel, "Tourism, quarterly", 8, 4),
}


class Clock(Callback):
    """Seconds of the processor at the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.at = []

    def on_epoch_end(self, net, **kwargs):
        self.at.append(time.process_time())


def _loss(model, X, y):
    if hasattr(model, "classes_"):
        return log_loss(y, model.predict_proba(X), labels=model.classes_)
    return mean_squared_error(y, model.predict(X))


def _fit(estimator, data, **options):
    """Loss on the validation part, and seconds of the processor for the fit."""
    X, y, X_valid, y_valid = data
    # The first fit of a process imports, and the first long one may compile.
    estimator(max_epochs=1000, batch_size=8).fit(X[:64], y[:64])
    start = time.process_time()
    model = estimator(**options).fit(X, y)
    return _loss(model, X_valid, y_valid), time.process_time() - start


def _until(estimator, data, loss, **options):
    """Seconds of the processor until the validation loss is not above another; or NaN."""
    X, y, X_valid, y_valid = data
    clock = Clock()
    start = time.process_time()
    model = estimator(callbacks=[clock], **options)
    model.fit(X, y, X_val=X_valid, y_val=y_valid)
    (clock,) = (c for _, c in model.net_.callbacks_ if isinstance(c, Clock))
    # The losses of a regressor are those of standardised targets.
    size = 1.0 if hasattr(model, "classes_") else _unit(model, X_valid, y_valid)
    curve = size * np.array(model.validation_loss_curve_)
    reached = np.flatnonzero(curve <= loss)
    return clock.at[reached[0]] - start if len(reached) else np.nan


def _unit(model, X, y):
    """What a standardised loss is multiplied by, told by the last epoch's."""
    return _loss(model, X, y) / model.validation_loss_curve_[-1]


def measure(name, random_state):
    """Samples, loss and seconds of 100 passes and of the defaults, seconds until it."""
    data = SETS[name]()
    estimator = LSTMRegressor if data[1].dtype.kind == "f" else LSTMClassifier
    seed = {"random_state": random_state}
    before = _fit(estimator, data, max_epochs=100, **seed)
    after = _fit(estimator, data, **seed)
    until = _until(estimator, data, before[0], **seed)
    return (len(data[1]), *before, *after, until)
