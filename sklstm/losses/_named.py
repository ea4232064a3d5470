"""The distributions that have names.

Their losses are written out: seven to some twenty operations, where `torch.distributions`
takes up to twice as many, and all go into the gradient. Beside a small network that counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor
from torch.distributions import (
    Categorical,
    Distribution,
    MixtureSameFamily,
    NegativeBinomial,
    Normal,
    StudentT,
)
from torch.nn import functional

from ._distribution import Array, DistributionLoss
from ._roles import Role, as_size

# A Student's t of 2 degrees of freedom has no standard deviation any more.
LEAST_DEGREES = 2.0
# Least dispersion of counts: from here on they are Poisson's for all that can be seen.
LEAST_DISPERSION = 1e-4

HALF_LOG_PI = math.log(math.pi) / 2
HALF_LOG_TWO_PI = math.log(2 * math.pi) / 2


class GaussianLoss(DistributionLoss):
    r"""A normal distribution, of mean :math:`\mu` and standard deviation :math:`\sigma`.

    Examples
    --------
    >>> GaussianLoss().quantiles(np.array([10.0, 2.0]), [0.5, 0.975]).round(2)
    array([10.  , 13.92])
    """

    roles: tuple[Role, ...] = ("location", "scale")

    def distribution(self, parameters: Tensor) -> Distribution:
        """Give the distribution of each target."""
        mean, scale = parameters.unbind(-1)
        return Normal(mean, scale, validate_args=False)

    def _negative_log_likelihood(
        self, values: Tensor, target: Tensor, unit: Tensor | None
    ) -> Tensor:
        # z^2 / 2 + log(scale) + log(2 pi) / 2
        mean, log_scale = values.unbind(-1)
        z = (target - mean) / log_scale.exp()
        return torch.addcmul(log_scale + HALF_LOG_TWO_PI, z, z, value=0.5)

    def quantiles(self, parameters: Array, levels: Sequence[float] | Array) -> Array:
        """Give quantiles."""
        mean, scale = np.moveaxis(parameters[..., None, :], -1, 0)
        return mean + scale * special.ndtri(np.asarray(levels))


class StudentTLoss(DistributionLoss):
    r"""Student's t about :math:`\mu`, of a scale and degrees of freedom above 2.

    Examples
    --------
    >>> StudentTLoss().quantiles(np.array([0.0, 1.0, 1.0]), [0.5, 0.975]).round(2)
    array([0.  , 3.02])
    """

    roles: tuple[Role, ...] = ("location", "scale", "shape")

    def distribution(self, parameters: Tensor) -> Distribution:
        """Give the distribution of each target."""
        location, scale, shape = parameters.unbind(-1)
        degrees = LEAST_DEGREES + functional.softplus(shape)
        return StudentT(degrees, location, scale, validate_args=False)

    def _negative_log_likelihood(
        self, values: Tensor, target: Tensor, unit: Tensor | None
    ) -> Tensor:
        # (n + 1) / 2 log(1 + z^2 / n) + log(scale) + log(pi n) / 2
        # + log(Gamma(n / 2)) - log(Gamma((n + 1) / 2))
        location, log_scale, shape = values.unbind(-1)
        degrees = LEAST_DEGREES + functional.softplus(shape)
        half, more = degrees / 2, degrees / 2 + 0.5
        z = (target - location) / log_scale.exp()
        beyond = more * (z * z / degrees).log1p()
        normaliser = half.lgamma() - more.lgamma() + 0.5 * degrees.log()
        return beyond + log_scale + normaliser + HALF_LOG_PI

    def quantiles(self, parameters: Array, levels: Sequence[float] | Array) -> Array:
        """Give quantiles, by scipy: torch has none of them."""
        location, scale, shape = np.moveaxis(parameters[..., None, :], -1, 0)
        values: Array = special.stdtrit(self.degrees(shape), np.asarray(levels))
        return location + scale * values

    @staticmethod
    def degrees(shape: Array) -> Array:
        """Give the degrees of freedom, from the third parameter."""
        return LEAST_DEGREES + np.logaddexp(0.0, shape)


class NegativeBinomialLoss(DistributionLoss):
    r"""Counts of mean :math:`\mu` and variance :math:`\mu + \alpha \mu^2`.

    The dispersion :math:`\alpha` is :math:`\log(1 + \exp(o))` of what the network gives
    (Salinas et al., 2020).

    Examples
    --------
    >>> NegativeBinomialLoss().quantiles(np.array([3.0, 0.0]), [0.1, 0.5, 0.9])
    array([0., 2., 7.])
    """

    roles: tuple[Role, ...] = ("size", "shape")
    is_discrete: ClassVar[bool] = True

    def distribution(self, parameters: Tensor) -> Distribution:
        """Give the distribution of each target."""
        mean, shape = parameters.unbind(-1)
        dispersion = LEAST_DISPERSION + functional.softplus(shape)
        odds = (mean * dispersion).log()
        return NegativeBinomial(1 / dispersion, logits=odds, validate_args=False)

    def _negative_log_likelihood(
        self, values: Tensor, target: Tensor, unit: Tensor | None
    ) -> Tensor:
        # (r + y) log(1 + exp(o)) - y o + log(Gamma(r)) + log(Gamma(1 + y))
        # - log(Gamma(r + y)), where r = 1 / dispersion and o = log(dispersion * mean)
        size, shape = values.unbind(-1)
        mean = as_size(size) if unit is None else as_size(size) * unit
        dispersion = LEAST_DISPERSION + functional.softplus(shape)
        odds, number = (mean * dispersion).log(), 1 / dispersion
        together = number + target
        loss = together * functional.softplus(odds, threshold=40) - target * odds
        return loss + number.lgamma() + (1 + target).lgamma() - together.lgamma()

    def quantiles(self, parameters: Array, levels: Sequence[float] | Array) -> Array:
        """Give quantiles, by scipy: torch has none of them."""
        mean, shape = np.moveaxis(parameters[..., None, :], -1, 0)
        dispersion = self.dispersion(shape)
        chance = 1 / (1 + mean * dispersion)
        values: Array = stats.nbinom.ppf(np.asarray(levels), 1 / dispersion, chance)
        return values

    @staticmethod
    def dispersion(shape: Array) -> Array:
        """Give the dispersion, from the second parameter."""
        return LEAST_DISPERSION + np.logaddexp(0.0, shape)


class MixtureLoss(DistributionLoss):
    """A mixture of normal distributions (Bishop, 1994): several answers to one question.

    Parameters
    ----------
    n_mixtures : int, default=3

    Examples
    --------
    >>> two = np.array([-1.0, 1.0, 0.1, 0.1, 0.0, 0.0])  # locations, scales, weights
    >>> MixtureLoss(2).quantiles(two, [0.25, 0.75]).round(2)
    array([-1.,  1.])
    """

    def __init__(self, n_mixtures: int = 3) -> None:
        super().__init__()
        self.n_mixtures = n_mixtures
        # The locations of all, then their scales, then what their weights come from.
        kinds: tuple[Role, ...] = ("location", "scale", "shape")
        self.roles = tuple(kind for kind in kinds for _ in range(n_mixtures))
        # Apart from each other, or they would all learn the same.
        places = special.ndtri((np.arange(n_mixtures) + 0.5) / n_mixtures)
        scale = -0.5 * np.log(n_mixtures)
        self.begins = (*places, *[scale] * n_mixtures, *[0.0] * n_mixtures)

    def distribution(self, parameters: Tensor) -> Distribution:
        """Give the distribution of each target."""
        location, scale, weight = parameters.chunk(3, dim=-1)
        return MixtureSameFamily(
            Categorical(logits=weight, validate_args=False),
            Normal(location, scale, validate_args=False),
            validate_args=False,
        )

    def _negative_log_likelihood(
        self, values: Tensor, target: Tensor, unit: Tensor | None
    ) -> Tensor:
        # A sum of densities, in logarithms.
        location, log_scale, weight = values.chunk(3, dim=-1)
        z = (target[..., None] - location) / log_scale.exp()
        parts = torch.addcmul(weight - log_scale, z, z, value=-0.5)
        total = weight.logsumexp(dim=-1) + HALF_LOG_TWO_PI
        return total - parts.logsumexp(dim=-1)

    def sample(
        self, parameters: Array, n_samples: int, random_state: np.random.RandomState
    ) -> Array:
        """Draw samples: a component each, and a value of it."""
        location, scale, weight = np.split(parameters[..., None, :], 3, axis=-1)
        shape = (*parameters.shape[:-1], n_samples)
        upto = np.cumsum(special.softmax(weight, axis=-1), axis=-1)
        level = random_state.uniform(size=(*shape, 1))
        chosen = (level > upto[..., :-1]).sum(axis=-1, keepdims=True)
        location, scale = (
            np.take_along_axis(np.broadcast_to(p, (*shape, self.n_mixtures)), chosen, -1)
            for p in (location, scale)
        )
        return location[..., 0] + scale[..., 0] * random_state.standard_normal(shape)
