"""Displays of detectors, by the data of their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklstm import LSTMOutlierDetector, LSTMRegressor, SlidingWindowTransformer
from sklstm.plotting import AnomalyDisplay

X = pd.DataFrame(
    {"load": np.sin(np.arange(400) / 5)}, index=pd.date_range("2024", periods=400, freq="h")
)
SMALL = {"hidden_size": 4, "max_epochs": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_scores_and_alarms_are_those_of_the_detector():
    odd = X.copy()
    odd.iloc[300] += 2
    model = make_pipeline(
        SlidingWindowTransformer(12, context="fit"), LSTMOutlierDetector(**SMALL)
    ).fit(X[:250])
    display = AnomalyDisplay.from_estimator(model, odd[250:], truth=[(48, 52)])
    np.testing.assert_array_equal(
        display.scores_line_.get_ydata(), -model.score_samples(odd[250:])
    )
    assert display.threshold_line_.get_ydata()[0] == -model[-1].offset_
    alarms = np.flatnonzero(model.predict(odd[250:]) == -1)
    np.testing.assert_array_equal(display.alarms, alarms)
    assert 50 in alarms
    np.testing.assert_array_equal(
        display.alarm_line_.get_ydata(), odd["load"].to_numpy()[250:][alarms]
    )
    assert len(display.truth_areas_) == 1
    assert display.series_line_.get_xdata()[0] == np.datetime64(X.index[250])
    again = display.plot()
    np.testing.assert_array_equal(
        again.scores_line_.get_ydata(), -model.score_samples(odd[250:])
    )


def test_detectors_of_sktime_are_drawn():
    from sklstm.sktime import LSTMDetector

    frame = X.reset_index(drop=True)
    detector = LSTMDetector(window_length=12, **SMALL).fit(frame[:250])
    _, axes = plt.subplots(2)
    display = AnomalyDisplay.from_estimator(detector, frame[250:], ax=axes)
    assert display.score_name == "Likelihood of a change"
    assert display.threshold == 0.99999
    assert display.axes_[0] is axes[0]
    np.testing.assert_array_equal(
        display.scores_line_.get_ydata(), detector.transform_scores(frame[250:])["scores"]
    )
    alone = LSTMDetector(window_length=12, likelihood=False, **SMALL).fit(frame[:250])
    display = AnomalyDisplay.from_estimator(alone, frame[250:])
    assert display.threshold == alone.threshold_ == -alone.detector_.offset_


def test_any_detector_of_rows_is_drawn():
    forest = IsolationForest(random_state=0).fit(X.to_numpy())
    display = AnomalyDisplay.from_estimator(forest, X.to_numpy())
    assert len(display.scores_line_.get_ydata()) == 400


def test_bad_arguments_are_told():
    with pytest.raises(TypeError, match="detector must find outliers"):
        AnomalyDisplay.from_estimator(LSTMRegressor(), X)
    with pytest.raises(NotFittedError):
        AnomalyDisplay.from_estimator(LSTMOutlierDetector(), X.to_numpy())
    with pytest.raises(ValueError, match="scores must have 3 values"):
        AnomalyDisplay.from_predictions([1, 2, 3], scores=[1, 2], alarms=[])
    with pytest.raises(ValueError, match=r"alarms must be numbers of the 3 rows\. Got 3"):
        AnomalyDisplay.from_predictions([1, 2, 3], scores=[1, 2, 3], alarms=[3])
    with pytest.raises(ValueError, match="ax must be an array of 2"):
        AnomalyDisplay.from_predictions([1], scores=[1], alarms=[], ax=plt.subplots()[1])
