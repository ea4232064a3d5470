"""Training curves: which epochs, and what has to be beaten."""

import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.plotting import TrainingCurveDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 5))
Y = 3 + 2 * rng.normal(size=120)
LABELS = np.where(rng.random(120) < 0.25, "b", "a")
QUICK = {"hidden_size": 3, "max_epochs": 3, "random_state": 0}


def quick(kind=LSTMRegressor, y=Y, **options):
    return kind(**QUICK | options).fit(X, y)


def constant(kind, y, **options):
    """The loss of a network that cannot but say a constant, after it has found the best."""
    settings = {
        "hidden_size": 1,
        "max_epochs": 300,
        "learning_rate": 0.05,
        "batch_size": 120,
    }
    model = kind(**settings | {"random_state": 0} | options).fit(np.zeros((120, 2)), y)
    return model, model.loss_curve_[-1]


def test_curves_are_those_of_the_estimator():
    model = quick(early_stopping=True)
    display = TrainingCurveDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.line_.get_ydata(), model.loss_curve_)
    validation = display.validation_line_
    np.testing.assert_array_equal(validation.get_ydata(), model.validation_loss_curve_)
    for line in (display.line_, validation):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, model.n_epochs_ + 1))
    assert display.best_epoch_line_.get_xdata()[0] == model.best_epoch_
    assert display.baseline_line_.get_ydata()[0] == 1


def test_without_validation_no_epoch_is_the_best():
    display = TrainingCurveDisplay.from_estimator(quick())
    assert display.validation_line_ is None
    assert display.best_epoch_line_ is None


def test_the_first_epochs_may_be_forgotten():
    display = TrainingCurveDisplay(loss_curve=[0.5, 0.4], first_epoch=1001).plot()
    assert display.line_.get_xdata().tolist() == [1001, 1002]


def test_one_epoch_is_seen():
    display = TrainingCurveDisplay(loss_curve=[0.5]).plot()
    assert display.line_.get_marker() == "o"


@pytest.mark.parametrize("wrap", ["pipeline", "search", "pickle"])
def test_the_lstm_is_found_inside(wrap):
    model = LSTMRegressor(**QUICK)
    if wrap == "pipeline":
        fitted = make_pipeline(StandardScaler(), model).fit(X, Y)
        lstm = fitted[-1]
    elif wrap == "search":
        fitted = GridSearchCV(model, {"hidden_size": [2]}, cv=KFold(2)).fit(X, Y)
        lstm = fitted.best_estimator_
    else:
        fitted = lstm = pickle.loads(pickle.dumps(model.fit(X, Y)))
    display = TrainingCurveDisplay.from_estimator(fitted)
    assert display.loss_curve == lstm.loss_curve_
    assert display.baseline == 1


# ------------------------------------------------------------------ what has to be beaten


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_squared_error_of_the_mean_is_one(outputs):
    y = Y if outputs == 1 else Y[:, None] * np.arange(1, 4) + rng.normal(size=(120, 3))
    model, loss = constant(LSTMRegressor, y)
    display = TrainingCurveDisplay.from_estimator(model)
    np.testing.assert_allclose(display.baseline, loss, rtol=1e-4)
    assert display.baseline_name == "Always the mean"


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_the_cross_entropy_of_the_shares_is_their_entropy(label_smoothing):
    model, loss = constant(LSTMClassifier, LABELS, label_smoothing=label_smoothing)
    display = TrainingCurveDisplay.from_estimator(model)
    np.testing.assert_allclose(display.baseline, loss, rtol=1e-4)
    if not label_smoothing:
        share = np.mean(LABELS == "b")
        np.testing.assert_allclose(display.baseline, stats.entropy([share, 1 - share]))
    assert display.baseline_name == "Always the class shares"


