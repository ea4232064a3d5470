"""One network that forecasts each column of a series by itself."""

import numpy as np
import pandas as pd
import pytest

from sklstm.sktime import LSTMForecaster

rng = np.random.default_rng(0)
INDEX = pd.period_range("2020-01", periods=80, freq="M")
Y = pd.DataFrame(rng.normal(size=(80, 3)).cumsum(axis=0), INDEX, ["b", "a", "c"])
X = pd.DataFrame({"month": INDEX.month - 1, "noise": rng.normal(size=80)}, INDEX)
SMALL = {"window_length": 6, "hidden_size": 4, "max_epochs": 2, "random_state": 0}


def forecaster(**options):
    return LSTMForecaster(channel_independent=True, **SMALL | options)


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_columns_are_forecast_as_a_panel_of_them_is(strategy):
    fh = [1, 2, 4]
    got = forecaster(strategy=strategy).fit(Y[:70], X[:70], fh=fh)
    mean, scale = Y[:70].mean(), Y[:70].std(ddof=0)
    scaled = (Y - mean) / scale
    panel = pd.concat({i: scaled[[c]].set_axis(["y"], axis=1) for i, c in enumerate(Y)})
    covariates = pd.concat(dict.fromkeys(range(3), X))
    # The channels are of one size already.
    alike = {"strategy": strategy, "instance_scale": False}
    expected = LSTMForecaster(**alike, **SMALL).fit(
        pd.concat({i: panel.loc[i][:70] for i in range(3)}, names=["series", "time"]),
        pd.concat({i: covariates.loc[i][:70] for i in range(3)}, names=["series", "time"]),
        fh=fh,
    )
    ahead = pd.concat(dict.fromkeys(range(3), X[70:]), names=["series", "time"])
    pred, reference = got.predict(X=X[70:]), expected.predict(X=ahead)
    assert list(pred.columns) == ["b", "a", "c"]
    for i, name in enumerate(Y):
        expected = reference.loc[i, "y"] * scale[name] + mean[name]
        np.testing.assert_allclose(pred[name], expected, rtol=1e-5)


def test_a_column_of_another_size_is_learnt_alike():
    small = forecaster().fit(Y[:70], fh=[1, 2]).predict()
    y = Y * [1, 1e6, 1e-3]
    large = forecaster().fit(y[:70], fh=[1, 2]).predict()
    np.testing.assert_allclose(large / [1, 1e6, 1e-3], small, rtol=1e-3, atol=1e-3)
    plain = forecaster(standardize=False).fit(Y[:70], fh=[1, 2])
    assert plain._channels.scaling.scale.tolist() == [1, 1, 1]


@pytest.mark.parametrize("season", ["auto", "multiplicative"])
def test_the_season_of_a_column_may_be_a_factor(season):
    trend = np.linspace(1, 4, 80)[:, None] * [1.0, 1e4]
    factor = np.resize([0.5, 1.5, 0.8, 1.2], 80)[:, None]
    y = pd.DataFrame(trend * factor, INDEX, ["small", "large"])
    together = LSTMForecaster(season_length=4, season=season, random_state=0, max_epochs=2)
    apart = together.clone().set_params(channel_independent=True)
    for model in (apart, together):
        model.fit(y[:70], fh=range(1, 9))
        assert model.model_.regressor.season_ == (4, "multiplicative")
        error = model.predict() / y[70:78] - 1
        assert np.abs(error.to_numpy()).max() < 0.1
    down = apart.clone().fit(y[:70] - 3, fh=[1]) if season == "auto" else None
    assert down is None or down.model_.regressor.season_ == (4, "additive")


def test_a_column_does_not_depend_on_the_others():
    fitted = forecaster().fit(Y[:70], fh=[1, 2])
    before = fitted.predict()
    changed = Y[70:75].copy()
    changed["a"] += 3
    pred = [fitted.clone().fit(Y[:70], fh=[1, 2]) for _ in range(2)]
    plain, other = (
        f.update(new, update_params=False).predict()
        for f, new in zip(pred, (Y[70:75], changed), strict=True)
    )
    assert before.index[0] == INDEX[70]
    np.testing.assert_array_equal(plain[["b", "c"]], other[["b", "c"]])
    assert (plain["a"] != other["a"]).all()


def test_columns_in_another_order_are_found_by_name():
    fitted = [forecaster().fit(Y[:70], fh=[1, 2]) for _ in range(2)]
    plain = fitted[0].update(Y[70:75]).predict()
    other = fitted[1].update(Y[70:75][["c", "b", "a"]]).predict()
    pd.testing.assert_frame_equal(plain, other)


def test_other_columns_are_refused():
    fitted = forecaster().fit(Y[:70], fh=[1, 2])
    with pytest.raises(ValueError, match="no others"):
        fitted._update(Y[70:75].assign(d=1.0))
    alone = forecaster().fit(Y[["a"]][:70], fh=[1, 2])
    alone._update(Y[["b"]][70:75], update_params=False)


def test_an_index_of_business_days_keeps_its_step():
    y = Y.set_axis(pd.bdate_range("2020-01-01", periods=80))
    pred = forecaster().fit(y, fh=[1, 2, 3]).predict()
    assert (pred.index == pd.bdate_range(y.index[-1], periods=4)[1:]).all()


def test_pretraining_is_gone_on_from_by_channel():
    panel = pd.concat({"s": Y, "t": Y[::-1].set_axis(INDEX)}, names=["store", "time"])
    fitted = forecaster().pretrain(panel, fh=[1, 2])
    pred = fitted.clone().fit(Y[:10][["a", "b"]], fh=[1, 2]).predict()
    assert pred.shape == (2, 2)


def test_a_panel_of_multivariate_series():
    y = pd.concat({"s": Y[:70], "t": Y[5:75]}, names=["store", "time"])
    pred = forecaster().fit(y, fh=[1, 2]).predict()
    assert pred.shape == (4, 3)
    assert list(pred.columns) == list(Y.columns)
    assert pred.index.get_level_values(0).tolist() == ["s", "s", "t", "t"]
    assert pred.notna().all(axis=None)


def test_a_month_is_embedded_in_the_past_and_in_the_future():
    fitted = LSTMForecaster(categorical_features=["month"], embedding_size=3, **SMALL)
    fitted.fit(Y[["a"]][:70], X[:70], fh=[1, 2])
    embedding = fitted.model_.regressor.module_.embedding
    assert embedding.lookups[0].known.tolist() == [*range(12), np.inf]
    pred = fitted.predict(X=X[70:72])
    other = X[70:72].copy()
    other.loc[other.index[1], "month"] += 1
    assert (pred != fitted.predict(X=other)).any(axis=None)


def test_an_unknown_category_of_columns_is_refused():
    with pytest.raises(ValueError, match="categorical_features must be columns of X"):
        LSTMForecaster(categorical_features=["week"], **SMALL).fit(Y, X, fh=[1])
