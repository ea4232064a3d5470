"""Samples on their way from the arguments of fit to the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import Windows


@dataclass(frozen=True)
class Samples:
    """Checked sequences with their encoded targets and weights.

    Attributes
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    target : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
        None if all count alike.
    suffix : str, default=""
        Ends the names of the arguments that they came from: "_val" for ``X_val``.
    """

    windows: Windows
    target: NDArray[Any]
    weight: NDArray[np.float64] | None = None
    suffix: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Names of the arguments with the sequences and with the targets."""
        return f"X{self.suffix}", f"y{self.suffix}"

    def take(self, index: Any) -> Samples:
        """Choose samples.

        Parameters
        ----------
        index : slice, mask or array of int

        Returns
        -------
        samples : Samples
        """
        return replace(
            self,
            windows=self.windows[index],
            target=self.target[index],
            weight=None if self.weight is None else self.weight[index],
        )

    def weighted(self, weight: NDArray[np.float64] | None) -> Samples:
        """Give the samples new weights, and leave out those of weight 0.

        Parameters
        ----------
        weight : ndarray of shape (n_samples,) or None

        Returns
        -------
        samples : Samples
        """
        weighted = replace(self, weight=weight)
        if weight is None or weight.all():
            return weighted
        return weighted.take(weight > 0)
