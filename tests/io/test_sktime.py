"""Forecasters and classifiers of series that were saved and loaded say the same bits."""

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import ForecastingHorizon

from sklstm.anomaly import TailLikelihood
from sklstm.io import load, save
from sklstm.sktime import (
    LSTMDetector,
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
    PretrainedLSTMForecaster,
)
from tests.io.same import is_same
from tests.sktime.data import noise, panel, wave

SMALL = {"window_length": 8, "hidden_size": 3, "max_epochs": 2, "random_state": 0}
FH = [1, 2, 3]
rng = np.random.default_rng(0)


def at(index):
    return wave(index) + 0.1 * rng.normal(size=len(index))


MONTHS = pd.period_range("2000-01", periods=60, freq="M", name="month")
DAYS = pd.date_range("2024-01-01", periods=60, freq="D")
SERIES = {
    "months": at(MONTHS),
    "days": at(DAYS),
    "days of a place": at(DAYS.tz_localize("Europe/Berlin")),
    "days without a step": at(pd.DatetimeIndex(DAYS, freq=None)),
    "integers": at(pd.RangeIndex(60)),
    "columns": noise(MONTHS, 2),
    "a panel": panel(a=at(MONTHS), b=at(MONTHS)),
    "a hierarchy": pd.concat({"north": panel(a=at(MONTHS), b=at(MONTHS))}, names=["area"]),
    "counts": at(MONTHS).round().astype(int),
}
COVARIATES = noise(
    pd.period_range("2000-01", periods=63, freq="M", name="month"), 2
).assign(
    shop=pd.Categorical(["x", "y", "z"] * 21), month=(np.arange(63) % 12).astype(float)
)


@pytest.fixture
def through_a_file(tmp_path):
    def write_and_read(model, **options):
        save(model, tmp_path / "model", **options)
        return load(tmp_path / "model")

    return write_and_read


def said(forecaster, **options):
    """Points, intervals and the past, which all must be the same."""
    return [
        forecaster.predict(**options),
        forecaster.predict_interval(coverage=[0.5, 0.9], **options),
        forecaster.predict_var(**options),
    ]


def assert_says_the_same(one, other, **options):
    for a, b in zip(said(one, **options), said(other, **options), strict=True):
        assert type(a) is type(b)
        assert a.equals(b)
        assert is_same(a.index, b.index)


@pytest.mark.parametrize("name", SERIES)
def test_rows_of_any_index(name, through_a_file):
    y = SERIES[name]
    forecaster = LSTMForecaster(**SMALL).fit(y, fh=FH)
    loaded = through_a_file(forecaster)
    assert loaded.is_fitted
    assert is_same(loaded.cutoff, forecaster.cutoff)
    assert_says_the_same(loaded, forecaster)
    past = ForecastingHorizon([-2, -1, 0])
    assert loaded.predict(past).equals(forecaster.predict(past))
    # The same rows come: what is not trained on follows.
    for one in (loaded, forecaster):
        one.update(y, update_params=False)
    assert_says_the_same(loaded, forecaster)


VALUES = [
    {"strategy": "recursive"},
    {"strategy": "seq2seq"},
    {"calibration_fraction": 0.3},
    {"calibration_fraction": 0.3, "loss": "mixture", "n_mixtures": 2},
    {"calibration_fraction": 0.3, "loss": "gaussian"},
    {"loss": "student_t", "instance_scale": True},
    {"channel_independent": True},
    {"season_length": 4, "season": "additive"},
    {"season_length": (4, 8), "season": "skip"},
    {"instance_norm": "standard", "patch_length": 2, "cell": "gru"},
    {"dtype": "float64", "head_sizes": (4,), "pooling": "attention"},
]


@pytest.mark.parametrize("options", VALUES, ids=str)
def test_forecasters_of_any_kind(options, through_a_file):
    unfitted = through_a_file(LSTMForecaster(**SMALL | options))
    assert is_same(
        unfitted.get_params(), {**LSTMForecaster().get_params(), **SMALL | options}
    )
    y = SERIES["columns" if "channel_independent" in options else "months"]
    forecaster = unfitted.fit(y, fh=FH)
    loaded = through_a_file(forecaster)
    assert_says_the_same(loaded, forecaster)
    assert loaded.get_tags() == forecaster.get_tags()
    assert loaded.get_config() == forecaster.get_config()
    assert is_same(loaded.loss_curve_, forecaster.loss_curve_)


@pytest.mark.parametrize("options", [{}, {"past_covariates": ["x0"]}], ids=str)
def test_covariates_and_their_categories(options, through_a_file):
    forecaster = LSTMForecaster(**SMALL, categorical_features=["month"], **options)
    forecaster.fit(SERIES["months"], COVARIATES[:60], fh=FH)
    assert_says_the_same(through_a_file(forecaster), forecaster, X=COVARIATES[60:])


@pytest.mark.parametrize("calibration_fraction", [None, 0.3])
def test_updates_go_on_as_if_they_had_never_stopped(calibration_fraction, through_a_file):
    y = SERIES["days"]
    forecaster = LSTMForecaster(**SMALL, calibration_fraction=calibration_fraction)
    forecaster.fit(y[:50], fh=FH)
    loaded = through_a_file(forecaster, training_state=True)
    for part in (y[50:55], y[55:]):
        forecaster.update(part)
        loaded.update(part)
        assert_says_the_same(loaded, forecaster)
        loaded = through_a_file(loaded, training_state=True)


def test_without_its_state_an_update_does_not_train(through_a_file):
    y = SERIES["days"]
    loaded = through_a_file(LSTMForecaster(**SMALL).fit(y[:50], fh=FH))
    with pytest.raises(ValueError, match="training_state=True"):
        loaded.update(y[50:])


