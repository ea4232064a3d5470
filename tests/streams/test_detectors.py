"""Scores of rows given one by one are those of the batch, and so is their likelihood."""

import pickle

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from sklstm import LSTMOutlierDetector, StreamPredictor
from sklstm.anomaly import TailLikelihood, tail_likelihood
from tests.streams.models import alone, frame, is_near, is_same, pipeline

rng = np.random.default_rng(0)
X = np.sin(np.arange(700) / 5)[:, None] + rng.normal(scale=0.1, size=(700, 1))
X[600:] *= 1.7
X[[250, 640]] = np.nan
W = 12


def detector(**options):
    small = {"hidden_size": 6, "max_epochs": 3, "random_state": 0}
    return LSTMOutlierDetector(**small | options)


@pytest.fixture(scope="module", params=["forecast", "reconstruction"])
def model(request):
    windows = {"window_length": W, "context": "fit"}
    return pipeline(windows, detector(method=request.param)).fit(X[:300])


def test_scores_and_labels(model):
    for method in ("score_samples", "decision_function", "predict"):
        stream = StreamPredictor(model, likelihood=False)
        said = [stream.observe_predict(row, method=method) for row in X[300:]]
        assert is_same(np.array(said), alone(model, X[300:], method))
        assert is_near(said, getattr(model, method)(X[300:]))


def test_the_likelihood_of_the_batch(model):
    expected = tail_likelihood(-alone(model, X[300:], "score_samples"))
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row, method="likelihood") for row in X[300:]]
    assert is_same(np.array(said), expected)
    assert 300 <= np.flatnonzero(np.array(said) >= 0.99999)[0] < 315


def test_rows_without_a_whole_window_have_no_likelihood():
    model = pipeline({"window_length": W}, detector()).fit(X[:300])
    errors = -alone(model, X[300:400], "score_samples")
    errors[: W - 1] = np.nan
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row, method="likelihood") for row in X[300:400]]
    assert is_same(np.array(said), tail_likelihood(errors))


def test_what_is_usual_can_be_known_before():
    model = pipeline({"window_length": W, "context": "fit"}, detector()).fit(X[:200])
    usual = TailLikelihood(short=5)
    usual.extend(-model.score_samples(X[200:300]))
    expected = usual.copy().extend(-alone(model, X[300:], "score_samples"))
    stream = StreamPredictor(model, likelihood=usual)
    first = usual.copy().update(1.0)
    said = [stream.observe_predict(row, method="likelihood") for row in X[300:]]
    # In the batch the fitted rows, not those between, are the history of row 300.
    assert is_same(np.array(said), expected)
    assert usual.copy().update(1.0) == first


def test_likelihoods_are_rewound_copied_and_pickled(model):
    stream = StreamPredictor(model, max_rewind=7)
    said = []
    for i, row in enumerate(X[300:500]):
        assert stream.score_one(row) == pytest.approx(
            stream.observe_predict(row, method="likelihood"), nan_ok=True
        )
        said.append(stream.predict("likelihood"))
        if i % 20 == 19:
            stream.rewind(7)
            assert is_same(stream.predict("likelihood"), said[-8])
            for again in X[300 + i - 6 : 301 + i]:
                stream.observe(again)
            assert is_same(stream.predict("likelihood"), said[-1])
    for other in (stream.copy(), pickle.loads(pickle.dumps(stream))):
        for row in X[500:520]:
            other.observe(row)
        assert len(other._flow.panel.journal) == 7
    ahead = [stream.observe_predict(row, method="likelihood") for row in X[500:520]]
    assert ahead[-1] == other.predict("likelihood")


def test_each_series_has_its_own():
    table = frame()[:0]
    table = table.reindex(range(600)).assign(load=X[:600, 0], heat=0.0)
    table["store"] = np.tile(["a", "b"], 300)
    model = pipeline({"window_length": W, "groups": "store"}, detector()).fit(table[:300])
    stream = StreamPredictor(model)
    rows = table[300:].to_dict("records")
    said = np.array([stream.observe_predict(row, method="likelihood") for row in rows])
    errors = -alone(model, table[300:], "score_samples")
    for place in (0, 1):
        of_one = errors[place::2]
        of_one[: W - 1] = np.nan
        assert is_same(said[place::2], tail_likelihood(of_one))
    assert is_same(stream.predict("likelihood", groups="a"), said[-2])


def test_errors_by_river_without_a_likelihood(model):
    stream = StreamPredictor(model, likelihood=False)
    for row in X[300:330]:
        said = stream.score_one(row)
        stream.learn_one(row)
        assert said == pytest.approx(-stream.predict("score_samples"), nan_ok=True)


def test_a_detector_by_itself():
    model = pipeline({"window_length": W}, detector()).fit(X[:300])
    stream = StreamPredictor(model[-1])
    said = [stream.observe_predict(row, method="likelihood") for row in X[300:400]]
    beside = StreamPredictor(model)
    assert is_same(
        said, [beside.observe_predict(row, method="likelihood") for row in X[300:400]]
    )


def test_a_detector_of_scikit_learn():
    windows = {"window_length": 4, "output": "2d", "padding": "edge"}
    forest = IsolationForest(n_estimators=20, random_state=0)
    clean = np.nan_to_num(X)
    model = pipeline(windows, forest).fit(clean[:300])
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row, method="likelihood") for row in clean[300:400]]
    errors = -model.score_samples(clean[300:400])
    errors[:3] = np.nan
    assert is_near(said, tail_likelihood(errors))
