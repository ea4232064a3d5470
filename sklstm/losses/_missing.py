"""Losses of targets of which some are missing."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class LossWhereObserved(nn.Module):
    """A loss of 0, without a gradient, where there is no target.

    Parameters
    ----------
    criterion : callable (output, target) -> Tensor
        If it is a module, its weights are trained too.
    """

    def __init__(self, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.criterion = criterion

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Give the loss.

        Parameters
        ----------
        output, target : Tensor of shape (n_samples, n_values)

        Returns
        -------
        value : Tensor of the shape that the criterion gives

        Raises
        ------
        ValueError
            If a target is missing and the criterion gives one value for the whole batch.
        """
        missing = target.isnan()
        # Off by one: a loss may have no slope where it is 0, and 0 times that is no number.
        value = self.criterion(output, target.where(~missing, output.detach() + 1))
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
