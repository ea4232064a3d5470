"""What a mistake is told, before training starts."""

import re

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import ForecastingHorizon

from sklstm.sktime import LSTMForecaster, LSTMTimeSeriesRegressor
from tests.sktime.data import noise, panel, wave


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 12, "random_state": 0, "max_epochs": 1} | kwargs
    return LSTMForecaster(strategy, **options)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"strategy": "dirrec"},
            "strategy must be 'auto', 'direct', 'recursive'",
        ),
        (
            {"window_length": 0},
            "window_length must be 'auto' or an int of at least 1. Got 0",
        ),
        (
            {"window_length": 2.5},
            "window_length must be 'auto' or an int of at least 1. Got 2.5",
        ),
        ({"channel_independent": 3}, "channel_independent must be True or False. Got 3"),
        ({"hidden_size": -1}, "'hidden_size' parameter of LSTMForecaster .* Got -1"),
        ({"loss": "mse"}, "'loss' parameter .* Got 'mse'"),
        ({"device": "tpu"}, "device must be"),
        ({"past_covariates": ["z"]}, r"past_covariates must be columns of X, \[\]. Got"),
        (
            {"season_length": None, "season": "skip"},
            "season must be 'auto' without season_length.* Got 'skip', and",
        ),
    ],
)
def test_parameters_out_of_range_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        LSTMForecaster(**params).fit(wave(), fh=[1])


@pytest.mark.parametrize("season", ["additive", "multiplicative", "skip"])
@pytest.mark.parametrize(("freq", "n", "season_length"), [("M", 8, 12), ("Q", 3, 4)])
def test_a_window_that_does_not_hold_a_season_is_refused(season, freq, n, season_length):
    y = pd.Series(50 + np.arange(60.0), pd.period_range("1900", periods=60, freq=freq))
    message = f"window_length must be at least the season, {season_length}, with season='"
    with pytest.raises(ValueError, match=f"{message}{season}', or 'auto'. Got {n}"):
        forecaster(season=season, window_length=n).fit(y, fh=[1, 2])
    assert forecaster(window_length=n).fit(y, fh=[1, 2]).model_.regressor.season_ is None


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (LSTMForecaster, "patch_length", "no"),
        (LSTMForecaster, "season_length", "no"),
        (LSTMForecaster, "instance_scale", "no"),
        (LSTMTimeSeriesRegressor, "instance_norm", "bad"),
    ],
)
def test_the_message_has_all_that_a_parameter_may_be(cls, name, value):
    X, y = np.random.default_rng(0).normal(size=(12, 1, 8)), np.arange(12.0)
    data = (wave(), None, [1]) if cls is LSTMForecaster else (X, y)
    with pytest.raises(ValueError, match=f"{name}.*{cls.__name__} must be.*'auto'.* Got"):
        cls(**{name: value}).fit(*data)


@pytest.mark.parametrize("season", ["additive", "multiplicative", "skip"])
@pytest.mark.parametrize(("freq", "window_length"), [("Y", "auto"), ("Y", 8)])
def test_a_season_that_is_looked_for_need_not_be_there(season, freq, window_length):
    """A walk by years has none."""
    walk = 50 + np.random.default_rng(0).normal(size=60).cumsum()
    y = pd.Series(walk, pd.period_range("1900", periods=60, freq=freq))
    forecasts = []
    for name in ("auto", season):
        model = forecaster(season=name, window_length=window_length).fit(y, fh=[1, 2])
        assert model.model_.regressor.season_ is None
        forecasts.append(model.predict())
    pd.testing.assert_series_equal(*forecasts)


@pytest.mark.parametrize("season", ["additive", "multiplicative", "skip"])
def test_a_season_without_a_length_is_refused_before_pretraining_too(season):
    model = forecaster(season=season, season_length=None)
    message = rf"season must be 'auto' without season_length.* Got '{season}', and"
    with pytest.raises(ValueError, match=message):
        model.fit(wave(), fh=[1])
    with pytest.raises(ValueError, match=message):
        model.pretrain(panel(a=wave(), b=wave()), fh=[1])


