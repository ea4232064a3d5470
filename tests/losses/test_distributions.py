"""Likelihoods, moments, quantiles and samples beside scipy's."""

import copy
import functools

import numpy as np
import pytest
import torch
from scipy import integrate, optimize, special, stats

from sklstm.losses import (
    DistributionLoss,
    GaussianLoss,
    MixtureLoss,
    NegativeBinomialLoss,
    StudentTLoss,
    as_parameters,
)
from sklstm.losses._named import LEAST_DEGREES, LEAST_DISPERSION

rng = np.random.default_rng(0)
LEVELS = [0.001, 0.05, 0.3, 0.5, 0.9, 0.999]


class Gamma(DistributionLoss):
    """One of a user's own, of which torch has no quantiles."""

    roles = ("size", "shape")

    def distribution(self, parameters):
        mean, shape = parameters.unbind(-1)
        concentration = 0.1 + torch.nn.functional.softplus(shape)
        return torch.distributions.Gamma(concentration, concentration / mean)


class Mixture:
    """A mixture in scipy's words."""

    def __init__(self, location, scale, weight):
        self.parts = stats.norm(location, scale)
        self.weight = special.softmax(weight)

    def logpdf(self, x):
        return np.log(self.weight @ self.parts.pdf(x))

    def mean(self):
        return self.weight @ self.parts.mean()

    def std(self):
        square = self.weight @ (self.parts.var() + self.parts.mean() ** 2)
        return np.sqrt(square - self.mean() ** 2)

    def cdf(self, x):
        return self.weight @ self.parts.cdf(x)

    def ppf(self, level):
        return [optimize.brentq(lambda x, p=p: self.cdf(x) - p, -50, 50) for p in level]


def softplus(x):
    return np.logaddexp(0, x)


def negative_binomial(mean, shape):
    dispersion = LEAST_DISPERSION + softplus(shape)
    return stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion))


# A loss, what scipy says of the same parameters, and parameters.
LAWS = {
    "gaussian": (GaussianLoss(), stats.norm, [3.0, 0.5]),
    "student_t": (
        StudentTLoss(),
        lambda mean, scale, shape: stats.t(LEAST_DEGREES + softplus(shape), mean, scale),
        [3.0, 0.5, 1.2],
    ),
    "negative_binomial": (NegativeBinomialLoss(), negative_binomial, [7.5, -0.7]),
    "few counts": (NegativeBinomialLoss(), negative_binomial, [0.2, 1.5]),
    "mixture": (
        MixtureLoss(3),
        lambda *p: Mixture(p[:3], p[3:6], p[6:]),
        [-2.0, 0.0, 4.0, 0.3, 1.0, 0.1, 0.5, -0.5, 1.0],
    ),
    "own": (
        Gamma(),
        lambda mean, shape: stats.gamma(
            0.1 + softplus(shape), scale=mean / (0.1 + softplus(shape))
        ),
        [2.0, 0.4],
    ),
}
each = pytest.mark.parametrize(("loss", "law", "parameters"), LAWS.values(), ids=LAWS)


def raw(loss, parameters):
    """What a network has to give for some parameters."""
    inverse = {"scale": np.log, "size": lambda x: np.log(np.expm1(10 * (x - 1e-6))) / 10}
    values = zip(loss.roles, parameters, strict=True)
    return torch.tensor([[inverse.get(r, float)(p) for r, p in values]]).double()


def targets(loss):
    values = [1.0, 4.0, 9.0] if loss.is_discrete else [0.3, 2.9, 7.0]
    return torch.tensor(values).double()[:, None]


def log_density(law, x):
    return law.logpmf(x) if hasattr(law, "logpmf") else law.logpdf(x)


@each
def test_the_loss_is_the_negative_log_likelihood(loss, law, parameters):
    output, target = raw(loss, parameters), targets(loss)
    law = law(*parameters)
    given = loss(output.expand(3, -1), target)
    wanted = [-log_density(law, x) for x in target[:, 0].numpy()]
    np.testing.assert_allclose(given[:, 0], wanted, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("gaussian", None),
        ("student_t", None),
        ("mixture", None),
        ("negative_binomial", None),
        ("negative_binomial", 3.0),
    ],
)
def test_losses_and_slopes_written_out_are_those_of_torch(name, dtype, unit):
    loss = LAWS[name][0]
    units = [] if unit is None else [torch.tensor([unit, 1.0]).double()]
    generator = torch.Generator().manual_seed(0)
    output = 2 * torch.randn(50, 2 * len(loss.roles), generator=generator).to(dtype)
    target = 3 * torch.randn(50, 2, generator=generator).to(dtype)
    if loss.is_discrete:
        target = target.abs().round()
    said = []
    for way in (
        type(loss)._negative_log_likelihood,
        DistributionLoss._negative_log_likelihood,
    ):
        twin = copy.deepcopy(loss)
        twin._negative_log_likelihood = functools.partial(way, twin)
        read = output.clone().requires_grad_()
        values = twin(read, target, *units)
        (slope,) = torch.autograd.grad(values.sum(), read)
        said.append((values, slope))
    for ours, theirs in zip(*said, strict=True):
        assert ours.dtype == dtype
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_a_named_distribution_that_is_changed_has_another_loss():
    class Twice:
        def distribution(self, parameters):
            location, scale = parameters.unbind(-1)
            return torch.distributions.Normal(location, 2 * scale)

    class Wide(GaussianLoss):
        distribution = Twice.distribution

    class Mixed(Twice, GaussianLoss):
        """The same, from a class that is no loss."""

    class Sized(GaussianLoss):
        roles = ("size", "scale")

    output, target = torch.tensor([[1.0, 0.3]]), torch.tensor([[2.0]])
    wanted = GaussianLoss()(output + torch.tensor([1.0, 2.0]).log(), target)
    for kind in (Wide, Mixed):
        torch.testing.assert_close(kind()(output, target), wanted)
    # Near 1 a size is what the network gives; below 0 it is not.
    below = torch.tensor([[-1.0, 0.3]])
    size = as_parameters(below, Sized.roles)[0, 0, 0]
    wanted = GaussianLoss()(torch.tensor([[size, 0.3]]), target)
    torch.testing.assert_close(Sized()(below, target), wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["gaussian", "student_t", "negative_binomial", "mixture"])
