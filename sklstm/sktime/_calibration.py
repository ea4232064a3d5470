"""How far true values lay from what was said of them, and what that says of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..losses import Loss, QuantileLoss, at_normal, normal_of

Array = NDArray[Any]

# Levels at which the quantiles of a distribution are calibrated.
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
# So many scores of a step say enough of it; of fewer, those of the steps beside it help.
N_ENOUGH = 200
# How much shares adapt with each update.
ADAPTATION = 0.05
# Beyond it all values lie so far that no double tells their levels from 0 and 1.
FARTHEST = 8.0


@dataclass(frozen=True)
class Calibration:
    r"""Quantiles of a network, stretched about the median until they keep their promise.

    The score of a true value is how far it lies from the median on the scale on which the
    network's own quantiles are those of a normal distribution:

    .. math:: s = |\Phi^{-1}(F(y))|

    Series of all sizes share it. The quantile of level :math:`q` becomes the one that lies
    as far out as the share :math:`|2 q - 1|` of the scores: the
    :math:`\lceil (n + 1) |2 q - 1| \rceil`-th of them, as in conformal prediction [1]_.
    The median stays, and quantiles do not cross.

    Attributes
    ----------
    loss : Loss
        Reads what the network gives.
    steps : ndarray of int of shape (n_steps,)
    scores : tuple of tuple of ndarray
        Of each step and each target, oldest first.
    adapted : ndarray of shape (n_targets, n_levels)
        The share of the scores, for each level.

    References
    ----------
    .. [1] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic learning in a random
       world. Springer.
    """

    loss: Loss
    steps: NDArray[np.intp]
    scores: tuple[tuple[Array, ...], ...]
    adapted: Array

    @classmethod
    def of(
        cls, loss: Loss, steps: NDArray[np.intp], scores: Sequence[Sequence[Array]]
    ) -> Calibration:
        """Begin with some scores."""
        shares = np.abs(2 * np.asarray(calibrated_levels(loss)) - 1)
        kept = tuple(map(tuple, scores))
        return cls(loss, steps, kept, np.tile(shares, (len(kept[0]), 1)))

    @property
    def levels(self) -> Sequence[float]:
        """Levels of the quantiles that are calibrated."""
        return calibrated_levels(self.loss)

    @property
    def calibrated_loss(self) -> Loss:
        """Reads what `apply` gives."""
        return Loss(QuantileLoss(self.levels))

    def apply(self, parameters: Array) -> Array:
        """Calibrate what a network says.

        Parameters
        ----------
        parameters : ndarray of shape (n, n_steps, n_targets, n_parameters)

        Returns
        -------
        quantiles : ndarray of shape (n, n_steps, n_targets, n_levels)
        """
        values = self.loss.quantiles(parameters, self.levels)
        return at_normal(values, ndtri(self.levels), self._distances)

    def followed_by(self, scores: Sequence[Sequence[Array]]) -> Calibration:
        """Let scores slide, and the shares adapt, by what has come true at one time.

        Parameters
        ----------
        scores : sequence of sequence of ndarray
            Of each step and each target: as many of the oldest go.

        Returns
        -------
        calibration : Calibration
        """
        kept = tuple(
            tuple(np.r_[old, new][len(new) :] for old, new in zip(*both, strict=True))
            for both in zip(self.scores, scores, strict=True)
        )
        adapted = self.adapted.copy()
        for i in range(len(adapted)):
            hits = [
                of_step[i][:, None] <= np.abs(self._distances[k, i])
                for k, of_step in enumerate(scores)
            ]
            if sum(map(len, hits)):
                missing = self._shares - np.concatenate(hits).mean(axis=0)
                adapted[i] += ADAPTATION * missing
        # Beyond the ranks that there are, they would only have to come back.
        n_scores = np.array([[len(self._near(0, i))] for i in range(len(adapted))])
        adapted = np.clip(adapted, 0.0, n_scores / (n_scores + 1))
        return replace(self, scores=kept, adapted=adapted)

    @property
    def _shares(self) -> Array:
        """Share of all values that is to lie nearer to the median than each level."""
        return np.abs(2 * np.asarray(self.levels) - 1)

    @cached_property
    def _distances(self) -> Array:
        """How far out each level moves, of shape (n_steps, n_targets, n_levels)."""
        far = np.empty((len(self.steps), *self.adapted.shape))
        for k, i in np.ndindex(far.shape[:2]):
            scores = self._near(k, i)
            rank = np.ceil((len(scores) + 1) * self.adapted[i] - 1e-9).astype(int)
            rank = np.clip(rank, 1, len(scores)) - 1
            far[k, i] = np.partition(scores, np.unique(rank))[rank]
        # Each level adapts by itself, but none comes nearer than those within.
        order = np.argsort(self._shares, kind="stable")
        far[..., order] = np.maximum.accumulate(far[..., order], axis=-1)
        return np.sign(np.asarray(self.levels) - 0.5) * far

    def _near(self, step: int, target: int) -> Array:
        """Gather the scores of a step and, if they are few, of the nearest other ones."""
        distance = np.abs(self.steps - self.steps[step])
        parts, count = [], 0
        for d in np.unique(distance):
            parts += [self.scores[k][target] for k in np.flatnonzero(distance == d)]
            count = sum(map(len, parts))
            if count >= N_ENOUGH:
                break
        return np.concatenate(parts)


def calibrated_levels(loss: Loss) -> Sequence[float]:
    """Give the levels at which what a network says is calibrated.

    Parameters
    ----------
    loss : Loss

    Returns
    -------
    levels : sequence of float
    """
    return loss.levels if isinstance(loss.criterion, QuantileLoss) else LEVELS


def scores_of(loss: Loss, parameters: Array, truth: Array) -> Array:
    """Score true values by what was said of them.

    Parameters
    ----------
    loss : Loss
    parameters : ndarray of shape (..., n_parameters)
    truth : ndarray of shape (...)

    Returns
    -------
    scores : ndarray of shape (...)
        NaN where the true value is.
    """
    levels = calibrated_levels(loss)
    values, known = loss.quantiles(parameters, levels), ndtri(levels)
    above = -normal_of(-values[..., ::-1], -known[::-1], -truth)[0]
    below = -normal_of(values, known, truth)[0]
    scores = np.clip(np.maximum(above, below), 0.0, FARTHEST)
    return np.where(np.isnan(truth), np.nan, scores)
