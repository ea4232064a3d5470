"""A loss that is the likelihood of a distribution, whose parameters the network gives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Distribution

from ._roles import ROLES, Role, as_parameters, by_role, in_units, of_each_target

Array = NDArray[np.float64]

# Halvings of an interval that holds a quantile: more digits than a float64 has.
HALVINGS = 60


class DistributionLoss(nn.Module):
    r"""Negative log-likelihood of the target under a distribution.

    .. math:: \ell(\theta, y) = -\log p_\theta(y)

    A distribution of your own is a class with `roles`, which say what each of its
    parameters is, and a method `distribution`. The head, the units, the level of a
    sequence, predictions, quantiles and samples follow from these; `quantiles` and `sample`
    can be overridden by what is faster or more exact. An instance is given as `loss`.

    Attributes
    ----------
    roles : tuple of {"location", "size", "scale", "shape"}
        What each parameter is. A location moves with the target, and a scale (positive)
        grows with it. A size (positive) grows with it too, and is the level itself: a mean
        of what is never negative. A shape (any number) has no unit. Targets are centred
        only where there is a location.
    is_discrete : bool
        Whether targets are counts: the likelihood is then computed in their own unit.
    begins : sequence of float
        What the network gives for each parameter before training, about 0 by default; of a
        scale the logarithm. The deviation of the target is 1 there.

    Examples
    --------
    >>> class Laplace(DistributionLoss):
    ...     roles = ("location", "scale")
    ...
    ...     def distribution(self, parameters):
    ...         return torch.distributions.Laplace(*parameters.unbind(-1))
    >>> laplace = Laplace()
    >>> laplace(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0]]))  # log(2)
    tensor([[0.6931]])
    >>> laplace.quantiles(np.array([3.0, 1.0]), [0.25, 0.5]).round(2)
    array([2.31, 3.  ])
    """

    roles: tuple[Role, ...]
    is_discrete: ClassVar[bool] = False
    begins: Sequence[float] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # Whoever changes a distribution that has a name is not left with its loss.
        told = {"roles", "distribution", "_negative_log_likelihood"}
        owner = next(kind for kind in cls.__mro__ if told & vars(kind).keys())
        if "_negative_log_likelihood" not in vars(owner):
            cls._negative_log_likelihood = DistributionLoss._negative_log_likelihood  # type: ignore[method-assign]

    @abstractmethod
    def distribution(self, parameters: Tensor) -> Distribution:
        """Give the distribution of each target.

        Parameters
        ----------
        parameters : Tensor of shape (..., n_parameters)
            In the order of `roles`.

        Returns
        -------
        distribution : torch.distributions.Distribution of batch shape (...)
        """

    def forward(self, output: Tensor, target: Tensor, unit: Tensor | None = None) -> Tensor:
        """Give the loss of each value.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_outputs * n_parameters)
        target : Tensor of shape (n_samples, n_outputs)
        unit : Tensor that broadcasts to the shape of `target`, or None, default=None
            How much 1 is in counts.

        Returns
        -------
        loss : Tensor of shape (n_samples, n_outputs)
        """
        values = of_each_target(output, len(self.roles))
        # The likelihood of a count is a difference of large numbers.
        if self.is_discrete:
            values, target = values.double(), target.double()
        if unit is not None:
            target = (target * unit).round()
        return self._negative_log_likelihood(values, target, unit).to(output.dtype)

    def _negative_log_likelihood(
        self, values: Tensor, target: Tensor, unit: Tensor | None
    ) -> Tensor:
        """Give the loss of each value, of `values` of shape (..., n_parameters)."""
        parameters = by_role(values, self.roles)
        if unit is not None:
            parameters = in_units(parameters, self.roles, 0.0, unit)
        return -self.distribution(parameters).log_prob(target)

    @property
    def support(self) -> Any:
        """What the target may be, as a constraint of `torch.distributions`."""
        output = torch.zeros(1, len(self.roles), dtype=torch.float64, device="cpu")
        return self.distribution(as_parameters(output, self.roles)[0, 0]).support

    # ------------------------------------------------------------------ what it says

    def point(self, parameters: Array) -> Array:
        """Give the mean, which is what `predict` gives.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_parameters)

        Returns
        -------
        mean : ndarray of shape (...)
        """
        return self._of(parameters).mean.numpy()

    def std(self, parameters: Array) -> Array:
        """Give the standard deviation.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_parameters)

        Returns
        -------
        std : ndarray of shape (...)
        """
        return self._of(parameters).stddev.numpy()

    def quantiles(self, parameters: Array, levels: Sequence[float] | Array) -> Array:
        """Give quantiles: by the distribution's `icdf`, or by halving with its `cdf`.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_parameters)
        levels : sequence of float
            Or an array that broadcasts to shape (..., n_levels).

        Returns
        -------
        values : ndarray of shape (..., n_levels)
        """
        distribution = self._of(np.asarray(parameters)[..., None, :])
        level = torch.as_tensor(np.asarray(levels), dtype=torch.float64)
        try:
            return distribution.icdf(level).numpy()
        except NotImplementedError:
            pass
        try:
            return _by_halving(distribution, level).numpy()
        except NotImplementedError as error:
            raise NotImplementedError(
                f"{type(self).__name__} needs a method quantiles: torch knows neither the"
                f" icdf nor the cdf of its {type(distribution).__name__}."
            ) from error

    def sample(
        self, parameters: Array, n_samples: int, random_state: np.random.RandomState
    ) -> Array:
        """Draw samples: quantiles of levels that are drawn.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_parameters)
        n_samples : int
        random_state : RandomState

        Returns
        -------
        samples : ndarray of shape (..., n_samples)
        """
        levels = random_state.uniform(size=(*parameters.shape[:-1], n_samples))
        return self.quantiles(parameters, levels)

    def _of(self, parameters: Array) -> Any:
        return self.distribution(torch.as_tensor(parameters, dtype=torch.float64))


def check_roles(loss: DistributionLoss) -> None:
    """Refuse a distribution that does not say what its parameters are.

    Parameters
    ----------
    loss : DistributionLoss

    Raises
    ------
    ValueError
        If `roles` is missing, empty, or names something else.
    """
    roles = getattr(loss, "roles", None)
    if not isinstance(roles, list | tuple) or not roles or set(roles) - set(ROLES):
        raise ValueError(
            f"loss must say what each of its parameters is, in roles, one of {ROLES} each."
            f" Got {roles!r} from {type(loss).__name__}."
        )


def _by_halving(distribution: Any, level: Tensor) -> Tensor:
    """Invert a cumulative distribution function between ends that hold the quantile."""
    shape = torch.broadcast_shapes(level.shape, distribution.batch_shape)
    level, mean = level.expand(shape), distribution.mean.expand(shape)
    spread = distribution.stddev.nan_to_num(1.0, 1.0).clamp_min(1e-300).expand(shape)
    low, high = mean - spread, mean + spread
    least = getattr(distribution.support, "lower_bound", -torch.inf)
    most = getattr(distribution.support, "upper_bound", torch.inf)
    # Each end moves out until it is beyond the quantile, or at the end of the support.
    for _ in range(HALVINGS):
        low, high = low.clamp(least, most), high.clamp(least, most)
        above, below = distribution.cdf(low) > level, distribution.cdf(high) < level
        if not (above | below).any():
            break
        width = high - low
        low = torch.where(above, low - width, low)
        high = torch.where(below, high + width, high)
    low, high = low.clamp(least, most), high.clamp(least, most)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = distribution.cdf(middle) < level
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2
