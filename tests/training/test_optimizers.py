"""The optimisers are those of torch, step by step."""

import copy

import pytest
import torch
from torch import optim

from sklstm.training import OPTIMIZERS

OF_TORCH = {
    "adam": lambda weights, **options: optim.Adam(weights, fused=True, **options),
    "adamw": lambda weights, **options: optim.AdamW(weights, fused=True, **options),
    "rmsprop": optim.RMSprop,
    "sgd": lambda weights, **options: optim.SGD(
        weights, momentum=0.9, nesterov=True, fused=True, **options
    ),
}


def losses(optimizer, layer, X, n_steps):
    """Losses of some steps, each computed again by the optimiser itself."""

    def closure():
        optimizer.zero_grad()
        loss = (layer(X) ** 2).mean()
        loss.backward()
        return loss

    return [float(optimizer.step(closure).detach()) for _ in range(n_steps)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_and_states_are_those_of_torch(name):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(20, 5, generator=generator)
    layer = torch.nn.Linear(5, 3)
    twin = copy.deepcopy(layer)
    ours = OPTIMIZERS[name](layer.parameters(), lr=0.01, weight_decay=0.1)
    theirs = OF_TORCH[name](twin.parameters(), lr=0.01, weight_decay=0.1)
    assert isinstance(ours, type(theirs))
    assert losses(ours, layer, X, 5) == losses(theirs, twin, X, 5)
    assert str(ours.state_dict()) == str(theirs.state_dict())
    # A state goes from one to the other, and so do hooks.
    ours.load_state_dict(copy.deepcopy(theirs.state_dict()))
    heard = []
    ours.register_step_post_hook(lambda *_: heard.append(1))
    assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
    assert len(heard) == 3
    for weight, other in zip(layer.parameters(), twin.parameters(), strict=True):
        assert torch.equal(weight, other)
    assert torch.is_grad_enabled()
