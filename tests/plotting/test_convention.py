"""What all displays owe to scikit-learn's convention."""

import inspect
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import TimeSeriesSplit
from sklearn.utils import Bunch

from sklstm import LSTMRegressor, plotting

rng = np.random.default_rng(0)
Y = rng.normal(size=50)
INTERVALS = {0.5: np.array([[0, 2], [1, 3]]), 0.9: np.array([[-1, 3], [0, 4]])}
# For each display data, and how many panels it has.
DATA = {
    "ForecastDisplay": (
        {
            "context": [1.0, 2.0, 3.0],
            "forecast": [1.0, 2.0],
            "truth": [2.0, 2.0],
            "intervals": INTERVALS,
        },
        1,
    ),
    "GradientNormDisplay": ({"norms": {"LSTM": [1e-3, 1.0], "RNN": [1e-9, 1.0]}}, 1),
    "ImportanceDisplay": (
        {"importances": np.array([[0.1, 0.2, 0.3], [0.0, 0.1, 0.0]]), "names": ["a", "b"]},
        1,
    ),
    "IntervalCalibrationDisplay": (
        {"coverages": np.array([0.5, 0.9]), "measured": np.array([0.4, 0.8]), "n_rows": 50},
        1,
    ),
    "ResidualDisplay": (
        {
            "residuals": rng.normal(size=(50, 3)),
            "autocorrelation": np.array([0.5, 0.1]),
            "n_known": 50,
            "error_by_step": np.array([1.0, 2.0, 3.0]),
        },
        3,
    ),
    "SaturationDisplay": (
        {"shares": {"forget": np.eye(2), "input": np.eye(2), "output": np.eye(2)}},
        3,
    ),
    "TrainingCurveDisplay": (
        {
            "loss_curve": [0.9, 0.5, 0.4],
            "validation_loss_curve": [1.0, 0.7, 0.8],
            "best_epoch": 2,
            "baseline": 1.0,
        },
        1,
    ),
    "WindowDisplay": (
        {
            "train_indices": [np.arange(5)],
            "test_indices": [np.arange(7, 10)],
            "n_rows": 10,
            "window_length": 3,
            "horizon": 2,
        },
        1,
    ),
}
every_display = pytest.mark.parametrize("name", DATA)


def made(name):
    """A display, and the axes that it takes."""
    data, n_panels = DATA[name]
    display = getattr(plotting, name)(**data)
    _, axes = plt.subplots(n_panels, 1)
    return display, axes


def drawn(ax):
    """All data of an axes, without units."""
    lines = [line.get_xydata() for line in ax.lines]
    areas = [path.vertices for area in ax.collections for path in area.get_paths()]
    return [*lines, *areas, *[np.array(patch.get_bbox()) for patch in ax.patches]]


def axes_of(display):
    return np.ravel(getattr(display, "axes_", getattr(display, "ax_", None)))


def test_public_names_are_displays():
    assert set(DATA) <= set(plotting.__all__)
    assert all(name.endswith("Display") for name in plotting.__all__)


@every_display
def test_init_takes_data_only_and_keeps_it(name):
    data, _ = DATA[name]
    display = getattr(plotting, name)(**data)
    parameters = inspect.signature(type(display)).parameters
    assert set(vars(display)) == set(parameters)
    assert all(vars(display)[key] is value for key, value in data.items())
    assert "ax" not in parameters
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())


@every_display
def test_axes_that_are_given_are_drawn_on(name):
    display, axes = made(name)
    figures = plt.get_fignums()
    assert display.plot(axes) is display
    assert plt.get_fignums() == figures
    assert list(axes_of(display)) == list(np.ravel(axes))
    assert display.figure_ is np.ravel(axes)[0].figure


@every_display
def test_without_axes_there_is_one_new_figure(name):
    display = getattr(plotting, name)(**DATA[name][0])
    display.plot()
    assert plt.get_fignums() == [display.figure_.number]
    assert list(display.figure_.axes) == list(axes_of(display))


@every_display
def test_what_is_drawn_twice_is_the_same(name):
    display, axes = made(name)
    first = [drawn(ax) for ax in axes_of(display.plot(axes))]
    again = [drawn(ax) for ax in axes_of(display.plot())]
    for one, other in zip(first, again, strict=True):
        assert len(one) == len(other) > 0
        for values, others in zip(one, other, strict=True):
            np.testing.assert_array_equal(values, others)


