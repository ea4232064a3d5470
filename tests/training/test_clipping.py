"""Clipped gradients have the bits of torch's."""

import copy

import pytest
import torch

from sklstm.training._clipping import clip_gradients


def gradients(layer):
    return [weight.grad for weight in layer.parameters()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e-3, 0.3, 1.0, 50.0, float("inf"), float("nan")])
@pytest.mark.parametrize("frozen", [False, True])
def test_clipped_gradients_are_those_of_torch(dtype, size, frozen):
    torch.manual_seed(0)
    layer = torch.nn.LSTM(3, 5, dtype=dtype)
    twin = copy.deepcopy(layer)
    for weight, other in zip(layer.parameters(), twin.parameters(), strict=True):
        weight.grad = size * torch.randn_like(weight)
        other.grad = weight.grad.clone()
    if frozen:
        layer.bias_hh_l0.grad = twin.bias_hh_l0.grad = None
    clip_gradients(list(layer.parameters()), 0.5)
    torch.nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
    for ours, theirs in zip(gradients(layer), gradients(twin), strict=True):
        if theirs is None:
            assert ours is None
        else:
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("max_norm", [0.0, 1e-8, 1e-3, 1.0, 1e6, float("inf")])
@pytest.mark.parametrize("off", [0.0, 1e-7, -1e-7, -1e-6, -1e-5, 1e-4])
def test_gradients_as_large_as_they_may_be_are_clipped_as_by_torch(max_norm, off):
    weight = torch.zeros(3, requires_grad=True)
    twin = torch.zeros(3, requires_grad=True)
    norm = 1.0 if max_norm == float("inf") else max_norm
    weight.grad = norm * (1 + off) * torch.tensor([0.6, 0.0, 0.8])
    twin.grad = weight.grad.clone()
    clip_gradients([weight], max_norm)
    torch.nn.utils.clip_grad_norm_([twin], max_norm)
    assert torch.equal(weight.grad, twin.grad)


def test_nothing_is_clipped_where_no_weight_has_a_gradient():
    weight = torch.ones(2, requires_grad=True)
    clip_gradients([weight], 1.0)
    assert weight.grad is None
