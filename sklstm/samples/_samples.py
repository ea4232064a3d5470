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
    target : ndarray of shape (n_samples,) or (n_samples, n_outputs), or of each step
    weight : ndarray of shape (n_samples,) or None
        None if all count alike.
    step_weight : ndarray of shape (n_samples, n_timesteps) or None
        Where steps have targets of their own: what each counts, 0 without a target.
    suffix : str, default=""
        Ends the names of the arguments that they came from: "_val" for ``X_val``.
    """

    windows: Windows
    target: NDArray[Any]
    weight: NDArray[np.float64] | None = None
    step_weight: NDArray[np.float64] | None = None
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
            step_weight=None if self.step_weight is None else self.step_weight[index],
        )

    @property
    def counts(self) -> NDArray[np.float64] | None:
        """What each target counts, be it of a sample or of a step; None: all alike."""
        return self.weight if self.step_weight is None else self.step_weight

    @property
    def rows(self) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
        """The targets that count, one row each, and what each counts."""
        if self.step_weight is None:
            return self.target, self.weight
        known = self.step_weight > 0
        return self.target[known], self.step_weight[known]

    def counting(self, counts: NDArray[np.float64] | None) -> Samples:
        """Let targets count as much as is said, and leave out samples that count nothing.

        Parameters
        ----------
        counts : ndarray of shape (n_samples,) or (n_samples, n_timesteps), or None
            A sequence weighs what its steps that count do on average.

        Returns
        -------
        samples : Samples
        """
        if counts is None:
            return self
        weight, of_steps = counts, None
        if counts.ndim == 2:
            weight, of_steps = counts.sum(axis=1), counts
            weight = weight / np.maximum((counts > 0).sum(axis=1), 1)
        changed = replace(self, weight=weight, step_weight=of_steps)
        return changed if weight.all() else changed.take(weight > 0)
