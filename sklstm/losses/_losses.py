"""Losses by name: what a network is trained to make small, and what its outputs mean."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ._distribution import DistributionLoss, check_roles
from ._named import GaussianLoss, MixtureLoss, NegativeBinomialLoss, StudentTLoss
from ._quantile import QuantileLoss
from ._roles import POINT, Role, as_parameters


def _softmax(output: Tensor, roles: Any) -> Tensor:
    return output.softmax(dim=-1)


# What turns the head's outputs into probabilities, or into parameters of each target.
LINKS: dict[str, Callable[..., Tensor]] = {
    "parameters": as_parameters,
    "softmax": _softmax,
}


@dataclass(frozen=True)
class Loss:
    """A loss, and what the outputs of its network mean.

    Attributes
    ----------
    criterion : callable (output, target) -> Tensor
        Gives the loss of each value or of each sample.
    link : str
        Name, in `LINKS`, of what turns outputs into predictions.
    is_samplewise : bool
        Whether what a sample loses depends on that sample alone, as far as is known: the
        samples of a batch may then be computed apart.
    """

    criterion: Callable[..., Tensor]
    link: str = "parameters"
    is_samplewise: bool = False

    @property
    def roles(self) -> tuple[Role, ...]:
        """What each value is that the network gives for a target."""
        return getattr(self.criterion, "roles", POINT) if self.is_of_parameters else POINT

    @property
    def begins(self) -> tuple[float, ...]:
        """What the network gives for each of them before training; empty is about 0."""
        if not self.is_of_parameters:
            return ()
        return tuple(map(float, self.criterion.begins))  # type: ignore[attr-defined]

    @property
    def is_of_parameters(self) -> bool:
        """Whether outputs are parameters that the loss knows how to read."""
        return isinstance(self.criterion, QuantileLoss | DistributionLoss)

    @property
    def is_distribution(self) -> bool:
        """Whether the target has a distribution, with a mean and a deviation."""
        return isinstance(self.criterion, DistributionLoss)

    @property
    def is_centred(self) -> bool:
        """Whether targets may be shifted."""
        return "location" in self.roles

    @property
    def is_discrete(self) -> bool:
        """Whether targets are counts."""
        return isinstance(self.criterion, DistributionLoss) and self.criterion.is_discrete

    @property
    def says_quantiles(self) -> bool:
        """Whether quantiles of any level can be told."""
        if isinstance(self.criterion, QuantileLoss):
            return len(self.criterion.levels) > 1
        return isinstance(self.criterion, DistributionLoss)

    def point(self, parameters: NDArray[Any]) -> NDArray[Any]:
        """Give predictions of shape (...), of parameters of shape (..., n_parameters).

        Where these are NaN, as at steps that are unobserved, so is what is said.
        """
        if not self.is_of_parameters:
            return parameters[..., 0]
        return _where_known(parameters, self.criterion.point)  # type: ignore[attr-defined]

    def std(self, parameters: NDArray[Any]) -> NDArray[Any]:
        """Give standard deviations of a distribution, of shape (...)."""
        return _where_known(parameters, self.criterion.std)  # type: ignore[attr-defined]

    @property
    def levels(self) -> Sequence[float]:
        """Levels of the quantiles that are given where none are asked for."""
        if isinstance(self.criterion, QuantileLoss):
            return self.criterion.levels
        return (0.05, 0.25, 0.5, 0.75, 0.95)

    def quantiles(self, parameters: NDArray[Any], levels: Any) -> NDArray[Any]:
        """Give quantiles, of shape (..., n_levels)."""
        quantiles = self.criterion.quantiles  # type: ignore[attr-defined]
        return _where_known(parameters, lambda known: quantiles(known, levels))

    def sample(
        self, parameters: NDArray[Any], n_samples: int, random_state: Any
    ) -> NDArray[Any]:
        """Draw samples, of shape (..., n_samples), by a RandomState."""
        draw = self.criterion.sample  # type: ignore[attr-defined]
        return _where_known(parameters, lambda known: draw(known, n_samples, random_state))

    def predictions(self, output: Tensor) -> Tensor:
        """Give what skorch's scorers compare with the target, in its units of training."""
        values = LINKS[self.link](output, self.roles)
        if self.link == "softmax":
            return values
        point = self.point(values.detach().double().cpu().numpy())
        return torch.from_numpy(np.ascontiguousarray(point))

    def check_target(self, target: NDArray[Any]) -> None:
        """Refuse targets that the distribution does not know.

        Parameters
        ----------
        target : ndarray of float
            NaN is not looked at.

        Raises
        ------
        ValueError
            If there is one.
        """
        if not isinstance(self.criterion, DistributionLoss):
            return
        values = torch.as_tensor(target[~np.isnan(target)], dtype=torch.float64)
        bad = values[~self.criterion.support.check(values)]
        if len(bad):
            allowed = str(self.criterion.support).lower().replace("()", "")
            if self.is_discrete:
                allowed = "counts, whole numbers from 0 on"
            raise ValueError(
                f"y must have {allowed}, with a {type(self.criterion).__name__}. Got"
                f" {bad[0]:g}."
            )


