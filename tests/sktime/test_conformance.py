"""sktime's whole suite of checks, on every test parameter set, with nothing excluded."""

import pytest
from sktime.utils.estimator_checks import check_estimator

from sklstm.sktime import (
    LSTMDetector,
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
    PretrainedLSTMForecaster,
)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("estimator", "least"),
    [
        (LSTMDetector, 80),
        (LSTMForecaster, 1000),
        (LSTMTimeSeriesClassifier, 200),
        (LSTMTimeSeriesRegressor, 100),
        (PretrainedLSTMForecaster, 500),
    ],
)
def test_every_check_passes(estimator, least):
    results = check_estimator(estimator, raise_exceptions=False, verbose=False)
    assert {name: r for name, r in results.items() if r != "PASSED"} == {}
    assert len(results) >= least
    assert len(estimator.get_test_params()) >= 2
