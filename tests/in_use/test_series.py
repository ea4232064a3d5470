"""Rows keep their series through scorers, searches and validation data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, SlidingWindowTransformer

TINY = {"hidden_size": 4, "max_epochs": 3, "batch_size": 32, "random_state": 0}
N_DAYS, N_STORES = 40, 3
SERIES = np.tile(np.arange(N_STORES), N_DAYS)
DAY = np.repeat(np.arange(N_DAYS), N_STORES)
VALUE = 1000.0 * SERIES + DAY
FOLDS = TimeSeriesSplit(3, test_size=6 * N_STORES)


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps the windows that reach it, and predicts the middle step of each."""

    def fit(self, X, y, X_val=None, y_val=None):
        self.X_, self.X_val_ = np.asarray(X), X_val
        return self

    def predict(self, X):
        return np.asarray(X)[:, 1, 0]


def table(where):
    """Stores side by side, ordered by day."""
    days = pd.date_range("2024-01-01", periods=N_DAYS)[DAY]
    stores = np.array(["a", "b", "c"])[SERIES]
    columns = {"store": stores, "value": VALUE, "day": days}
    if where == "polars":
        return pl.DataFrame({name: list(values) for name, values in columns.items()})
    X = pd.DataFrame(columns)
    return X if where == "columns" else X.set_index(["day", "store"])


def step(where, **params):
    if where == "unnamed levels":
        return SlidingWindowTransformer(3, **params)
    return SlidingWindowTransformer(3, groups="store", time="day", **params)


WHERE = pytest.mark.parametrize("where", ["columns", "levels", "unnamed levels", "polars"])


@WHERE
def test_each_window_is_of_one_series_in_every_method(where):
    X, y = table(where), VALUE - 1
    model = make_pipeline(step(where, context="fit"), Recorder())
    predicted = cross_val_predict(model, X, y, cv=KFold(2))
    np.testing.assert_array_equal(predicted[60:], y[60:])
    np.testing.assert_array_equal(predicted[N_STORES:60], y[N_STORES:60])
    assert np.isnan(predicted[:N_STORES]).all()


@WHERE
def test_scores_are_those_of_the_series_whatever_the_scorer(where):
    X, y = table(where), VALUE + 1
    model = make_pipeline(step(where, context="fit"), LSTMRegressor(**TINY))
    by_default = cross_validate(model, X, y, cv=FOLDS)["test_score"]
    by_name = cross_validate(model, X, y, cv=FOLDS, scoring="r2")["test_score"]
    np.testing.assert_array_equal(by_default, by_name)
    arrays = VALUE[:, None]
    for score, (train, test) in zip(by_name, FOLDS.split(arrays), strict=True):
        windows = SlidingWindowTransformer(3, context="fit")
        regressor = LSTMRegressor(**TINY)
        regressor.fit(windows.fit_transform(arrays[train], groups=SERIES[train]), y[train])
        later = windows.transform(arrays[test], groups=SERIES[test])
        assert score == regressor.score(later, y[test])


@pytest.mark.parametrize("where", ["columns", "unnamed levels", "polars"])
def test_a_search_predicts_with_the_series(where):
    X, y = table(where), VALUE + 1
    model = Pipeline(
        [("windows", step(where, context="fit")), ("lstm", LSTMRegressor(**TINY))]
    )
    grid = {"windows__window_length": [2, 3]}
    search = GridSearchCV(model, grid, cv=FOLDS, scoring="r2").fit(X[:90], y[:90])
    best = clone(model).set_params(**search.best_params_).fit(X[:90], y[:90])
    np.testing.assert_array_equal(search.predict(X[90:]), best.predict(X[90:]))
    whole = best[0].fit(X[:90]).transform(X[90:])
    assert not np.isnan(np.asarray(whole)).any()


def test_a_scorer_that_drops_groups_is_an_error_and_no_wrong_score():
    with config_context(enable_metadata_routing=True):
        windows = SlidingWindowTransformer(3)
        windows.set_fit_request(groups=True).set_transform_request(groups=True)
        model = make_pipeline(windows, LSTMRegressor(**TINY))
        X, y = VALUE[:, None], VALUE + 1
        with pytest.raises(ValueError, match=r"not in transform.*groups='store'"):
            cross_validate(
                model,
                X,
                y,
                cv=FOLDS,
                scoring="r2",
                params={"groups": SERIES},
                error_score="raise",
            )
        search = GridSearchCV(model, {"lstmregressor__hidden_size": [2]}, cv=FOLDS)
        search.fit(X, y, groups=SERIES)
        with pytest.raises(ValueError, match=r"not in transform.*groups='store'"):
            search.predict(X)


@WHERE
@pytest.mark.parametrize("n_val", [60, 45])
def test_validation_rows_have_their_own_series(where, n_val):
    X, y = table(where), VALUE
    # Validation rows in another order of stores than the training rows.
    late = np.arange(60, 60 + n_val)
    late = late[np.lexsort((-SERIES[late], DAY[late]))]
    X_val = X[list(late)] if where == "polars" else X.iloc[late]
    with config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("windows", step(where, context="fit")),
                ("last", Recorder().set_fit_request(X_val=True, y_val=True)),
            ],
            transform_input=["X_val"],
        )
        model.fit(X[:60], y[:60], X_val=X_val, y_val=y[late])
    np.testing.assert_array_equal(model["last"].predict(model["last"].X_val_), y[late] - 1)


def test_the_first_missing_day_breaks_no_pipeline_with_a_function():
    days = pd.date_range("2024-01-01", periods=60)
    X = pd.DataFrame({"a": np.sin(np.arange(60.0))}, index=days)
    y = X["a"].to_numpy()
    latest = FunctionTransformer(lambda windows: windows[:, -2:] * 2)
    model = make_pipeline(SlidingWindowTransformer(4), latest, LSTMRegressor(**TINY))
    whole = model.fit(X, y).predict(X)
    gap = X.drop(index=days[30])
    parted = model.predict(gap)
    np.testing.assert_allclose(parted[:30], whole[:30], rtol=1e-5)
    np.testing.assert_allclose(parted[31:], whole[32:], rtol=1e-5)
    model.fit(gap, y[:59])


def test_names_outlive_a_scaler_that_gives_frames():
    X = table("levels").assign(other=1.0)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, step("levels"), LSTMRegressor(**TINY))
    y = VALUE + 1
    by_hand = (VALUE - VALUE.mean()) / VALUE.std()
    windows = model[:-1].fit_transform(X, y)
    wanted = SlidingWindowTransformer(3).fit_transform(by_hand[:, None], groups=SERIES)
    np.testing.assert_allclose(np.asarray(windows)[:, :, :1], wanted)
    lost = make_pipeline(StandardScaler(), step("levels"), LSTMRegressor(**TINY))
    with pytest.raises(ValueError, match=r"groups='store' must be.*Got ndarray without"):
        lost.fit(X, y)
