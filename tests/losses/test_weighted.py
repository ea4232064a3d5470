"""The mean loss of a batch."""

import pytest
import torch
from torch import nn

from sklstm.losses import QuantileLoss, WeightedLoss

OUTPUT = torch.tensor([[0.5, -2.0], [3.0, 1.0], [0.1, 0.2]])
TARGET = torch.tensor([[0.0, 1.0], [1.0, 1.0], [5.0, 0.0]])
OF_TORCH = [
    nn.MSELoss(reduction="none"),
    nn.L1Loss(reduction="none"),
    nn.HuberLoss(reduction="none", delta=0.7),
    nn.SmoothL1Loss(reduction="none", beta=0.3),
]


@pytest.mark.parametrize("criterion", OF_TORCH, ids=str)
def test_weights_of_one_are_no_weights(criterion):
    loss = WeightedLoss(criterion, is_samplewise=True)
    slopes = []
    for weight in (None, torch.ones(3)):
        output = OUTPUT.clone().requires_grad_()
        value = loss(output, TARGET, weight)
        torch.testing.assert_close(value, criterion(OUTPUT, TARGET).mean())
        slopes.append(torch.autograd.grad(value, output)[0])
    torch.testing.assert_close(*slopes)


def test_what_is_changed_of_a_loss_counts():
    loss = WeightedLoss(nn.HuberLoss(reduction="none"))
    before = loss(OUTPUT, TARGET, None)
    loss.criterion.delta = 0.1
    torch.testing.assert_close(
        loss(OUTPUT, TARGET, None), nn.HuberLoss(delta=0.1)(OUTPUT, TARGET)
    )
    assert loss(OUTPUT, TARGET, None) < before


def test_whoever_listens_to_a_loss_hears_each_value():
    loss = WeightedLoss(nn.MSELoss(reduction="none"))
    loss.criterion.register_forward_hook(lambda _module, _given, value: 2 * value)
    wanted = 2 * nn.MSELoss()(OUTPUT, TARGET)
    torch.testing.assert_close(loss(OUTPUT, TARGET, None), wanted)


def test_without_an_error_a_quantile_lies_between_its_slopes():
    output = TARGET[:, :1].clone().requires_grad_()
    slopes = []
    for levels in (0.5, [0.5], [0.5, 0.5]):
        n_levels = 2 if levels == [0.5, 0.5] else 1
        loss = QuantileLoss(levels)(output.expand(-1, n_levels), TARGET[:, :1])
        slopes.append(torch.autograd.grad(loss.sum(), output)[0])
    for slope in slopes:
        torch.testing.assert_close(slope, torch.zeros(3, 1))
