"""Steps and gradients that are written out equal those that autograd finds."""

import pytest
import torch
from torch import nn

from sklstm.network import StepwiseLayer
from sklstm.network._core import states_of

CELLS = ["rnn", "gru", "lstm", "peephole"]


def layer_of(cell, layer_norm, n_features=3, hidden_size=5):
    layer = StepwiseLayer(cell, n_features, hidden_size, layer_norm, torch.float64)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.normal_(0, 0.6, generator=generator)
    return layer


def numbers(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, dtype=torch.float64, generator=generator)
    return values.requires_grad_()


def state_of(cell, n_samples, hidden_size=5):
    hidden, memory = (numbers(1, n_samples, hidden_size, seed=seed) for seed in (2, 3))
    return (hidden, memory) if cell in ("lstm", "peephole") else hidden


def by_equations(layer, x, state):
    steps = [values["hidden"] for values in layer._steps(x, state)]
    return torch.stack(steps, dim=1)


@pytest.mark.parametrize("begins", [False, True], ids=["from zero", "from a state"])
@pytest.mark.parametrize("n_timesteps", [1, 6])
@pytest.mark.parametrize("n_samples", [1, 4])
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_states_and_gradients_are_those_of_the_equations(
    cell, layer_norm, n_samples, n_timesteps, begins
):
    layer, x = layer_of(cell, layer_norm), numbers(n_samples, n_timesteps, 3)
    state = state_of(cell, n_samples) if begins else None
    states = state if isinstance(state, tuple) else (state,) if begins else ()
    arguments = [x, *states, *layer.parameters()]
    found, expected = layer(x, state)[0], by_equations(layer, x, state)
    torch.testing.assert_close(found, expected)
    weight = numbers(*found.shape, seed=4).detach()
    gradients = torch.autograd.grad((found * weight).sum(), arguments)
    by_autograd = torch.autograd.grad((expected * weight).sum(), arguments)
    for gradient, other in zip(gradients, by_autograd, strict=True):
        torch.testing.assert_close(gradient, other)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_agree_with_finite_differences(cell, layer_norm):
    layer, x = layer_of(cell, layer_norm, 2, 3), numbers(2, 4, 2)
    assert torch.autograd.gradcheck(lambda x, *_: layer(x)[0], (x, *layer.parameters()))


@pytest.mark.parametrize("kind", [nn.GRU, nn.RNN, nn.LSTM])
def test_torchs_layers_give_what_torch_does(kind):
    layer, x = kind(3, 5, batch_first=True, dtype=torch.float64), numbers(4, 6, 3)
    arguments = [x, *layer.parameters()]
    found, expected = states_of(layer, x), layer(x)[0]
    torch.testing.assert_close(found, expected)
    weight = numbers(*found.shape, seed=4).detach()
    gradients = torch.autograd.grad((found * weight).sum(), arguments)
    for gradient, other in zip(
        gradients, torch.autograd.grad((expected * weight).sum(), arguments), strict=True
    ):
        torch.testing.assert_close(gradient, other)


@pytest.mark.parametrize("cell", CELLS)
def test_two_passes_before_their_gradients_do_not_share_anything(cell):
    layer = layer_of(cell, True)
    one, other = numbers(2, 5, 3), numbers(2, 5, 3, seed=7)
    first, second = layer(one)[0].sum(), layer(other)[0].sum()
    alone = torch.autograd.grad(layer(one)[0].sum(), one)[0]
    torch.autograd.grad(second, other)
    torch.testing.assert_close(torch.autograd.grad(first, one)[0], alone)


def test_what_is_frozen_gets_no_gradient():
    layer, x = layer_of("gru", False), numbers(2, 5, 3)
    layer.weight_hh.requires_grad_(False)
    layer(x)[0].sum().backward()
    assert layer.weight_hh.grad is None
    assert layer.weight_ih.grad is not None
    assert x.grad is not None


def test_a_second_derivative_is_refused():
    layer, x = layer_of("lstm", False), numbers(2, 5, 3)
    with pytest.raises(RuntimeError, match="create_graph must be False"):
        torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)


@pytest.mark.parametrize("cell", CELLS)
def test_nan_stays_nan(cell):
    layer, x = layer_of(cell, False), numbers(2, 5, 3).detach().clone()
    x[0, 2] = torch.nan
    hidden = layer(x)[0]
    assert hidden[0, 2:].isnan().all()
    assert hidden[0, :2].isfinite().all()
    assert hidden[1].isfinite().all()


@pytest.mark.parametrize("cell", CELLS)
def test_what_the_way_back_needs_is_kept_until_then_and_no_longer(cell):
    layer = layer_of(cell, True)
    loss = layer(numbers(2, 5, 3))[0].sum()
    saved = loss.grad_fn.next_functions[0][0].next_functions[0][0]
    assert len(saved.saved_tensors) > 4
    loss.backward(retain_graph=True)
    first = layer.weight_hh.grad.clone()
    loss.backward()
    torch.testing.assert_close(layer.weight_hh.grad, 2 * first)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()


@pytest.mark.parametrize("cell", CELLS)
def test_weights_that_changed_before_the_way_back_are_noticed(cell):
    layer = layer_of(cell, False)
    loss = layer(numbers(2, 5, 3))[0].sum()
    with torch.no_grad():
        layer.weight_hh.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("cell", CELLS)
def test_states_may_be_changed_in_place(cell):
    layer, x = layer_of(cell, False), numbers(2, 5, 3)
    expected = torch.autograd.grad((2 * layer(x)[0]).sum(), x)[0]
    found = torch.autograd.grad(layer(x)[0].mul_(2).sum(), x)[0]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("kind", [nn.GRU, nn.RNN])
def test_hooks_of_torchs_layers_are_called(kind):
    layer, called = kind(3, 5, batch_first=True), []
    layer.register_forward_hook(lambda *_: called.append(1))
    states_of(layer, torch.zeros(2, 4, 3))
    assert called == [1]


@pytest.mark.parametrize("cell", CELLS)
def test_a_callers_autocast_changes_nothing(cell):
    layer = StepwiseLayer(cell, 3, 5, True, torch.float32)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(0.3)
    x = torch.linspace(-1, 1, 24).view(2, 4, 3)
    expected = layer(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(x)[0], expected)
