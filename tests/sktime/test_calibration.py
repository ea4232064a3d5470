"""Quantiles that are stretched until they hold what they promise, and their scores."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sktime.datasets import load_airline

from sklstm.losses import GaussianLoss, Loss, QuantileLoss
from sklstm.sktime import LSTMForecaster
from sklstm.sktime._calibration import Calibration, scores_of
from tests.sktime.data import panel

airline = load_airline().astype(float)
LEVELS = (0.1, 0.3, 0.5, 0.9)
Z = norm.ppf(LEVELS)


def forecaster(fraction=None, strategy="direct", **kwargs):
    options = {"max_epochs": 3, "hidden_size": 4, "window_length": 4, "quantile": LEVELS}
    options |= {"random_state": 0, "calibration_fraction": fraction} | kwargs
    return LSTMForecaster(strategy, **options)


def line(quantiles, z):
    """The quantile at a normal quantile, on lines that go on beyond the outermost."""
    left = np.clip(np.searchsorted(Z, z) - 1, 0, len(Z) - 2)
    share = (z - Z[left]) / (Z[left + 1] - Z[left])
    return quantiles[left] + share * (quantiles[left + 1] - quantiles[left])


def score(quantiles, truth):
    """The least distance from the median, on the normal scale, that holds the truth."""
    low, high = 0.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        holds = line(quantiles, -middle) <= truth <= line(quantiles, middle)
        low, high = (low, middle) if holds else (middle, high)
    return high


def rolled(y, n_later, steps, X=None, **kwargs):
    """Scores by hand: each step, of a network that has not seen the last rows."""
    cut = len(y) - n_later
    known = {} if X is None else {"X": X[:cut]}
    model = forecaster(**kwargs).fit(y[:cut], fh=steps, **known)
    # The network of fit, at each earlier and each later row.
    scores = {step: [] for step in steps}
    last = max(steps)
    for end in range(cut - last + 1, len(y)):
        for step in steps:
            waits = last if X is not None else step
            if not cut <= end - 1 + step < len(y) or end - 1 + waits >= len(y):
                continue
            from_here = forecaster_at(model, y[:end], None if X is None else X[:end])
            ahead = {} if X is None else {"X": X[end : end + last]}
            quantiles = from_here.predict_quantiles(fh=[step], alpha=list(LEVELS), **ahead)
            truth = y.iloc[end - 1 + step]
            if not np.isnan(truth):
                scores[step].append(score(quantiles.to_numpy()[0], truth))
    return [scores[step] for step in steps]


def forecaster_at(model, y, X):
    """The same network at the end of other rows."""
    other = pickle.loads(pickle.dumps(model))
    return other.update(y, X, update_params=False)


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_scores_are_those_of_a_network_that_has_not_seen_the_rows(strategy):
    y, steps = airline[:60], [1, 2, 5]
    fitted = forecaster(0.2, strategy).fit(y, fh=steps)
    given = fitted.model_.calibration.scores
    steps = [1] if strategy == "recursive" else fitted.model_.steps.tolist()
    n_windows = 60 - 4 - steps[-1] + 1
    wanted = rolled(y, int(np.ceil(0.2 * n_windows)), steps, strategy=strategy)
    for ours, by_hand in zip(given, wanted, strict=True):
        np.testing.assert_allclose(ours[0], by_hand, rtol=1e-3, atol=1e-3)


def test_a_step_waits_for_covariates_that_its_network_reads():
    y = airline[:50].copy()
    y.iloc[-1] = np.nan
    X = pd.DataFrame({"month": y.index.month.astype(float)}, y.index)
    fitted = forecaster(0.3).fit(y, X=X, fh=[1, 3])
    wanted = rolled(y, int(np.ceil(0.3 * (50 - 4 - 3 + 1))), [1, 3], X=X)
    given = fitted.model_.calibration.scores
    for ours, by_hand in zip(given, wanted, strict=True):
        np.testing.assert_allclose(ours[0], by_hand, rtol=1e-3, atol=1e-3)


def test_quantiles_of_the_network_that_saw_all_are_stretched():
    y, levels = airline[:80], [0.1, 0.3, 0.5, 0.9]
    raw = forecaster().fit(y, fh=[1, 2])
    fitted = forecaster(0.25).fit(y, fh=[1, 2])
    pd.testing.assert_frame_equal(fitted.predict().to_frame(), raw.predict().to_frame())
    given = fitted.predict_quantiles(alpha=levels).to_numpy()
    before = raw.predict_quantiles(alpha=levels).to_numpy()
    # So few scores of a step are taken together.
    scores = np.sort(np.concatenate([s[0] for s in fitted.model_.calibration.scores]))
    for level, column in zip(levels, given.T, strict=True):
        rank = int(np.ceil((len(scores) + 1) * abs(2 * level - 1) - 1e-9))
        far = np.sign(level - 0.5) * scores[np.clip(rank, 1, len(scores)) - 1]
        wanted = [line(quantiles, far) for quantiles in before]
        np.testing.assert_allclose(column, wanted, rtol=1e-5)


def test_scores_of_an_update_take_the_place_of_the_oldest():
    y, steps = airline[:70], [1, 3]
    fitted = forecaster(0.3).fit(y[:60], fh=steps)
    before = fitted.model_.calibration
    at_once = pickle.loads(pickle.dumps(fitted)).update(y[60:], update_params=False)
    for row in range(60, 70):
        fitted.update(y[row : row + 1], update_params=False)
    network = forecaster().fit(y[:60], fh=steps)  # the one that saw all rows of fit
    for k, step in enumerate(steps):
        new = []
        for row in range(60, 70):
            there = forecaster_at(network, y[: row + 1 - step], None)
            quantiles = there.predict_quantiles(fh=[step], alpha=list(LEVELS)).to_numpy()
            new.append(score(quantiles[0], y.iloc[row]))
        wanted = np.r_[before.scores[k][0], new][10:]
        for now in (fitted, at_once):
            given = now.model_.calibration.scores[k][0]
            np.testing.assert_allclose(given, wanted, rtol=1e-3, atol=1e-3)
    pd.testing.assert_frame_equal(at_once.predict_interval(), fitted.predict_interval())


def n_new(fitted, before):
    """How many scores have come, step by step."""
    return [
        next(
            i
            for i in range(len(old[0]) + 1)
            if (old[0][i:] == now[0][: len(old[0]) - i]).all()
        )
        for old, now in zip(before, fitted.model_.calibration.scores, strict=True)
    ]


def test_each_truth_counts_once():
    fitted = forecaster(0.3).fit(airline[:60], fh=[1, 3])
    before = fitted.model_.calibration.scores
    gaps = airline[60:64].copy()
    gaps.iloc[1] = np.nan
    fitted.update(gaps, update_params=False)
    assert n_new(fitted, before) == [3, 3]
    fitted.update(airline[60:64], update_params=False)
    assert n_new(fitted, before) == [4, 4]
    fitted.update(airline[50:65], update_params=False)
    assert n_new(fitted, before) == [5, 5]


def test_shares_stay_within_the_ranks_that_there_are():
    """A sensor that is off for long, and then on again."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(20, size=160).astype(float)
    counts[80:140] = 0
    y = pd.Series(counts, pd.period_range("2000-01", periods=160, freq="M"))
    fitted = forecaster(0.3).fit(y[:80], fh=[1])
    for row in range(80, 160):
        fitted.update(y[row : row + 1], update_params=False)
        adapted = fitted.model_.calibration.adapted
        assert (adapted >= 0).all()
        assert (adapted < 1).all()


