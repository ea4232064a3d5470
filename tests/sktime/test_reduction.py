"""What reaches the network when sktime's reducers hand a plain regressor its columns.

Every value names its own time and variable: y counts from 0, a from 1000, b from 2000.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sktime.forecasting.compose import (
    DirectReductionForecaster,
    RecursiveReductionForecaster,
    YfromX,
    make_reduction,
)
from sktime.regression.compose import SklearnRegressorPipeline
from sktime.transformations.panel.reduce import Tabularizer
from sktime.transformations.series.summarize import WindowSummarizer

from sklstm import LSTMRegressor, SequenceReshaper
from sklstm.sktime import LSTMTimeSeriesRegressor

N_ROWS = 40
pytestmark = [
    # sktime's own.
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    pytest.mark.filterwarnings("ignore:RecursiveReductionForecaster is experimental"),
    pytest.mark.filterwarnings("ignore:A column-vector y was passed"),
]
count = np.arange(N_ROWS + 5.0)
y = pd.Series(count[:N_ROWS], name="y")
X = pd.DataFrame({"a": 1000 + count, "b": 2000 + count})
WITHOUT, WITH = (None, None), (X[:N_ROWS], X[N_ROWS : N_ROWS + 3])


class Recorder(LSTMRegressor):
    """A regressor that tells what its network reads."""

    sequences: list = []  # noqa: RUF012

    def _begin(self, *args, **kwargs):
        start = super()._begin(*args, **kwargs)
        self.sequences.append((np.asarray(start.train.windows), start.train.target))
        return start

    def _fitted(self, X):
        model, windows = super()._fitted(X)
        self.sequences.append((np.asarray(windows), None))
        return model, windows


def recorder():
    Recorder.sequences.clear()
    return Recorder(hidden_size=2, max_epochs=1, random_state=0)


def fit_predict(forecaster, data, fh=(1, 2, 3), series=y):
    """What was read in training, with the targets, and for the first forecast."""
    past, future = data
    y_pred = forecaster.fit(series, X=past, fh=list(fh)).predict(X=future)
    assert np.isfinite(np.asarray(y_pred)).all()
    training = [pair for pair in Recorder.sequences if pair[1] is not None]
    forecasts = [sequence for sequence, target in Recorder.sequences if target is None]
    return training, forecasts


def assert_consecutive(sequences, targets, ahead, variables=("y",)):
    """Oldest step first, all variables of a step together, the target `ahead` after."""
    start = {"y": 0, "a": 1000, "b": 2000}
    last = sequences[:, -1, 0]
    steps = np.arange(sequences.shape[1])[::-1]
    for j, variable in enumerate(variables):
        expected = start[variable] + last[:, None] - steps
        np.testing.assert_array_equal(sequences[:, :, j], expected)
    np.testing.assert_array_equal(np.ravel(targets), np.ravel(last[:, None] + ahead))


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multioutput", "dirrec"])
def test_tabular_reduction_of_one_series(strategy):
    forecaster = make_reduction(recorder(), strategy=strategy, window_length=4)
    training, forecasts = fit_predict(forecaster, WITHOUT)
    aheads = {
        "recursive": [1], "direct": [1, 2, 3], "multioutput": [[1, 2, 3]], "dirrec": [1] * 3
    }[strategy]  # fmt: skip
    assert len(training) == len(aheads)
    for (sequences, targets), ahead in zip(training, aheads, strict=True):
        assert_consecutive(sequences, targets, ahead)
    np.testing.assert_array_equal(forecasts[0][0, :4, 0], [36, 37, 38, 39])


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multioutput"])
def test_tabular_reduction_with_exogenous_columns_is_feature_major(strategy):
    reshaper = SequenceReshaper(n_features=3, layout="feature-major")
    pipeline = make_pipeline(reshaper, recorder())
    forecaster = make_reduction(pipeline, strategy=strategy, window_length=4)
    training, forecasts = fit_predict(forecaster, WITH)
    aheads = {"recursive": [1], "direct": [1, 2, 3], "multioutput": [[1, 2, 3]]}[strategy]
    for (sequences, targets), ahead in zip(training, aheads, strict=True):
        assert sequences.shape[1:] == (4, 3)
        assert_consecutive(sequences, targets, ahead, ("y", "a", "b"))
    last = [[39, 1039, 2039], [36, 1036, 2036]]
    np.testing.assert_array_equal(forecasts[0][0, [-1, 0]], last)


def test_tabular_dirrec_ignores_exogenous_columns():
    forecaster = make_reduction(recorder(), strategy="dirrec", window_length=4)
    training, _ = fit_predict(forecaster, WITH)
    assert [sequences.shape[1:] for sequences, _ in training] == [(4, 1), (5, 1), (6, 1)]


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multioutput"])
@pytest.mark.parametrize("data", [WITHOUT, WITH], ids=["y", "y and X"])
def test_reduction_to_a_time_series_regressor(strategy, data, monkeypatch):
    Recorder.sequences.clear()
    monkeypatch.setattr("sklstm.sktime._regressor.LSTMRegressor", Recorder)
    regressor = LSTMTimeSeriesRegressor(hidden_size=2, max_epochs=1, random_state=0)
    forecaster = make_reduction(
        regressor, strategy=strategy, window_length=4, scitype="time-series-regressor"
    )
    training, forecasts = fit_predict(forecaster, data)
    aheads = {"recursive": [1], "direct": [1, 2, 3], "multioutput": [[1, 2, 3]]}[strategy]
    variables = ("y",) if data is WITHOUT else ("y", "a", "b")
    for (sequences, targets), ahead in zip(training, aheads, strict=True):
        assert sequences.shape[1:] == (4, len(variables))
        assert_consecutive(sequences, targets, ahead, variables)
    np.testing.assert_array_equal(forecasts[0][0, :, 0], [36, 37, 38, 39])


def test_dirrec_reduction_to_a_time_series_regressor(monkeypatch):
    Recorder.sequences.clear()
    monkeypatch.setattr("sklstm.sktime._regressor.LSTMRegressor", Recorder)
    regressor = LSTMTimeSeriesRegressor(hidden_size=2, max_epochs=1, random_state=0)
    forecaster = make_reduction(
        regressor, strategy="dirrec", window_length=4, scitype="time-series-regressor"
    )
    training, _ = fit_predict(forecaster, WITHOUT)
    for sequences, targets in training:
        assert_consecutive(sequences, targets, 1)


@pytest.mark.parametrize("static", [None, ["a"]])
def test_global_pooling_is_newest_first(static):
    series = {"p": 0.0, "q": 100.0}
    panel = pd.concat({k: pd.DataFrame({"y": v + y}) for k, v in series.items()})
    panel.index.names = ["series", "time"]
    X = pd.concat(
        {k: pd.DataFrame({"a": 1000 + v + count[: N_ROWS + 3]}) for k, v in series.items()}
    )
    X.index.names = ["series", "time"]
    known = X.index.get_level_values("time") < N_ROWS
    data = WITHOUT if static is None else (X[known], X[~known])
    forecaster = make_reduction(
        make_pipeline(SequenceReshaper(newest_first=True, static=static), recorder()),
        strategy="recursive",
        window_length=None,
        pooling="global",
        transformers=[WindowSummarizer(lag_feature={"lag": [1, 2, 3]}, n_jobs=1)],
    )
    training, forecasts = fit_predict(forecaster, data, series=panel)
    [(sequences, targets)] = training
    assert_consecutive(sequences[:, :, :1], targets, 1)
    np.testing.assert_array_equal(forecasts[0][:, :, 0], [[37, 38, 39], [137, 138, 139]])
    if static is not None:
        ahead = np.tile(targets.reshape(-1, 1) + 1000, 3)
        np.testing.assert_array_equal(sequences[:, :, 1], ahead)


REDUCERS = [DirectReductionForecaster, RecursiveReductionForecaster]


@pytest.mark.parametrize("reducer", REDUCERS)
@pytest.mark.parametrize("data", [WITHOUT, WITH], ids=["y", "y and X"])
def test_newer_reducers_are_newest_first_with_columns_of_x_at_one_end(reducer, data):
    static = None if data is WITHOUT else ["a", "b"]
    reshaper = SequenceReshaper(newest_first=True, static=static)
    forecaster = reducer(make_pipeline(reshaper, recorder()), window_length=4)
    training, forecasts = fit_predict(forecaster, data)
    for ahead, (sequences, targets) in enumerate(training, start=1):
        # The first windows are filled up backwards by sktime.
        whole = sequences[:, 0, 0] < sequences[:, 1, 0]
        assert_consecutive(sequences[whole, :, :1], targets[whole], ahead)
        if static is not None:
            known = targets[whole].reshape(-1, 1) + np.array([1000, 2000])
            np.testing.assert_array_equal(sequences[whole, 0, 1:], known)
    np.testing.assert_array_equal(forecasts[0][0, :, 0], [36, 37, 38, 39])


def test_y_from_x_reads_the_columns_of_x_as_one_sequence():
    training, forecasts = fit_predict(YfromX(recorder()), WITH)
    [(sequences, targets)] = training
    np.testing.assert_array_equal(sequences[:, :, 0], X[:N_ROWS])
    np.testing.assert_array_equal(np.ravel(targets), y)
    np.testing.assert_array_equal(forecasts[0][:, :, 0], X[N_ROWS : N_ROWS + 3])


def test_panels_made_flat_are_feature_major():
    channels = np.arange(24.0).reshape(2, 3, 4)
    reshaper = SequenceReshaper(n_features=3, layout="feature-major")
    pipeline = make_pipeline(reshaper, recorder())
    SklearnRegressorPipeline(pipeline, [Tabularizer()]).fit(channels, np.array([1.0, 2]))
    [(sequences, _)] = Recorder.sequences
    np.testing.assert_array_equal(sequences, channels.transpose(0, 2, 1))