@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
def test_the_horizon_must_be_known_in_fit(strategy):
    with pytest.raises(ValueError, match="horizon `fh` must be passed to `fit`"):
        forecaster(strategy).fit(wave())


@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
def test_a_longer_horizon_than_was_trained_for_is_refused(strategy):
    y = wave()
    fitted = forecaster(strategy).fit(y[:100], fh=[1, 2])
    with pytest.raises(ValueError, match="different forecasting horizon"):
        fitted.predict(fh=[1, 2, 3])
    absolute = ForecastingHorizon(y.index[[104, 105]], is_relative=False)
    fitted.fit(y[:104], fh=absolute)
    fitted.update(y[:100], update_params=False)
    with pytest.raises(ValueError, match=r"fh must be among the steps .* Got \[5, 6\]"):
        fitted.predict()


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
@pytest.mark.parametrize(
    ("future", "message"),
    [
        (lambda X: None, r"X must be given to predict.* \['x0', 'x1'\]. Got None"),
        (lambda X: X[100:102], "X must reach over the whole horizon.*no row at 2008-07"),
        (lambda X: X[["x0"]], r"X must have the columns seen in fit.* Got no \['x1'\]"),
        (lambda X: X.rename(columns={"x1": "x2"}), r"X must have .* Got no \['x1'\]"),
    ],
)
def test_x_that_does_not_cover_the_horizon_is_named(strategy, future, message):
    X = noise(columns=2)
    fitted = forecaster(strategy).fit(wave()[:100], X=X[:100], fh=[1, 2, 3])
    with pytest.raises(ValueError, match=message):
        fitted.predict(X=future(X))


def test_x_of_update_must_have_the_columns_of_fit():
    X = noise(columns=2)
    fitted = forecaster().fit(wave()[:100], X=X[:100], fh=[1])
    with pytest.raises(ValueError, match=r"X must have the columns seen in fit"):
        fitted.update(wave()[100:102], X=X[100:102][["x0"]])


def test_a_series_too_short_is_told_the_least_length():
    message = "y must have a series of at least 15 rows, .* Got 14 rows in its longest"
    with pytest.raises(ValueError, match=message):
        forecaster().fit(wave()[:14], fh=[1, 3])
    assert len(forecaster().fit(wave()[:15], fh=[1, 3]).predict()) == 2
    with pytest.raises(ValueError, match="at least 13 rows"):
        forecaster("recursive").fit(panel(a=wave()[:12], b=wave()[:5]))


def test_infinite_values_are_refused_before_anything_is_kept():
    y = wave()[:60]
    bad = y.copy()
    bad.iloc[[3, 55]] = np.inf
    with pytest.raises(ValueError, match=r"y must be finite or missing\. Got infinity"):
        forecaster().fit(bad, fh=[1])
    fitted = forecaster().fit(y[:50], fh=[1])
    with pytest.raises(ValueError, match="y must be finite or missing"):
        fitted.update(bad[50:], update_params=False)
    assert np.isfinite(fitted.update(y[50:], update_params=False).predict()).all()


@pytest.mark.parametrize("columns", [["p"], ["p", "q"]])
def test_a_column_never_observed_is_named(columns):
    y = pd.DataFrame({"p": np.nan, "q": wave()})[columns]
    with pytest.raises(ValueError, match=r"y must have a value .* Got none in \['p'\]"):
        forecaster().fit(y, fh=[1])


@pytest.mark.parametrize("past", ["x0", pd.Index(["x0"]), 3])
def test_past_covariates_are_a_list(past):
    model = forecaster(past_covariates=past)
    with pytest.raises(TypeError, match="past_covariates must be a list of column names"):
        model.fit(wave(), X=noise(), fh=[1])