def test_counts_of_channels_stay_counts():
    counts = np.random.default_rng(0).poisson(9, size=(60, 2)).astype(float)
    y = pd.DataFrame(counts, pd.period_range("2000-01", periods=60, freq="M"))
    fitted = forecaster(0.3, loss="negative_binomial", channel_independent=True)
    quantiles = fitted.fit(y, fh=[1, 2]).predict_quantiles(alpha=[0.1, 0.9])
    assert ((quantiles >= 0) & (quantiles < 60)).all(axis=None)


def test_a_pretrained_network_is_tuned_from_where_it_was():
    others = panel(**{f"s{i}": noise(60, i) for i in range(3)})
    forecasts = []
    for fraction in (None, 0.3):
        fitted = forecaster().pretrain(others, fh=[1, 2])
        fitted.calibration_fraction = fraction
        forecasts.append(fitted.fit(noise(60, 9), fh=[1, 2]).predict())
    pd.testing.assert_series_equal(*forecasts)


def test_shares_adapt_with_what_was_covered():
    fitted = forecaster(0.3).fit(airline[:60], fh=[1])
    before = fitted.model_.calibration.adapted.copy()
    fitted.update(airline[60:61] * 3, update_params=False)  # far beyond all quantiles
    missed = fitted.model_.calibration.adapted
    shares = np.abs(2 * np.array(LEVELS) - 1)
    np.testing.assert_allclose(missed, before + 0.05 * shares)
    assert missed.shape == (1, 4)


