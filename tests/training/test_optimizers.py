"""The optimisers are those of torch, step by step."""

import copy

import pytest
import torch
from torch import optim
from torch.optim.optimizer import register_optimizer_step_pre_hook

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


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("options", [{}, {"amsgrad": True}, {"maximize": True}], ids=str)
def test_groups_and_frozen_weights_are_those_of_torch(name, options):
    X = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    layer = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Linear(4, 3))
    twin = copy.deepcopy(layer)
    steppers = []
    for model, kinds in ((layer, OPTIMIZERS), (twin, OF_TORCH)):
        model[0].bias.requires_grad_(False)
        groups = [
            {"params": model[0].parameters(), "lr": 0.1, "weight_decay": 0.2},
            {"params": model[1].parameters(), "betas": (0.5, 0.9)},
        ]
        steppers.append(kinds[name](groups, lr=0.01, **options))
    ours, theirs = steppers
    for _ in range(2):
        assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
        for optimizer in steppers:
            optimizer.param_groups[0]["lr"] = 0.03
    assert str(ours.state_dict()) == str(theirs.state_dict())
    for weight, other in zip(layer.parameters(), twin.parameters(), strict=True):
        assert torch.equal(weight, other)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_copies_and_weights_that_are_frozen_for_a_while_go_on_as_with_torch(name):
    X = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    layer = torch.nn.Linear(5, 3)
    twin = copy.deepcopy(layer)
    ours = OPTIMIZERS[name](layer.parameters(), lr=0.1)
    theirs = OF_TORCH[name](twin.parameters(), lr=0.1)
    for is_trained in (True, False, True):
        for model in (layer, twin):
            model.bias.requires_grad_(is_trained)
        assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
    assert str(ours.state_dict()) == str(theirs.state_dict())
    (layer, ours), (twin, theirs) = copy.deepcopy([(layer, ours), (twin, theirs)])
    assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
    new = torch.nn.Linear(5, 3)
    other = copy.deepcopy(new)
    for model, optimizer in ((new, ours), (other, theirs)):
        optimizer.add_param_group({"params": model.parameters()})
        model(X).sum().backward()
        optimizer.step()
    assert str(ours.state_dict()) == str(theirs.state_dict())
    assert torch.equal(new.weight, other.weight)


def test_a_step_with_infinite_scaled_gradients_is_skipped():
    weight = torch.ones(2, requires_grad=True)
    optimizer = OPTIMIZERS["adam"]([weight], lr=0.1)
    weight.grad = torch.ones(2)
    # As torch.amp.GradScaler sets them.
    optimizer.grad_scale, optimizer.found_inf = torch.tensor(2.0), torch.tensor(1.0)
    optimizer.step()
    assert weight.tolist() == [1.0, 1.0]


def forget_all(optimizer, layer):
    optimizer.state.clear()


def forget_one(optimizer, layer):
    optimizer.state.pop(layer.bias)


def other_averages(optimizer, layer):
    optimizer.state[layer.weight]["exp_avg"] = torch.zeros_like(layer.weight)


def other_number_of_steps(optimizer, layer):
    optimizer.state[layer.bias]["step"] = torch.tensor(0.0)


def leave_one_out(optimizer, layer):
    optimizer.state.pop(optimizer.param_groups[0]["params"].pop())


def a_group_for_one(optimizer, layer):
    bias = optimizer.param_groups[0]["params"].pop()
    optimizer.add_param_group({"params": [bias], "lr": 0.5})


def turn_amsgrad_off(optimizer, layer):
    optimizer.param_groups[0]["amsgrad"] = False


def begin_anew_from_a_state(optimizer, layer):
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for state in optimizer.state.values():
        state["exp_avg"].zero_()


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize(
    "change",
    [
        forget_all,
        forget_one,
        other_averages,
        other_number_of_steps,
        leave_one_out,
        a_group_for_one,
        turn_amsgrad_off,
        begin_anew_from_a_state,
    ],
)
def test_what_a_callback_changes_is_seen(name, change):
    X = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    layer = torch.nn.Linear(5, 3)
    twin = copy.deepcopy(layer)
    options = {"lr": 0.1, "amsgrad": change is turn_amsgrad_off}
    ours = OPTIMIZERS[name](layer.parameters(), **options)
    theirs = OF_TORCH[name](twin.parameters(), **options)
    assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
    change(ours, layer)
    change(theirs, twin)
    assert losses(ours, layer, X, 3) == losses(theirs, twin, X, 3)
    assert str(ours.state_dict()) == str(theirs.state_dict())


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("is_global", [False, True])
def test_hooks_hear_what_they_hear_from_torch(name, is_global):
    """What is before a step may change how it is called."""
    weight = torch.ones(2, requires_grad=True)
    heard = []

    def before(optimizer, args, kwargs):
        heard.append((type(args[0]), len(args), sorted(kwargs)))
        return args, {"closure": lambda: torch.tensor(7.0)}

    for kinds in (OPTIMIZERS, OF_TORCH):
        optimizer = kinds[name]([weight], lr=0.1)
        weight.grad = torch.ones(2)
        if is_global:
            handle = register_optimizer_step_pre_hook(before)
        else:
            handle = optimizer.register_step_pre_hook(before)
        try:
            assert optimizer.step() == 7.0
            assert optimizer.step(closure=lambda: torch.tensor(5.0)) == 7.0
        finally:
            handle.remove()
        assert optimizer.step(lambda: torch.tensor(5.0)) == 5.0
    ours, theirs = heard[:2], heard[2:]
    assert [said[1:] for said in ours] == [said[1:] for said in theirs]
    assert [said[1:] for said in ours] == [(1, []), (1, ["closure"])]


def test_a_profiler_is_told_of_the_steps():
    weight = torch.ones(2, requires_grad=True)
    optimizer = OPTIMIZERS["adam"]([weight], lr=0.1)
    weight.grad = torch.ones(2)
    with torch.profiler.profile() as profile:
        optimizer.step()
    names = {event.name for event in profile.events()}
    assert "Optimizer.step#Adam.step" in names
