"""Gates and states of each step, beside the equations and torch's own layers."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import gate_activations, saturation

N, T, F = 9, 8, 2
CELLS = ("lstm", "gru", "rnn", "peephole")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(w, h, c, a, r):
    p = w.get("peephole", np.zeros((3, len(h))))
    i, f, g, o = np.split(a + r, 4)
    i, f, g = sigmoid(i + p[0] * c), sigmoid(f + p[1] * c), np.tanh(g)
    c = f * c + i * g
    o = sigmoid(o + p[2] * c)
    return {
        "input": i, "forget": f, "candidate": g, "output": o, "cell": c,
        "hidden": o * np.tanh(c),
    }  # fmt: skip


def gru(w, h, c, a, r):
    (a_s, a_z, a_n), (r_s, r_z, r_n) = np.split(a, 3), np.split(r, 3)
    s, z = sigmoid(a_s + r_s), sigmoid(a_z + r_z)
    n = np.tanh(a_n + s * r_n)
    return {"reset": s, "update": z, "candidate": n, "hidden": (1 - z) * n + z * h}


def rnn(w, h, c, a, r):
    return {"hidden": np.tanh(a + r)}


EQUATIONS = {"lstm": lstm, "peephole": lstm, "gru": gru, "rnn": rnn}


def by_equations(cell, layer, x):
    """All values of one layer for one sequence without gaps, by NumPy."""
    w = {
        name.removesuffix("_l0"): value.detach().double().numpy()
        for name, value in layer.named_parameters()
    }
    h = c = np.zeros(w["weight_hh"].shape[1])
    steps = []
    for x_t in x:
        a = w["weight_ih"] @ x_t + w["bias_ih"]
        values = EQUATIONS[cell](w, h, c, a, w["weight_hh"] @ h + w["bias_hh"])
        h, c = values["hidden"], values.get("cell", c)
        steps.append(values)
    return {name: np.array([values[name] for values in steps]) for name in steps[0]}


def sequences(*, missing):
    X = np.random.default_rng(0).normal(size=(N, T, F))
    if missing:
        X[0, :3] = np.nan
        X[1, [2, 5]] = np.nan
        X[2, -2:] = np.nan
        X[3] = np.nan
        X[4, 1, 0] = np.nan
    return X


def fitted(missing, estimator=LSTMRegressor, **options):
    X = sequences(missing=missing)
    y = np.arange(N) % 3
    return estimator(hidden_size=3, max_epochs=2, random_state=0, **options).fit(X, y), X


def observed(X):
    return ~np.isnan(X).all(axis=2)


def as_read(model, X, i):
    """The observed steps of one sequence as the first layer reads them."""
    x = X[i][observed(X)[i]].copy()
    scaling = model._model.encoding.scaling
    for t in range(len(x)):
        before = x[t - 1] if t else scaling.mean
        x[t] = np.where(np.isnan(x[t]), before, x[t])
    return (x - scaling.mean) / scaling.scale


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gates_follow_the_equations(cell, missing):
    model, X = fitted(missing, cell=cell, dtype="float64")
    gates = gate_activations(model, X)
    layer = model.module_.core.layers[0].forwards
    for i in range(N):
        expected = (
            by_equations(cell, layer, as_read(model, X, i)) if observed(X)[i].any() else {}
        )
        for name, value in expected.items():
            np.testing.assert_allclose(gates[name][i][observed(X)[i]], value, atol=1e-10)
    for value in gates.values():
        assert np.isnan(value[~observed(X)]).all()


def states_of_torch(model, X, i, depth):
    """Hidden states of a layer for one sequence, by the layers that train."""
    network = model.module_
    x = torch.tensor(as_read(model, X, i), dtype=network.dtype)[None]
    with torch.no_grad():
        x, _ = network._in_front(x, None)
        for layer in network.core.layers[: depth + 1]:
            x = layer(x, None)
    return x[0].numpy()


GRID = list(
    itertools.product(CELLS, (0, 1), ("forwards", "backwards"), (False, True), (1, 3))
)


@pytest.mark.parametrize(("cell", "layer", "direction", "missing", "patch"), GRID)
def test_hidden_states_are_those_of_the_network(cell, layer, direction, missing, patch):
    model, X = fitted(
        missing, cell=cell, num_layers=2, bidirectional=True, patch_length=patch
    )
    hidden = gate_activations(model, X, layer=layer, direction=direction).hidden
    assert hidden.shape == (N, T, 3)
    for i in range(N):
        n_observed = observed(X)[i].sum()
        if not n_observed:
            continue
        states = states_of_torch(model, X, i, layer)
        part = states[:, :3] if direction == "forwards" else states[:, 3:]
        # The last patch ends with the last observed step.
        patches = (np.arange(n_observed) + -n_observed % patch) // patch
        np.testing.assert_allclose(hidden[i][observed(X)[i]], part[patches], atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"layer_norm": True},
        {"layer_norm": True, "cell": "gru"},
        {"convolution": "before", "conv_filters": [4], "conv_kernel_sizes": [3]},
        {"instance_norm": "last", "target_features": 0},
    ],
)
def test_the_last_state_is_the_one_that_the_head_reads(options):
    model, X = fitted(True, **options)
    hidden = gate_activations(model, X).hidden
    states = model.transform(X)
    for i in range(N):
        if observed(X)[i].any():
            last = np.flatnonzero(observed(X)[i])[-1]
            np.testing.assert_allclose(hidden[i, last], states[i], atol=1e-5)


def test_gates_are_found_in_pipelines_and_searches():
    rows = np.random.default_rng(0).normal(size=(30, 1))
    lstm = LSTMClassifier(hidden_size=2, max_epochs=1, random_state=0)
    pipeline = make_pipeline(SlidingWindowTransformer(window_length=4), lstm)
    pipeline.fit(rows, np.arange(30) % 2)
    gates = gate_activations(pipeline, rows)
    assert gates.forget.shape == (30, 4, 2)
    assert np.isnan(gates.forget[0, :3]).all()
    # The window of row 10 has row 9 one step before its end.
    np.testing.assert_array_equal(
        gate_activations(pipeline[-1], pipeline[:-1].transform(rows)[10:11]).cell,
        gates.cell[10:11],
    )
    grid = {"lstmclassifier__hidden_size": [2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(rows, np.arange(30) % 2)
    assert gate_activations(search, rows).forget.shape == (30, 4, 2)


def test_saturation_counts_the_observed_steps():
    gate = np.array(
        [[[0.05, 0.95, 0.5], [np.nan] * 3], [[0.05, 0.5, 0.95], [0.5, 0.92, 0.5]]]
    )
    shut, is_open = saturation(gate)
    np.testing.assert_allclose(shut, [2 / 3, 0, 0])
    np.testing.assert_allclose(is_open, [0, 2 / 3, 1 / 3])


def test_bad_arguments_are_told():
    model, X = fitted(False)
    for layer in (1, -2, 1.0, True, "last"):
        with pytest.raises(ValueError, match=r"layer must be an int from -1 to 0.*Got"):
            gate_activations(model, X, layer=layer)
    with pytest.raises(
        ValueError, match="direction must be 'forwards' where bidirectional"
    ):
        gate_activations(model, X, direction="backwards")
    with pytest.raises(ValueError, match=r"direction must be .* Got 'up'"):
        gate_activations(model, X, direction="up")
    with pytest.raises(ValueError, match="X must have 3 dimensions"):
        gate_activations(model, X[:, :, 0])
    with pytest.raises(NotFittedError):
        gate_activations(LSTMRegressor(), X)
    with pytest.raises(NotFittedError):
        gate_activations(make_pipeline(SlidingWindowTransformer(), LSTMRegressor()), X)
    with pytest.raises(TypeError, match=r"estimator must be an LSTM .* Got int"):
        gate_activations(3, X)
    assert not hasattr(gate_activations(*fitted(False, cell="gru")), "forget")
    with pytest.raises(
        ValueError, match=r"activations must be of shape .* Got shape \(3,\)"
    ):
        saturation([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="low and high must be shares"):
        saturation(np.zeros((1, 1, 1)), low=0.9, high=0.1)
    for state in ([-0.2, 0.5], [0.5, 1.5]):
        with pytest.raises(ValueError, match=r"must be those of a gate, between 0 and 1"):
            saturation(np.array(state).reshape(1, 2, 1))
    assert np.isnan(saturation(np.full((1, 2, 1), np.nan))).all()
