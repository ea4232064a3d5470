"""Each sequence seen relative to its own level, which the forecast gets back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from ..fitting._ranks import total
from ..losses import POINT, Role

InstanceNormMethod = Literal["last", "level", "standard", "affine"]


# Least deviation of a sequence, in units of its root mean square: in float32 a constant
# deviates from its mean by about a hundredth of that.
LEAST_DEVIATION = 1e-5
# Size of changes of which none has been seen, in units of the training rows.
LEAST_CHANGE = 1e-4
# How many standard deviations a level may lie from the mean one where it is read itself.
FARTHEST = 4.0
# Stands in the place of zero, for a sequence of zeros.
TINY = 1e-30


class Level(NamedTuple):
    """Where a sequence lies, feature by feature.

    Attributes
    ----------
    center : Tensor of shape (n_samples, n_features)
    spread : Tensor of shape (n_samples, n_features)
    """

    center: Tensor
    spread: Tensor


class InstanceNorm(nn.Module):
    r"""Take the level out of each sequence and put it back on the forecast.

    With the level :math:`(c, s)` of a sequence, feature by feature, the network reads
    :math:`z_t = (x_t - c) / (s\,a)` and its output :math:`o` becomes the forecast
    :math:`c + s\,b\,o`. For "last", :math:`c` is the last observed step and :math:`s = 1`
    [1]_; for "level" it is a mean in which each step has `decay` times the weight of the
    one after it (exponential smoothing); for "standard" they are the mean and the standard
    deviation over the observed steps [2]_. "affine" is "standard" with a weight :math:`w`
    and a bias :math:`v` for each feature, which are trained: the network reads
    :math:`w z_t + v`, and :math:`(o - v) / w` takes the place of :math:`o`. The constants
    :math:`a` and :math:`b` are learnt from the training samples before training, so that
    what the network reads and what it has to give are of size 1.

    So a network can follow a trend or a level that it has not seen. Where outputs forecast
    no feature, `described` gives the level as features of its own.

    Parameters
    ----------
    method : {"last", "level", "standard", "affine"}
    n_features : int
        Features of a step.
    categorical_features : collection of int
        These are left as they are.
    target_features : sequence of int of length n_outputs
        The feature that each output forecasts. These alone have their level taken out: a
        calendar has none. Without any, outputs are no forecasts, and all features that are
        no categories have a level.
    dtype : torch.dtype
        Type of the constants.
    roles : sequence of Role of length n_parameters, default=("location",)
        What each value of an output is: a location and a size get the level back, the
        logarithm of a scale that of the spread, and a shape neither.
    decay : float, default=0.5
        In [0, 1), for "level"; 0 is the last step.
    describes : bool, default=False
        Whether `described` is asked for, and its units are learnt.

    References
    ----------
    .. [1] Zeng, A. et al. (2023). Are transformers effective for time series forecasting?
       AAAI. (NLinear.)
    .. [2] Kim, T. et al. (2022). Reversible instance normalization for accurate
       time-series forecasting against distribution shift. ICLR.

    Examples
    --------
    >>> norm = InstanceNorm("last", 1, [], [0], torch.float64)
    >>> z, level = norm(torch.tensor([[[5.0], [7.0], [8.0]]]).double(), None)
    >>> z.flatten().tolist(), norm.restore(torch.tensor([[1.0]]), level).item()
    ([-3.0, -1.0, 0.0], 9.0)
    """

    target_features: Tensor
    has_level: Tensor
    is_category: Tensor
    input_scale: Tensor
    output_scale: Tensor
    level_mean: Tensor
    level_scale: Tensor

    def __init__(
        self,
        method: InstanceNormMethod,
        n_features: int,
        categorical_features: Collection[int],
        target_features: Sequence[int],
        dtype: torch.dtype,
        roles: Sequence[Role] = POINT,
        decay: float = 0.5,
        describes: bool = False,
    ) -> None:
        super().__init__()
        self.method = method
        self.describes = describes
        self.decay = decay
        self.roles = tuple(roles)
        targets = torch.as_tensor(target_features, dtype=torch.long, device="cpu")
        is_category = torch.zeros(n_features, dtype=torch.bool, device="cpu")
        is_category[list(categorical_features)] = True
        has_level = ~is_category
        if len(targets):
            has_level = torch.zeros_like(is_category).index_fill(0, targets, True)
        self.register_buffer("target_features", targets)
        self.register_buffer("has_level", has_level)
        self.register_buffer("is_category", is_category)
        self.register_buffer(
            "input_scale", torch.ones(n_features, dtype=dtype, device="cpu")
        )
        self.register_buffer(
            "output_scale", torch.ones(len(targets), dtype=dtype, device="cpu")
        )
        for name, value in (("level_mean", 0.0), ("level_scale", 1.0)):
            described = torch.full((2, n_features), value, dtype=dtype, device="cpu")
            self.register_buffer(name, described, persistent=describes)
        if method == "affine":
            # Its logarithm: decayed, or on its way down, the weight stays above 0.
            self.log_weight = nn.Parameter(
                torch.zeros(n_features, dtype=dtype, device="cpu")
            )
            self.bias = nn.Parameter(torch.zeros(n_features, dtype=dtype, device="cpu"))

    def forward(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Level]:
        """Take the level out.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            Observed steps first. NaN is a value that is missing.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        z : Tensor of the shape of `x`
            What is missing takes the first value of the sequence that is not. It stays NaN
            where there is none, and in categories.
        level : Level
        """
        level = self.level(x, lengths)
        scale = level.spread * self.input_scale
        z = (x - level.center[:, None]) / scale[:, None]
        first = observed_values(x, lengths).to(torch.uint8).argmax(dim=1)
        is_missing = z.isnan() & ~self.is_category
        z = torch.where(is_missing, z.gather(1, first[:, None]), z)
        if self.method == "affine":
            # A NaN would reach the weight's gradient, though nobody reads its product.
            known = self.has_level & ~z.isnan()
            affine = z.nan_to_num(0.0) * self.log_weight.exp() + self.bias
            z = torch.where(known, affine, z)
        return z, level

    def restore(self, output: Tensor, level: Level) -> Tensor:
        """Put the level back, if the outputs forecast features.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_outputs * n_parameters)
        level : Level

        Returns
        -------
        forecast : Tensor of the shape of `output`
        """
        if not len(self.target_features):
            return output
        center = level.center[:, self.target_features]
        spread = level.spread[:, self.target_features] * self.output_scale
        if self.method == "affine":
            weight = self.log_weight.exp()[self.target_features]
            spread = spread / weight
            center = center - spread * self.bias[self.target_features]
        values = output.unflatten(1, (-1, len(self.roles))).unbind(2)
        restored = [
            _restored(value, role, center, spread)
            for value, role in zip(values, self.roles, strict=True)
        ]
        return torch.stack(restored, dim=2).flatten(1)

    def level(self, x: Tensor, lengths: Tensor | None) -> Level:
        """Give the level of each sequence; 0 and 1 for features that have none.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
        lengths : Tensor of int of shape (n_samples,) or None

        Returns
        -------
        level : Level
        """
        observed = observed_values(x, lengths)
        if self.method == "last":
            step = torch.arange(x.shape[1], device=x.device)[:, None]
            last = torch.where(observed, step, 0).amax(dim=1)
            center = x.gather(1, last[:, None])[:, 0]
            spread = torch.ones_like(center)
        elif self.method == "level":
            center = smoothed(x, observed, self.decay)
            spread = torch.ones_like(center)
        else:
            count = observed.sum(dim=1).clamp_min(1)
            center = x.where(observed, 0.0).sum(dim=1) / count
            deviation = (x - center[:, None]).where(observed, 0.0)
            variance = (deviation**2).sum(dim=1) / count
            least = LEAST_DEVIATION**2 * (variance + center**2) + TINY
            spread = torch.maximum(variance, least).sqrt()
        seen = self.has_level & observed.any(dim=1)
        return Level(torch.where(seen, center, 0.0), torch.where(seen, spread, 1.0))

    @property
    def n_described(self) -> int:
        """How many values describe a level."""
        return 2 * int(self.has_level.sum())

    def described(self, level: Level) -> Tensor:
        """Give the level as features: centers, and logarithms of spreads.

        Parameters
        ----------
        level : Level

        Returns
        -------
        features : Tensor of shape (n_samples, n_described)
            Standardised, and not farther from 0 than 4.
        """
        z = (_pair(level) - self.level_mean) / self.level_scale
        return z[:, :, self.has_level].clamp(-FARTHEST, FARTHEST).flatten(1)

    @torch.no_grad()
    def learn(
        self, batches: Iterable[tuple[Tensor, Tensor | None, Tensor, Tensor | None]]
    ) -> None:
        """Learn the constants, as ratios of weighted root mean squares.

        Parameters
        ----------
        batches : iterable of (x, lengths, target, weight)
            The training samples; a target of NaN is missing, a weight of None is 1.
        """
        zero = torch.zeros((), device="cpu")
        inputs = inputs_spread = changes = changes_spread = zero
        levels = levels_squared = n_levels = zero.double()
        for x, lengths, target, weight in batches:
            level = self.level(x, lengths)
            if self.describes:
                described = _pair(level).double()
                share = None if weight is None else weight.double()
                levels = levels + _total(described, share)
                levels_squared = levels_squared + _total(described**2, share)
                n_levels = n_levels + _total(torch.ones_like(described[:, 0, 0]), share)
            deviation, spread = self._read(x, lengths, level)
            inputs = inputs + _total((deviation**2).sum(dim=1), weight)
            inputs_spread = inputs_spread + _total((spread**2).sum(dim=1), weight)
            if not len(self.target_features):
                continue
            level, weight = self._origins(x, lengths, level, weight)
            target = target.flatten(0, -2)
            missing = target.isnan()
            change = target - level.center[:, self.target_features]
            spread = level.spread[:, self.target_features]
            changes = changes + _total(change.masked_fill(missing, 0) ** 2, weight)
            changes_spread = changes_spread + _total(
                spread.masked_fill(missing, 0) ** 2, weight
            )
        inputs, inputs_spread, changes, changes_spread = (
            total("sums of squares", part)
            for part in (inputs, inputs_spread, changes, changes_spread)
        )
        levels, levels_squared, n_levels = (
            total("sums of levels", part) for part in (levels, levels_squared, n_levels)
        )
        ratio = _ratio(inputs, inputs_spread)
        self.input_scale.copy_(torch.where(self.has_level, ratio, 1.0))
        if self.describes:
            mean = levels / n_levels
            variance = (levels_squared / n_levels - mean**2).clamp_min(0)
            self.level_mean.copy_(mean)
            self.level_scale.copy_(torch.where(variance > 0, variance, 1.0).sqrt())
        if not len(self.target_features):
            return
        # All forecasts of a feature share a constant: a step far ahead stays larger.
        by_feature = torch.zeros_like(self.input_scale)
        changes, changes_spread = (
            by_feature.index_add(0, self.target_features, squares)
            for squares in (changes, changes_spread)
        )
        scale = _ratio(changes, changes_spread)
        # What has never changed is forecast as it is.
        still = (changes == 0) & (changes_spread > 0)
        scale = torch.where(still, LEAST_CHANGE, scale)
        self.output_scale.copy_(scale[self.target_features])

    def _read(
        self, x: Tensor, lengths: Tensor | None, level: Level
    ) -> tuple[Tensor, Tensor]:
        """Give deviations from the level and their spreads; 0 where nothing is observed."""
        observed = observed_values(x, lengths)
        deviation = (x - level.center[:, None]).where(observed, 0.0)
        return deviation, level.spread[:, None] * observed

    def _origins(
        self, x: Tensor, lengths: Tensor | None, level: Level, weight: Tensor | None
    ) -> tuple[Level, Tensor | None]:
        """Give the level and the weight of each forecast: one for each sequence."""
        return level, weight


def _pair(level: Level) -> Tensor:
    """Give centers and logarithms of spreads, of shape (n_samples, 2, n_features)."""
    return torch.stack([level.center, level.spread.log()], dim=1)


def _restored(value: Tensor, role: Role, center: Tensor, spread: Tensor) -> Tensor:
    """Put the level back on one parameter of each output."""
    if role == "shape":
        return value
    if role == "scale":
        return value + spread.log()
    return center + spread * value


def smoothed(x: Tensor, observed: Tensor, decay: float) -> Tensor:
    """Give the mean of the observed steps, with weights that fall into the past.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
    observed : Tensor of bool of the shape of `x`
    decay : float
        Weight of a step beside the next one that is observed; 0 is the last alone.

    Returns
    -------
    level : Tensor of shape (n_samples, n_features)
        0 where nothing is observed.

    Examples
    --------
    >>> x = torch.tensor([[[4.0], [1.0]]])
    >>> smoothed(x, x > 0, 0.5)
    tensor([[2.]])
    """
    ago = observed.flip(1).cumsum(dim=1).flip(1) - 1  # 0 is the last that is observed
    weight = (decay ** ago.clamp_min(0).to(x.dtype)).where(observed, 0.0)
    total = weight.sum(dim=1)
    return (weight * x.where(observed, 0.0)).sum(dim=1) / total.where(total > 0, 1.0)


def observed_values(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Tell which values are observed.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Observed steps first. NaN is a value that is missing.
    lengths : Tensor of int of shape (n_samples,) or None
        Number of observed steps; None if all are.

    Returns
    -------
    observed : Tensor of bool of the shape of `x`
    """
    observed = ~x.isnan()
    if lengths is None:
        return observed
    step = torch.arange(x.shape[1], device=x.device)
    return observed & (step < lengths[:, None])[:, :, None]


def _total(values: Tensor, weight: Tensor | None) -> Tensor:
    """Add the samples up, each counted with its weight."""
    return values.sum(dim=0) if weight is None else torch.tensordot(weight, values, 1)


def _ratio(squares: Tensor, reference: Tensor) -> Tensor:
    """Root of a ratio of sums of squares; 1 where either of them is 0."""
    known = (squares > 0) & (reference > 0)
    return torch.where(known, squares / torch.where(known, reference, 1.0), 1.0).sqrt()
