"""The season that is known at each step of a sequence."""

from __future__ import annotations

import torch
from torch import Tensor

from ._own_season import Ahead, OwnSeason


class RunningSeason(OwnSeason):
    """Take out of each step the season that the periods before it show.

    A sequence is cut into periods from its end, as in `OwnSeason`. From a step within a
    period the pattern is known that the periods before that one show; from the last step of
    a period, that period's too. So a forecast from the last step gets the season that
    `OwnSeason` finds, and one from the end of an earlier period that of the sequence which
    ends there. The steps themselves are seen without the pattern of the periods before
    theirs: those of the first period, with their season.

    Parameters
    ----------
    season, outputs, device
        As in `OwnSeason`.

    Examples
    --------
    >>> from sklstm.samples._encoding import Season
    >>> season = Season(2, "additive", (1, 2))
    >>> own = RunningSeason(season, [0, 0], torch.device("cpu"))
    >>> y = torch.tensor([[[1.0], [5.0], [1.0], [5.0]]])
    >>> rest = own.take_out(y, own.pattern(y), torch.tensor([3, 2, 1, 0]))
    >>> rest.flatten().tolist(), own.ahead(own.pattern(y)).shift.tolist()
    ([1.0, 5.0, 2.0, 4.0], [[-2.0, 2.0]])
    """

    def pattern(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Give the season of each sequence, as it is known at the end of each period.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            In the order of time. NaN is a value that is missing.
        observed : Tensor of bool of shape (n_samples, n_timesteps) or None, default=None
            Steps that are observed; None is all.

        Returns
        -------
        patterns : Tensor of shape (n_samples, n_periods + 1, length, n_forecast_features)
            The last period first. At last, that of nothing known: none.
        """
        found = []
        for n_steps in range(x.shape[1], 0, -self.length):
            seen = None if observed is None else observed[:, :n_steps]
            found.append(super().pattern(x[:, :n_steps], seen))
        found.append(torch.full_like(found[0], 1.0 if self.is_factor else 0.0))
        return torch.stack(found, dim=1)

    def take_out(self, x: Tensor, pattern: Tensor, lags: Tensor) -> Tensor:
        """Take the season out.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            In any order.
        pattern : Tensor of shape (n_samples, n_periods + 1, length, n_forecast_features)
        lags : Tensor of int of shape (n_timesteps,) or (n_samples, n_timesteps)
            How many steps before the end each step lies.

        Returns
        -------
        rest : Tensor of the shape of `x`
        """
        lags = lags.expand(len(x), -1)
        phase = (-1 - lags).remainder(self.length)
        return self._without(x, pattern[_numbered(x), lags // self.length + 1, phase])

    def ahead(self, pattern: Tensor, lags: Tensor | None = None) -> Ahead:
        """Give the season of the values to come.

        Parameters
        ----------
        pattern : Tensor of shape (n_samples, n_periods + 1, length, n_forecast_features)
        lags : Tensor of int of shape (n_samples, n_origins) or None, default=None
            How many steps before the end the values come after; None is 0.

        Returns
        -------
        ahead : Ahead
            Of tensors with an axis for the origins, too, where there are any.
        """
        if lags is None:
            return super().ahead(pattern[:, 0])
        known = -(-lags // self.length)[:, :, None]
        phase = (self.phase - lags[:, :, None]).remainder(self.length)
        sample = _numbered(pattern)[:, :, None]
        return self._as_ahead(pattern[sample, known, phase, self.outputs])


def _numbered(x: Tensor) -> Tensor:
    """Give the number of each sample, of shape (n_samples, 1)."""
    return torch.arange(len(x), device=x.device)[:, None]
