"""Promised and measured coverage."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import ConformalRegressor, LSTMRegressor
from sklstm.metrics import coverage
from sklstm.plotting import IntervalCalibrationDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4))
Y = X[:, 0] + rng.normal(size=400)
COVERAGES = [0.2, 0.5, 0.8]


def intervals(y, scale=1.0):
    ends = np.transpose(stats.norm.interval(COVERAGES, scale=scale))
    return [np.broadcast_to(pair, (*np.shape(y), 2)) for pair in ends]


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_share_inside_is_measured(scale):
    y = rng.normal(size=4000)
    display = IntervalCalibrationDisplay.from_predictions(y, intervals(y, scale), COVERAGES)
    wanted = [np.mean(np.abs(y) <= ends[0, 1]) for ends in intervals(y, scale)]
    np.testing.assert_allclose(display.line_.get_ydata(), wanted)
    np.testing.assert_allclose(display.line_.get_xdata(), COVERAGES)
    if scale == 1:
        np.testing.assert_allclose(wanted, COVERAGES, atol=0.03)


def test_the_band_is_that_of_the_binomial_distribution():
    y = rng.normal(size=100)
    y[:20] = np.nan
    display = IntervalCalibrationDisplay.from_predictions(y, intervals(y), COVERAGES)
    assert display.n_rows == 80
    vertices = display.band_.get_paths()[0].vertices
    at = vertices[np.isclose(vertices[:, 0], 0.5), 1]
    low, high = stats.binom.ppf([0.025, 0.975], 80, 0.5) / 80
    np.testing.assert_allclose([at.min(), at.max()], [low, high])
    assert vertices.min() >= 0
    assert vertices.max() <= 1


def test_rows_count_once_whatever_their_outputs():
    y = rng.normal(size=(30, 2))
    y[0], y[1, 0] = np.nan, np.nan
    display = IntervalCalibrationDisplay.from_predictions(y, intervals(y), COVERAGES)
    assert display.n_rows == 29


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_a_network_is_asked_for_all_coverages(in_pipeline):
    model = LSTMRegressor(loss="gaussian", hidden_size=2, max_epochs=2, random_state=0)
    model = make_pipeline(StandardScaler(), model) if in_pipeline else model
    model.fit(X[:200], Y[:200])
    display = IntervalCalibrationDisplay.from_estimator(
        model, X[200:], Y[200:], coverages=COVERAGES
    )
    lstm, read = (model[-1], model[0].transform(X)) if in_pipeline else (model, X)
    wanted = [coverage(Y[200:], lstm.predict_interval(read[200:], c)) for c in COVERAGES]
    np.testing.assert_array_equal(display.measured, wanted)
    assert display.name == "LSTMRegressor"
    by_default = IntervalCalibrationDisplay.from_estimator(model, X[200:], Y[200:])
    assert by_default.coverages.tolist()[-2:] == [0.9, 0.95]


def test_a_conformal_regressor_promises_one_coverage():
    model = ConformalRegressor(Ridge(), coverage=0.8).fit(X[:300], Y[:300])
    display = IntervalCalibrationDisplay.from_estimator(model, X[300:], Y[300:])
    wanted = coverage(Y[300:], model.predict_interval(X[300:]))
    assert display.coverages.tolist() == [0.8]
    assert display.measured.tolist() == [wanted]
    with pytest.raises(ValueError, match=r"^coverages must be the one .*, \[0\.8\]\. Got"):
        IntervalCalibrationDisplay.from_estimator(model, X, Y, coverages=[0.5, 0.8])


def test_what_says_a_point_alone_has_no_coverage():
    model = LSTMRegressor(hidden_size=2, max_epochs=1).fit(X, Y)
    with pytest.raises(AttributeError, match=r"^estimator must have predict_interval"):
        IntervalCalibrationDisplay.from_estimator(model, X, Y)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match=r"^intervals must .* the 3 coverages\. Got 1\."):
        IntervalCalibrationDisplay.from_predictions(Y, intervals(Y)[:1], COVERAGES)
    with pytest.raises(
        ValueError, match=r"^coverages must be ascending .* Got \[0\.5, 2\]"
    ):
        IntervalCalibrationDisplay.from_predictions(Y, intervals(Y)[:2], [0.5, 2])
    with pytest.raises(ValueError, match=r"^interval must have 2 values"):
        IntervalCalibrationDisplay.from_predictions(Y[:9], intervals(Y), COVERAGES)
