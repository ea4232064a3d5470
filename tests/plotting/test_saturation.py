"""Saturated units, by the data of their artists."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sklstm import LSTMRegressor
from sklstm.inspection import gate_activations, saturation
from sklstm.plotting import SaturationDisplay

X = np.random.default_rng(0).normal(size=(30, 6, 2))
X[3, 2] = np.nan


def fitted(**options):
    model = LSTMRegressor(hidden_size=3, max_epochs=2, random_state=0, **options)
    return model.fit(X, X[:, 0, 0])


@pytest.mark.parametrize(
    ("cell", "gates"),
    [("lstm", ["input", "forget", "output"]), ("gru", ["reset", "update"])],
)
def test_units_lie_at_their_shares(cell, gates):
    model = fitted(cell=cell, num_layers=2)
    display = SaturationDisplay.from_estimator(model, X, layer=0, low=0.45, high=0.55)
    found = gate_activations(model, X, layer=0)
    assert list(display.points_) == gates
    assert len(display.axes_) == len(gates)
    for name, points in display.points_.items():
        shares = np.column_stack(saturation(found[name], low=0.45, high=0.55))
        assert shares.any()
        np.testing.assert_array_equal(points.get_xydata(), shares)
        np.testing.assert_array_equal(display.shares[name], shares)


def test_what_is_no_gate_is_left_out_or_refused():
    display = SaturationDisplay.from_activations({
        "update": np.full((2, 3, 1), 0.95), "hidden": np.full((2, 3, 1), -2.0)
    })  # fmt: skip
    assert display.points_["update"].get_xydata().tolist() == [[0.0, 1.0]]
    assert list(display.points_) == ["update"]
    with pytest.raises(ValueError, match=r"must have a gate, .* Got \['hidden'\]: a plain"):
        SaturationDisplay.from_estimator(fitted(cell="rnn"), X)
    with pytest.raises(ValueError, match=r"shares\['forget'\] must be of shape"):
        SaturationDisplay(shares={"forget": np.zeros(3)}).plot()
    with pytest.raises(NotFittedError):
        SaturationDisplay.from_estimator(LSTMRegressor(), X)