def _where_known(
    parameters: NDArray[Any], compute: Callable[[NDArray[Any]], NDArray[Any]]
) -> NDArray[Any]:
    """Compute what is said of each target, and give NaN for those without parameters."""
    known = ~np.isnan(parameters).any(axis=-1)
    if known.all():
        return compute(parameters)
    values = compute(parameters[known])
    said = np.full((*known.shape, *values.shape[1:]), np.nan)
    said[known] = values
    return said


@dataclass(frozen=True)
class Named:
    """A loss that has a name: one entry of a table.

    Attributes
    ----------
    make : callable (**options) -> criterion
    options : tuple of str, default=()
        Parameters of the estimator that `make` takes.
    link : str, default="parameters"
    """

    make: Callable[..., Any]
    options: tuple[str, ...] = ()
    link: str = "parameters"


REGRESSION_LOSSES = {
    "squared_error": Named(partial(nn.MSELoss, reduction="none")),
    "absolute_error": Named(partial(nn.L1Loss, reduction="none")),
    "huber": Named(partial(nn.HuberLoss, reduction="none")),
    "quantile": Named(QuantileLoss, ("quantile",)),
    "gaussian": Named(GaussianLoss),
    "student_t": Named(StudentTLoss),
    "negative_binomial": Named(NegativeBinomialLoss),
    "mixture": Named(MixtureLoss, ("n_mixtures",)),
}

CLASSIFICATION_LOSSES = {
    "cross_entropy": Named(
        partial(nn.CrossEntropyLoss, reduction="none"),
        ("label_smoothing",),
        link="softmax",
    ),
}


def resolve_loss(loss: Any, known: dict[str, Named], **options: Any) -> Loss:
    """Look a loss up by its name, or wrap a user's own.

    Parameters
    ----------
    loss : str, torch.nn.Module, class of such, or callable (output, target) -> Tensor
        A module with an attribute `reduction` is made to give one value per sample. The
        user's own module stays untouched: it is copied.
    known : dict of str to Named
        The losses of the task; an own loss gets the link of the first.
    **options : object
        What named losses may take.

    Returns
    -------
    loss : Loss
    """
    if isinstance(loss, str):
        entry = known[loss]
        criterion = entry.make(**{name: options[name] for name in entry.options})
        return Loss(criterion, entry.link, is_samplewise=True)
    criterion = loss() if isinstance(loss, type) else copy.deepcopy(loss)
    if isinstance(criterion, DistributionLoss):
        check_roles(criterion)
    if hasattr(criterion, "reduction"):
        criterion.reduction = "none"
    # The user's own may look at the whole batch, those that inherit from torch's too.
    of_torch = type(criterion).__module__.startswith("torch.")
    samplewise = of_torch or isinstance(criterion, DistributionLoss | QuantileLoss)
    return Loss(criterion, next(iter(known.values())).link, is_samplewise=samplewise)