UNKNOWN = {
    "another loss": lambda: quick(loss="absolute_error"),
    "a distribution": lambda: quick(loss="gaussian"),
    "units of y": lambda: quick(standardize=False),
    "units of a feature": lambda: quick(instance_norm="last"),
    "a constant target": lambda: quick(y=np.full(120, 3.0)),
    "targets that are missing": lambda: quick(
        y=np.where(rng.random((120, 2)) < 0.2, np.nan, Y[:, None]), horizon=2
    ),
    "later samples": lambda: quick(warm_start=True).fit(X, Y + 7),
    "weights of classes": lambda: quick(LSTMClassifier, LABELS, class_weight="balanced"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_known_is_left_out(case):
    model = UNKNOWN[case]()
    display = TrainingCurveDisplay.from_estimator(model)
    assert display.baseline is None
    assert display.baseline_line_ is None
    with pytest.raises(
        ValueError, match=r"^relative must be False where .* Got relative=T"
    ):
        TrainingCurveDisplay.from_estimator(model, relative=True)


def test_relative_losses_are_divided_by_the_baseline():
    model = quick(LSTMClassifier, LABELS, early_stopping=True)
    display = TrainingCurveDisplay.from_estimator(model, relative=True)
    assert 0 < display.baseline < 0.7
    wanted = np.array(model.loss_curve_) / display.baseline
    np.testing.assert_allclose(display.line_.get_ydata(), wanted)
    wanted = np.array(model.validation_loss_curve_) / display.baseline
    np.testing.assert_allclose(display.validation_line_.get_ydata(), wanted)
    assert display.baseline_line_.get_ydata()[0] == 1
    assert display.ax_.get_ylabel() == "Loss relative to “always the class shares”"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (quick(), "Squared error of standardised targets"),
        (quick(standardize=False), "Squared error"),
        (quick(loss="huber"), "Huber loss of standardised targets"),
        (quick(LSTMClassifier, LABELS), "Cross-entropy"),
        (quick(loss=lambda output, y: (output - y) ** 2), "Loss of standardised targets"),
    ],
)
def test_the_axis_says_which_loss_it_is(model, name):
    assert TrainingCurveDisplay.from_estimator(model).ax_.get_ylabel() == name


# ------------------------------------------------------------------ axes, and errors


def test_losses_begin_at_zero_and_may_become_logarithmic():
    ax = TrainingCurveDisplay(loss_curve=[0.9, 0.04], baseline=1.0).plot().ax_
    assert ax.get_ylim()[0] == 0
    ax.set_yscale("log")
    assert 0.01 < ax.get_ylim()[0] < 0.04


def test_log_likelihoods_may_be_negative():
    ax = TrainingCurveDisplay(loss_curve=[-0.5, -0.9]).plot().ax_
    assert ax.get_ylim()[0] < -0.9
    assert ax.get_ylim()[1] < 0


def test_curves_of_other_lengths_are_refused():
    display = TrainingCurveDisplay(loss_curve=[1.0, 2.0], validation_loss_curve=[1.0])
    with pytest.raises(
        ValueError, match=r"^validation_loss_curve must .*\(2,\)\. Got \(1,"
    ):
        display.plot()


def test_without_epochs_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match=r"at least one epoch\. Got none: nothing was"):
        TrainingCurveDisplay(loss_curve=[]).plot()


def test_the_lstm_is_found_in_the_estimators_of_sktime():
    pytest.importorskip("sktime")
    from sktime.datasets import load_airline

    from sklstm.sktime import LSTMForecaster, LSTMTimeSeriesClassifier

    forecaster = LSTMForecaster(max_epochs=2, random_state=0).fit(load_airline(), fh=[1, 2])
    display = TrainingCurveDisplay.from_estimator(forecaster)
    assert display.baseline is None
    assert display.line_.get_xdata().tolist() == [1, 2]
    assert display.loss_name == "Pinball loss of standardised targets"
    model = LSTMTimeSeriesClassifier(max_epochs=2, random_state=0).fit(X[:, None], LABELS)
    display = TrainingCurveDisplay.from_estimator(model)
    assert display.loss_curve == model.estimator_.loss_curve_
    assert display.baseline > 0
