"""Training data of which every step is forecast from, not the last of a sequence alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..network import Forks
from ._batches import Batches, Inputs
from ._data import SequenceData
from ._own_season import Ahead
from ._running_season import RunningSeason
from ._target_rows import TargetRows

# Sequences, spread evenly, from which the constants of levels are learnt: each has many
# forecasts, which overlap with those of its neighbours.
MOST_FOR_LEVELS = 2048


class ForkedData(SequenceData):
    """Sequences with a target for each step from which there is a forecast.

    A step has its own values to come, and what is known of them: those of the sequence that
    would end there. Units are those of the whole sequence: in training the network puts
    them right step by step.

    "future", "history" and the target have a second axis, of length n_forks. A target is
    NaN where too little has been seen, or no size of a feature that is seen in units of it.

    Parameters
    ----------
    *args, **kwargs : object
        Those of `SequenceData`; y is Windows of values to come.
    forks : Forks
        The steps from which there are forecasts.
    """

    def __init__(self, *args: Any, forks: Forks, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.forks = forks

    def gather(
        self, index: Tensor, moved: Tensor | None = None
    ) -> tuple[Inputs, Tensor | None]:
        """Gather some samples.

        Parameters
        ----------
        index : Tensor of int of shape (batch_size,)
            On the CPU.
        moved : Tensor of int of shape (batch_size,) or None, default=None
            The same on the device, if it is there already.

        Returns
        -------
        inputs : dict
        target : Tensor of shape (batch_size, n_forks, n_outputs)
        """
        found = self._sequences(index, moved)
        index, x, lengths = found.samples, found.x, found.lengths
        steps, counts = self.forks.steps(x, lengths)
        rows = self._rows_of(index, steps, counts, lengths)
        ago = self.ends[index, None] - rows
        last = x.gather(1, steps[:, :, None].expand(-1, -1, x.shape[2]))
        future = self._future(rows.flatten(), last.flatten(0, 1))
        if future is not None:
            future = future.unflatten(0, steps.shape)
        history = found.history
        if history is not None:
            history = _ends_before(history, ago, self.n_history)
        ahead = Ahead(None, None)
        if isinstance(self.own_season, RunningSeason) and found.pattern is not None:
            ahead = self.own_season.ahead(found.pattern, ago)
        rows_to_come: TargetRows = self.y  # type: ignore[assignment]
        target = ahead.take_out(rows_to_come.from_rows(rows))
        size, counts = found.size, counts[:, :, None]
        if self.own_size is not None and size is not None:
            size = size[:, None].expand_as(target)
            seen = self.own_size.seen(x)
            counts = counts & seen.gather(1, steps[:, :, None].expand_as(target))
            target = target / torch.where(size > 0, size, torch.nan)
        inputs = {"x": self._filled(x), "lengths": lengths, "future": future}
        weight = None if self.weight is None else self.weight[index]
        size = ahead.enlarge(size)
        rest = {"history": history, "weight": weight, "size": size, "shift": ahead.shift}
        return {**inputs, **rest}, target.masked_fill(~counts, torch.nan)

    def batches_for_levels(self, batch_size: int) -> Batches:
        """Give enough of the samples for the constants of levels, spread evenly.

        Parameters
        ----------
        batch_size : int

        Returns
        -------
        batches : Batches
        """
        apart = -(-len(self) // MOST_FOR_LEVELS)
        return Batches(self, self.order()[::apart], batch_size)

    def _rows_of(
        self, index: Tensor, steps: Tensor, counts: Tensor, lengths: Tensor | None
    ) -> Tensor:
        """Give the rows of steps, which are counted with the observed ones first."""
        ends = self.ends[index, None]
        if lengths is None:
            return ends - self.lags[steps]
        rows, _, _ = self._observed_first(ends - self.lags, self.starts[index, None])
        return torch.where(counts, rows.gather(1, steps), ends)

    def _history(
        self, index: Tensor, x: Tensor, order: Tensor | None, lengths: Tensor | None
    ) -> Tensor:
        """Give all steps of what is forecast, and as many before them as are asked for."""
        steps = self._forecast_steps(index, x, order, lengths)
        return functional.pad(steps, (0, 0, self.n_history, 0), value=torch.nan)


def _ends_before(history: Tensor, ago: Tensor, n_steps: int) -> Tensor:
    """Give the steps of which the last lies some steps before the end.

    Parameters
    ----------
    history : Tensor of shape (n_samples, n_before, n_features)
    ago : Tensor of int of shape (n_samples, n_forks)
    n_steps : int

    Returns
    -------
    parts : Tensor of shape (n_samples, n_forks, n_steps, n_features)
    """
    parts = history.unfold(1, n_steps, 1)
    index = (parts.shape[1] - 1 - ago)[:, :, None, None].expand(-1, -1, *parts.shape[2:])
    return parts.gather(1, index).transpose(2, 3)
