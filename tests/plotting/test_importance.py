"""Box plots of importances, by the data of their artists."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import sequence_permutation_importance
from sklstm.plotting import ImportanceDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 5, 3))
Y = X[:, -1, 1]


@pytest.fixture(scope="module")
def model():
    return LSTMRegressor(hidden_size=4, max_epochs=3, random_state=0).fit(X, Y)


def medians(display):
    return [line.get_ydata()[0] for line in display.boxes_["medians"]]


def ticks(display):
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    return dict(zip(labels, display.ax_.get_xticks().tolist(), strict=True))


def test_features_come_in_the_order_of_their_importance(model):
    found = sequence_permutation_importance(model, X, Y, n_repeats=7, random_state=0)
    display = ImportanceDisplay.from_estimator(model, X, Y, n_repeats=7, random_state=0)
    order = np.argsort(-found.importances_mean)
    assert display.names == [str(i) for i in order]
    np.testing.assert_array_equal(display.importances, found.importances[order])
    np.testing.assert_allclose(
        medians(display), np.median(found.importances, axis=1)[order]
    )
    assert ticks(display) == {str(name): place for place, name in enumerate(order)}
    assert display.ax_.get_xlabel() == "Feature"


def test_steps_and_blocks_stay_in_time(model):
    steps = ImportanceDisplay.from_estimator(model, X, Y, by="step", random_state=0)
    assert steps.names == ["-4", "-3", "-2", "-1", "0"]
    assert steps.importances.shape == (5, 10)
    found = sequence_permutation_importance(
        model, X, Y, by="block", block_length=2, random_state=0
    )
    blocks = ImportanceDisplay.from_importances(found)
    assert blocks.names == found.names == ["-4", "-3 to -2", "-1 to 0"]
    np.testing.assert_array_equal(blocks.importances, found.importances)
    assert blocks.ax_.get_xlabel() == "Steps (0 is the last)"


def test_of_many_steps_some_have_ticks_and_the_last_does():
    values = rng.normal(size=(50, 4))
    names = [str(i) for i in range(-49, 1)]
    many = Bunch(importances=values, by="step", names=names)
    display = ImportanceDisplay.from_importances(many)
    at = ticks(display)
    assert len(at) < 20
    assert at["0"] == 49
    assert at["-4"] == 45


def test_rows_of_a_frame_give_their_names():
    rows = pd.DataFrame(X[:, 0], columns=["open", "close", "volume"])
    pipeline = make_pipeline(SlidingWindowTransformer(4), LSTMRegressor(max_epochs=1))
    pipeline.fit(rows, Y)
    found = sequence_permutation_importance(pipeline, rows, Y, n_repeats=2)
    assert found.names == ["open", "close", "volume"]
    named = ImportanceDisplay.from_importances(found, names=["o", "c", "v"])
    assert sorted(named.names) == ["c", "o", "v"]


def test_importances_of_scikit_learn_are_drawn_as_well():
    flat = X[:, 0]
    theirs = permutation_importance(Ridge().fit(flat, flat[:, 2]), flat, flat[:, 2])
    display = ImportanceDisplay.from_importances(theirs)
    assert display.names[0] == "2"
    assert medians(display)[0] == np.median(theirs.importances[2])


def test_what_cannot_be_drawn_is_refused(model):
    with pytest.raises(ValueError, match=r"names must have one for each of the 3 parts"):
        ImportanceDisplay.from_estimator(model, X, Y, names=["a"])
    with pytest.raises(ValueError, match=r"importances must be of shape \(1, n_repeats\)"):
        ImportanceDisplay(importances=np.zeros((2, 3)), names=["a"]).plot()
    with pytest.raises(ValueError, match="y must be given"):
        ImportanceDisplay.from_estimator(model, X)
