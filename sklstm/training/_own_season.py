"""Sequences without the season of their own window, which their forecast gets back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..samples._encoding import Season

# Share of a period that has to be observed for it to count.
LEAST_OBSERVED = 0.75

# In a sequence with missing steps the means of the periods are found so many times, each
# but the first without the season of the time before: no period is lower for a missing
# peak.
PASSES = 4

# How far a season is believed that was seen once.
BELIEF_IN_ONE = 0.5

# Least factor of a multiplicative season.
LEAST_FACTOR = 0.05


class Ahead(NamedTuple):
    """The season of the values to come.

    Attributes
    ----------
    shift : Tensor of shape (n_samples, n_outputs) or None
        What an additive season adds.
    factor : Tensor of shape (n_samples, n_outputs) or None
        By what a multiplicative season multiplies.
    """

    shift: Tensor | None
    factor: Tensor | None

    def take_out(self, target: Tensor) -> Tensor:
        """Give targets without their season."""
        if self.shift is not None:
            return target - self.shift
        return target if self.factor is None else target / self.factor

    def enlarge(self, size: Tensor | None) -> Tensor | None:
        """Give sizes times the factor; None is 1."""
        if self.factor is None:
            return size
        return self.factor if size is None else size * self.factor


class OwnSeason:
    """Take the season of a sequence out, as the means over its periods show it.

    The window is cut into periods, from its end. From each period are taken its mean and
    the line through the means of all: by difference if the season is additive, as a ratio
    if it is multiplicative. What is left has a mean at each phase. It is believed as far as
    it is more than chance would make it (`seasonal_pattern`).

    Nothing is remembered of a series: one that is new has the season of its own window.

    Parameters
    ----------
    season : Season
    outputs : sequence of int
        The feature that each output forecasts. These are without season then.
    device : torch.device

    Examples
    --------
    >>> own = OwnSeason(Season(2, "additive", (1, 2)), [0, 0], torch.device("cpu"))
    >>> y = torch.tensor([[[1.0], [5.0], [1.0], [5.0]]])
    >>> rest = own.take_out(y, own.pattern(y), torch.tensor([3, 2, 1, 0]))
    >>> rest.flatten().tolist(), own.ahead(own.pattern(y)).shift.tolist()
    ([3.0, 3.0, 3.0, 3.0], [[-2.0, 2.0]])
    """

    def __init__(
        self, season: Season, outputs: Sequence[int], device: torch.device
    ) -> None:
        features = sorted(set(outputs))
        self.length = season.length
        self.is_factor = season.method == "multiplicative"
        self.features = torch.tensor(features, device=device)
        self.outputs = torch.tensor([features.index(i) for i in outputs], device=device)
        leads = torch.tensor(season.leads, device=device)
        self.phase = (leads - 1).remainder(self.length)

    def pattern(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Give a period of the season of each sequence, from the step after its end on.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            In the order of time. NaN is a value that is missing.
        observed : Tensor of bool of shape (n_samples, n_timesteps) or None, default=None
            Steps that are observed; None is all.

        Returns
        -------
        pattern : Tensor of shape (n_samples, length, n_forecast_features)
        """
        y = x[:, :, self.features]
        if observed is not None:
            y = y.masked_fill(~observed[:, :, None], torch.nan)
        find = partial(seasonal_pattern, length=self.length, is_factor=self.is_factor)
        lacks = y.isnan().flatten(1).any(dim=1)
        if lacks.all():
            return find(y, n_passes=PASSES)
        if not lacks.any():
            return find(y)
        # What a sequence has must not depend on the others of its batch.
        pattern = find(y)
        pattern[lacks] = find(y[lacks], n_passes=PASSES)
        return pattern

    def take_out(self, x: Tensor, pattern: Tensor, lags: Tensor) -> Tensor:
        """Take the season out.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            In any order.
        pattern : Tensor of shape (n_samples, length, n_forecast_features)
        lags : Tensor of int of shape (n_timesteps,) or (n_samples, n_timesteps)
            How many steps before the end each step lies.

        Returns
        -------
        rest : Tensor of the shape of `x`
        """
        phase = (-1 - lags).remainder(self.length)
        if phase.ndim == 1:
            around = pattern[:, phase]
        else:
            places = phase[:, :, None].expand(-1, -1, pattern.shape[2])
            around = pattern.gather(1, places)
        return self._without(x, around)

    def ahead(self, pattern: Tensor) -> Ahead:
        """Give the season of the values to come.

        Parameters
        ----------
        pattern : Tensor of shape (n_samples, length, n_forecast_features)

        Returns
        -------
        ahead : Ahead
        """
        return self._as_ahead(pattern[:, self.phase, self.outputs])

    def _without(self, x: Tensor, around: Tensor) -> Tensor:
        """Take the season of each step out of what is forecast."""
        y = x[:, :, self.features]
        rest = y / around if self.is_factor else y - around
        return x.index_copy(2, self.features, rest)

    def _as_ahead(self, season: Tensor) -> Ahead:
        return Ahead(None, season) if self.is_factor else Ahead(season, None)


