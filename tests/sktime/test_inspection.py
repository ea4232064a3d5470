"""The LSTM inside sktime's estimators, found by the functions themselves."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sktime.datasets import load_airline, load_italy_power_demand, load_japanese_vowels
from sktime.exceptions import NotFittedError
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter
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
    assert gate_activations(fitted, (None, X[-2:])).forget.shape == (1, 24, 4)
    with pytest.raises(ValueError, match=r"X must be given .* known ahead"):
        gate_activations(fitted, None)
    assert "head" in str(summary(fitted))
    importance = sequence_permutation_importance(fitted, (Y, X), random_state=0)
    assert importance.parts == [0, 1]


def test_channels_are_explained_in_their_own_units():
    both = pd.DataFrame(
        {"small": Y.to_numpy(), "large": 40.0 * Y.to_numpy()[::-1]}, Y.index
    )
    fitted = forecaster(channel_independent=True, instance_scale=False).fit(both, fh=[1, 2])
    point = fitted.predict(fh=[1, 2]).to_numpy()
    found = attributions(fitted, None, target=1)
    np.testing.assert_allclose(found.predictions, point[1], rtol=1e-5)
    moved = found.predictions - found.baseline_predictions
    np.testing.assert_allclose(found.attributions.sum(axis=(1, 2)), moved, atol=0.01)
    of_rows = attributions(fitted, both, target=0)
    assert of_rows.predictions[0] < 1000 < of_rows.predictions[-1]


def test_what_is_known_ahead_is_read_and_exchanged():
    rng = np.random.default_rng(0)
    promo = pd.DataFrame({"promo": rng.integers(2, size=302).astype(float)})
    sales = pd.Series(3 * promo["promo"] + rng.normal(scale=0.1, size=302))
    fitted = forecaster(max_epochs=40, season_length=None).fit(
        sales[:300], X=promo[:300], fh=[1, 2]
    )
    point = fitted.predict(X=promo[300:]).to_numpy()
    found = attributions(fitted, (None, promo[300:]), target=0)
    np.testing.assert_allclose(found.predictions, point[0], rtol=1e-4)
    importance = sequence_permutation_importance(
        fitted, (sales[:300], promo[:300]), random_state=0
    ).importances_mean
    assert importance[1] > 1 > 5 * importance[0]


def test_rows_that_are_missing_or_too_few():
    gaps = Y.astype(float)
    gaps[50:53] = np.nan
    fitted = forecaster().fit(gaps, fh=[1])
    importance = sequence_permutation_importance(fitted, gaps, by="block", block_length=12)
    assert np.isfinite(importance.importances).all()
    with pytest.raises(ValueError, match="X must have a series of"):
        gate_activations(fitted, Y[:2])


@pytest.mark.filterwarnings("ignore:.*remember_data:FutureWarning")
def test_searches_of_sktime_are_opened():
    search = ForecastingGridSearchCV(
        forecaster(),
        ExpandingWindowSplitter(fh=[1, 2], initial_window=120, step_length=12),
        {"hidden_size": [4]},
        backend=None,
    ).fit(Y, fh=[1, 2])
    assert gate_activations(search, None).forget.shape == (1, 24, 4)


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
