"""Metrics of intervals and quantiles beside scikit-learn's, and their scorers."""

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import cross_validate

from sklstm import ConformalRegressor, LSTMRegressor, metrics
from sklstm.metrics import (
    coverage,
    crps,
    uncertainty_scorer,
    weighted_quantile_loss,
    width,
    winkler_score,
)

rng = np.random.default_rng(0)
Y = rng.normal(size=(40, 2))
LEVELS = [0.1, 0.4, 0.5, 0.9]
QUANTILES = np.sort(rng.normal(size=(40, 2, 4)), axis=-1)
INTERVAL = QUANTILES[..., [0, 3]]
OF_INTERVALS = [coverage, width, winkler_score]
OF_QUANTILES = [crps, weighted_quantile_loss]


def pinball():
    return [
        mean_pinball_loss(Y, QUANTILES[..., k], alpha=level)
        for k, level in enumerate(LEVELS)
    ]


def test_quantile_losses_are_those_of_scikit_learn():
    given = crps(Y, QUANTILES, quantiles=LEVELS)
    np.testing.assert_allclose(given, 2 * np.mean(pinball()))
    given = weighted_quantile_loss(Y, QUANTILES, quantiles=LEVELS)
    np.testing.assert_allclose(given, 2 * np.mean(pinball()) / np.abs(Y).mean())


def test_many_levels_give_the_score_of_the_distribution():
    levels = (np.arange(999) + 0.5) / 999
    given = crps([0.7], [stats.norm.ppf(levels)], quantiles=levels)
    wanted, _ = integrate.quad(lambda x: (stats.norm.cdf(x) - (x >= 0.7)) ** 2, -9, 9)
    np.testing.assert_allclose(given, wanted, rtol=1e-3)


def test_the_winkler_score_is_two_pinball_losses():
    """Of the ends at levels a / 2 and 1 - a / 2, over a / 2."""
    low = mean_pinball_loss(Y, INTERVAL[..., 0], alpha=0.1)
    high = mean_pinball_loss(Y, INTERVAL[..., 1], alpha=0.9)
    given = winkler_score(Y, INTERVAL, coverage=0.8)
    np.testing.assert_allclose(given, (low + high) / 0.1)


def test_coverage_and_width():
    inside = (INTERVAL[..., 0] <= Y) & (INTERVAL[..., 1] >= Y)
    assert coverage(Y, INTERVAL) == inside.mean()
    np.testing.assert_allclose(width(Y, INTERVAL), np.ptp(INTERVAL, axis=-1).mean())
    assert coverage([1.0], [[1.0, 1.0]]) == 1  # the ends belong to it


@pytest.mark.parametrize("metric", OF_INTERVALS + OF_QUANTILES)
def test_missing_targets_and_weights(metric):
    said = INTERVAL if metric in OF_INTERVALS else QUANTILES
    options = {} if metric in OF_INTERVALS else {"quantiles": LEVELS}
    missing = Y.copy()
    missing[5:, 1] = missing[3] = np.nan
    known = ~np.isnan(missing)
    wanted = metric(Y[known], said[known], **options)
    np.testing.assert_allclose(metric(missing, said, **options), wanted)
    weight = np.r_[np.full(10, 2.0), np.zeros(30)]
    wanted = metric(Y[:10], said[:10], **options)
    given = metric(Y, said, sample_weight=weight, **options)
    np.testing.assert_allclose(given, wanted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: coverage(Y, QUANTILES),
            r"interval must have 2 values .* Got \(40, 2, 4\)",
        ),
        (lambda: coverage(Y[:, 0], INTERVAL), "interval must have 2 values for each"),
        (lambda: crps(Y, QUANTILES), "y_quantiles must have 9 values for each target"),
        (lambda: crps(Y, QUANTILES, quantiles=[3]), "quantiles must be ascending levels"),
        (lambda: winkler_score(Y, INTERVAL, coverage=80), "coverage must be a number in"),
        (lambda: width(Y * np.nan, INTERVAL), "y_true must have a target that is known"),
        (
            lambda: uncertainty_scorer("crps"),
            "name must be one of .*'neg_crps'.* Got 'crps'",
        ),
    ],
)
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


NAMES = ["coverage", "neg_width", "neg_winkler_score", "neg_crps",
         "neg_weighted_quantile_loss"]  # fmt: skip


def test_scorers_ask_for_what_they_score():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 4))
    y = X[:, -1] + rng.normal(size=120)
    options = {"coverage": 0.8, "quantiles": [0.2, 0.5, 0.8]}
    scoring = {name: uncertainty_scorer(name, **options) for name in NAMES}
    model = LSTMRegressor(loss="gaussian", max_epochs=3, random_state=0)
    scores = cross_validate(model, X, y, cv=2, scoring=scoring, error_score="raise")
    model.fit(X[60:], y[60:])
    interval = model.predict_interval(X[:60], 0.8)
    quantiles = model.predict_quantiles(X[:60], [0.2, 0.5, 0.8])
    wanted = {
        "coverage": coverage(y[:60], interval),
        "neg_width": -width(y[:60], interval),
        "neg_winkler_score": -winkler_score(y[:60], interval, coverage=0.8),
        "neg_crps": -crps(y[:60], quantiles, quantiles=[0.2, 0.5, 0.8]),
        "neg_weighted_quantile_loss": -weighted_quantile_loss(
            y[:60], quantiles, quantiles=[0.2, 0.5, 0.8]
        ),
    }
    given = {name: scores[f"test_{name}"][0] for name in NAMES}
    assert given == pytest.approx(wanted)


def test_a_conformal_estimator_is_scored_at_its_own_coverage():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 2))
    y = X[:, 0] + rng.normal(size=200)
    model = ConformalRegressor(Ridge(), coverage=0.6).fit(X[:150], y[:150])
    interval = model.predict_interval(X[150:])
    given = uncertainty_scorer("neg_winkler_score", coverage=0.9)(model, X[150:], y[150:])
    assert given == -winkler_score(y[150:], interval, coverage=0.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.width([1, 2], [[2, 0], [4, 0]]), "lower ends first"),
        (lambda: metrics.coverage([1.0], [[0, np.nan]]), "no missing values"),
        (
            lambda: metrics.coverage([1, 9], [[0, 2], [0, 2]], sample_weight=[1]),
            "2 numbers",
        ),
        (lambda: metrics.coverage([1], [[0, 2]], sample_weight=[-1]), "at least 0"),
        (lambda: metrics.coverage([1], [[0, 2]], sample_weight=[0]), "not be 0 for all"),
        (
            lambda: metrics.weighted_quantile_loss([0.0], [[1.0]], quantiles=[0.5]),
            "other than 0",
        ),
    ],
)
def test_scores_of_nonsense_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
