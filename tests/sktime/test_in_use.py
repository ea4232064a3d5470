"""The estimators in sktime's pipelines, searches and evaluations."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sktime.classification.model_selection import TSCGridSearchCV
from sktime.datasets import (
    load_airline,
    load_basic_motions,
    load_japanese_vowels,
    load_longley,
)
from sktime.forecasting.compose import (
    EnsembleForecaster,
    ForecastingPipeline,
    Permute,
    TransformedTargetForecaster,
)
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import MeanAbsolutePercentageError
from sktime.split import ExpandingWindowSplitter, SingleWindowSplitter
from sktime.transformations.series.adapt import TabularToSeriesAdaptor
from sktime.transformations.series.boxcox import LogTransformer
from sktime.transformations.series.detrend import Deseasonalizer, Detrender
from sktime.utils.plotting import plot_series

from sklstm.sktime import (
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
)

pytestmark = [
    # sktime's own.
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pandas.errors.PerformanceWarning"),
]
FH = np.arange(1, 13)
airline = load_airline()
train, test = airline[:-12], airline[-12:]


def forecaster(**kwargs):
    options = {"random_state": 0, "max_epochs": 40} | kwargs
    return LSTMForecaster(**options)


def mape(y_pred, y_true=test):
    return float(np.mean(np.abs(y_pred - y_true) / y_true))


NAIVE = mape(airline[-24:-12].to_numpy())


@pytest.mark.parametrize("backend", [None, "loky"])
def test_grid_search_over_expanding_windows(backend):
    search = ForecastingGridSearchCV(
        forecaster(),
        cv=ExpandingWindowSplitter(fh=FH, initial_window=84, step_length=24),
        param_grid={"window_length": [6, 12], "hidden_size": [4, 16]},
        scoring=MeanAbsolutePercentageError(),
        backend=backend,
        backend_params={"n_jobs": 2} if backend else None,
        error_score="raise",
    )
    search.fit(train, fh=FH)
    scores = search.cv_results_["mean_test_MeanAbsolutePercentageError"]
    assert len(np.unique(scores)) == 4
    assert search.best_index_ == scores.argmin()
    assert mape(search.predict()) < NAIVE


@pytest.mark.parametrize("strategy", ["refit", "update", "no-update_params"])
@pytest.mark.parametrize("kind", ["direct", "recursive", "seq2seq"])
def test_evaluate_by_every_strategy(strategy, kind):
    results = evaluate(
        forecaster(strategy=kind),
        cv=ExpandingWindowSplitter(fh=FH, initial_window=108, step_length=12),
        y=airline,
        strategy=strategy,
        scoring=MeanAbsolutePercentageError(),
        return_data=True,
        error_score="raise",
    )
    assert len(results) == 3
    for y_pred, y_test in zip(results["y_pred"], results["y_test"], strict=True):
        np.testing.assert_array_equal(y_pred.index, y_test.index)
    assert results["test_MeanAbsolutePercentageError"].mean() < 0.12


def test_targets_detrended_and_deseasonalised():
    pipeline = TransformedTargetForecaster(
        [
            ("log", LogTransformer()),
            ("trend", Detrender()),
            ("season", Deseasonalizer(sp=12)),
            ("forecaster", forecaster(instance_norm=None)),
        ]
    )
    assert mape(pipeline.fit(train, fh=FH).predict()) < NAIVE


def test_forecasting_pipeline_and_permute():
    from sklearn.preprocessing import StandardScaler

    y, X = load_longley()
    steps = [
        ("scale", TabularToSeriesAdaptor(StandardScaler())),
        ("forecaster", forecaster(window_length=3)),
    ]
    pipeline = ForecastingPipeline(steps)
    y_pred = pipeline.fit(y[:-2], X=X[:-2], fh=[1, 2]).predict(X=X[-2:])
    assert np.isfinite(y_pred).all()
    permuted = Permute(pipeline, permutation=["scale", "forecaster"])
    again = permuted.fit(y[:-2], X=X[:-2], fh=[1, 2]).predict(X=X[-2:])
    pd.testing.assert_series_equal(again, y_pred)


def test_ensemble_is_the_mean_of_its_members():
    members = [(str(seed), forecaster(random_state=seed)) for seed in range(3)]
    y_pred = EnsembleForecaster(members).fit(train, fh=FH).predict()
    each = [member.clone().fit(train, fh=FH).predict() for _, member in members]
    np.testing.assert_allclose(y_pred, np.mean(each, axis=0))
    assert mape(y_pred) < NAIVE


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_a_pretrained_forecaster_goes_into_a_pipeline(strategy):
    """Pipelines hand `pretrain` on to none of their steps: the guide says what to do."""
    panel = pd.concat({"a": airline[:100], "b": 2 * airline[20:120]}, names=["s", "t"])
    panel = panel.to_frame("y")
    pipeline = TransformedTargetForecaster(
        [LogTransformer(), forecaster(strategy=strategy)]
    )
    pipeline.pretrain(panel, fh=[1, 2])
    assert not hasattr(pipeline.steps[-1], "pretrained_model_"), "the guide is out of date"
    alone = forecaster(strategy=strategy).pretrain(
        LogTransformer().fit_transform(panel), fh=[1, 2]
    )
    short = airline[:12]  # too short to learn from: what was learnt before shows
    pipeline = TransformedTargetForecaster([LogTransformer(), alone])
    expected = np.exp(alone.clone().fit(np.log(short), fh=[1, 2]).predict())
    for one in (pipeline, pipeline.clone()):
        y_pred = one.fit(short, fh=[1, 2]).predict()
        np.testing.assert_allclose(y_pred, expected, rtol=1e-6)
    assert mape(y_pred, airline[12:14]) < 0.15


def test_plot_series_takes_the_forecast():
    y_pred = forecaster(max_epochs=1).fit(train, fh=FH).predict()
    figure, axes = plot_series(train, test, y_pred, labels=["train", "test", "forecast"])
    lines = [line.get_ydata() for line in axes.get_lines()]
    assert any(np.array_equal(line, y_pred) for line in lines)
    plt.close(figure)


def test_rolling_forecasts_of_airline_passengers_beat_the_season_before():
    """The last 24 months: 12 steps from each of 13 origins, with defaults."""
    cv = ExpandingWindowSplitter(fh=FH, initial_window=120, step_length=1)

    def score(model):
        results = evaluate(
            model, cv, airline, strategy="no-update_params", error_score="raise",
            scoring=MeanAbsolutePercentageError(),
        )  # fmt: skip
        assert len(results) == 13
        return results["test_MeanAbsolutePercentageError"].mean()

    naive = score(NaiveForecaster(sp=12))
    lstm = [score(LSTMForecaster(random_state=seed)) for seed in range(3)]
    assert max(lstm) < 0.8 * naive


@pytest.mark.parametrize("search_class", [GridSearchCV, TSCGridSearchCV])
def test_classifier_in_a_grid_search_over_panels(search_class):
    X, y = load_basic_motions(split="train", return_type="numpy3D")
    search = search_class(
        LSTMTimeSeriesClassifier(max_epochs=10, random_state=0),
        {"hidden_size": [4, 32]},
        cv=2,
        error_score="raise",
    )
    search.fit(X, y)
    X_test, y_test = load_basic_motions(split="test", return_type="numpy3D")
    assert search.score(X_test, y_test) > 0.7


def test_series_of_unequal_length_are_classified_by_all_their_steps():
    X, y = load_japanese_vowels(split="train")
    X_test, y_test = load_japanese_vowels(split="test")
    classifier = LSTMTimeSeriesClassifier(max_epochs=10, random_state=0).fit(X, y)
    assert classifier.score(X_test, y_test) > 0.96


def test_early_stopping_holds_out_series_of_every_class():
    X, y = load_basic_motions(split="train", return_type="numpy3D")
    assert (y[:-1] != y[1:]).sum() == len(np.unique(y)) - 1  # sorted by class
    classifier = LSTMTimeSeriesClassifier(early_stopping=True, random_state=0)
    estimator = classifier.fit(X, y).estimator_
    assert len(estimator.validation_loss_curve_) == estimator.n_epochs_
    assert classifier.score(X, y) > 0.7


def test_regressor_of_many_outputs_from_unequal_series_with_gaps():
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame(rng.normal(size=(n, 2))) for n in rng.integers(5, 12, size=80)]
    y = np.array([[f[0].iloc[-1], f[1].iloc[-3:].sum()] for f in frames])
    for frame in frames[::4]:
        frame.iloc[1] = np.nan
    regressor = LSTMTimeSeriesRegressor(random_state=0).fit(frames, y)
    assert regressor.predict(frames).shape == (80, 2)
    assert regressor.score(frames, y) > 0.9


def test_single_window_splitter_gives_one_fold():
    results = evaluate(
        forecaster(max_epochs=1), SingleWindowSplitter(fh=FH), airline, error_score="raise"
    )
    assert len(results) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("alike", None), ("levels", "standard"), ("sizes", "standard"), ("zeros", None)],
)
def test_series_that_differ_more_than_they_move_are_normalised(kind, expected):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2, 12))
    if kind == "levels":
        X += 5 * rng.normal(size=(40, 2, 1))
    elif kind == "sizes":
        X *= np.exp(3 * rng.normal(size=(40, 2, 1)))
    elif kind == "zeros":
        X[:] = 0.0
    X[::3, :, 4] = np.nan
    for factor in (1e-12, 1.0, 1e12):
        regressor = LSTMTimeSeriesRegressor(max_epochs=1, random_state=0)
        regressor.fit(factor * X, rng.normal(size=40))
        assert regressor.estimator_.instance_norm == expected
