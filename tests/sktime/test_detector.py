"""Anomalies in series: where they are, what they rest on, and sktime's metrics."""

import numpy as np
import pandas as pd
import pytest
from sktime.performance_metrics.detection import WindowedF1Score

from sklstm.anomaly import TailLikelihood, tail_likelihood
from sklstm.inspection import gate_activations
from sklstm.samples._inputs import draw_seed
from sklstm.sktime import LSTMDetector
from sklstm.training import hold_out

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
    # Held out are a fifth of the 589 rows that have a whole window.
    usual = -detector.detector_.score_samples(detector._windows(TRAIN))[-118:]
    scores = detector.transform_scores(LATER)["scores"].to_numpy()
    both = np.concatenate([usual, errors])
    expected = tail_likelihood(both)
    np.testing.assert_allclose(scores, expected[118:], rtol=1e-5)


INDEXES = {
    "periods": X.index,
    "times": pd.date_range("2024", periods=900, freq="h"),
    "times without a frequency": pd.DatetimeIndex(
        pd.date_range("2024", periods=900, freq="h").to_numpy()
    ),
    "zoned times": pd.date_range("2024", periods=900, freq="h", tz="Europe/Zurich"),
    "business days": pd.bdate_range("2020", periods=900),
    "months": pd.date_range("1950", periods=900, freq="MS"),
    "elapsed times": pd.timedelta_range("0h", periods=900, freq="h"),
    "numbers": pd.RangeIndex(900),
    "every third number": pd.Index(3 * np.arange(900)),
}


@pytest.fixture(scope="module", params=INDEXES)
def by_row(request):
    """Rows with an index, and a detector of the first that judges each row by itself."""
    rows = X.set_axis(INDEXES[request.param])
    return LSTMDetector(likelihood=False, **SMALL).fit(rows[:600]), rows


def test_only_rows_that_follow_see_the_last_of_fit(by_row):
    detector, rows = by_row
    whole = detector.transform_scores(rows[600:])["scores"].to_numpy()
    assert np.isfinite(whole).all()
    for begin in (601, 624, 700):
        scores = detector.transform_scores(rows[begin:])["scores"].to_numpy()
        assert np.isnan(scores[:11]).all()
        np.testing.assert_allclose(scores[11:], whole[begin - 600 + 11 :], rtol=1e-5)
        found = set(detector.predict(rows[begin:])["ilocs"] + begin)
        assert found <= set(detector.predict(rows[600:])["ilocs"] + 600)


def test_rows_that_are_cut_out_end_a_window(by_row):
    detector, rows = by_row
    cut = rows.drop(rows.index[700:715])
    whole = detector.transform_scores(rows[600:])["scores"].to_numpy()
    scores = detector.transform_scores(cut[600:])["scores"].to_numpy()
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(scores)), np.arange(100, 111))
    np.testing.assert_allclose(scores[:100], whole[:100], rtol=1e-5)
    np.testing.assert_allclose(scores[111:], whole[126:], rtol=1e-5)


def test_no_window_of_fit_reaches_over_a_gap():
    gap = X.drop(X.index[300:315])
    learnt = LSTMDetector(likelihood=False, **SMALL).fit(gap[:585])
    assert np.isnan(learnt.transform_scores(gap[:585])["scores"][300:311]).all()


def test_trading_days_may_have_holidays():
    days = pd.bdate_range("2020", periods=902).delete([610, 650])
    days = X.set_axis(pd.DatetimeIndex(days.to_numpy()))
    detector = LSTMDetector(likelihood=False, gaps="ignore", **SMALL).fit(days[:600])
    assert detector.transform_scores(days[600:])["scores"].notna().all()
    with (
        pytest.warns(UserWarning, match="gaps='ignore' or give the true step"),
        pytest.raises(ValueError, match="12 rows without a gap in time"),
    ):
        LSTMDetector(**SMALL).fit(days[:600])


