"""Callbacks, curves and lines of the estimator inside."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.series.difference import Differencer

from sklstm.plotting import TrainingCurveDisplay
from sklstm.sktime import (
    LSTMDetector,
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
    PretrainedLSTMForecaster,
)

from .data import panel, wave

SERIES = wave()[:60]
X = np.random.default_rng(0).normal(size=(40, 2, 8))
Y = X[:, 0].mean(axis=1)
TINY = {"hidden_size": 2, "max_epochs": 3, "random_state": 0}
WHOLE = {**TINY, "convolution": None, "max_steps": None}
FORECASTER = LSTMForecaster(window_length=6, max_steps=None, **TINY)
CASES = [
    (FORECASTER, (SERIES, None, [1, 2])),
    (LSTMTimeSeriesClassifier(**WHOLE), (X, Y > 0)),
    (LSTMTimeSeriesRegressor(early_stopping=False, **WHOLE), (X, Y)),
]
CURVES = ("n_epochs_", "best_epoch_", "loss_curve_", "validation_loss_curve_")


class Recorder:
    """Keeps what scikit-learn's protocol tells."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.events = []
        self.losses = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(context.task_name)
        if context.task_name == "epoch":
            self.losses.append(fitted_estimator.loss_curve_[-1])
        return context.task_name == "epoch" and context.task_id == self.stop_at


FIT = ["setup", "epoch", "epoch", "epoch", "fit", "teardown"]

by_kind = pytest.mark.parametrize(
    ("estimator", "data"), CASES, ids=lambda value: type(value).__name__
)
needs_callbacks = pytest.mark.skipif(
    not hasattr(FORECASTER, "set_callbacks"), reason="needs scikit-learn 1.9"
)


@by_kind
def test_curves_are_those_of_the_estimator_inside(estimator, data):
    fitted = estimator.clone()
    for name in CURVES:
        with pytest.raises(AttributeError, match=rf"has no {name} before fit is called\."):
            getattr(fitted, name)
    fitted.fit(*data)
    assert fitted.n_epochs_ == fitted.best_epoch_ == len(fitted.loss_curve_) == 3
    assert fitted.validation_loss_curve_ == []
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    params = fitted.get_fitted_params()
    assert params["n_epochs"] == 3
    assert params["loss_curve"] == fitted.loss_curve_


@by_kind
def test_curves_of_a_fit_that_validates(estimator, data):
    fitted = estimator.clone().set_params(early_stopping=True, validation_fraction=0.25)
    fitted.fit(*data)
    losses = fitted.validation_loss_curve_
    assert len(losses) == len(fitted.loss_curve_) == fitted.n_epochs_
    assert fitted.best_epoch_ == 1 + int(np.argmin(losses))


@needs_callbacks
@by_kind
def test_callbacks_hear_each_epoch(estimator, data):
    recorder = Recorder()
    fitted = estimator.clone()
    assert fitted.set_callbacks(recorder) is fitted
    fitted.fit(*data)
    assert recorder.events == FIT
    assert recorder.losses == fitted.loss_curve_
    fitted.fit(*data)  # they outlive sktime's reset
    assert recorder.events == 2 * FIT
    fitted.set_callbacks().fit(*data)
    assert recorder.events == 2 * FIT


@needs_callbacks
@by_kind
def test_a_callback_stops_training(estimator, data):
    fitted = estimator.clone().set_callbacks(Recorder(stop_at=0)).fit(*data)
    assert fitted.n_epochs_ == 1


@needs_callbacks
@by_kind
def test_listening_changes_no_prediction(estimator, data):
    fitted = estimator.clone().set_callbacks(Recorder()).fit(*data)
    new = () if isinstance(fitted, LSTMForecaster) else (X,)
    alone = estimator.clone().fit(*data)
    np.testing.assert_array_equal(fitted.predict(*new), alone.predict(*new))


@needs_callbacks
@by_kind
@pytest.mark.parametrize(
    "copied",
    [lambda e: e.clone(), clone, copy.deepcopy],
    ids=["sktime's clone", "scikit-learn's clone", "deepcopy"],
)
def test_clones_share_the_callbacks(estimator, data, copied):
    recorder = Recorder()
    original = estimator.clone().set_callbacks(recorder)
    copied(original).fit(*data)
    assert recorder.events == FIT
    assert not hasattr(copied(estimator.clone()), "_skl_callbacks")