def test_what_was_pretrained_comes_back(through_a_file):
    forecaster = LSTMForecaster(**SMALL).pretrain(SERIES["a panel"], fh=FH)
    loaded = through_a_file(forecaster, training_state=True)
    one, other = (f.fit(SERIES["months"], fh=FH) for f in (loaded, forecaster))
    assert_says_the_same(one, other)


@pytest.mark.parametrize("name", ["months", "days", "columns", "a hierarchy"])
def test_the_pretrained_forecaster(name, through_a_file):
    forecaster = PretrainedLSTMForecaster(season_length=(4, 12)).fit(SERIES[name], fh=FH)
    loaded = through_a_file(forecaster)
    assert_says_the_same(loaded, forecaster)
    assert is_same(loaded.season_length_, (4, 12))


def test_the_pretrained_forecaster_goes_on(through_a_file):
    y = SERIES["months"]
    forecaster = PretrainedLSTMForecaster(fine_tune=True, max_epochs=1).fit(y[:50], fh=FH)
    loaded = through_a_file(forecaster, training_state=True)
    for one in (loaded, forecaster):
        one.update(y[50:])
    assert_says_the_same(loaded, forecaster)


PANELS = {
    "array": rng.normal(size=(20, 2, 10)),
    "frames of unlike length": [
        pd.DataFrame(rng.normal(size=(8 + i % 3, 2)), columns=["b", "a"]) for i in range(20)
    ],
}
BRANCH = {"conv_filters": (3,), "conv_kernel_sizes": (2,), "hidden_size": 3,
          "max_epochs": 2, "random_state": 0}  # fmt: skip


@pytest.mark.parametrize("X", PANELS.values(), ids=PANELS)
@pytest.mark.parametrize("labels", [["up", "down"], [1, 0]], ids=str)
def test_a_classifier_of_series(X, labels, through_a_file):
    model = LSTMTimeSeriesClassifier(**BRANCH).fit(X, np.array(labels)[np.arange(20) % 2])
    loaded = through_a_file(model)
    assert is_same(loaded.predict_proba(X), model.predict_proba(X))
    assert is_same(loaded.predict(X), model.predict(X))
    assert is_same(loaded.get_params(), model.get_params())
    assert is_same(loaded.classes_, model.classes_)


@pytest.mark.parametrize("X", PANELS.values(), ids=PANELS)
def test_a_regressor_of_series(X, through_a_file):
    model = LSTMTimeSeriesRegressor(**BRANCH).fit(X, np.arange(20.0))
    loaded = through_a_file(model)
    assert is_same(loaded.predict(X), model.predict(X))
    assert is_same(through_a_file(LSTMTimeSeriesRegressor()).get_params(),
                   LSTMTimeSeriesRegressor().get_params())  # fmt: skip


DETECTORS = [
    {},
    {"likelihood": False, "contamination": 0.1},
    {"method": "reconstruction", "threshold": 0.999, "long": 50},
    {"horizon": 2, "instance_norm": "level", "cell": "gru", "dtype": "float64"},
]


@pytest.mark.parametrize("options", DETECTORS, ids=str)
@pytest.mark.parametrize("name", ["days", "months", "integers", "columns"])
def test_a_detector(name, options, through_a_file):
    options = {"validation_fraction": 0.5, **options}
    unfitted = through_a_file(LSTMDetector(**SMALL | options))
    assert is_same(unfitted.get_params(), LSTMDetector(**SMALL | options).get_params())
    X = pd.DataFrame(SERIES[name])
    detector = unfitted.fit(X[:40])
    loaded = through_a_file(detector)
    for rows in (X[40:], X):
        assert loaded.transform_scores(rows).equals(detector.transform_scores(rows))
        assert is_same(loaded.predict(rows), detector.predict(rows))
    assert is_same(loaded.get_config(), detector.get_config())
    assert is_same(loaded.loss_curve_, detector.loss_curve_)
    assert loaded.threshold_ == detector.threshold_


def damaged(name, value):
    """The state of a likelihood with one of its parts replaced."""
    likelihood = TailLikelihood(long=50)
    likelihood.extend(np.arange(30.0))
    state = likelihood.__getstate__()
    part = next(
        (state[p] for p in ("averages", "usual", "quiet") if name in state[p]), state
    )
    part[name] = value
    return state


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("long", 10**12),
        ("short", "ten"),
        ("threshold", 2.0),
        ("n_left", -1),
        ("n_filled", 50),
        ("n_errors", 1.5),
        ("block", np.zeros((50, 3))),
        ("waiting", np.zeros(10, dtype=int)),
        ("usual", None),
    ],
)
def test_a_damaged_likelihood_is_refused(name, value):
    with pytest.raises(ValueError, match="A likelihood must be as it was written"):
        TailLikelihood.__new__(TailLikelihood).__setstate__(damaged(name, value))


def test_callbacks_are_refused_by_name(tmp_path):
    callback = pytest.importorskip("sklearn.callback")
    forecaster = LSTMForecaster(**SMALL).set_callbacks(callback.ProgressBar())
    with pytest.raises(TypeError, match=r"LSTMForecaster must have no callbacks.*\(\)\."):
        save(forecaster, tmp_path / "model")
    save(forecaster.set_callbacks(), tmp_path / "model")


def test_settings_of_sktime_come_back(through_a_file):
    forecaster = LSTMForecaster(**SMALL).set_config(warnings="off")
    assert through_a_file(forecaster).get_config()["warnings"] == "off"
