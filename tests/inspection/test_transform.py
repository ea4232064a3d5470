"""The states of a trained network as features for other estimators."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

X = np.random.default_rng(0).normal(size=(60, 8, 2))
Y = X[:, 2, 0] * X[:, 5, 1]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bidirectional": True, "num_layers": 2, "cell": "gru"},
        {"pooling": "mean", "patch_length": 3, "dropout": 0.5},
        {"convolution": "beside", "conv_filters": [3], "conv_kernel_sizes": [2]},
        {"instance_norm": "standard", "target_features": ()},
        {"instance_norm": "last", "target_features": 0},
    ],
)
def test_the_head_makes_the_prediction_of_the_states(options):
    model = LSTMRegressor(max_epochs=2, standardize=False, dtype="float64", random_state=0)
    model.set_params(**options).fit(X, Y)
    states = torch.from_numpy(model.transform(X))
    with torch.no_grad():
        output = model.module_.head(states)[:, 0].numpy()
    level = 0.0
    if options.get("target_features") == 0:
        output = output * model.module_.normaliser.output_scale.numpy()
        level = X[:, -1, 0]
    np.testing.assert_allclose(level + output, model.predict(X), atol=1e-10)


def test_states_are_named():
    model = LSTMClassifier(hidden_size=3, max_epochs=1, random_state=0).fit(X, Y > 0)
    names = [f"lstmclassifier{i}" for i in range(3)]
    assert model.get_feature_names_out().tolist() == names
    assert model.transform(X).dtype == np.float32
    frame = model.set_output(transform="pandas").transform(X)
    assert frame.columns.tolist() == names
    with pytest.raises(NotFittedError):
        LSTMRegressor().transform(X)


@pytest.mark.filterwarnings("ignore:.*remember_data:FutureWarning")
def test_it_stays_a_regressor_and_a_classifier():
    assert is_regressor(LSTMRegressor())
    assert is_classifier(LSTMClassifier())
    infer = pytest.importorskip("sktime.forecasting.compose").make_reduction
    reduced = infer(LSTMRegressor(max_epochs=1, random_state=0), window_length=3)
    assert len(reduced.fit(pd.Series(np.arange(30.0)), fh=[1, 2]).predict()) == 2


def test_an_lstm_is_an_extractor_in_a_pipeline():
    rows = np.random.default_rng(0).normal(size=(200, 2))
    labels = np.r_[False, rows[:-1, 0] > 0]
    lstm = LSTMClassifier(max_epochs=20, random_state=0)
    windows = SlidingWindowTransformer(window_length=4)
    pipeline = make_pipeline(windows, lstm, LogisticRegression()).fit(rows, labels)
    assert pipeline.score(rows, labels) > 0.9
    states = pipeline[:-1].transform(rows)
    np.testing.assert_array_equal(
        states, pipeline[1].transform(pipeline[0].transform(rows))
    )