def test_other_columns_of_y_are_named():
    y = pd.DataFrame({"p": wave(), "q": wave()})
    fitted = forecaster().fit(y[:100], fh=[1])
    with pytest.raises(
        ValueError, match=r"y must have the columns seen in fit.*no \['p'\]"
    ):
        fitted.update(y[100:110][["q"]])
    with pytest.raises(ValueError, match="and no others"):
        fitted.update(y[100:110].assign(r=0.0))


def test_one_series_cannot_become_many():
    y = wave()
    fitted = forecaster().fit(y[:100], fh=[1])
    with pytest.raises(TypeError, match="y must be of the kind that was fitted"):
        fitted.update(panel(a=y[100:110]))


def test_columns_of_x_that_pretrain_did_not_have_are_refused():
    pretrained = forecaster().pretrain(panel(a=wave()[:50], b=wave()[:50]), fh=[1])
    with pytest.raises(ValueError, match=r"X must have the columns of pretrain, \[\]"):
        pretrained.fit(wave()[:50], X=noise()[:50], fh=[1])


def test_an_index_without_a_step_is_explained():
    y = wave()[:50]
    stamps = pd.date_range("2000", periods=400, freq="D")
    y.index = stamps[np.sort(np.random.default_rng(0).choice(400, 50, replace=False))]
    with pytest.raises(ValueError, match="y must have a time index with a regular step"):
        forecaster("recursive").fit(y).predict(fh=[1, 2])


def test_pretraining_needs_a_horizon_and_the_same_columns():
    y = panel(a=wave()[:50], b=wave()[:50])
    with pytest.raises(ValueError, match="fh must be given to pretrain"):
        forecaster().pretrain(y)
    pretrained = forecaster().pretrain(y, fh=[1])
    with pytest.raises(ValueError, match="y must have as many columns as in pretrain"):
        pretrained.fit(pd.DataFrame({"a": wave(), "b": wave()}), fh=[1])


def test_a_failed_fit_leaves_no_model():
    y = wave()[:50]
    diverging = {"learning_rate": 1e30, "max_grad_norm": None, "optimizer": "sgd"}
    model = forecaster(**diverging, loss="squared_error")
    with pytest.raises(ValueError, match="loss became"):
        model.fit(y, fh=[1])
    assert not model.is_fitted
    assert not hasattr(model, "model_")


# ------------------------------------------------------------------ rows and columns


def twice(y, row):
    return pd.concat([y[: row + 1], y[row:]])


