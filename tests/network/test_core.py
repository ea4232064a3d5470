"""torch's layers are computed with less around them, and as they are where they differ."""

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils import parametrize, prune

from sklstm.network._core import FUSED, states_of

X = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(0))


def layer_of(kind):
    torch.manual_seed(0)
    return FUSED[kind](3, 5, batch_first=True)


def states_and_gradients(layer, give, *state):
    hidden = give(layer, X, *state)
    return hidden, torch.autograd.grad(hidden.sin().sum(), list(layer.parameters()))


def of_torch(layer, x, state=None):
    return layer(x, state)[0]


@pytest.mark.parametrize("begins", [False, True])
def test_the_lstm_has_the_bits_of_torchs(begins):
    layer = layer_of("lstm")
    state = ((torch.ones(1, 4, 5), torch.zeros(1, 4, 5)),) if begins else ()
    ours, gradients = states_and_gradients(layer, states_of, *state)
    theirs, expected = states_and_gradients(layer, of_torch, *state)
    assert torch.equal(ours, theirs)
    for got, wanted in zip(gradients, expected, strict=True):
        assert torch.equal(got, wanted)


@pytest.mark.parametrize("kind", FUSED)
def test_weights_that_others_put_in_its_place_count(kind):
    layer, other = layer_of(kind), layer_of(kind)
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(2.0)

    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return states_of(self.layer, x)

    weights = {f"layer.{name}": weight for name, weight in other.named_parameters()}
    hidden = torch.func.functional_call(Reads(), weights, X)
    torch.testing.assert_close(hidden, other(X)[0])
    torch.testing.assert_close(states_of(layer, X), layer_of(kind)(X)[0])


def test_another_state_than_the_lstms_is_refused():
    with pytest.raises(TypeError):
        states_of(layer_of("lstm"), X, torch.zeros(1, 4, 5))


class Halved(nn.Module):
    def forward(self, weight):
        return weight / 2


@pytest.mark.parametrize("kind", FUSED)
@pytest.mark.parametrize("how", ["parametrized", "pruned", "replaced"])
def test_weights_that_are_made_otherwise_count(kind, how):
    layer = layer_of(kind)
    if how == "parametrized":
        parametrize.register_parametrization(layer, "weight_hh_l0", Halved())
    elif how == "pruned":
        prune.l1_unstructured(layer, "weight_hh_l0", amount=0.5)
    else:
        weight = layer.weight_hh_l0.detach() / 2
        del layer.weight_hh_l0
        layer.weight_hh_l0 = weight
    assert torch.equal(states_of(layer, X), layer(X)[0])


def hear_forward(layer, asked):
    return layer.register_forward_hook(lambda *_: asked.append(1))


def hear_backward(layer, asked):
    return layer.register_full_backward_hook(lambda *_: asked.append(1))


def hear_all(layer, asked):
    return register_module_forward_hook(
        lambda module, *_: asked.append(1) if module is layer else None
    )


@pytest.mark.parametrize("kind", FUSED)
@pytest.mark.parametrize("hear", [hear_forward, hear_backward, hear_all])
def test_whoever_listens_to_a_layer_hears_of_it(kind, hear):
    layer, asked = layer_of(kind), []
    hook = hear(layer, asked)
    states_of(layer, X.clone().requires_grad_()).sum().backward()
    hook.remove()
    assert asked == [1]
    states_of(layer, X)
    assert asked == [1]


@pytest.mark.parametrize("how", ["subclass", "instance", "class"])
def test_a_forward_of_ones_own_is_asked(monkeypatch, how):
    layer = layer_of("lstm")

    def doubled(self, x, state=None):
        return 2 * x, None

    if how == "subclass":
        layer.__class__ = type("Own", (nn.LSTM,), {"forward": doubled})
    elif how == "instance":
        layer.forward = lambda x, state=None: (2 * x, None)
    else:
        monkeypatch.setattr(nn.LSTM, "forward", doubled)
    assert torch.equal(states_of(layer, X), 2 * X)
