"""Sequences and rows that are out of the ordinary, by values."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_outlier_detector
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklstm import LSTMOutlierDetector, SlidingWindowTransformer
from sklstm.inspection import gate_activations, summary

SMALL = {"hidden_size": 8, "max_epochs": 15, "learning_rate": 0.02, "random_state": 0}
METHODS = ("forecast", "reconstruction")


def waves(n=200, n_steps=12, seed=0):
    """Sequences of two features: a wave of any phase, and its double."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, size=n)[:, None]
    wave = np.sin(phase + 0.6 * np.arange(n_steps)) + rng.normal(
        scale=0.05, size=(n, n_steps)
    )
    return np.stack([wave, 2 * wave + 5], axis=2)


def fitted(X=None, **options):
    return LSTMOutlierDetector(**{**SMALL, **options}).fit(waves() if X is None else X)


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_standardised_errors(method):
    X = waves()
    model = fitted(X, method=method, horizon=3)
    if method == "forecast":
        expected = model.estimator_.predict(X[:, :-3]).reshape(-1, 3, 2)
        errors = X[:, -3:] - expected
    else:
        # The last step is told first.
        expected = model.estimator_.predict(X).reshape(-1, 12, 2)
        errors = X[:, ::-1] - expected
    held_out = errors[-40:]
    np.testing.assert_allclose(model.error_location_, held_out.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(model.error_scale_, held_out.std(axis=0), rtol=1e-4)
    z = (errors - model.error_location_) / model.error_scale_
    scores = -np.sqrt((z**2).mean(axis=(1, 2)))
    np.testing.assert_allclose(model.score_samples(X), scores, rtol=1e-4)
    steps = model.score_steps(X)
    by_step = -np.sqrt((z**2).mean(axis=2))
    if method == "forecast":
        assert np.isnan(steps[:, :-3]).all()
        np.testing.assert_allclose(steps[:, -3:], by_step, rtol=1e-4)
    else:
        np.testing.assert_allclose(steps, by_step[:, ::-1], rtol=1e-4)
    np.testing.assert_allclose(model.offset_, np.quantile(scores[-40:], 0.01), rtol=1e-4)
    np.testing.assert_array_equal(
        model.decision_function(X), model.score_samples(X) - model.offset_
    )


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_fit_is_found(method):
    model = fitted(waves(800), method=method, horizon=6)
    odd = waves(100, seed=1)
    assert (model.predict(odd) == 1).mean() > 0.9
    odd[:, 8, 0] += 3
    assert (model.predict(odd) == -1).all()
    assert (np.nanargmin(model.score_steps(odd), axis=1) == 8).mean() > 0.9


def test_contamination_is_the_share_of_the_training_samples():
    X = waves()
    model = fitted(X, contamination=0.1)
    assert (model.predict(X) == -1).sum() == 20
    np.testing.assert_allclose(model.offset_, np.quantile(model.score_samples(X), 0.1))
    assert (clone(model).fit_predict(X) == model.predict(X)).all()


def test_rows_have_one_causal_score_each():
    rng = np.random.default_rng(0)
    rows = np.sin(np.arange(300) / 4)[:, None] + rng.normal(scale=0.05, size=(300, 1))
    model = make_pipeline(
        SlidingWindowTransformer(window_length=10), LSTMOutlierDetector(**SMALL)
    ).fit(rows)
    assert is_outlier_detector(model)
    scores = model.score_samples(rows)
    assert scores.shape == (300,)
    changed = rows.copy()
    changed[200:] += 5
    np.testing.assert_allclose(model.score_samples(changed)[:200], scores[:200], rtol=1e-5)
    assert model.predict(changed)[200] == -1
    # A score depends on its window alone.
    np.testing.assert_allclose(model.score_samples(rows[100:])[9:], scores[109:], rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_series_do_not_mix(method):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"shop": np.repeat(["a", "b"], 80), "sales": rng.normal(size=160)})
    model = make_pipeline(
        SlidingWindowTransformer(window_length=6, groups="shop"),
        LSTMOutlierDetector(method=method, horizon=3, **SMALL),
    ).fit(frame)
    alone = model.score_samples(frame[80:])
    np.testing.assert_allclose(model.score_samples(frame)[80:], alone, rtol=1e-5)
    steps = model[-1].score_steps(model[0].transform(frame))
    # At the first row of a series there is one step to judge.
    assert np.isnan(steps[80, :-1]).all()
    assert np.isfinite(steps[80, -1])
    with pytest.raises(ValueError, match="shop"):
        model.score_samples(frame[["sales"]])