@needs_callbacks
@by_kind
def test_a_fitted_estimator_with_callbacks_is_pickled(estimator, data):
    fitted = estimator.clone().set_callbacks(Recorder()).fit(*data)
    loaded = pickle.loads(pickle.dumps(fitted))
    assert loaded.loss_curve_ == fitted.loss_curve_
    loaded.fit(*data)
    assert loaded._skl_callbacks[0].events == 2 * FIT


@needs_callbacks
@by_kind
def test_what_is_no_callback_is_refused(estimator, data):
    fitted = estimator.clone()
    for wrong in (print, Recorder):
        with pytest.raises(TypeError, match="FitCallback"):
            fitted.set_callbacks(wrong)
    assert not hasattr(fitted, "_skl_callbacks")


@needs_callbacks
@by_kind
def test_the_estimator_inside_keeps_no_callback(estimator, data):
    fitted = estimator.clone().set_callbacks(Recorder()).fit(*data)
    inside = fitted.model_.regressor if hasattr(fitted, "model_") else fitted.estimator_
    assert not hasattr(inside, "_skl_callbacks")
    failing = (
        estimator.clone().set_params(batch_size=0).set_callbacks(recorder := Recorder())
    )
    with pytest.raises(ValueError, match="batch_size"):
        failing.fit(*data)
    assert recorder.events == []


@needs_callbacks
def test_new_rows_are_heard_as_one_epoch():
    recorder = Recorder()
    fitted = FORECASTER.clone().set_callbacks(recorder).fit(SERIES, fh=[1, 2])
    fitted.update(wave()[60:64])
    assert recorder.events == [*FIT, "setup", "epoch", "fit", "teardown"]
    assert fitted.n_epochs_ == 4


@needs_callbacks
def test_both_fits_of_a_calibrated_forecaster_are_heard():
    recorder = Recorder()
    forecaster = FORECASTER.clone().set_params(calibration_fraction=0.3)
    fitted = forecaster.set_callbacks(recorder).fit(SERIES, fh=[1])
    assert recorder.events == 2 * FIT
    assert recorder.losses[3:] == fitted.loss_curve_


@needs_callbacks
def test_a_pretrained_forecaster_is_heard():
    recorder = Recorder()
    forecaster = FORECASTER.clone().set_callbacks(recorder)
    forecaster.pretrain(panel(a=SERIES, b=2 * SERIES), fh=[1])
    assert recorder.events == FIT
    assert forecaster.fit(SERIES, fh=[1]).n_epochs_ == 6
    assert recorder.events == 2 * FIT


@needs_callbacks
@pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")
def test_callbacks_of_a_forecaster_within_others_are_heard():
    recorder = Recorder()
    forecaster = FORECASTER.clone().set_callbacks(recorder)
    pipeline = TransformedTargetForecaster([("d", Differencer()), ("lstm", forecaster)])
    pipeline.clone().fit(SERIES, fh=[1])
    assert recorder.events == FIT
    search = ForecastingGridSearchCV(
        pipeline,
        cv=ExpandingWindowSplitter(fh=[1], initial_window=40, step_length=15),
        param_grid={"lstm__max_epochs": [1, 2]},
        backend=None,
    )
    search.fit(SERIES, fh=[1])
    # Candidates of one epoch and of two, on two folds each.
    fits = " ".join(recorder.events).split("teardown")
    assert sum(fit.split() == ["setup", "epoch", "fit"] for fit in fits) >= 2
    assert sum(fit.split() == ["setup", "epoch", "epoch", "fit"] for fit in fits) >= 2


@needs_callbacks
@pytest.mark.parametrize("number", [1, 2])
def test_callbacks_of_a_search_reach_the_estimator_inside(number):
    rich = pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    estimator, data = CASES[number]
    console = rich.console.Console(width=80, record=True, quiet=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rich, "_console", console)
        search = GridSearchCV(clone(estimator), {"hidden_size": [2, 3]}, cv=2)
        search.set_callbacks(ProgressBar()).fit(*data)
    text = console.export_text()
    kind = type(estimator).__name__
    found = [line for line in text.splitlines() if f"{kind} - fit #" in line]
    assert len(found) == 5
    assert all("100%" in line for line in found)
    assert not hasattr(search.best_estimator_, "_skl_callbacks")


@needs_callbacks
def test_callbacks_of_a_pipeline_reach_the_estimator_inside():
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    model = make_pipeline("passthrough", LSTMTimeSeriesRegressor(**WHOLE))
    model.set_callbacks(ProgressBar())
    assert model.fit(X, Y)[-1].n_epochs_ == 3


