"""Sequences and rows that are out of the ordinary, by values."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_outlier_detector
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklstm import LSTMOutlierDetector, SlidingWindowTransformer
from sklstm.estimators._usual import size_that_few_reach, weighted_quantile
from sklstm.inspection import (
    gate_activations,
    sequence_permutation_importance,
    summary,
)

SMALL = {"hidden_size": 8, "max_epochs": 15, "learning_rate": 0.02, "random_state": 0}
METHODS = ("forecast", "reconstruction")
STEPS = {"forecast": {"horizon": 3}, "reconstruction": {"method": "reconstruction"}}


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
    X = waves(600)
    model = fitted(X, **STEPS[method])
    if method == "forecast":
        expected = model.estimator_.predict(X[:, :-3]).reshape(-1, 3, 2)
        errors = X[:, -3:] - expected
    else:
        # The last step is told first.
        expected = model.estimator_.predict(X).reshape(-1, 12, 2)
        errors = X[:, ::-1] - expected
    held_out = errors[-120:]
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
    # One in a hundred of 120 is the second.
    np.testing.assert_allclose(model.offset_, np.sort(scores[-120:])[1], rtol=1e-4)
    np.testing.assert_array_equal(
        model.decision_function(X), model.score_samples(X) - model.offset_
    )


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_fit_is_found(method):
    options = {"horizon": 6} if method == "forecast" else {"method": method}
    model = fitted(waves(800), **options)
    odd = waves(100, seed=1)
    assert (model.predict(odd) == 1).mean() > 0.9
    odd[:, 8, 0] += 3
    assert (model.predict(odd) == -1).all()
    assert (np.nanargmin(model.score_steps(odd), axis=1) == 8).mean() > 0.9


def test_contamination_is_the_share_of_the_training_samples():
    X = waves()
    model = fitted(X, contamination=0.1)
    assert (model.predict(X) == -1).sum() == 20
    twentieth = np.sort(model.score_samples(X))[19:21]
    np.testing.assert_allclose(model.offset_, twentieth.mean())
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
        LSTMOutlierDetector(**STEPS[method], **SMALL),
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


# ------------------------------------------------------------------ few steps, few samples


def rows_of_series(n_series, n_rows=60, seed=0):
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 6, size=n_series)[:, None]
    values = np.sin(phase + np.arange(n_rows) / 3)
    values = values + rng.normal(scale=0.1, size=values.shape)
    series = np.repeat(np.arange(n_series), n_rows)
    return pd.DataFrame({"series": series, "value": values.ravel()})


@pytest.mark.parametrize("method", METHODS)
def test_the_first_rows_of_series_are_no_outliers(method):
    model = make_pipeline(
        SlidingWindowTransformer(20, groups="series"),
        LSTMOutlierDetector(method=method, **SMALL),
    ).fit(rows_of_series(40))
    odd = (model.predict(rows_of_series(100, seed=1)) == -1).reshape(100, 60)
    assert odd[:, 20:].mean() < 0.06
    assert odd[:, :8].mean() < 0.06
    assert odd[:, :8].mean(axis=0).max() < 0.15


@pytest.mark.parametrize("padding", ["nan", "edge", 0.0])
def test_the_first_rows_of_a_call_are_no_outliers(padding):
    rng = np.random.default_rng(0)
    rows = np.sin(np.arange(3000) / 5)[:, None] + rng.normal(scale=0.1, size=(3000, 1))
    model = make_pipeline(
        SlidingWindowTransformer(20, padding=padding), LSTMOutlierDetector(**SMALL)
    ).fit(rows[:800])
    calls = [model.predict(rows[i : i + 20]) for i in range(800, 2900, 33)]
    assert (np.array(calls) == -1).mean(axis=0).max() < 0.15
    rows[1000] += 9
    assert model.predict(rows[1000:1010])[0] == -1


def test_what_little_is_observed_says_is_set_beside_as_little():
    """By the definition: samples held out, cut down to their last steps."""
    X = waves(1000)
    model = fitted(X)
    size = model._errors.size
    assert size.shape == (12,)
    assert size[-1] == 1
    assert (np.diff(size) <= 0).all()
    held_out, plain = X[-200:], clone(model).fit(X)
    plain._errors.size[:] = 1
    for n_observed in (1, 2, 3):
        cut = held_out.copy()
        cut[:, : 11 - n_observed] = np.nan
        most, whole = (
            -np.sort(plain.score_samples(x))[1:3].mean() for x in (cut, held_out)
        )
        np.testing.assert_allclose(size[n_observed], most / whole, rtol=1e-4)
        np.testing.assert_allclose(
            model.score_samples(cut), plain.score_samples(cut) / size[n_observed], rtol=1e-5
        )


@pytest.mark.parametrize("method", METHODS)
def test_steps_that_are_not_held_out_are_judged_by_the_others(method):
    X = waves(400)
    X[320:, -1] = np.nan
    model = fitted(X, **STEPS[method])
    scale = model.error_scale_
    last = 0 if method == "reconstruction" else -1
    others = np.delete(scale, last, axis=0)
    assert (scale[last] >= others.min(axis=0)).all()
    assert (scale[last] <= 3 * others.max(axis=0)).all()
    later = waves(200, seed=1)
    assert (model.predict(later) == -1).mean() < 0.2
    later[:, -1, 0] += 5
    assert (model.predict(later) == -1).mean() > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_a_feature_that_is_not_held_out_is_judged_by_what_was_learnt(method):
    X = waves(400)
    X[320:, :, 1] = np.nan
    model = fitted(X, **STEPS[method])
    expected = model.estimator_.predict(X[:, :-3] if method == "forecast" else X)
    expected = expected.reshape(400, -1, 2)
    errors = (X[:, -3:] if method == "forecast" else X[:, ::-1]) - expected
    trained = errors[:320, :, 1]
    np.testing.assert_allclose(model.error_scale_[:, 1], trained.std(), rtol=0.02)
    np.testing.assert_allclose(
        model.error_scale_[:, 0], errors[-80:, :, 0].std(axis=0), rtol=1e-4
    )
    assert (model.predict(waves(200, seed=1)) == -1).mean() < 0.2


@pytest.mark.parametrize("method", METHODS)
def test_a_feature_that_is_never_observed_is_not_judged(method):
    X = waves()
    X[:, :, 1] = np.nan
    model = fitted(X, **STEPS[method])
    assert np.isnan(model.error_scale_[:, 1]).all()
    assert np.isfinite(model.error_scale_[:, 0]).all()
    alone = fitted(X[:, :, :1], **STEPS[method])
    assert np.isfinite(model.score_samples(X)).all()
    assert (model.predict(X) == -1).mean() < 0.1 > (alone.predict(X[:, :, :1]) == -1).mean()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_samples", [2, 5, 10, 20, 50, 200])
def test_few_samples_raise_few_false_alarms(method, n_samples):
    shares = [
        (fitted(waves(n_samples, seed=seed), method=method).predict(later) == -1).mean()
        for seed in range(3)
        for later in [waves(1000, seed=99)]
    ]
    assert np.mean(shares) < 0.08


# ------------------------------------------------------------------ windows of many rows


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_rows", [30, 60, 100])
def test_short_series_are_learnt(method, n_rows):
    rows = np.random.default_rng(0).normal(size=(n_rows, 1))
    model = make_pipeline(
        SlidingWindowTransformer(12), LSTMOutlierDetector(method=method, **SMALL)
    )
    model.fit(rows)
    assert np.isfinite(model.score_samples(rows)).all()


@pytest.mark.parametrize(("n_rows", "n_features"), [(10_000, 60), (600_000, 1)])
@pytest.mark.parametrize("horizon", [1, 2])
def test_large_tables_are_scored_as_small_ones(n_rows, n_features, horizon):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n_rows, n_features))
    options = {**SMALL, "max_epochs": 1, "horizon": horizon, "hidden_size": 2}
    model = make_pipeline(SlidingWindowTransformer(6), LSTMOutlierDetector(**options))
    model.fit(rows[:2000])
    scores = model.score_samples(rows)
    np.testing.assert_allclose(scores[:50], model.score_samples(rows[:50]), rtol=1e-5)
    np.testing.assert_allclose(
        scores[-50:], model.score_samples(rows[-60:])[10:], rtol=1e-5
    )


PATTERN = 3 * np.array([0, 5, 1, -4, 2, 8, -3.0])


@pytest.mark.parametrize(
    ("method", "lags"),
    [
        ("reconstruction", [*range(14)]),
        ("reconstruction", [*range(1, 15)]),
        ("forecast", [*range(14)]),
        ("forecast", [0, *range(3, 17)]),
        ("forecast", [2, *range(3, 17)]),
    ],
)
def test_a_season_is_counted_from_where_steps_lie(method, lags):
    rng = np.random.default_rng(0)
    rows = np.tile(PATTERN, 100)[:, None] + 50 + rng.normal(scale=0.1, size=(700, 1))
    model = make_pipeline(
        SlidingWindowTransformer(lags=lags),
        LSTMOutlierDetector(method=method, **SMALL, season_length=7, season="additive"),
    ).fit(rows)
    assert model[-1].error_scale_.max() < 0.5


def test_a_reconstruction_with_a_season_can_be_looked_into():
    """What is known of rows to come is none of what stands in the window."""
    rng = np.random.default_rng(0)
    rows = np.tile(PATTERN, 30)[:, None] + rng.normal(scale=0.1, size=(210, 1))
    windows = SlidingWindowTransformer(14).fit_transform(rows)[13:]
    model = fitted(windows, method="reconstruction", season_length=7, season="additive")
    found = sequence_permutation_importance(model, windows, n_repeats=1, random_state=0)
    assert found.importances_mean.shape == (1,)
    assert abs(found.importances_mean[0]) > 0.1


# ------------------------------------------------------------------ one snapshot, weights


def test_a_decision_is_made_by_one_model(monkeypatch):
    """A fit that ends between the score and the threshold changes neither."""
    X = waves()
    model = fitted(X, contamination=0.1)
    before = model.decision_function(X)
    learnt = type(model._errors)
    of_sequences = learnt.of_sequences

    def with_a_fit_meanwhile(errors, windows):
        scores = of_sequences(errors, windows)
        model.offset_ = -1e9
        return scores

    monkeypatch.setattr(learnt, "of_sequences", with_a_fit_meanwhile)
    np.testing.assert_array_equal(model.decision_function(X), before)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("unit", [1.0, 0.1, 1e6])
def test_a_weight_of_two_counts_as_two(share, unit):
    rng = np.random.default_rng(0)
    for n in (1, 2, 10, 37):
        values, weight = rng.normal(size=n), rng.integers(1, 4, size=n)
        repeated = np.repeat(values, weight)
        for of in (weighted_quantile, size_that_few_reach):
            if of is size_that_few_reach:
                values, repeated = abs(values), abs(repeated)
                if len(repeated) * share < 1 or n * share < 1:
                    continue
            given = of(values, share, unit * weight)
            assert given == pytest.approx(of(repeated, share))
        wanted = np.quantile(repeated, share, method="averaged_inverted_cdf")
        assert weighted_quantile(values, share, unit * weight) == pytest.approx(wanted)


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
    with pytest.raises(ValueError, match="horizon must be 1, its default, with method="):
        fitted(X, method="reconstruction", horizon=2)
    with pytest.raises(ValueError, match="'skip' forecasts from past periods"):
        fitted(X, method="reconstruction", season_length=4, season="skip")
    with pytest.raises(NotFittedError):
        LSTMOutlierDetector().predict(X)
    with pytest.raises(AttributeError, match="no estimator_ before fit"):
        LSTMOutlierDetector().estimator_  # noqa: B018