def seasonal_pattern(
    y: Tensor, length: int, *, is_factor: bool, n_passes: int = 1
) -> Tensor:
    r"""Find one period of the season of each sequence.

    Of the :math:`n` periods with enough values, period :math:`b` has the mean :math:`m_b`,
    and a line of slope :math:`g` a period goes through these means. With the phase
    :math:`r` from the middle of a period, :math:`d_{br} = y_{br} - m_b - g r / w`, or
    :math:`d_{br} = y_{br} / (m_b + g r / w) - 1`, has the mean :math:`s_r`. This is
    believed as far as it is more than chance would make it [1]_,

    .. math:: \lambda = \max\left(0,\; 1 - \frac{\overline{\mathrm{var}_b(d_{br}) / n}}
        {\overline{s_r^2}}\right),

    and half where there is one period.

    Parameters
    ----------
    y : Tensor of shape (n_samples, n_timesteps, n_features)
        In the order of time; the last step ends a period. NaN is missing.
    length : int
        Steps of a period, :math:`w`.
    is_factor : bool
        Whether to give :math:`1 + \lambda s_r` of the ratios in place of
        :math:`\lambda s_r`; 1 where a value is not above 0.
    n_passes : int, default=1
        Times that the means are found, for periods that are not whole.

    Returns
    -------
    pattern : Tensor of shape (n_samples, length, n_features)

    References
    ----------
    .. [1] James, W. & Stein, C. (1961). Estimation with quadratic loss. Proc. Fourth
       Berkeley Symposium, vol. 1.
    """
    n, n_timesteps, n_features = y.shape
    missing = -n_timesteps % length
    y = torch.nn.functional.pad(y, (0, 0, missing, 0), value=torch.nan)
    blocks = y.view(n, -1, length, n_features)
    used = ~blocks.isnan()
    n_used = used.sum(dim=2)
    whole = n_used >= LEAST_OBSERVED * length
    used = used & whole[:, :, None]
    blocks = blocks.where(used, 0.0)
    n_whole = whole.sum(dim=1)
    phase = torch.arange(length, dtype=y.dtype, device=y.device) - (length - 1) / 2
    pattern, count = torch.zeros_like(blocks[:, 0]), used.sum(dim=1)
    rest, mean = torch.zeros_like(blocks), pattern
    for _ in range(n_passes):
        season = pattern[:, None]
        without = blocks / (1 + season) if is_factor else blocks - season
        means = without.where(used, 0.0).sum(dim=2) / n_used.clamp_min(1)
        slope = _slope(means, whole, n_whole)
        level = means[:, :, None] + slope[:, None, None] * (phase / length)[:, None]
        if is_factor:
            is_positive = ~used | ((blocks > 0) & (level > 0))
            used = used & is_positive.all(dim=2, keepdim=True).all(dim=1, keepdim=True)
            rest = (blocks / level.where(used, 1.0) - 1).where(used, 0.0)
        else:
            rest = (blocks - level).where(used, 0.0)
        count = used.sum(dim=1)
        mean = rest.sum(dim=1) / count.clamp_min(1)
        pattern = mean - mean.mean(dim=1, keepdim=True)
    square = ((rest - mean[:, None]).where(used, 0.0) ** 2).sum(dim=1)
    chance = (square / ((count - 1).clamp_min(1) * count.clamp_min(1))).mean(dim=1)
    size = (pattern**2).mean(dim=1)
    belief = torch.where(size > 0, 1 - chance / size.where(size > 0, 1.0), 0.0).clamp_min(0)
    pattern = pattern * belief.where(n_whole > 1, BELIEF_IN_ONE)[:, None]
    return (1 + pattern).clamp_min(LEAST_FACTOR) if is_factor else pattern


def _slope(means: Tensor, whole: Tensor, n_whole: Tensor) -> Tensor:
    """Give the slope of the line through the means of whole periods, a period."""
    number = torch.arange(means.shape[1], dtype=means.dtype, device=means.device)[:, None]
    center = (number * whole).sum(dim=1) / n_whole.clamp_min(1)
    centred = (number - center[:, None]).where(whole, 0.0)
    spread = (centred**2).sum(dim=1)
    return (centred * means).sum(dim=1) / spread.where(spread > 0, 1.0)
