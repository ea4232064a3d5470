"""torch's layers are computed with less around them, and as they are where they differ."""

import pytest
import torch
from torch import nn
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


class Halved(nn.Module):
    def forward(self, weight):
        return weight / 2


@pytest.mark.parametrize("kind", FUSED)
@pytest.mark.parametrize("how", ["parametrized", "pruned", "heard"])
def test_a_layer_that_is_not_torchs_own_any_more_is_asked_itself(kind, how):
    layer = layer_of(kind)
    asked = []
    if how == "parametrized":
        parametrize.register_parametrization(layer, "weight_hh_l0", Halved())
    elif how == "pruned":
        prune.l1_unstructured(layer, "weight_hh_l0", amount=0.5)
    else:
        layer.register_forward_hook(lambda *_: asked.append(1))
    hidden = states_of(layer, X)
    assert torch.equal(hidden, layer(X)[0])
    assert len(asked) == (2 if how == "heard" else 0)
