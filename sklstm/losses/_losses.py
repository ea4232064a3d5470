"""What a network is trained to make small; a loss and the head it needs are one entry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn


def _identity(output: Tensor) -> Tensor:
    return output


def _softmax(output: Tensor) -> Tensor:
    return output.softmax(dim=1)


LINKS: dict[str, Callable[[Tensor], Tensor]] = {"identity": _identity, "softmax": _softmax}


@dataclass(frozen=True)
class Loss:
    """A loss with the head it needs.

    Attributes
    ----------
    criterion : callable (output, target) -> Tensor
        Gives the loss of each value or of each sample.
    link : str
        Name, in `LINKS`, of what turns the head's output into predictions.
    is_samplewise : bool
        Whether what a sample loses depends on that sample alone, as far as is known: the
        samples of a batch may then be computed apart.
    """

    criterion: Callable[[Tensor, Tensor], Tensor]
    link: str = "identity"
    is_samplewise: bool = False


class QuantileLoss(nn.Module):
    r"""Pinball loss, least at a quantile of the target (Koenker and Bassett, 1978).

    .. math:: \ell(\hat y, y) = \max(q (y - \hat y), (q - 1)(y - \hat y))

    Parameters
    ----------
    quantile : float
        The :math:`q`, in (0, 1).

    Examples
    --------
    >>> QuantileLoss(0.9)(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 1.0]))
    tensor([0.9000, 0.1000])
    """

    def __init__(self, quantile: float = 0.5) -> None:
        super().__init__()
        self.quantile = quantile

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Give the loss of each value."""
        error = target - output
        return torch.maximum(self.quantile * error, (self.quantile - 1) * error)


REGRESSION_LOSSES = {
    "squared_error": Loss(nn.MSELoss(reduction="none"), is_samplewise=True),
    "absolute_error": Loss(nn.L1Loss(reduction="none"), is_samplewise=True),
    "huber": Loss(nn.HuberLoss(reduction="none"), is_samplewise=True),
    "quantile": Loss(QuantileLoss(), is_samplewise=True),
}

CLASSIFICATION_LOSSES = {
    "cross_entropy": Loss(
        nn.CrossEntropyLoss(reduction="none"), link="softmax", is_samplewise=True
    ),
}


def resolve_loss(loss: Any, known: dict[str, Loss], **options: float) -> Loss:
    """Look a loss up by its name, or wrap a user's own.

    Parameters
    ----------
    loss : str, torch.nn.Module, class of such, or callable (output, target) -> Tensor
        A module with an attribute `reduction` is made to give one value per sample. The
        user's own module stays untouched: it is copied.
    known : dict of str to Loss
        The losses of the task; an own loss gets the link of the first.
    **options : float
        What a named loss is set to, if it has such an attribute.

    Returns
    -------
    loss : Loss
    """
    if isinstance(loss, str):
        entry = known[loss]
        criterion = copy.copy(entry.criterion)
        for name, value in options.items():
            if hasattr(criterion, name):
                setattr(criterion, name, value)
        return replace(entry, criterion=criterion)
    criterion = loss() if isinstance(loss, type) else copy.deepcopy(loss)
    if hasattr(criterion, "reduction"):
        criterion.reduction = "none"
    # The user's own may look at the whole batch, those that inherit from torch's too.
    of_torch = type(criterion).__module__.startswith("torch.")
    return Loss(criterion, next(iter(known.values())).link, is_samplewise=of_torch)


class WeightedLoss(nn.Module):
    r"""Mean loss of a batch, each sample counted with its weight.

    .. math:: L = \frac{1}{B} \sum_{i=1}^B w_i \, \ell(\hat y_i, y_i)

    The weights are scaled to a mean of 1 over all training samples, not over the batch: a
    batch of light samples shall move the model little.

    Parameters
    ----------
    criterion : callable (output, target) -> Tensor
        Gives one loss per sample or per value. One for the whole batch is taken as it is.
    is_samplewise : bool, default=False
        Whether a sample's loss depends on that sample alone.
    """

    def __init__(
        self,
        criterion: Callable[[Tensor, Tensor], Tensor],
        is_samplewise: bool = False,
    ) -> None:
        super().__init__()
        self.criterion = criterion
        self.is_samplewise = is_samplewise

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Give the loss of a batch.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_values)
        target : Tensor of shape (n_samples, n_outputs), or (n_samples,) of class numbers
        weight : Tensor of shape (n_samples,) or None

        Returns
        -------
        loss : Tensor of shape ()

        Raises
        ------
        ValueError
            If the criterion gives neither, or if there are weights but it gives one loss
            for the whole batch.
        """
        value = self.criterion(output, target)
        if not isinstance(value, Tensor):
            raise TypeError(
                "loss must give a tensor: one value per sample, or one for each output, or"
                f" one for the whole batch. Got {type(value).__name__} instead."
            )
        if value.ndim and value.shape != output.shape and value.numel() != len(output):
            raise ValueError(
                f"loss must give one value per sample, of shape ({len(output)},), one per"
                f" output, of shape {tuple(output.shape)}, or one for the whole batch."
                f" Got shape {tuple(value.shape)} instead."
            )
        if weight is None:
            return value.mean()
        if value.ndim == 0:
            raise ValueError(
                "loss must give one value per sample to be used with sample_weight or"
                " class_weight. Got one value for the whole batch instead."
            )
        per_sample = value.reshape(len(output), -1).mean(dim=1)
        return (per_sample * weight).mean()