def test_weights_count():
    X = waves()
    noise = np.concatenate([X, np.random.default_rng(1).normal(5, 9, size=X.shape)])
    weight = np.repeat([1.0, 0.0], len(X))
    with_weights = LSTMOutlierDetector(**SMALL).fit(noise, sample_weight=weight)
    np.testing.assert_array_equal(with_weights.score_samples(X), fitted(X).score_samples(X))
    doubled = LSTMOutlierDetector(contamination=0.2, **SMALL)
    weight = np.where(np.arange(200) < 100, 3.0, 1.0)
    doubled.fit(X, sample_weight=weight)
    flagged = doubled.predict(X) == -1
    assert abs(weight[flagged].sum() / weight.sum() - 0.2) < 0.02


@pytest.mark.parametrize("method", METHODS)
def test_missing_steps_are_left_out(method):
    X = waves()
    X[:30, 4] = np.nan
    X[30:60, -1] = np.nan
    X[60:90, -1, 0] = np.nan
    X[90] = np.nan
    model = fitted(X, method=method)
    scores = model.score_samples(X)
    has_none = np.arange(200) == 90
    if method == "forecast":
        has_none |= (np.arange(200) >= 30) & (np.arange(200) < 60)
    np.testing.assert_array_equal(np.isnan(scores), has_none)
    assert (model.predict(X)[has_none] == 1).all()
    assert np.isnan(model.score_steps(X)[:30, 4]).all()


def test_a_level_and_a_season_are_no_outliers():
    trend = np.arange(400) / 10 + np.tile([0, 5, 0, -5], 100)
    rows = trend[:, None] + np.random.default_rng(0).normal(scale=0.1, size=(400, 1))
    model = make_pipeline(
        SlidingWindowTransformer(window_length=13, context="fit"),
        LSTMOutlierDetector(
            instance_norm="level", season_length=4, season="additive", **SMALL
        ),
    ).fit(rows[:200])
    later = model.predict(rows[200:])
    assert (later == 1).mean() > 0.85
    rows[300] += 3
    assert model.predict(rows[200:])[100] == -1


def test_it_survives_pickles_and_clones():
    X = waves()
    model = fitted(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(
        clone(model).fit(X).score_samples(X), model.score_samples(X)
    )


def test_a_failed_fit_leaves_it_as_it_was():
    X = waves()
    model = fitted(X)
    before = model.score_samples(X)
    with pytest.raises(ValueError, match="horizon"):
        model.set_params(horizon=12).fit(X)
    np.testing.assert_array_equal(model.score_samples(X), before)


def test_it_can_be_looked_into():
    X = waves()
    model = fitted(X, horizon=4)
    assert gate_activations(model, X).forget.shape == (200, 8, 8)
    assert "lstm 1" in str(summary(model))


def test_bad_input_is_told():
    X = waves()
    for horizon in (12, 13):
        with pytest.raises(
            ValueError, match=f"horizon must be shorter .* horizon={horizon}"
        ):
            fitted(X, horizon=horizon)
    for contamination in (0.0, 0.6, -1, "none", True):
        with pytest.raises(ValueError, match="'contamination' parameter"):
            fitted(X, contamination=contamination)
    with pytest.raises(ValueError, match="sample_weight must have a weight above zero"):
        LSTMOutlierDetector().fit(X, sample_weight=np.zeros(200))
    with pytest.raises(ValueError, match=r"NaN|observed"):
        fitted(np.full((20, 4, 1), np.nan))
    last = X.copy()
    last[:, -1] = np.nan
    with pytest.raises(ValueError, match="a step that is expected is observed"):
        fitted(last)
    with pytest.raises(ValueError, match="X must have sequences of 12 steps, as in fit"):
        fitted(X).score_samples(X[:, 1:])
    with pytest.raises(NotFittedError):
        LSTMOutlierDetector().predict(X)
    with pytest.raises(AttributeError, match="no estimator_ before fit"):
        LSTMOutlierDetector().estimator_  # noqa: B018