def test_the_truth_of_a_row_is_not_looked_at_before_it_is_forecast():
    """What an update learns of a row changes no score of the same update."""
    first = forecaster(0.3).fit(airline[:60], fh=[1, 2])
    other = pickle.loads(pickle.dumps(first))
    first.update(airline[60:61], update_params=True)
    other.update(airline[60:61], update_params=False)
    for a, b in zip(
        first.model_.calibration.scores, other.model_.calibration.scores, strict=True
    ):
        np.testing.assert_array_equal(a[0], b[0])


def noise(n, seed):
    index = pd.period_range("1900-01", periods=n, freq="M")
    return pd.Series(np.random.default_rng(seed).normal(size=n), index)


def test_a_network_that_is_too_sure_is_put_right():
    """It has learnt the noise of its training rows by heart."""
    y = noise(260, 0)
    options = {"max_epochs": 200, "hidden_size": 32, "window_length": 8}
    shares = {}
    for fraction in (None, 0.3):
        fitted = forecaster(fraction, **options).fit(y[:160], fh=[1, 2, 3])
        inside = []
        for row in range(160, 257):
            interval = fitted.predict_interval(coverage=[0.8]).to_numpy()
            truth = y[row : row + 3].to_numpy()
            inside.append((interval[:, 0] <= truth) & (truth <= interval[:, 1]))
            fitted.update(y[row : row + 1], update_params=False)
        shares[fraction] = np.mean(inside)
    assert shares[None] < 0.6
    assert abs(shares[0.3] - 0.8) < 0.05


def test_series_of_all_sizes_and_lengths_share_scores():
    small, short = noise(90, 1) + 20, noise(9, 2) + 20
    y = panel(a=small, b=1000 * small, c=short)
    fitted = forecaster(0.2, max_epochs=10).fit(y, fh=[1, 2])
    scores = fitted.model_.calibration.scores
    n_later = [int(np.ceil(0.2 * (n - 4 - 2 + 1))) for n in (90, 90, 9)]
    assert [len(s[0]) for s in scores] == [sum(n_later)] * 2
    interval = fitted.predict_interval(coverage=[0.8])
    width = np.diff(interval.to_numpy(), axis=1)[:, 0].reshape(3, 2)
    np.testing.assert_allclose(width[1] / width[0], 1000, rtol=0.2)
    new = panel(d=small[:12])
    fitted.update(new, update_params=False)
    assert [len(s[0]) for s in fitted.model_.calibration.scores] == [sum(n_later)] * 2


@pytest.mark.parametrize("channel_independent", [False, True])
def test_columns_are_calibrated(channel_independent):
    y = pd.DataFrame({"b": 100 * noise(90, 1), "a": noise(90, 2)})
    fitted = forecaster(0.3, channel_independent=channel_independent).fit(y, fh=[1, 2])
    n_later = int(np.ceil(0.3 * (90 - 4 - 2 + 1)))
    counts = [[len(s) for s in step] for step in fitted.model_.calibration.scores]
    assert counts == ([[2 * n_later]] * 2 if channel_independent else [[n_later] * 2] * 2)
    fitted.update(y[-3:].shift(3, freq="M"), update_params=False)
    after = [[len(s) for s in step] for step in fitted.model_.calibration.scores]
    assert after == counts
    quantiles = fitted.predict_quantiles(alpha=[0.1, 0.9])
    assert list(quantiles.columns) == [("b", 0.1), ("b", 0.9), ("a", 0.1), ("a", 0.9)]
    assert (
        np.diff(quantiles.to_numpy()[:, :2]) > np.diff(quantiles.to_numpy()[:, 2:])
    ).all()


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
@pytest.mark.parametrize("loss", ["gaussian", "student_t", "mixture", "negative_binomial"])
def test_all_that_is_predicted_agrees(strategy, loss):
    fitted = forecaster(0.3, strategy, loss=loss).fit(airline[:100], fh=[-2, 1, 4])
    levels = [0.02, 0.1, 0.5, 0.9]
    quantiles = fitted.predict_quantiles(alpha=levels).to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    given = fitted.predict_proba().quantile(levels).to_numpy()
    np.testing.assert_allclose(given, quantiles, rtol=1e-9)
    np.testing.assert_allclose(
        fitted.predict_interval(coverage=[0.8]), quantiles[:, [1, 3]]
    )
    if strategy != "recursive":
        np.testing.assert_allclose(fitted.predict(), quantiles[:, 2])
    assert (fitted.predict_var().to_numpy() > 0).all()


