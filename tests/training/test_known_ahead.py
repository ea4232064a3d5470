"""What was known at the last step of each sequence in fit, and is missing afterwards."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import (
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
    future_targets,
)
from sklstm.io import load, save
from sklstm.samples._last_step import always_known
from sklstm.windows._windows import Windows

HOURS, HORIZON = 60, 4
TINY = {"hidden_size": 4, "max_epochs": 1, "random_state": 0}


def rows(n_series=1):
    """Rows whose values name their series and hour, with weather that is known ahead."""
    hours = pd.date_range("2024-01-01", periods=HOURS, freq="h")
    parts = []
    for series in range(n_series):
        load = 1000.0 * series + np.arange(HOURS)
        part = pd.DataFrame({"load": load, "weather": load / 7, "gust": load % 5}, hours)
        ahead = part[["weather", "gust"]].shift(-HORIZON).add_suffix("_ahead")
        parts.append(part[["load"]].join(ahead).assign(town=f"town {series}"))
    return pd.concat(parts)


def model(**options):
    return make_pipeline(
        SlidingWindowTransformer(6, groups="town"),
        LSTMRegressor(horizon=HORIZON, **TINY, **options),
    )


def targets(X):
    return future_targets(X[["town", "load"]], HORIZON, groups="town")


def message(columns, n, of, first, last):
    return re.escape(
        f"Got NaN in {columns}, in {n} of {of} rows, from {first} to {last}; the last known"
    )


def expected(windows, target):
    """The same by a slow loop over windows."""
    dense = np.asarray(windows)
    known = []
    for feature in range(dense.shape[2]):
        seen = [
            not np.isnan(window[-1, feature])
            for window, y in zip(dense, target, strict=True)
            if not np.isnan(y).any() and not np.isnan(window[-1]).all()
        ]
        if seen and all(seen):
            known.append(feature)
    return tuple(known)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_always_known_is_found_as_by_a_loop(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(30, 4))
    table[rng.random(table.shape) < [0, 0.05, 0.05, 0.5]] = np.nan
    table[rng.random(30) < 0.2] = np.nan  # unobserved
    windows = SlidingWindowTransformer(3).fit_transform(table)
    target = rng.normal(size=(30, 2))
    target[rng.random(30) < 0.3, 1] = np.nan
    assert always_known(windows, target) == expected(windows, target)


def test_nothing_is_always_known_where_no_row_tells():
    windows = Windows.from_array(np.ones((3, 2, 1)))
    assert always_known(windows, np.full((3, 2), np.nan)) == ()


@pytest.mark.parametrize("n_series", [1, 3])
def test_rows_without_what_is_known_ahead_are_named(n_series):
    X = rows(n_series)
    fitted = model().fit(X, targets(X))
    n = n_series * HORIZON
    columns = ["weather_ahead", "gust_ahead"]
    told = message(columns, n, len(X), HOURS - HORIZON, len(X) - 1)
    with pytest.warns(UserWarning, match=told):
        fitted.predict(X)
    last = X[X["town"] == "town 0"][-HORIZON:]
    with pytest.warns(UserWarning, match=message(columns, HORIZON, HORIZON, 0, 3)):
        fitted.predict(last)


def test_only_the_columns_that_lack_a_value_are_named():
    X = rows()
    fitted = model().fit(X, targets(X))
    X.iloc[10, 2] = np.nan
    with pytest.warns(UserWarning, match=message(["gust_ahead"], 1, 20, 10, 10)):
        fitted.predict(X[:20])


def test_rows_that_know_what_is_ahead_are_predicted_without_a_warning():
    X = rows()
    fitted = model().fit(X, targets(X))
    fitted.predict(X[:-HORIZON])


def test_unobserved_rows_and_columns_that_were_missing_in_fit_are_no_news():
    X = rows()
    X.iloc[20, 2] = np.nan
    X.iloc[30, :3] = np.nan
    fitted = model().fit(X, targets(X))
    X.iloc[40, 2] = np.nan
    fitted.predict(X[:-HORIZON])


def test_the_caller_is_named():
    X = rows()
    fitted = model().fit(X, targets(X))
    windows = fitted[0].transform(X)
    with pytest.warns(UserWarning, match="weather_ahead") as caught:
        fitted[-1].predict(windows)
    assert caught[0].filename == __file__


def test_a_classifier_warns_too():
    X = rows()
    labels = np.where(np.arange(HOURS) % 2 == 0, "even", "odd")
    windows = SlidingWindowTransformer(6, groups="town").fit(X)
    fitted = LSTMClassifier(horizon=HORIZON, **TINY).fit(windows.transform(X), labels)
    with pytest.warns(
        UserWarning, match=message(["weather_ahead", "gust_ahead"], 4, 60, 56, 59)
    ):
        fitted.predict_proba(windows.transform(X))


def test_arrays_have_numbers_for_names():
    X = rows().drop(columns="town").to_numpy()
    y = future_targets(X[:, 0], HORIZON)
    windows = SlidingWindowTransformer(6)
    fitted = LSTMRegressor(horizon=HORIZON, **TINY).fit(windows.fit_transform(X), y)
    with pytest.warns(UserWarning, match=message([1, 2], 4, 60, 56, 59)):
        fitted.predict(windows.transform(X))


def test_pickles_and_files_remember(tmp_path):
    X = rows()
    fitted = model().fit(X, targets(X))
    save(fitted, tmp_path / "model.safetensors")
    for again in (pickle.loads(pickle.dumps(fitted)), load(tmp_path / "model.safetensors")):
        with pytest.warns(UserWarning, match="weather_ahead"):
            again.predict(X)


def test_without_targets_ahead_missing_values_are_what_they_were():
    X = np.arange(60.0).reshape(10, 3, 2)
    fitted = LSTMRegressor(**TINY).fit(X, np.arange(10.0))
    X[:, -1, 1] = np.nan
    fitted.predict(X)


def lacking(X, at):
    X = X.copy()
    X.iloc[at, 1] = np.nan
    return X


def test_what_training_went_on_without_is_no_news():
    X = rows()
    windows = SlidingWindowTransformer(6, groups="town").fit(X)
    whole, some = (windows.transform(part) for part in (X, lacking(X, 30)))
    fitted = LSTMRegressor(horizon=HORIZON, **TINY).fit(whole, targets(X))
    fitted.partial_fit(some, targets(X))
    assert fitted._model.encoding.known_last == (0, 2)
    with pytest.warns(UserWarning, match=r"Got NaN in \['gust_ahead'\]"):
        fitted.predict(whole)


def test_what_was_missing_in_held_out_rows_is_no_news():
    X = lacking(rows(), 54)
    fitted = model(early_stopping=True).fit(X, targets(X))
    fitted.predict(X[: HOURS - HORIZON])


def test_calibration_says_nothing_of_rows_whose_targets_are_not_known():
    X = rows().drop(columns="town")
    X = pd.concat([X] * 3, ignore_index=True).assign(load=np.arange(3.0 * HOURS))
    y = future_targets(X["load"], HORIZON)
    X.iloc[: 2 * HOURS, 1:] = X.iloc[: 2 * HOURS, 1:].fillna(0.0)
    steps = make_pipeline(
        SlidingWindowTransformer(6), LSTMRegressor(horizon=HORIZON, **TINY)
    )
    conformal = ConformalRegressor(steps, coverage=0.8).fit(X, y)
    with pytest.warns(UserWarning, match="weather_ahead"):
        conformal.predict(X)
