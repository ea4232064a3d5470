"""A forecast from the same phase of past periods, to which the network adds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..losses import LOCATED, Role


class SeasonalSkip(nn.Module):
    r"""Forecast each step as a weighted sum of the steps of its phase, in past periods.

    A sequence ends with :math:`n` periods of :math:`w` steps. The step :math:`t` ahead is
    in period :math:`j = \lfloor (t - 1) / w \rfloor` to come, at phase
    :math:`r = (t - 1) \bmod w`. With the level :math:`c` of the sequence its forecast is

    .. math:: c + \sum_{b=0}^{n-1} A_{jb} \, (y_{br} - c) + \mathrm{network}_t,

    as in the autoregressive part of LSTNet [1]_ and the cross-period forecasts of
    SparseTSF [2]_. :math:`A` begins at :math:`1 / n`, which is the mean of the phase, and
    is trained. Where only :math:`m` of the periods have the phase observed, their sum
    counts :math:`n / m` times.

    All is counted from the end of a sequence: its calendar is not needed.

    Parameters
    ----------
    length : int
        Steps of a period, :math:`w`.
    n_periods : int
        That are read, :math:`n`.
    leads : sequence of int of length n_outputs
        How many steps after the end of a sequence each output lies.
    outputs : sequence of int of length n_outputs
        The feature that each output forecasts.
    dtype : torch.dtype
        Type of the weights.
    roles : sequence of Role
        What each value of an output is: the forecast is added to locations and sizes.

    References
    ----------
    .. [1] Lai, G. et al. (2018). Modeling long- and short-term temporal patterns with deep
       neural networks. SIGIR.
    .. [2] Lin, S. et al. (2024). SparseTSF: Modeling long-term time series forecasting with
       1k parameters. ICML.

    Examples
    --------
    >>> skip = SeasonalSkip(2, 2, (1, 2, 3), [0, 0, 0], torch.float64, ["location"])
    >>> history = torch.tensor([[[1.0], [5.0], [3.0], [7.0]]]).double()
    >>> skip.forecast(history, torch.zeros(1, 1).double()).tolist()
    [[2.0, 6.0, 2.0]]
    """

    phase: Tensor
    period: Tensor
    feature: Tensor

    def __init__(
        self,
        length: int,
        n_periods: int,
        leads: Sequence[int],
        outputs: Sequence[int],
        dtype: torch.dtype,
        roles: Sequence[Role],
    ) -> None:
        super().__init__()
        self.length = length
        self.n_periods = n_periods
        self.features = sorted(set(outputs))
        self.is_moved = [role in LOCATED for role in roles]
        ahead = torch.tensor(leads, device="cpu") - 1
        column = torch.tensor([self.features.index(i) for i in outputs], device="cpu")
        self.register_buffer("phase", ahead % length, persistent=False)
        self.register_buffer("period", ahead // length, persistent=False)
        self.register_buffer("feature", column, persistent=False)
        # From the mean, so that a weight that decays comes back to it.
        n_ahead = int(self.period.max()) + 1
        self.change = nn.Parameter(
            torch.zeros(n_ahead, n_periods, dtype=dtype, device="cpu")
        )

    @property
    def n_steps(self) -> int:
        """Steps of the past that are read."""
        return self.n_periods * self.length

    def forward(self, output: Tensor, history: Tensor, center: Tensor | None) -> Tensor:
        """Add the forecast to what the network gives.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_outputs * n_parameters)
        history : Tensor of shape (n_samples, n_periods * length, n_forecast_features)
            The end of each sequence, in the order of time. NaN is missing.
        center : Tensor of shape (n_samples, n_features) or None
            The level that `output` has already; None is 0.

        Returns
        -------
        output : Tensor of the same shape
        """
        if center is None:
            level = torch.zeros_like(history[:, 0])
        else:
            level = center[:, self.features]
        forecast = self.forecast(history, level)[:, :, None]
        values = output.unflatten(1, (-1, len(self.is_moved)))
        moved = torch.tensor(self.is_moved, device=output.device)
        return torch.where(moved, values + forecast, values).flatten(1)

    def forecast(self, history: Tensor, level: Tensor) -> Tensor:
        """Forecast the difference from a level.

        Parameters
        ----------
        history : Tensor of shape (n_samples, n_periods * length, n_forecast_features)
        level : Tensor of shape (n_samples, n_forecast_features)

        Returns
        -------
        forecast : Tensor of shape (n_samples, n_outputs)
        """
        y = (history - level[:, None]).unflatten(1, (self.n_periods, self.length))
        observed = ~y.isnan()
        weight = 1 / self.n_periods + self.change
        total = torch.einsum("jb,nbrf->njrf", weight, y.where(observed, 0.0))
        share = observed.sum(dim=1, keepdim=True).clamp_min(1) / self.n_periods
        return (total / share)[:, self.period, self.phase, self.feature]
