"""The gradient of the loss at each step, beside one that is taken by differences."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from torch.nn import functional

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import gradient_norms

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 6, 2))
Y = X[:, :, 0].sum(axis=1) + rng.normal(size=12)
QUICK = {"hidden_size": 3, "max_epochs": 2, "random_state": 0, "dtype": "float64"}


def quick(kind=LSTMRegressor, y=Y, **options):
    return kind(**QUICK | options).fit(X, y)


def loss_from(model, step, states, outside):
    """Mean squared error if the states after a step are these, by torch's own layers.

    The states of a layer are read by its next step; the hidden state after the step by the
    layer above, too.
    """
    module = model.module_
    x = torch.from_numpy(model._model.encoding.scaling.apply(X))
    for layer, (hidden, *cell) in zip(module.core.layers, states, strict=True):
        layer = layer.forwards
        before = layer(x[:, : step + 1])[0][:, :-1]
        start = tuple(part[None] for part in (hidden, *cell))
        start = start if cell else start[0]
        after = layer(x[:, step + 1 :], start)[0] if step + 1 < x.shape[1] else x[:, :0, :0]
        parts = [before, hidden[:, None]] + ([after] if after.shape[1] else [])
        x = torch.cat(parts, dim=1)
    return outside(module.head(module.pooling(x, None)))


def states_after(model, step):
    x = torch.from_numpy(model._model.encoding.scaling.apply(X))
    states = []
    for layer in model.module_.core.layers:
        _, state = layer.forwards(x[:, : step + 1])
        state = state if isinstance(state, tuple) else (state,)
        states.append([part[0].detach().requires_grad_() for part in state])
        x = layer.forwards(x)[0]
    return states


def norms_by_torch(model, outside):
    norms = []
    for step in range(X.shape[1]):
        states = states_after(model, step)
        loss = loss_from(model, step, states, outside)
        parts = [part for state in states for part in state]
        gradients = torch.autograd.grad(loss, parts, allow_unused=True)
        squares = [float((g**2).sum()) for g in gradients if g is not None]
        norms.append(sum(squares) ** 0.5)
    return norms


def squared_error(model, y):
    target = torch.from_numpy(model._model.targets.scaling.apply(y.reshape(len(y), -1)))
    return lambda output: ((output - target) ** 2).mean()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cell": "gru"},
        {"cell": "rnn"},
        {"num_layers": 2, "dropout": 0.5},
        {"pooling": "attention"},
        {"pooling": "mean"},
    ],
    ids=str,
)
def test_norms_are_those_of_states_that_are_put_in(options):
    model = quick(**options)
    wanted = norms_by_torch(model, squared_error(model, Y))
    np.testing.assert_allclose(gradient_norms(model, X, Y), wanted, rtol=1e-6)


def test_the_loss_is_the_one_that_was_trained():
    labels = np.where(Y > 0, "up", "down")
    model = quick(LSTMClassifier, labels)
    index = torch.from_numpy(np.searchsorted(model.classes_, labels))
    wanted = norms_by_torch(model, lambda output: functional.cross_entropy(output, index))
    np.testing.assert_allclose(gradient_norms(model, X, labels), wanted, rtol=1e-6)


def test_norms_do_not_depend_on_the_batches(monkeypatch):
    model = quick()
    whole = gradient_norms(model, X, Y)
    monkeypatch.setattr("sklstm.inspection._gradient_norms.BATCH_SIZE", 5)
    np.testing.assert_allclose(gradient_norms(model, X, Y), whole)


def test_cells_without_a_fast_kernel_have_norms_too():
    for options in ({"cell": "peephole"}, {"layer_norm": True}):
        norms = gradient_norms(quick(**options), X, Y)
        assert norms.shape == (6,)
        assert (norms > 0).all()


def test_steps_of_a_patch_share_its_norm():
    norms = gradient_norms(quick(patch_length=4), X, Y)
    assert len(norms) == 6
    assert len(set(norms)) == 2
    assert norms[0] == norms[1] != norms[2]


def test_long_memory_is_seen():
    X = rng.normal(size=(30, 80))
    options = {"hidden_size": 8, "max_epochs": 1, "random_state": 0}
    plain = LSTMRegressor(**options).fit(X, X[:, 0])
    long = LSTMRegressor(**options, memory_length=80).fit(X, X[:, 0])
    plain, long = (gradient_norms(model, X, X[:, 0]) for model in (plain, long))
    assert plain[0] / plain[-1] < 1e-6
    assert long[0] / long[-1] > 1e-3


def test_the_model_stays_as_it_is():
    model = quick()
    before = pickle.dumps(model)
    gradients = [weight.grad.clone() for weight in model.module_.parameters()]
    first = gradient_norms(model, X, Y)
    np.testing.assert_array_equal(gradient_norms(model, X, Y), first)
    assert pickle.dumps(model) == before
    for weight, gradient in zip(model.module_.parameters(), gradients, strict=True):
        assert torch.equal(weight.grad, gradient)
    with torch.no_grad():
        np.testing.assert_array_equal(gradient_norms(model, X, Y), first)


def test_the_lstm_is_found_in_a_pipeline():
    rows = rng.normal(size=(40, 1))
    windows = SlidingWindowTransformer(5, padding="edge")
    model = make_pipeline(windows, LSTMRegressor(**QUICK)).fit(rows, rows[:, 0])
    norms = gradient_norms(model, rows, rows[:, 0])
    wanted = gradient_norms(model[-1], model[0].transform(rows), rows[:, 0])
    np.testing.assert_array_equal(norms, wanted)


def test_what_has_no_norms_is_refused():
    with pytest.raises(ValueError, match=r"^estimator must read in one direction"):
        gradient_norms(quick(bidirectional=True), X, Y)
    gaps = X.copy()
    gaps[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"^X must have every step observed"):
        gradient_norms(quick(), gaps, Y)
    with pytest.raises(NotFittedError):
        gradient_norms(LSTMRegressor(), X, Y)
