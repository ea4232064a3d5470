"""Losses of targets of which some are missing."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from ._roles import POINT


class LossWhereObserved(nn.Module):
    """A loss of 0, without a gradient, where there is no target.

    Parameters
    ----------
    criterion : callable (output, target) -> Tensor
        If it is a module, its weights are trained too.
    """

    def __init__(self, criterion: Callable[..., Tensor]) -> None:
        super().__init__()
        self.criterion = criterion

    def forward(self, output: Tensor, target: Tensor, *unit: Tensor) -> Tensor:
        """Give the loss.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_outputs * n_parameters)
        target : Tensor of shape (n_samples, n_outputs)
        *unit : Tensor
            If the criterion takes it.

        Returns
        -------
        value : Tensor of the shape that the criterion gives

        Raises
        ------
        ValueError
            If a target is missing and the criterion gives one value for the whole batch.
        """
        missing = target.isnan()
        # A GPU would have to be waited for.
        if target.device.type == "cpu" and not missing.any():
            return self.criterion(output, target, *unit)
        known = target.where(~missing, self._stand_in(output))
        value = self.criterion(output, known, *unit)
        if not isinstance(value, Tensor):
            return value  # whoever reads it says what is wrong
        if value.shape == target.shape:
            return value.masked_fill(missing, 0)
        if value.ndim == 0 and missing.any():
            raise ValueError(
                "loss must give one value for each output when y has missing values. Got"
                " one value for the whole batch instead."
            )
        if value.ndim == 0:
            return value
        if value.numel() == len(output):
            missing = missing.any(dim=1).view_as(value)
        return value.masked_fill(missing, 0)

    def _stand_in(self, output: Tensor) -> Tensor | float:
        """Give a target of which any loss, and its slope, is a number."""
        roles = getattr(self.criterion, "roles", POINT)
        if roles[0] != "location":
            return 1.0
        # Off by one: a loss may have no slope where it is 0, and 0 times that is no number.
        return output.detach()[:, :: len(roles)] + 1
