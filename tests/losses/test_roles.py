"""How units and levels change what a network says of a target."""

import numpy as np
import pytest
import torch
from torch.distributions import AffineTransform, Normal, TransformedDistribution

from sklstm.losses import (
    POINT,
    GaussianLoss,
    as_parameters,
    in_units,
    places_of_scales,
    with_least_scale,
)
from sklstm.network._instance_norm import InstanceNorm

ROLES = ("location", "scale", "size", "shape")
OUTPUT = torch.tensor([[1.0, -2.0, 0.5, 3.0, -1.0, 0.0, -40.0, 2.0]]).double()


def test_parameters_of_each_output():
    given = as_parameters(OUTPUT, ROLES)
    o = OUTPUT.numpy().reshape(2, 4)
    wanted = np.stack(
        [o[:, 0], np.exp(o[:, 1]), np.log1p(np.exp(10 * o[:, 2])) / 10 + 1e-6, o[:, 3]],
        axis=1,
    )
    np.testing.assert_allclose(given[0], wanted)


@pytest.mark.parametrize("kind", [torch.from_numpy, np.asarray])
def test_units_change_each_parameter_as_its_role_says(kind):
    parameters = kind(np.arange(1.0, 9.0).reshape(1, 2, 4))
    mean, scale = kind(np.array([100.0, 200.0])), kind(np.array([2.0, 3.0]))
    given = np.asarray(in_units(parameters, ROLES, mean, scale))
    np.testing.assert_allclose(given, [[[102, 4, 6, 4], [215, 18, 21, 8]]])
    np.testing.assert_allclose(parameters, np.arange(1.0, 9.0).reshape(1, 2, 4))


def test_a_scale_has_a_least_value():
    places = places_of_scales(ROLES, 8)
    output = torch.tensor([[5.0, -50.0, -50.0, 0.0, -50.0, 1.0, -50.0, 0.0]])
    given = with_least_scale(output, places)
    one = np.log(np.e + 1e-3)
    wanted = [[5.0, np.log(1e-3), -50.0, 0.0, -50.0, one, -50.0, 0.0]]
    np.testing.assert_allclose(given, wanted, rtol=1e-5)
    # Whatever has fallen below it can rise again.
    low = torch.full((1, 8), -30.0, requires_grad=True)
    (slope,) = torch.autograd.grad(with_least_scale(low, places).sum(), low)
    np.testing.assert_allclose(slope[0, [1, 5]], np.exp(-30 - np.log(1e-3)), rtol=1e-5)
    infinite = torch.full((1, 8), -torch.inf)
    assert with_least_scale(infinite, places)[0, 0] == -torch.inf
    plain = torch.randn(3, 2)
    assert with_least_scale(plain, places_of_scales(POINT, 2)) is plain


@pytest.mark.parametrize("method", ["last", "standard", "affine"])
def test_the_level_comes_back_on_each_parameter(method):
    """What a network says of z is what it says of a target that is shifted and scaled."""
    roles = GaussianLoss.roles
    norm = InstanceNorm(method, 2, [], [1, 1], torch.float64, roles)
    norm.output_scale.fill_(3.0)
    if method == "affine":
        with torch.no_grad():
            norm.log_weight.copy_(torch.tensor([0.3, -0.2]))
            norm.bias.copy_(torch.tensor([0.5, 0.7]))
    x = torch.randn(4, 6, 2).double() * 5 + 20
    level = norm.level(x, None)
    output = torch.randn(4, 4).double()
    restored = as_parameters(norm.restore(output, level), roles)
    location, scale = as_parameters(output, roles).unbind(-1)
    if method == "affine":
        weight = norm.log_weight[1].exp()
        location, scale = (location - norm.bias[1]) / weight, scale / weight
    spread = 3 * level.spread[:, 1:]
    wanted = TransformedDistribution(
        Normal(location, scale), AffineTransform(level.center[:, 1:], spread)
    )
    target = torch.randn(4, 2).double() * 5 + 20
    given = Normal(*restored.unbind(-1)).log_prob(target)
    torch.testing.assert_close(given, wanted.log_prob(target))
