"""Intervals, quantiles, variances and distributions of forecasts, and their values."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from skpro.distributions.base import BaseDistribution
from sktime.datasets import load_airline
from sktime.utils._testing.hierarchical import _make_hierarchical

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._quantile_distribution import QuantileDistribution
from tests.sktime.data import MONTHS, panel

STRATEGIES = ["direct", "recursive", "seq2seq"]
LOSSES = ["quantile", "gaussian", "student_t", "mixture", "negative_binomial"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
every_loss = pytest.mark.parametrize("loss", LOSSES)
airline = load_airline().astype(float)
LEVELS = [0.0004, 0.02, 0.1, 0.3, 0.5, 0.777, 0.9]


def forecaster(strategy="direct", **kwargs):
    options = {"random_state": 0, "max_epochs": 5, "hidden_size": 8} | kwargs
    return LSTMForecaster(strategy, **options)


@every_strategy
@every_loss
def test_all_that_is_predicted_agrees(strategy, loss):
    fitted = forecaster(strategy, loss=loss).fit(airline[:-12], fh=[1, 2, 7])
    quantiles = fitted.predict_quantiles(alpha=LEVELS)
    values = quantiles.to_numpy()
    assert (np.diff(values, axis=1) >= 0).all()
    assert list(quantiles.columns) == [(airline.name, level) for level in LEVELS]
    interval = fitted.predict_interval(coverage=[0.8, 0.96])
    assert list(interval.columns.get_level_values(2)) == ["lower", "upper"] * 2
    np.testing.assert_allclose(interval.iloc[:, 0], values[:, LEVELS.index(0.1)], rtol=1e-9)
    np.testing.assert_allclose(interval.iloc[:, 1], values[:, LEVELS.index(0.9)], rtol=1e-9)
    np.testing.assert_allclose(
        interval.iloc[:, 2], values[:, LEVELS.index(0.02)], rtol=1e-9
    )
    distribution = fitted.predict_proba()
    assert isinstance(distribution, BaseDistribution)
    given = distribution.quantile(LEVELS)
    np.testing.assert_allclose(given.to_numpy(), values, rtol=1e-9)
    variance = fitted.predict_var().to_numpy()
    # Of paths and mixtures, the tails lie beyond the levels that stand for them.
    np.testing.assert_allclose(distribution.var().to_numpy(), variance, rtol=0.3)
    assert distribution.index.equals(fitted.predict().index)
    pd.testing.assert_frame_equal(fitted.predict_quantiles(alpha=LEVELS), quantiles)
    if loss == "quantile" and strategy != "recursive":
        np.testing.assert_allclose(
            fitted.predict(), values[:, LEVELS.index(0.5)], rtol=1e-9
        )


def noisy(n=100, seed=0):
    """Noise whose deviation trebles in every second half of twelve months, and these."""
    rng = np.random.default_rng(seed)
    index = pd.period_range("1950-01", periods=n, freq="M")
    is_wild = (np.arange(n) % 12 >= 6).astype(float)
    y = pd.Series(50 + (1 + 2 * is_wild) * rng.normal(size=n), index, name="y")
    return y, pd.DataFrame({"wild": is_wild}, index)


@pytest.mark.parametrize("loss", ["quantile", "gaussian"])
@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
def test_the_spread_of_each_step_is_learnt(strategy, loss):
    y, X = noisy(720)
    model = LSTMForecaster(strategy, loss=loss, random_state=0, max_epochs=20)
    fitted = model.fit(y[:-12], X=X[:-12], fh=range(1, 13))
    interval = fitted.predict_interval(X=X[-12:], coverage=0.8)
    width = np.diff(interval.to_numpy(), axis=1)[:, 0] / (2 * stats.norm.ppf(0.9))
    assert 0.5 < width[:6].mean() < 2
    assert 2 < width[6:].mean() < 4


def test_the_uncertainty_of_a_walk_is_carried_along():
    """Of a random walk the deviation grows with the root of the step."""
    steps = np.random.default_rng(0).normal(size=len(MONTHS))
    walk = pd.Series(np.cumsum(steps), MONTHS)
    model = LSTMForecaster("recursive", loss="gaussian", random_state=0, window_length=3)
    fitted = model.fit(walk)
    std = np.sqrt(fitted.predict_var(fh=[1, 4, 16]).to_numpy()[:, 0])
    np.testing.assert_allclose(std / std[0], [1, 2, 4], rtol=0.35)


@every_strategy
def test_each_series_has_an_interval_of_its_own_size(strategy):
    small, _ = noisy(100)
    y = panel(a=small, b=1000 * small)
    interval = forecaster(strategy, max_epochs=20).fit(y, fh=[1, 2]).predict_interval()
    width = np.diff(interval.to_numpy(), axis=1)[:, 0].reshape(2, 2)
    np.testing.assert_allclose(width[1] / width[0], 1000, rtol=0.3)


@every_strategy
@pytest.mark.parametrize("channel_independent", [False, True])
def test_columns_have_their_own_units(strategy, channel_independent):
    small, _ = noisy(100)
    y = pd.DataFrame({"b": 100 * small + 7, "a": small})
    fitted = forecaster(strategy, channel_independent=channel_independent, max_epochs=20)
    fitted.fit(y, fh=[1, 2])
    quantiles = fitted.predict_quantiles(alpha=[0.1, 0.9])
    assert list(quantiles.columns) == [("b", 0.1), ("b", 0.9), ("a", 0.1), ("a", 0.9)]
    width = quantiles.xs(0.9, axis=1, level=1) - quantiles.xs(0.1, axis=1, level=1)
    np.testing.assert_allclose(width["b"] / width["a"], 100, rtol=0.4)
    assert (quantiles["b"] > 3000).all().all()
    assert (quantiles["a"] < 100).all().all()
    assert list(fitted.predict_var().columns) == ["b", "a"]
    distribution = fitted.predict_proba()
    np.testing.assert_allclose(distribution.quantile([0.1, 0.9]), quantiles)


@every_strategy
@every_loss
def test_hierarchies_have_no_nan_and_their_own_index(strategy, loss):
    y = _make_hierarchical((2, 2), min_timepoints=30, max_timepoints=30, random_state=0)
    y = (10 * y.abs()).round()
    fitted = forecaster(strategy, loss=loss, max_epochs=2).fit(y, fh=[-1, 1, 3])
    index = fitted.predict().index
    for given in (
        fitted.predict_quantiles(alpha=LEVELS),
        fitted.predict_interval(),
        fitted.predict_var(),
        fitted.predict_proba().quantile([0.3]),
        fitted.predict_proba().mean(),
    ):
        assert given.index.equals(index)
        assert np.isfinite(given.to_numpy()).all()


def test_a_series_never_observed_has_the_spread_of_the_others():
    y = panel(a=airline[:60], b=airline[:60] * np.nan)
    interval = forecaster().fit(y, fh=[1]).predict_interval(coverage=0.8)
    wanted = airline[:60].mean() + stats.norm.ppf([0.1, 0.9]) * airline[:60].std(ddof=0)
    np.testing.assert_allclose(interval.loc["b"].to_numpy()[0], wanted)


@every_strategy
def test_the_past_knows_nothing_of_the_future(strategy):
    fitted = forecaster(strategy).fit(airline[:100], fh=[1, 2])
    before = fitted.predict_interval(fh=[-20, -10, 0])
    other = airline[100:110] * 5
    fitted.update(other, update_params=False)
    after = fitted.predict_interval(fh=before.index)
    np.testing.assert_allclose(after, before, rtol=1e-6)


@every_strategy
def test_missing_ends_have_intervals_too(strategy):
    y = airline[:100].copy()
    y.iloc[-3:] = np.nan
    interval = forecaster(strategy).fit(y, fh=[1, 2]).predict_interval().to_numpy()
    assert (interval[:, 0] < interval[:, 1]).all()
    assert (interval[:, 0] < 400).all()


def test_the_tag_is_true_for_the_parameters_at_hand():
    for params in ({"loss": "squared_error"}, {"quantile": 0.9}):
        fitted = forecaster(**params).fit(airline[:60], fh=[1])
        with pytest.raises(NotImplementedError, match="does not have the capability"):
            fitted.predict_interval()
    changed = LSTMForecaster(loss="huber").set_params(loss="gaussian")
    assert changed.get_tag("capability:pred_int")


# ------------------------------------------------------------------ the distribution


def test_quantiles_give_back_a_normal_distribution():
    law = stats.norm(np.array([[3.0, 5.0]]), np.array([[1.0, 0.2]]))
    levels = [0.1, 0.3, 0.8]
    values = np.stack([law.ppf(level) for level in levels], axis=-1)
    given = QuantileDistribution(levels, values, pd.Index(["row"]), pd.Index(["a", "b"]))
    x = np.array([[2.5, 5.3]])
    np.testing.assert_allclose(given.cdf(x), law.cdf(x))
    np.testing.assert_allclose(given.pdf(x), law.pdf(x))
    np.testing.assert_allclose(given.ppf(0.999), law.ppf(0.999))
    np.testing.assert_allclose(given.mean(), law.mean(), rtol=1e-6)
    np.testing.assert_allclose(given.var(), law.var(), rtol=1e-2)
    one = given.loc[["row"], ["b"]]
    np.testing.assert_allclose(one.ppf(0.2), law.ppf(0.2)[:, 1:])


def test_quantiles_that_coincide_are_a_step():
    given = QuantileDistribution([0.2, 0.5, 0.8], [[[1.0, 1.0, 1.0]]])
    assert given.cdf(0.9).to_numpy() == 0
    assert given.cdf(1.1).to_numpy() == 1
    assert given.ppf(0.6).to_numpy() == 1
