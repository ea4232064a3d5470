"""Displays of gates and attributions, by the data of their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import attributions, gate_activations
from sklstm.plotting import AttributionDisplay, GateDisplay

X = np.random.default_rng(0).normal(size=(30, 6, 2))
X[3, 2] = np.nan


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    return LSTMRegressor(hidden_size=3, max_epochs=2, random_state=0).fit(X, X[:, 0, 0])


def standardised(values):
    """Several features share an axis: each by its own mean and deviation."""
    return (values - np.nanmean(values)) / np.nanstd(values)


def test_one_feature_is_drawn_as_it_is():
    flat = X[4:, :, 0]
    model = LSTMRegressor(hidden_size=1, max_epochs=1).fit(flat, flat[:, 0])
    display = GateDisplay.from_estimator(model, flat, gates="forget")
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), flat[-1])
    assert display.axes_[1].get_yticks().tolist() == [0]
    one = AttributionDisplay.from_estimator(model, flat, sample=2)
    assert one.ax_.get_yticks().tolist() == [0]
    found = attributions(model, flat)
    np.testing.assert_allclose(one.image_.get_array(), found.attributions[2].T, rtol=1e-4)
    assert f"{found.predictions[2]:.4g} = " in one.ax_.get_title()


def test_gates_are_drawn_as_they_are(model):
    display = GateDisplay.from_estimator(model, X, sample=3)
    found = gate_activations(model, X)
    assert list(display.images_) == list(found)
    for name, image in display.images_.items():
        drawn = np.ma.filled(image.get_array(), np.nan)
        np.testing.assert_allclose(drawn, found[name][3].T, atol=1e-6)
    assert display.images_["forget"].get_clim() == (0, 1)
    low, high = display.images_["cell"].get_clim()
    assert low == -high
    # What is read stands above, step by step.
    np.testing.assert_allclose(display.lines_[1].get_ydata(), standardised(X[3, :, 1]))
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), np.arange(-5, 1))
    left, right, _, _ = display.images_["forget"].get_extent()
    assert (left, right) == display.axes_[0].get_xlim() == (-5.5, 0.5)
    assert display.axes_[-1].get_xlabel() == "Step (0 is the last)"


def test_gates_can_be_chosen_and_drawn_where_asked(model):
    figure, axes = plt.subplots(2)
    display = GateDisplay.from_estimator(model, X, gates=["cell"], ax=axes)
    assert list(display.images_) == ["cell"]
    assert display.figure_ is figure
    assert len(plt.get_fignums()) == 1
    first = display.images_["cell"].get_array()
    np.testing.assert_array_equal(display.plot().images_["cell"].get_array(), first)


def test_rows_of_a_frame_have_names():
    rows = pd.DataFrame(X[:, 0], columns=["open", "close"])
    rows = rows.fillna(0.0)
    pipeline = make_pipeline(
        SlidingWindowTransformer(window_length=4), LSTMClassifier(max_epochs=1)
    ).fit(rows, np.arange(30) % 2)
    display = GateDisplay.from_estimator(pipeline, rows, sample=-1)
    assert [line.get_label() for line in display.lines_] == ["open", "close"]
    np.testing.assert_allclose(
        display.lines_[1].get_ydata(), standardised(rows["close"][-4:].to_numpy())
    )
    named = AttributionDisplay.from_estimator(pipeline, rows)
    assert [label.get_text() for label in named.ax_.get_yticklabels()] == ["open", "close"]


def test_attributions_are_drawn_as_they_are(model):
    found = attributions(model, X).attributions
    one = AttributionDisplay.from_estimator(model, X, sample=5)
    np.testing.assert_allclose(one.image_.get_array(), found[5].T, atol=1e-5)
    assert one.image_.get_clim()[0] == -one.image_.get_clim()[1]
    _, ax = plt.subplots()
    mean = AttributionDisplay.from_estimator(
        model, X, ax=ax, image_kwargs={"cmap": "Greys"}
    )
    np.testing.assert_allclose(mean.image_.get_array(), np.abs(found).mean(axis=0).T)
    assert mean.ax_ is ax
    assert mean.image_.get_cmap().name == "Greys"
    assert mean.image_.get_clim()[0] == 0


def test_bad_arguments_are_told(model):
    with pytest.raises(ValueError, match="sample must be the number of one of the 30"):
        GateDisplay.from_estimator(model, X, sample=30)
    with pytest.raises(ValueError, match=r"gates must be among .* Got 'reset'"):
        GateDisplay.from_estimator(model, X, gates=["reset"])
    with pytest.raises(ValueError, match="ax must be an array of 2"):
        GateDisplay.from_estimator(model, X, gates=["cell"], ax=plt.subplots()[1])
    with pytest.raises(ValueError, match=r"activations\['cell'\] must be of shape"):
        GateDisplay({"cell": np.zeros(3)}).plot()
    with pytest.raises(ValueError, match=r"sample must be .* or None. Got 1.5"):
        AttributionDisplay.from_estimator(model, X, sample=1.5)
    with pytest.raises(ValueError, match="attributions must be of shape"):
        AttributionDisplay(np.zeros(3)).plot()
    with pytest.raises(ValueError, match="feature_names must have one name"):
        GateDisplay({}, sequence=X[0], feature_names=["a"]).plot()
    with pytest.raises(ValueError, match="feature_names must have one name"):
        AttributionDisplay(np.zeros((3, 2)), feature_names=["a"]).plot()
    for display in (GateDisplay, AttributionDisplay):
        with pytest.raises(NotFittedError):
            display.from_estimator(LSTMRegressor(), X)
