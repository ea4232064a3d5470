"""Norms of gradients on a logarithmic axis."""

import numpy as np
import pytest

from sklstm import LSTMRegressor
from sklstm.inspection import gradient_norms
from sklstm.plotting import GradientNormDisplay


def test_norms_lie_over_their_steps():
    norms = {"RNN": [1e-9, 1e-3], "LSTM": [1e-2, 1e-1, 1.0]}
    display = GradientNormDisplay.from_norms(norms)
    for name, values in norms.items():
        line = display.lines_[name]
        np.testing.assert_array_equal(line.get_ydata(), values)
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(values) + 1))
        assert line.get_label() == name
    assert display.ax_.get_yscale() == "log"


def test_norms_of_zero_are_left_out():
    display = GradientNormDisplay.from_norms({"RNN": [0.0, 1e-3]})
    np.testing.assert_array_equal(display.lines_["RNN"].get_ydata(), [np.nan, 1e-3])
    display.figure_.canvas.draw()


def test_an_estimator_is_differentiated():
    X = np.random.default_rng(0).normal(size=(20, 7))
    model = LSTMRegressor(hidden_size=2, max_epochs=1, random_state=0).fit(X, X[:, 0])
    display = GradientNormDisplay.from_estimator(model, X, X[:, 0])
    wanted = gradient_norms(model, X, X[:, 0])
    np.testing.assert_array_equal(display.lines_["LSTMRegressor"].get_ydata(), wanted)


@pytest.mark.parametrize("norms", [[-1.0, 1.0], [[1.0], [2.0]]])
def test_what_is_no_norm_is_refused(norms):
    with pytest.raises(ValueError, match=r"^norms must be one number of at least 0"):
        GradientNormDisplay.from_norms({"LSTM": norms})
