"""The mean loss of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..fitting._as_made import is_as_made

# Losses of torch, and their means, which torch computes as one operation.
_MEANS: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.MSELoss: lambda loss, x, y: functional.mse_loss(x, y),
    nn.L1Loss: lambda loss, x, y: functional.l1_loss(x, y),
    nn.HuberLoss: lambda loss, x, y: functional.huber_loss(x, y, delta=loss.delta),
}
_FORWARDS: dict[type[nn.Module], Any] = {kind: kind.forward for kind in _MEANS}


class WeightedLoss(nn.Module):
    r"""Mean loss of a batch, each sample counted with its weight.

    .. math:: L = \frac{1}{B} \sum_{i=1}^B w_i \, \ell(\hat y_i, y_i)

    The weights are scaled to a mean of 1 over all training samples, not over the batch: a
    batch of light samples shall move the model little. Where each step of a sequence has a
    target, a sample's loss is the sum over its steps, each with its own weight; a step of
    weight 0 has none.

    Parameters
    ----------
    criterion : callable (output, target) -> Tensor
        Gives one loss per sample or per value. One for the whole batch is taken as it is.
    is_samplewise : bool, default=False
        Whether a sample's loss depends on that sample alone.
    unit : array-like of shape (n_outputs,) or None, default=None
        For a criterion that takes them: how much 1 is in the user's units.
    per_step : bool, default=False
        Whether steps have targets of their own, which may have weights.
    """

    unit: Tensor | None

    def __init__(
        self,
        criterion: Callable[..., Tensor],
        is_samplewise: bool = False,
        unit: Any = None,
        *,
        per_step: bool = False,
    ) -> None:
        super().__init__()
        if unit is not None:
            unit = torch.as_tensor(unit, dtype=torch.float64, device="cpu")
        self.register_buffer("unit", unit, persistent=False)
        self.criterion = criterion
        self.is_samplewise = is_samplewise
        self.per_step = per_step

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        weight: Tensor | None,
        size: Tensor | None = None,
    ) -> Tensor:
        """Give the loss of a batch.

        Parameters
        ----------
        output : Tensor of shape (n_samples[, n_timesteps], n_values)
        target : Tensor of shape (n_samples[, n_timesteps], n_outputs), or without the last
            axis of class numbers
        weight : Tensor of shape (n_samples[, n_timesteps]) or None
            Steps without weights of their own count as samples do, each with the weight of
            its sequence.
        size : Tensor of shape (n_samples[, n_timesteps], n_outputs) or None, default=None
            By which the targets of each sample were divided.

        Returns
        -------
        loss : Tensor of shape ()

        Raises
        ------
        ValueError
            If the criterion gives neither, or if there are weights but it gives one loss
            for the whole batch.
        """
        if output.ndim == 3 and (weight is None or weight.ndim == 1):
            output, target, weight, size = _as_samples(output, target, weight, size)
        if output.ndim == 3 and weight is not None:
            steps = weight.flatten().nonzero()[:, 0]
            said, known = (v.flatten(0, 1)[steps] for v in (output, target))
            parts = self._of_each(said, known, size)
            return (parts * weight.flatten()[steps]).sum() / len(output)
        if weight is None and not self.per_step:
            kind: Any = type(self.criterion)
            if output.shape == target.shape and is_as_made(self.criterion, _FORWARDS):
                return _MEANS[kind](self.criterion, output, target)
            return self._values(output, target, size).mean()
        values = self._of_each(output, target, size)
        return (values if weight is None else values * weight).mean()

    def _of_each(self, output: Tensor, target: Tensor, size: Tensor | None) -> Tensor:
        """Give the loss of each sample, or of each step."""
        value = self._values(output, target, size)
        if value.ndim == 0:
            raise ValueError(
                "loss must give one value per sample to be used with sample_weight,"
                " class_weight or return_sequences. Got one value for the whole batch"
                " instead."
            )
        return value.reshape(len(output), -1).mean(dim=1)

    def _values(self, output: Tensor, target: Tensor, size: Tensor | None) -> Tensor:
        """Give what the criterion says."""
        units: list[Tensor] = []
        if self.unit is not None:
            units = [self.unit if size is None else self.unit * size.where(size > 0, 1.0)]
        value = self.criterion(output, target, *units)
        if not isinstance(value, Tensor):
            raise TypeError(
                "loss must give a tensor: one value per sample, or one for each output, or"
                f" one for the whole batch. Got {type(value).__name__} instead."
            )
        known = (output.shape, target.shape)
        if value.ndim and value.shape not in known and value.numel() != len(output):
            raise ValueError(
                f"loss must give one value per sample, of shape ({len(output)},), one per"
                f" output, of shape {tuple(output.shape)}, or one for the whole batch."
                f" Got shape {tuple(value.shape)} instead."
            )
        return value


def _as_samples(
    output: Tensor, target: Tensor, weight: Tensor | None, size: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Give each step as a sample, with the weight of its sequence."""
    n_steps = output.shape[1]
    if weight is not None:
        weight = weight.repeat_interleave(n_steps)
    if size is not None:
        size = size.flatten(0, 1)
    return output.flatten(0, 1), target.flatten(0, 1), weight, size