def test_rows_of_another_step_are_not_judged(detector):
    other = X.set_axis(pd.period_range("2030", periods=1800, freq="h")[::2])
    with pytest.warns(UserWarning, match="No row of X has a whole window of 12 rows"):
        scores = detector.transform_scores(other)
    assert scores["scores"].isna().all()
    with pytest.raises(ValueError, match="same kind of time"):
        detector.predict(X.set_axis(pd.date_range("2030", periods=900, freq="h")))


def test_rows_of_fit_do_not_count_twice():
    """What is usual of them are those before."""
    model = LSTMDetector(**SMALL).fit(TRAIN)
    errors = -model.detector_.score_samples(model._windows(X))
    errors[:11] = np.nan
    for rows in (TRAIN, X):
        scores = model.transform_scores(rows)["scores"].to_numpy()
        np.testing.assert_allclose(scores, tail_likelihood(errors[: len(rows)]), rtol=1e-5)
    middle = model.transform_scores(X[100:])["scores"].to_numpy()
    np.testing.assert_allclose(middle[11:], tail_likelihood(errors[111:]), rtol=1e-5)
    # An array has no index of its own, but its values tell.
    model = LSTMDetector(**SMALL).fit(TRAIN.to_numpy())
    other = model.transform_scores(LATER.to_numpy())["scores"]
    assert (other[11:40] != 0.5).all()
    same = model.transform_scores(TRAIN.to_numpy())["scores"]
    np.testing.assert_array_equal(same[11:40], 0.5)


def test_usual_are_rows_that_were_truly_held_out():
    noise = np.random.default_rng(0).normal(scale=0.3, size=600)
    rows = pd.DataFrame({"load": np.sin(np.arange(600) / 5) + noise})
    options = {**SMALL, "hidden_size": 32, "max_epochs": 40, "early_stopping": False}
    model = LSTMDetector(validation_split="random", **options).fit(rows)
    windows = model._windows(rows)[11:]
    _, held_out = hold_out(windows, 0.2, "random", seed=draw_seed(0))
    errors = -model.detector_.score_samples(windows[held_out])
    usual = TailLikelihood()
    usual.extend(errors)
    later = model._errors_of(rows.set_axis(np.arange(2000, 2600)))
    expected = usual.extend(later)
    given = model.transform_scores(rows.set_axis(np.arange(2000, 2600)))["scores"]
    # The rows have values of fit, and another index.
    np.testing.assert_allclose(given, expected)


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
    assert detector.threshold_ == -detector.detector_.offset_
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


def test_the_likelihood_can_be_shaped():
    options = {"short": 3, "long": 50, "refractory": 0.0, "threshold": 0.999}
    shaped = LSTMDetector(**options, **SMALL).fit(TRAIN)
    errors = shaped._errors_of(X)
    expected = tail_likelihood(errors, **options)
    np.testing.assert_allclose(shaped.transform_scores(X)["scores"], expected)
    alarms = np.flatnonzero(expected >= 0.999)
    np.testing.assert_array_equal(shaped.predict(X)["ilocs"], alarms)
    assert shaped.threshold_ == 0.999


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
    # Before it is trained.
    for options, message in (
        ({"threshold": 2.0}, "threshold must be a number"),
        ({"short": 0}, "short must be"),
        ({"long": 3}, "long must be at least 2"),
        ({"refractory": -1}, "refractory must be a number"),
        ({"contamination": 0.1}, "contamination must be 'auto' with likelihood=True"),
        (
            {"likelihood": False, "threshold": 0.9},
            "threshold must be 0.99999, its default, with likelihood=False",
        ),
        ({"likelihood": False, "long": 99}, "long must be 8000, its default"),
        ({"method": "reconstruction", "horizon": 2}, "horizon must be 1, its default"),
    ):
        with pytest.raises(ValueError, match=message):
            LSTMDetector(**options, max_epochs=10**9).fit(TRAIN)
    dated = TRAIN.assign(when=pd.date_range("2024", periods=600, freq="h"))
    with pytest.raises(ValueError, match="Got times in column 'when'"):
        LSTMDetector(**SMALL).fit(dated)
    learnt = LSTMDetector(**{**SMALL, "max_epochs": 1}).fit(TRAIN)
    with pytest.raises(ValueError, match="Got times in column 'when'"):
        learnt.predict(dated[["when"]])