def test_losses_and_slopes_are_right_far_out(name, dtype):
    loss = LAWS[name][0]
    far = {"location": 1e3, "scale": -3.0, "size": 1e4, "shape": 30.0}
    near = {"location": -1e3, "scale": 12.0, "size": -5.0, "shape": -30.0}
    rows = [[side[role] for role in loss.roles] for side in (far, near)]
    target = torch.tensor([[0.0], [2e5]] if loss.is_discrete else [[999.0], [-3e6]])
    said = []
    for kind in (dtype, torch.float64):
        read = torch.tensor(rows).to(kind).requires_grad_()
        values = loss(read, target.to(kind))
        said.append((values, *torch.autograd.grad(values.sum(), read)))
    for ours, exact in zip(*said, strict=True):
        assert exact.isfinite().all()
        torch.testing.assert_close(ours.double(), exact, rtol=1e-4, atol=1e-4)
    way = DistributionLoss._negative_log_likelihood
    plain = way(loss, torch.tensor(rows).double()[:, None], target.double(), None)
    torch.testing.assert_close(said[1][0], plain, rtol=1e-9, atol=1e-9)


@each
def test_mean_and_deviation(loss, law, parameters):
    law = law(*parameters)
    np.testing.assert_allclose(loss.point(np.array(parameters)), law.mean(), rtol=1e-9)
    np.testing.assert_allclose(loss.std(np.array(parameters)), law.std(), rtol=1e-9)


@each
def test_quantiles(loss, law, parameters):
    given = loss.quantiles(np.array([[parameters] * 2] * 3), LEVELS)
    assert given.shape == (3, 2, len(LEVELS))
    wanted = np.broadcast_to(law(*parameters).ppf(LEVELS), given.shape)
    np.testing.assert_allclose(given, wanted, rtol=1e-7)


@each
def test_samples_have_the_distribution(loss, law, parameters):
    rows = np.array([[parameters], [parameters]])
    given = loss.sample(rows, 20_000, np.random.RandomState(0))
    assert given.shape == (2, 1, 20_000)
    law = law(*parameters)
    spread = law.ppf([0.001, 0.999])
    for row in given[:, 0]:
        np.testing.assert_allclose(row.mean(), law.mean(), atol=5 * law.std() / 141)
        inside = ((row >= spread[0]) & (row <= spread[1])).mean()
        assert 0.996 < inside <= 1
        for level in (0.1, 0.5, 0.9):
            (value,) = law.ppf([level])
            # Of counts, many may lie on the quantile itself.
            assert (row < value).mean() - 0.02 < level < (row <= value).mean() + 0.02
    assert not np.array_equal(*given)


@each
def test_the_gradient_is_that_of_the_loss(loss, law, parameters):
    output = raw(loss, parameters).expand(3, -1).clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda o: loss(o, targets(loss)), output)


def test_a_density_integrates_to_one():
    loss, _, parameters = LAWS["mixture"]
    output = raw(loss, parameters)
    total, _ = integrate.quad(
        lambda x: float(torch.exp(-loss(output, torch.tensor([[x]])))), -20, 20, limit=200
    )
    assert abs(total - 1) < 1e-6


def test_counts_are_computed_in_their_own_unit():
    """What a network says of counts in hundreds is a likelihood of the counts."""
    loss, law, _ = LAWS["negative_binomial"]
    output = torch.tensor([[0.4, -1.0]])
    mean = float(as_parameters(output, loss.roles)[0, 0, 0])
    given = loss(output, torch.tensor([[0.37]]), torch.tensor([100.0]))
    np.testing.assert_allclose(given, -law(100 * mean, -1.0).logpmf(37), rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_wide_and_narrow_distributions_are_inverted(scale):
    loss = Gamma()
    given = loss.quantiles(np.array([scale, 0.0]), LEVELS)
    concentration = 0.1 + softplus(0.0)
    wanted = stats.gamma(concentration, scale=scale / concentration).ppf(LEVELS)
    np.testing.assert_allclose(given, wanted, rtol=1e-6, atol=1e-12 * scale)


@pytest.mark.parametrize("roles", [None, (), ("mean",), "location"])
def test_a_distribution_must_say_what_its_parameters_are(roles):
    from sklstm import LSTMRegressor

    class Own(Gamma):
        pass

    Own.roles = roles
    with pytest.raises(ValueError, match="loss must say what each of its parameters is"):
        LSTMRegressor(loss=Own()).fit(np.ones((9, 3)), np.ones(9))
