"""Sequences seen step by step relative to the level that they have had so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ._forks import Forks
from ._instance_norm import LEAST_DEVIATION, TINY, InstanceNorm, Level, observed_values


class RunningNorm(InstanceNorm):
    r"""Take out of each step the level that is known there, and put it back on forecasts.

    A forecast from step :math:`t` is :math:`c_t + s_t\,b\,o_t`, where :math:`(c_t, s_t)`
    is the level that `InstanceNorm` finds in the steps up to :math:`t`: at the last step it
    is that of the sequence. What the network reads depends on no later step either. For
    "last" and "level" it is the change from the level before,

    .. math:: z_t = \frac{x_t - c_{t-1}}{s_t\,a}, \quad z_1 = 0,

    the innovation of exponential smoothing, much as in ES-RNN [1]_: relative to
    :math:`c_t`, "last" would leave nothing. For "standard" and "affine" it is
    :math:`z_t = (x_t - c_t) / (s_t\,a)`. So what is read differs from what `InstanceNorm`
    gives, for which the level of the last step is that of all.

    Features that are seen in units of their own size have :math:`s_t = \frac{1}{t} \sum_{i
    \le t} |x_i|`, whatever the sequence was divided by before.

    Parameters
    ----------
    *args, **kwargs : object
        Those of `InstanceNorm`; all features of targets.
    relative : sequence of int, default=()
        Features that are seen in units of their own size.
    forks : Forks
        The steps from which forecasts are made in training.

    References
    ----------
    .. [1] Smyl, S. (2020). A hybrid method of exponential smoothing and recurrent neural
       networks for time series forecasting. International Journal of Forecasting, 36(1).

    Examples
    --------
    >>> norm = RunningNorm("last", 1, [], [0], torch.float64, forks=Forks(1, 1))
    >>> z, level = norm(torch.tensor([[[5.0], [7.0], [8.0]]]).double(), None)
    >>> z.flatten().tolist(), norm.restore(torch.tensor([[1.0]]), level).item()
    ([0.0, 2.0, 1.0], 9.0)
    """

    is_relative: Tensor

    def __init__(
        self, *args: Any, relative: Sequence[int] = (), forks: Forks, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        is_relative = torch.zeros_like(self.has_level)
        is_relative[list(relative)] = True
        self.register_buffer("is_relative", is_relative & self.has_level, persistent=False)
        self.forks = forks

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Level]:
        """Take the levels out.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            Observed steps first. NaN is a value that is missing, before the first of its
            feature that is not.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        z : Tensor of the shape of `x`
            What is missing becomes 0. It stays NaN in features without a level.
        level : Level
            At the last step.
        """
        levels = self.running(x, lengths)
        z = self.changes(x, lengths, levels)
        if self.method == "affine":
            affine = z.nan_to_num(0.0) * self.log_weight.exp() + self.bias
            z = torch.where(self.has_level, affine, z)
        return z, last_of(levels, lengths)

    def changes(self, x: Tensor, lengths: Tensor | None, levels: Level) -> Tensor:
        """Give what is read of each step, in units of the constants.

        Parameters
        ----------
        x, lengths
            As in `forward`.
        levels : Level
            Of each step, as `running` gives it.

        Returns
        -------
        z : Tensor of the shape of `x`
        """
        center = levels.center
        if self.method in ("last", "level"):
            known = observed_values(x, lengths)
            seen = known.cumsum(dim=1) > known
            before = torch.cat([center[:, :1], center[:, :-1]], dim=1)
            center = torch.where(seen | ~self.has_level, before, x)
        z = (x - center) / (levels.spread * self.input_scale)
        return torch.where(self.has_level, z.nan_to_num(0.0), z)

    def level(self, x: Tensor, lengths: Tensor | None) -> Level:
        """Give the level of each sequence: that of its last step."""
        return last_of(self.running(x, lengths), lengths)

    def running(self, x: Tensor, lengths: Tensor | None) -> Level:
        """Give the level that is known at each step; 0 and 1 where there is none.

        Parameters
        ----------
        x, lengths
            As in `forward`.

        Returns
        -------
        levels : Level
            Of tensors of shape (n_samples, n_timesteps, n_features).
        """
        known = observed_values(x, lengths)
        values = x.where(known, 0.0).double()
        count = known.cumsum(dim=1)
        if self.method in ("last", "level"):
            decay = self.decay if self.method == "level" else 0.0
            center = running_mean(values, known, decay)
            size = values.abs().cumsum(dim=1) / count.clamp_min(1)
            spread = torch.where(self.is_relative & (size > 0), size, 1.0)
        else:
            center, spread = _moments(values, known, count)
        has_level = self.has_level & (count > 0)
        center = torch.where(has_level, center, 0.0).to(x.dtype)
        return Level(center, torch.where(has_level, spread, 1.0).to(x.dtype))

    def at_forks(self, x: Tensor, lengths: Tensor | None) -> Level:
        """Give the levels from which forecasts are made in training.

        Parameters
        ----------
        x, lengths
            As in `forward`.

        Returns
        -------
        levels : Level
            Of tensors of shape (n_samples, n_forks, n_features).
        """
        steps, _ = self.forks.steps(x, lengths)
        return _at(self.running(x, lengths), steps)

    def _read(
        self, x: Tensor, lengths: Tensor | None, level: Level
    ) -> tuple[Tensor, Tensor]:
        known = observed_values(x, lengths)
        levels = self.running(x, lengths)
        spread = levels.spread * known
        return self.changes(x, lengths, levels) * self.input_scale * spread, spread

    def _origins(
        self, x: Tensor, lengths: Tensor | None, level: Level, weight: Tensor | None
    ) -> tuple[Level, Tensor | None]:
        levels = self.at_forks(x, lengths)
        if weight is not None:
            weight = weight.repeat_interleave(levels.center.shape[1])
        return Level(*(part.flatten(0, 1) for part in levels)), weight


def last_of(levels: Level, lengths: Tensor | None) -> Level:
    """Give the level at the last observed step; at the first, where there is none.

    Parameters
    ----------
    levels : Level
        Of tensors of shape (n_samples, n_timesteps, n_features).
    lengths : Tensor of int of shape (n_samples,) or None

    Returns
    -------
    level : Level
    """
    if lengths is None:
        return Level(*(part[:, -1] for part in levels))
    last = (lengths - 1).clamp_min(0)[:, None]
    return Level(*(part[:, 0] for part in _at(levels, last)))


def running_mean(values: Tensor, known: Tensor, decay: float) -> Tensor:
    """Give, at each step, the mean so far with weights that fall into the past.

    Parameters
    ----------
    values : Tensor of float64 of shape (n_samples, n_timesteps, n_features)
        0 where nothing is known.
    known : Tensor of bool of the shape of `values`
    decay : float
        Weight of a step beside the next one; 0 is the last alone.

    Returns
    -------
    means : Tensor of the shape of `values`
        0 where nothing has been known yet.

    Examples
    --------
    >>> x = torch.tensor([[[4.0], [1.0]]]).double()
    >>> running_mean(x, x > 0, 0.5).flatten().tolist()
    [4.0, 2.0]
    """
    step = torch.arange(values.shape[1], device=values.device)
    ago = step[:, None] - step
    weight = (decay ** ago.clamp_min(0).to(values.dtype)).tril()
    both = torch.cat([values, known.to(values.dtype)], dim=2)
    # One product of matrices: those of each sequence by themselves are slow.
    sums, total = torch.einsum("ts,nsf->ntf", weight, both).chunk(2, dim=2)
    return sums / total.where(total > 0, 1.0)


def _moments(values: Tensor, known: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Give the mean and the deviation of the steps so far, both of float64."""
    first = values.gather(1, known.to(torch.uint8).argmax(dim=1, keepdim=True))
    n = count.clamp_min(1)
    shifted = (values - first).where(known, 0.0)  # or squares would lose a small spread
    change = shifted.cumsum(dim=1) / n
    variance = ((shifted**2).cumsum(dim=1) / n - change**2).clamp_min(0)
    center = change + first
    least = LEAST_DEVIATION**2 * (variance + center**2) + TINY
    return center, torch.maximum(variance, least).sqrt()


def _at(levels: Level, steps: Tensor) -> Level:
    """Give the levels at some steps of each sequence."""
    index = steps[:, :, None].expand(-1, -1, levels.center.shape[2])
    return Level(*(part.gather(1, index) for part in levels))