@every_display
def test_artists_are_attributes_once_there_are_some(name):
    display, axes = made(name)
    assert not any(key.endswith("_") for key in vars(display))
    display.plot(axes)
    documented = type(display).__doc__.partition("Attributes\n")[2].partition("See Also")[0]
    for key in vars(display):
        assert not key.endswith("_") or key in documented


@every_display
def test_all_axes_are_labelled_and_legible(name):
    display, axes = made(name)
    for ax in axes_of(display.plot(axes)):
        assert ax.get_ylabel() or name == "ForecastDisplay"
        assert ax.get_xlabel()
    display.figure_.canvas.draw()


@every_display
def test_styles_of_the_user_come_first(name):
    display, axes = made(name)
    styles = [key for key in inspect.signature(display.plot).parameters if "kwargs" in key]
    assert styles
    short = {"bar_kwargs": "color", "band_kwargs": "facecolor", "interval_kwargs": "fc"}
    for key in styles:
        is_area = name == "WindowDisplay" or key in short
        style = {short.get(key, "facecolor") if is_area else "c": "#123456"}
        fresh = plt.subplots(np.size(axes), 1)[1]
        axes_drawn = axes_of(display.plot(fresh, **{key: style}))
        colors = [mpl.colors.to_hex(c) for ax in axes_drawn for c in colors_of(ax)]
        assert "#123456" in colors, key


def colors_of(ax):
    yield from (line.get_color() for line in ax.lines)
    yield from (patch.get_facecolor() for patch in ax.patches)
    for area in ax.collections:
        yield from area.get_facecolor()
        yield from area.get_edgecolor()


@every_display
def test_other_axes_are_refused(name):
    display, axes = made(name)
    with pytest.raises(TypeError, match=r"^ax must be .*\. Got "):
        display.plot(np.full(np.shape(axes), "here").tolist() or "here")
    if np.size(axes) > 1:
        with pytest.raises(ValueError, match=r"^ax must be an array of 3 .*\. Got 1\."):
            display.plot(axes[0])
    else:
        with pytest.raises(TypeError, match=r"one matplotlib Axes\. Got ndarray"):
            display.plot(plt.subplots(2)[1])


@every_display
def test_settings_stay_as_they_are(name):
    display, _ = made(name)
    before = dict(mpl.rcParams)
    display.plot()
    assert dict(mpl.rcParams) == before


@every_display
def test_without_matplotlib_the_message_says_what_to_install(name, monkeypatch):
    display, _ = made(name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=rf"^{name}\.plot needs matplotlib\. Install"):
        display.plot()


def test_importing_brings_neither_matplotlib_nor_sktime():
    code = "import sys, sklstm.plotting; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = child.stdout.split()
    packages = {name.split(".")[0] for name in modules}
    assert not packages & {"matplotlib", "sktime"}
    assert "sklstm.plotting" in modules
    assert "sklstm.sktime" not in modules


NOT_FITTED = {
    "TrainingCurveDisplay": (LSTMRegressor(),),
    "GradientNormDisplay": (LSTMRegressor(), Y[:, None], Y),
    "ResidualDisplay": (LSTMRegressor(), Y[:, None], Y),
    "IntervalCalibrationDisplay": (LSTMRegressor(loss="gaussian"), Y[:, None], Y),
}


@pytest.mark.parametrize("name", NOT_FITTED)
def test_what_is_not_fitted_cannot_be_drawn(name):
    with pytest.raises(NotFittedError):
        getattr(plotting, name).from_estimator(*NOT_FITTED[name])


@pytest.mark.parametrize("name", ["TrainingCurveDisplay", "GradientNormDisplay"])
def test_what_has_no_lstm_cannot_be_drawn(name):
    args = () if name == "TrainingCurveDisplay" else (Y[:, None], Y)
    with pytest.raises(TypeError, match=r"^estimator must be an LSTM"):
        getattr(plotting, name).from_estimator(Bunch(), *args)


def test_a_splitter_is_no_estimator():
    display = plotting.WindowDisplay.from_splitter(TimeSeriesSplit(2), Y)
    assert len(display.train_bars_) == 2