@needs_callbacks
def test_scores_are_monitored():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    fitted = LSTMTimeSeriesClassifier(**WHOLE).set_callbacks(monitor).fit(X, Y > 0)
    scores = [row["accuracy"] for row in monitor.get_logs().data]
    assert len(scores) == 3
    assert scores[-1] == fitted.score(X, Y > 0)


@by_kind
def test_lines_are_printed(estimator, data, capsys):
    fitted = estimator.clone().set_params(verbose=1).fit(*data)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"epoch {i}/3" for i in (1, 2, 3)]
    for line, loss in zip(lines, fitted.loss_curve_, strict=True):
        assert f"loss {loss:.4f}" in line


@needs_callbacks
@by_kind
def test_the_progress_bar_has_the_name_that_users_know(estimator, data):
    names = set()

    class Named(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            names.add((context.estimator_name, context.task_name))

    estimator.clone().set_callbacks(Named()).fit(*data)
    kind = type(estimator).__name__
    assert names == {(kind, "fit"), (kind, "epoch")}


@needs_callbacks
def test_the_name_is_that_of_the_outermost():
    names = []

    class Named(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            names.append(context.estimator_name)

    detector = LSTMDetector(window_length=6, max_epochs=1).set_callbacks(Named())
    detector.fit(SERIES.to_frame())
    assert set(names) == {"LSTMDetector"}
    regressor = detector.detector_.estimator_
    assert not any(name.startswith("_fitted_as") for name in vars(regressor))


@pytest.mark.parametrize(
    "estimator",
    [*(case[0] for case in CASES), LSTMDetector(), PretrainedLSTMForecaster()],
    ids=lambda value: type(value).__name__,
)
def test_pictures_link_to_the_documentation(estimator):
    name = type(estimator).__name__
    link = f'href="https://sklstm.readthedocs.io/en/latest/api/sklstm.sktime.{name}.html"'
    for picture in (estimator._repr_html_(), estimator._repr_mimebundle_()["text/html"]):
        assert picture.count(link) == 1
        assert f"Documentation for {name}" in picture

    class Own(type(estimator)):
        pass

    assert "Documentation for" not in Own()._repr_html_()


def test_fine_tuning_shows_its_curves():
    fitted = PretrainedLSTMForecaster(None, fine_tune=True, max_epochs=3)
    with pytest.raises(AttributeError, match=r"has no loss_curve_ before fit is called\."):
        fitted.loss_curve_  # noqa: B018
    fitted.set_params(learning_rate=0.001).fit(SERIES, fh=[1, 2])
    losses, held_out = fitted.loss_curve_, fitted.validation_loss_curve_
    assert len(losses) == len(held_out) == 3
    assert losses[-1] < losses[0]
    assert fitted.n_epochs_ == fitted.best_epoch_
    # The best of three is kept, if it is a hundredth better than nothing.
    assert fitted.best_epoch_ in (0, 1 + int(np.argmin(held_out)))
    assert fitted.get_fitted_params()["loss_curve"] == losses
    assert pickle.loads(pickle.dumps(fitted)).loss_curve_ == losses
    display = TrainingCurveDisplay.from_estimator(fitted)
    np.testing.assert_array_equal(display.line_.get_ydata(), losses)
    np.testing.assert_array_equal(display.line_.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(display.validation_line_.get_ydata(), held_out)
    assert display.ax_.get_ylabel() == "Quantile loss, in units of the series' scale"
    fitted.update(wave()[60:64])
    assert len(fitted.loss_curve_) == 1


def test_what_is_not_trained_further_has_no_curves():
    fitted = PretrainedLSTMForecaster().fit(SERIES, fh=[1])
    assert fitted.n_epochs_ == 0
    for name in CURVES[1:]:
        assert not hasattr(fitted, name)
    with pytest.raises(AttributeError, match=r"as nothing was trained: set fine_tune=True"):
        TrainingCurveDisplay.from_estimator(fitted)
    with pytest.raises(ValueError, match=r"loss_curve must have at least one epoch"):
        TrainingCurveDisplay.from_estimator(fitted.regressor_)
    fitted.pretrain(panel(a=SERIES, b=2 * SERIES), fh=[1])
    assert len(fitted.fit(SERIES, fh=[1]).loss_curve_) == fitted.max_epochs
