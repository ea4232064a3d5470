"""Anomalies in series: where they are, what they rest on, and sktime's metrics."""

import numpy as np
import pandas as pd
import pytest
from sktime.performance_metrics.detection import WindowedF1Score

from sklstm.anomaly import tail_likelihood
from sklstm.inspection import gate_activations
from sklstm.sktime import LSTMDetector

SMALL = {"hidden_size": 8, "max_epochs": 15, "window_length": 12, "random_state": 0}


def series(n=900, seed=0, freq="h"):
    rng = np.random.default_rng(seed)
    values = np.sin(np.arange(n) / 5) + rng.normal(scale=0.1, size=n)
    return pd.DataFrame(
        {"load": values}, index=pd.period_range("2024", periods=n, freq=freq)
    )


X = series()
TRAIN, LATER = X[:600], X[600:]


@pytest.fixture(scope="module")
def detector():
    return LSTMDetector(**SMALL).fit(TRAIN)


def test_a_change_is_told_once_and_soon(detector):
    changed = LATER.copy()
    changed.iloc[150:] *= 2
    found = detector.predict(changed)["ilocs"].to_numpy()
    assert len(detector.predict(LATER)) == 0
    assert 150 <= found.min() < 165
    assert len(found) < 4


def test_a_row_is_judged_by_rows_up_to_it(detector):
    changed = LATER.copy()
    changed.iloc[150:] += 3
    before, after = (detector.transform_scores(x)["scores"] for x in (LATER, changed))
    pd.testing.assert_series_equal(before[:150], after[:150])
    assert (before[150:] != after[150:]).any()


def test_rows_that_follow_see_the_last_of_fit(detector):
    errors = -detector.detector_.score_samples(detector._windows(X))[600:]
    usual = -detector.detector_.score_samples(detector._windows(TRAIN))[-120:]
    scores = detector.transform_scores(LATER)["scores"].to_numpy()
    both = np.concatenate([usual, errors])
    expected = tail_likelihood(both)
    np.testing.assert_allclose(scores, expected[120:], rtol=1e-5)


def test_each_row_by_itself():
    detector = LSTMDetector(likelihood=False, contamination=0.02, **SMALL).fit(TRAIN)
    spike = LATER.copy()
    spike.iloc[100] += 3
    assert 100 in detector.predict(spike)["ilocs"].to_numpy()
    scores = detector.transform_scores(spike)["scores"]
    assert scores.index.equals(spike.index)
    assert scores.to_numpy().argmax() in range(100, 112)
    found = detector.predict(TRAIN)
    assert 0.005 < len(found) / len(TRAIN) < 0.05
    np.testing.assert_array_equal(
        detector.predict_scores(spike)["scores"].to_numpy(),
        scores.to_numpy()[detector.predict(spike)["ilocs"]],
    )


def test_reconstruction_finds_a_flat_stretch():
    detector = LSTMDetector(method="reconstruction", **SMALL).fit(TRAIN)
    flat = LATER.copy()
    flat.iloc[200:240] = 0.0
    found = detector.predict(flat)["ilocs"].to_numpy()
    assert found.size
    assert 200 <= found.min() < 240


def test_missing_values_and_several_columns():
    two = X.assign(double=2 * X["load"] + 5)
    two.iloc[300:310] = np.nan
    two.iloc[650:660, 0] = np.nan
    detector = LSTMDetector(**SMALL).fit(two[:600])
    scores = detector.transform_scores(two[600:])["scores"]
    assert scores.notna().all()


def test_a_gap_raises_no_alarm(detector):
    gap = LATER.copy()
    gap.iloc[100:103] = np.nan
    scores = detector.transform_scores(gap)["scores"]
    assert len(detector.predict(gap)) == 0
    # As long as a window holds the gap.
    np.testing.assert_array_equal(np.flatnonzero(scores.isna()), np.arange(100, 114))


def test_rows_without_a_whole_window_are_not_judged(detector):
    scores = detector.transform_scores(X)["scores"]
    assert scores[:11].isna().all()
    assert scores[11:].notna().all()
    assert len(detector.predict(X)) == 0


def test_columns_are_found_by_name():
    two = X.assign(double=2 * X["load"] + 5)
    detector = LSTMDetector(**SMALL).fit(two[:600])
    expected = detector.transform_scores(two[600:])
    pd.testing.assert_frame_equal(
        detector.transform_scores(two[600:][["double", "load"]]), expected
    )
    with pytest.raises(
        ValueError, match=r"X must have the columns of fit, \['load', 'double'"
    ):
        detector.predict(two[600:].rename(columns={"load": "price"}))
    alone = LSTMDetector(**SMALL).fit(TRAIN)
    other = alone.transform_scores(LATER["load"].rename("power"))
    np.testing.assert_array_equal(other, alone.transform_scores(LATER))


def test_labels_of_the_fitted_rows():
    dates = X.set_axis(pd.date_range("2024", periods=900, freq="h"))
    labels = LSTMDetector(likelihood=False, contamination=0.1, **SMALL).fit_transform(dates)
    assert len(labels) == 900
    assert 60 < labels["labels"].sum() < 120


def test_metrics_of_sktime_read_what_is_found(detector):
    changed = LATER.copy()
    changed.iloc[150:] *= 2
    truth = pd.DataFrame({"ilocs": [150]})
    score = WindowedF1Score(margin=15)
    assert score.evaluate(truth, detector.predict(changed), X=changed) >= 0.5
    assert score.evaluate(truth, detector.predict(LATER), X=LATER) == 0


def test_it_can_be_looked_into(detector):
    assert gate_activations(detector, LATER).forget.shape == (300, 11, 8)
    assert detector.best_epoch_ <= detector.n_epochs_ == len(detector.loss_curve_)


def test_bad_input_is_told():
    for window_length in (0, 1.5, True):
        with pytest.raises(ValueError, match="window_length must be an int of at least 1"):
            LSTMDetector(window_length=window_length).fit(TRAIN)
    with pytest.raises(ValueError, match="X must have at least window_length=24 rows"):
        LSTMDetector().fit(TRAIN[:10])
    with pytest.raises(ValueError, match="horizon must be shorter than the sequences"):
        LSTMDetector(window_length=3, horizon=3).fit(TRAIN)
    with pytest.raises(ValueError, match="threshold must be a number"):
        LSTMDetector(threshold=2.0, max_epochs=1).fit(TRAIN)
