"""Attributions from the values of a prediction and its gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

Predict = Callable[[Tensor], Tensor]
Along = Callable[[Predict, Tensor, Tensor, list[int]], Tensor]
Rule = list[tuple[float, float]]

# Of the largest change: what attributions by one rule may miss, and what one step may.
MOST_MISSED, MOST_MISSED_BY_STEP = 1e-2, 2e-4
# Points of a step; steps that are tried; and the shortest, which is taken as it comes.
N_POINTS_OF_STEP, MOST_STEPS, SHORTEST = 8, 400, 1e-7


def integrated(n_points: int) -> Along:
    """Give integrated gradients, on the straight line from the baseline.

    Parameters
    ----------
    n_points : int
        Of the line at first; samples that miss a hundredth of the largest change are
        followed in steps then.

    Returns
    -------
    along : callable (predict, read, begin, features) -> Tensor
    """
    rule = _gauss_legendre(n_points)

    def along(predict: Predict, read: Tensor, begin: Tensor, features: list[int]) -> Tensor:
        line = _Line(predict, begin, read - begin)
        start, end = line.ends
        values = line.integral(start, end, rule)
        change = line.value(end) - line.value(start)
        most = change.abs().max()
        is_off = (values.sum(dim=(1, 2)) - change).abs() > MOST_MISSED * most
        if is_off.any():
            stepwise = line.in_steps(is_off, MOST_MISSED_BY_STEP * most, rule)
            values = torch.where(is_off[:, None, None], stepwise, values)
        return _by_feature(values, features)

    return along


@torch.no_grad()
def occluded(predict: Predict, read: Tensor, begin: Tensor, features: list[int]) -> Tensor:
    """Give the changes where one value alone is that of the baseline."""
    columns = torch.tensor(features, device=read.device)
    whole = predict(read)
    changes = whole.new_zeros(*read.shape[:2], max(features) + 1)
    for t in range(read.shape[1]):
        for j in set(features):
            z = read.clone()
            z[:, t, columns == j] = begin[:, t, columns == j]
            changes[:, t, j] = whole - predict(z)
    return changes


class _Line:
    """The straight line of each sample, from the baseline at 0 to the sequence at 1."""

    def __init__(self, predict: Predict, begin: Tensor, moved: Tensor) -> None:
        self.predict = predict
        self.begin = begin
        self.moved = moved

    @property
    def ends(self) -> tuple[Tensor, Tensor]:
        start = torch.zeros(len(self.begin), dtype=torch.float64, device=self.begin.device)
        return start, start + 1

    def at(self, place: Tensor) -> Tensor:
        return self.begin + place.to(self.begin)[:, None, None] * self.moved

    @torch.no_grad()
    def value(self, place: Tensor) -> Tensor:
        return self.predict(self.at(place))

    def integral(self, low: Tensor, high: Tensor, rule: Rule) -> Tensor:
        """Give integrated gradients from one place to another."""
        slope = torch.zeros_like(self.moved, dtype=torch.float64)
        for node, weight in rule:
            z = self.at(low + node * (high - low)).requires_grad_()
            slope += weight * torch.autograd.grad(self.predict(z).sum(), z)[0]
        return (high - low)[:, None, None] * self.moved * slope

    def in_steps(self, wanted: Tensor, most: Tensor, rule: Rule) -> Tensor:
        """Give integrated gradients in steps that are as long as the gradients allow.

        What they should add up to is known of each step, too: the change of the
        prediction. A step that misses it is halved, and the one after it is twice as long.
        """
        of_step = _gauss_legendre(N_POINTS_OF_STEP)
        low, end = self.ends
        low = torch.where(wanted, low, end)
        width = (end - low) / 2
        total, before = torch.zeros_like(self.moved, dtype=torch.float64), self.value(low)
        for _ in range(MOST_STEPS):
            if not (low < 1).any():
                return total
            high = torch.minimum(low + width, end)
            after = self.value(high)
            part = self.integral(low, high, of_step)
            missed = (part.sum(dim=(1, 2)) - (after - before)).abs()
            is_taken = (missed <= most) | (width < SHORTEST)
            total += torch.where(is_taken[:, None, None], part, 0.0)
            low, before = (
                torch.where(is_taken, new, old)
                for new, old in ((high, low), (after, before))
            )
            width = torch.where(is_taken, 2 * width, width / 2)
        return total + self.integral(low, end, rule)


def _gauss_legendre(n_points: int) -> Rule:
    """Give the points of a line from 0 to 1 and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    return list(zip(((nodes + 1) / 2).tolist(), (weights / 2).tolist(), strict=True))


def _by_feature(values: Tensor, features: list[int]) -> Tensor:
    """Add the columns of each feature up: those of a category's vector."""
    total = values.new_zeros(*values.shape[:2], max(features) + 1)
    return total.index_add(2, torch.tensor(features, device=values.device), values)
