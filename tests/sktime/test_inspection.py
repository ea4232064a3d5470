"""The LSTM inside sktime's estimators, found by the functions themselves."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sktime.datasets import load_airline, load_italy_power_demand, load_japanese_vowels
from sktime.exceptions import NotFittedError
from sktime.utils._testing.hierarchical import _make_hierarchical

from sklstm.inspection import (
    attributions,
    gate_activations,
    sequence_permutation_importance,
    summary,
)
from sklstm.sktime import (
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
)

SMALL = {"hidden_size": 4, "max_epochs": 2, "random_state": 0}
Y = load_airline()


def forecaster(**options):
    return LSTMForecaster(window_length=24, **{**SMALL, **options})


def test_a_forecaster_is_read_from_its_last_window():
    fitted = forecaster().fit(Y, fh=[1, 2, 3])
    gates = gate_activations(fitted, None)
    assert gates.forget.shape == (1, 24, 4)
    found = attributions(fitted, None, target=1)
    point = fitted.predict(fh=[1, 2, 3]).to_numpy()
    np.testing.assert_allclose(found.predictions, point[1], rtol=1e-5)
    assert found.attributions.shape == (1, 24, 1)
    assert "lstm 1" in str(summary(fitted))


def test_a_forecaster_is_read_from_series():
    fitted = forecaster().fit(Y, fh=[1, 2])
    n_windows = len(Y) - 24 - 1
    whole = gate_activations(fitted, Y)
    assert whole.forget.shape == (n_windows, 24, 4)
    # The first window ends with the second December.
    np.testing.assert_array_equal(
        gate_activations(fitted, Y[:30]).forget[0], whole.forget[0]
    )
    importance = sequence_permutation_importance(
        fitted, Y, by="block", block_length=12, random_state=0
    )
    assert importance.parts == [(0, 12), (12, 24)]


def test_columns_beside_a_series_come_with_it():
    X = pd.DataFrame({"month": Y.index.month.astype(float)}, index=Y.index)
    fitted = forecaster().fit(Y[:-2], X=X[:-2], fh=[1, 2])
    assert gate_activations(fitted, (Y, X)).forget.shape[1:] == (24, 4)
    assert gate_activations(fitted, None).forget.shape == (1, 24, 4)
    importance = sequence_permutation_importance(fitted, (Y, X), random_state=0)
    assert importance.parts == [0, 1]


def test_each_series_of_a_panel_has_its_last_window():
    panel = _make_hierarchical((3,), min_timepoints=40, max_timepoints=40, random_state=0)
    fitted = forecaster(season_length=None).fit(panel, fh=[1])
    assert gate_activations(fitted, None).forget.shape == (3, 24, 4)
    assert gate_activations(fitted, panel).forget.shape == (3 * 16, 24, 4)


@pytest.mark.parametrize("types", ["numpy3D", "nested_univ"])
def test_a_classifier_of_series_is_read_from_panels(types):
    X, labels = load_italy_power_demand(split="train", return_type=types)
    model = LSTMTimeSeriesClassifier(convolution=None, **SMALL).fit(X, labels)
    gates = gate_activations(model, X)
    assert gates.cell.shape == (67, 24, 4)
    found = attributions(model, X, target=labels[0])
    np.testing.assert_allclose(
        found.predictions,
        model.predict_proba(X)[:, model.classes_ == labels[0]][:, 0],
        rtol=1e-5,
    )
    importance = sequence_permutation_importance(model, X, labels, by="step", n_repeats=1)
    assert importance.importances.shape == (24, 1)


def test_series_of_unequal_length_are_read():
    X, labels = load_japanese_vowels(split="train")
    model = LSTMTimeSeriesRegressor(**SMALL).fit(X, labels.astype(float))
    hidden = gate_activations(model, X).hidden
    observed = ~np.isnan(hidden).any(axis=2)
    lengths = [len(series) for series in X["dim_0"]]
    np.testing.assert_array_equal(observed.sum(axis=1), lengths)
    # What is there stands at the end.
    assert observed[:, -1].all()


def test_what_is_not_fitted_is_told():
    with pytest.raises((NotFittedError, SklearnNotFittedError)):
        gate_activations(forecaster(), None)
    with pytest.raises((NotFittedError, SklearnNotFittedError)):
        summary(LSTMTimeSeriesClassifier())