def test_scores_of_a_pretrained_network_slide_into_those_of_its_series():
    others = panel(**{f"s{i}": noise(60, i) for i in range(4)})
    fitted = forecaster(0.25).pretrain(others, fh=[1, 2])
    before = fitted.pretrained_model_.calibration
    fitted.fit(noise(7, 9), fh=[1, 2])
    after = fitted.model_.calibration
    assert [len(s[0]) for s in after.scores] == [len(s[0]) for s in before.scores]
    np.testing.assert_array_equal(after.scores[0][0][:-1], before.scores[0][0][1:])
    assert fitted.pretrained_model_.calibration is not after


def test_calibrated_forecasters_are_pickled():
    fitted = forecaster(0.3).fit(airline[:60], fh=[1, 2])
    fitted.update(airline[60:63], update_params=False)
    again = pickle.loads(pickle.dumps(fitted))
    for now in (fitted, again):
        now.update(airline[63:64])
    pd.testing.assert_frame_equal(again.predict_interval(), fitted.predict_interval())


@pytest.mark.parametrize("fraction", [0, 1, -0.1, True, "some", np.nan])
def test_the_fraction_is_a_share(fraction):
    with pytest.raises(ValueError, match=r"calibration_fraction must be .* Got"):
        forecaster(fraction).fit(airline, fh=[1])


def test_a_point_cannot_be_calibrated():
    with pytest.raises(ValueError, match=r"says more than a point: .* Got loss='huber'"):
        forecaster(0.3, loss="huber").fit(airline, fh=[1])


def test_too_few_rows_say_how_many_would_do():
    options = {"quantile": (0.05, 0.5, 0.95)}  # of coverage .9: nine scores
    message = r"at least 9 values to calibrate on, .* Got 5; with .* a series of 31 rows"
    with pytest.raises(ValueError, match=message):
        forecaster(0.3, **options).fit(airline[:20], fh=[1])
    fitted = forecaster(0.3, **options).fit(airline[:31], fh=[1])
    assert len(fitted.model_.calibration.scores[0][0]) == 9
    X = airline.index.month.to_numpy(float)
    X = pd.DataFrame({"month": X}, airline.index)
    with pytest.raises(ValueError, match=r"Got 8; with .* a series of 23 rows"):
        forecaster(0.3, **options).fit(airline[:20], X=X[:20], fh=[1, 3])
    fitted = forecaster(0.3, **options).fit(airline[:23], X=X[:23], fh=[1, 3])
    assert [len(s[0]) for s in fitted.model_.calibration.scores] == [4, 6]


values = st.floats(-1e6, 1e6)


@given(
    quantiles=st.lists(values, min_size=3, max_size=3),
    truths=st.lists(values, min_size=1, max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_quantiles_never_cross_whatever_the_scores(quantiles, truths):
    loss = Loss(QuantileLoss([0.2, 0.5, 0.9]))
    said = np.tile(quantiles, (len(truths), 1))
    scores = scores_of(loss, said, np.array(truths))
    assert ((scores >= 0) & (scores <= 8)).all()
    calibration = Calibration.of(loss, np.array([1]), [[scores]])
    calibration = calibration.followed_by([[scores[:1]]])
    stretched = calibration.apply(said[:1, None, None])[0, 0, 0]
    assert (np.diff(stretched) >= 0).all()
    np.testing.assert_allclose(stretched[1], np.sort(quantiles)[1])


def test_a_truth_on_quantiles_that_are_alike_lies_within():
    """As of a series that is zero more often than not."""
    loss = Loss(QuantileLoss([0.1, 0.25, 0.5, 0.75, 0.9]))
    said = np.tile([0.0, 0.0, 0.0, 0.0, 3.0], (4, 1))
    scores = scores_of(loss, said, np.array([0.0, 3.0, -1.0, np.nan]))
    np.testing.assert_allclose(scores, [0.0, norm.ppf(0.9), 8.0, np.nan])


def test_scores_of_a_distribution_are_its_normal_quantiles():
    loss = Loss(GaussianLoss())
    truth = np.array([10.0, 13.0, 4.0])
    said = np.tile([10.0, 2.0], (3, 1))
    np.testing.assert_allclose(scores_of(loss, said, truth), [0.0, 1.5, 3.0])