INDICES = {
    "period": pd.period_range("2000-01", periods=60, freq="M"),
    "datetime": pd.date_range("2000-01-01", periods=60, freq="D"),
    "int": pd.RangeIndex(60),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("channel_independent", [False, True])
def test_a_time_that_comes_twice_is_named_with_its_series(index, channel_independent):
    y = wave(index)
    time = index[7]
    model = forecaster(channel_independent=channel_independent)
    with pytest.raises(ValueError, match=rf"y must have each time once.* {time} .* in y\."):
        model.fit(twice(y, 7), fh=[1])
    shops = panel(north=y, south=twice(y, 7))
    message = rf"y must have .* Got {time} more than once in series 'south'"
    with pytest.raises(ValueError, match=message):
        model.fit(shops, fh=[1])
    with pytest.raises(ValueError, match=message):
        model.pretrain(shops, fh=[1])
    fitted = forecaster(channel_independent=channel_independent).fit(panel(south=y), fh=[1])
    with pytest.raises(ValueError, match=message):
        fitted.update(panel(south=twice(y, 7)))


def test_a_time_that_comes_twice_in_x_is_named():
    y, X = wave(), noise()
    with pytest.raises(ValueError, match=r"X must have each time .* Got 2000-04 .* in X"):
        forecaster().fit(y[:100], X=twice(X[:100], 3), fh=[1])
    fitted = forecaster().fit(y[:100], X=X[:100], fh=[1, 2])
    with pytest.raises(ValueError, match=r"X must have each time .* Got 2008-06 .* in X"):
        fitted.predict(X=twice(X[100:102], 1))


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
@pytest.mark.parametrize("update_params", [False, True])
@pytest.mark.parametrize("past_covariates", [None, ["x0"]])
def test_an_update_without_x_is_refused_after_a_fit_with_it(
    strategy, update_params, past_covariates
):
    y, X = wave(), noise()
    fitted = forecaster(strategy, past_covariates=past_covariates)
    fitted.fit(y[:100], X=X[:100], fh=[1])
    with pytest.raises(ValueError, match=r"X must be given to update.* \['x0'\]. Got None"):
        fitted.update(y[100:102], update_params=update_params)
    unknown = X[100:102].assign(x0=np.nan)
    fitted.update(y[100:102], X=unknown, update_params=update_params)
    assert np.isfinite(fitted.predict(X=X[102:103])).all()


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_a_column_of_x_without_a_value_is_named(strategy):
    y, X = wave(), noise(columns=2)
    empty = X.assign(x1=np.nan)
    message = r"X must have a value to learn from.* NaN in \['x1'\]; leave"
    with pytest.raises(ValueError, match=message):
        forecaster(strategy).fit(y[:100], X=empty[:100], fh=[1])
    many = pd.concat({"a": empty[:100], "b": empty[:100]}, names=["shop", "month"])
    with pytest.raises(ValueError, match=message):
        forecaster(strategy).pretrain(panel(a=y[:100], b=y[:100]), X=many, fh=[1])
    text = X.assign(x1=pd.Categorical([None] * len(X), ["a"]))
    with pytest.raises(ValueError, match=message):
        forecaster(strategy).fit(y[:100], X=text[:100], fh=[1])
    fitted = forecaster(strategy).fit(y[:100], X=X[:100], fh=[1, 2])
    with pytest.warns(UserWarning, match=r"Got nothing but NaN in \['x1'\]") as caught:
        fitted.predict(X=empty[100:102])
    assert caught[0].filename == __file__


def test_a_column_of_x_that_only_fine_tuning_lacks_is_said_too():
    y, X = panel(a=wave()[:60], b=wave()[:60]), noise()
    many = pd.concat({"a": X[:60], "b": X[:60]}, names=["shop", "month"])
    pretrained = forecaster().pretrain(y, X=many, fh=[1])
    with pytest.raises(ValueError, match=r"NaN in \['x0'\]"):
        pretrained.fit(wave()[:60], X=X[:60].assign(x0=np.nan), fh=[1])


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_values_that_are_not_known_ahead_are_named_by_column_and_row(strategy):
    y, X = wave(), noise(columns=2)
    fitted = forecaster(strategy).fit(y[:100], X=X[:100], fh=[1, 2, 3])
    ahead = X[100:103].copy()
    ahead.iloc[1, 1] = np.nan
    at = re.escape(str(ahead.index[1]))
    message = rf"NaN in \['x1'\], in 1 of 3 rows, first at {at} and last at {at}; the last"
    with pytest.warns(UserWarning, match=message) as caught:
        said = fitted.predict(fh=[1, 2, 3], X=ahead)
    assert caught[0].filename == __file__
    assert np.isfinite(said).all()
    ahead.iloc[1, 1] = X.iloc[101, 1]
    fitted.predict(fh=[1, 2, 3], X=ahead)  # without a warning


def test_a_series_of_a_panel_that_lacks_what_is_known_ahead_is_named():
    y, X = panel(a=wave()[:60], b=wave()[:60]), noise()
    both = pd.concat({"a": X[:63], "b": X[:63]}, names=["shop", "month"])
    is_past = both.index.get_level_values(1) < X.index[60]
    fitted = forecaster().fit(y, X=both[is_past], fh=[1, 2, 3])
    ahead = both[~is_past].copy()
    ahead.loc[("b", X.index[62]), "x0"] = np.nan
    with pytest.warns(UserWarning, match=r"in 1 of 6 rows, first at \('b', "):
        fitted.predict(X=ahead)
