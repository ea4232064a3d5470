"""The steps of a sequence from which a forecast is made in training."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ._patches import count_patches


class Forks(NamedTuple):
    """Where forecasts fork off a sequence: after each patch, once enough has been seen.

    Attributes
    ----------
    least : int
        Observed steps that have to be seen.
    patch_length : int
        Steps that become one recurrent step.
    """

    least: int
    patch_length: int

    @property
    def n_left_out(self) -> int:
        """Recurrent steps, the first ones, after which too little is seen in any case."""
        return max(0, count_patches(self.least, self.patch_length) - 1)

    def steps(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Give the last step that each forecast has seen.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            Observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        steps : Tensor of int of shape (n_samples, n_forks)
            Among the observed ones, which stand first; within the sequence.
        counts : Tensor of bool of shape (n_samples, n_forks)
            Whether it has seen enough, and is not behind the observed steps.

        Examples
        --------
        >>> x = torch.zeros(2, 7, 1)
        >>> steps, counts = Forks(2, 3).steps(x, torch.tensor([7, 4]))
        >>> steps.tolist(), counts.tolist()
        ([[0, 3, 6], [0, 3, 6]], [[False, True, True], [False, True, False]])
        """
        n_samples, n_timesteps, _ = x.shape
        if lengths is None:
            lengths = torch.full((n_samples,), n_timesteps, device=x.device)
        n_patches = count_patches(n_timesteps, self.patch_length)
        patch = torch.arange(self.n_left_out, n_patches, device=x.device)
        left = count_patches(lengths, self.patch_length)[:, None] - 1 - patch
        last = lengths[:, None] - 1 - left * self.patch_length
        counts = (last >= self.least - 1) & (left >= 0)
        return last.clamp(0, n_timesteps - 1), counts
