"""Many steps as one."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._make import make


class Patches(nn.Module):
    r"""Turn runs of steps into one recurrent step each.

    All values of a patch of :math:`P` steps go through one linear layer and a rectifier
    [1]_: :math:`z_k = \max(0, W [x_{kP}, \dots, x_{kP + P - 1}] + b)`. The last patch ends
    at the last observed step. The first begins with zeros where the observed steps are no
    multiple of :math:`P`.

    Parameters
    ----------
    patch_length : int
        Steps of a patch.
    input_size : int
        Features of a step.
    output_size : int
        Features of a patch.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Lin, S. et al. (2023). SegRNN: Segment recurrent neural network for long-term
       time series forecasting. arXiv:2308.11200.

    Examples
    --------
    >>> patches = Patches(4, 3, 8, torch.float32)
    >>> z, lengths = patches(torch.zeros(2, 10, 3), torch.tensor([10, 4]))
    >>> z.shape, lengths
    (torch.Size([2, 3, 8]), tensor([3, 1]))
    """

    def __init__(
        self, patch_length: int, input_size: int, output_size: int, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.patch_length = patch_length
        self.linear = make(nn.Linear, patch_length * input_size, output_size, dtype=dtype)

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Give the patches and how many of them hold an observed step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        z : Tensor of shape (n_samples, n_patches, output_size)
            Patches with observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
        """
        n_patches = count_patches(x.shape[1], self.patch_length)
        missing = n_patches * self.patch_length - x.shape[1]
        if lengths is None:
            x = functional.pad(x, (0, 0, missing, 0))
        else:
            n_observed = lengths
            lengths = count_patches(n_observed, self.patch_length)
            x = _moved_back(x, n_observed, lengths * self.patch_length, missing)
        return self.linear(x.reshape(len(x), n_patches, -1)).relu(), lengths

    def shared(self, weights: Tensor, lengths: Tensor | None, n_timesteps: int) -> Tensor:
        """Share the weight of each patch between its observed steps.

        Parameters
        ----------
        weights : Tensor of shape (n_samples, n_patches)
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps.
        n_timesteps : int

        Returns
        -------
        shares : Tensor of shape (n_samples, n_timesteps)
        """
        patch, size, observed = self._of_steps(lengths, n_timesteps, weights)
        return (weights.gather(1, patch) / size).where(observed, 0.0)

    def spread(self, values: Tensor, lengths: Tensor | None, n_timesteps: int) -> Tensor:
        """Give each observed step the values of its patch.

        Parameters
        ----------
        values : Tensor of shape (n_samples, n_patches, n_values)
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps.
        n_timesteps : int

        Returns
        -------
        spread : Tensor of shape (n_samples, n_timesteps, n_values)
            Observed steps first; anything behind them.
        """
        patch, _, _ = self._of_steps(lengths, n_timesteps, values)
        return values.gather(1, patch[:, :, None].expand(-1, -1, values.shape[2]))

    def _of_steps(
        self, lengths: Tensor | None, n_timesteps: int, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Give the patch of each step, how many share it, and which are observed."""
        step = torch.arange(n_timesteps, device=values.device)
        lengths = torch.full_like(step[:1], n_timesteps) if lengths is None else lengths
        before = (-lengths % self.patch_length)[:, None]
        patch = ((step + before) // self.patch_length).expand(len(values), -1)
        patch = patch.clamp_max(values.shape[1] - 1)
        size = torch.where(patch > 0, self.patch_length, self.patch_length - before)
        return patch, size, step < lengths[:, None]


Number = TypeVar("Number", int, Tensor)


def count_patches(n_timesteps: Number, patch_length: int) -> Number:
    """Count the patches of some steps."""
    return -(-n_timesteps // patch_length)


def _moved_back(x: Tensor, n_observed: Tensor, ends: Tensor, longer: int) -> Tensor:
    """Let the observed steps end at `ends`, with zeros before and after them."""
    step = torch.arange(x.shape[1] + longer, device=x.device)
    source = step - (ends - n_observed)[:, None]
    observed = (source >= 0) & (source < n_observed[:, None])
    index = torch.where(observed, source, 0)[:, :, None].expand(-1, -1, x.shape[2])
    return torch.where(observed[:, :, None], x.gather(1, index), 0.0)
