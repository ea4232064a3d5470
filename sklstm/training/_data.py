"""Training data: sequences gathered from a table of standardised rows, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.dataset import Dataset
from torch import Tensor
from torch.nn import functional

from ..samples._encoding import Season
from ..samples._scaling import Scaling
from ..windows._windows import Windows
from ._batches import Batches, Inputs
from ._own_season import Ahead, OwnSeason
from ._own_size import OwnSize
from ._running_season import RunningSeason
from ._table import Table
from ._target_rows import TargetRows, as_target


class Gathered(NamedTuple):
    """Sequences of some samples as the network reads them.

    Attributes
    ----------
    samples : Tensor of int of shape (n_samples,)
        Their numbers, on the device.
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Observed steps first. NaN is missing, before the first value of its feature.
    order : Tensor of int of shape (n_samples, n_timesteps) or None
        Which step in the order of time each is; None is that order.
    lengths : Tensor of int of shape (n_samples,) or None
        Number of observed steps; None if all are.
    pattern : Tensor or None
        The season that was taken out.
    size : Tensor of shape (n_samples, n_outputs) or None
        By which the features that are forecast were divided.
    history : Tensor or None
        Steps of these features in the order of time.
    """

    samples: Tensor
    x: Tensor
    order: Tensor | None
    lengths: Tensor | None
    pattern: Tensor | None
    size: Tensor | None
    history: Tensor | None


class SequenceData(Dataset):
    """Sequences ready for the network, gathered a batch at a time.

    A batch is one gather from the rows. A step that is
    unobserved (all features NaN, or before the start of its series) is left out: the
    observed steps move together to the front of the sequence, so that a dense recurrent
    layer carries its state over the gap, and their number comes with the batch.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    scaling : Scaling
        Of the features.
    y : ndarray of shape (n_samples, n_outputs) or (n_samples,), Windows or None, \
            default=None
        Standardised targets, or class numbers. Windows of the values to come are gathered
        like the sequences: NaN is a target that is missing.
    weight : ndarray of shape (n_samples,), (n_samples, n_timesteps) or None, default=None
        Sample weights of mean 1; or those of steps, whose sum has that mean.
    dtype : torch.dtype, default=torch.float32
        Type of the batches.
    device : torch.device or str, default="cpu"
        Where the batches live.
    fill : bool, default=True
        Whether a value that is missing from the start of a sequence becomes 0, the
        training mean. Else it stays NaN, for a network that knows the sequence's level.
    relative : sequence of int, default=()
        Features that are divided by their own mean absolute value, sequence by sequence.
    outputs : sequence of int, default=()
        With `relative` or `season`, the feature that each target forecasts: targets are
        divided by its size. A target of a sequence without a size is missing: NaN.
    zero_sizes : sequence of float, default=()
        The size of zeros alone; empty, or 0, is none.
    season : Season or None, default=None
        That is taken out of these features, sequence by sequence, before their size, and
        out of the targets.
    running_season : bool, default=False
        Whether it is taken out of each step as it is known there.
    n_history : int, default=0
        Steps that end a sequence, and of which a batch has the features that are forecast
        in the order of time, too; NaN where there is none.
    per_step : bool, default=False
        Whether each step has a target and a weight of its own.
    beside : SequenceData or None, default=None
        Other samples. The rows are taken from them if they are the same.
    names : tuple of str, default=("X", "y")
        Arguments that the windows and the targets came from, for messages.

    Raises
    ------
    ValueError
        If a value is too large for `dtype`.
    """

    def __init__(
        self,
        windows: Windows,
        scaling: Scaling,
        y: NDArray[Any] | Windows | None = None,
        weight: NDArray[np.float64] | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        fill: bool = True,
        relative: Sequence[int] = (),
        zero_sizes: Sequence[float] = (),
        outputs: Sequence[int] = (),
        season: Season | None = None,
        running_season: bool = False,
        n_history: int = 0,
        per_step: bool = False,
        beside: SequenceData | None = None,
        names: tuple[str, str] = ("X", "y"),
    ) -> None:
        self.device = to = torch.device(device)
        if beside is not None and beside.table.rows is windows.table:
            self.table: Table = beside.table
        else:
            self.table = Table(windows, scaling, dtype, to, names[0])
        self.fill = fill
        self.own_size = None
        if relative:
            self.own_size = OwnSize(relative, outputs, zero_sizes, to)
        self.own_season = None
        if season is not None:
            kind = RunningSeason if running_season else OwnSeason
            self.own_season = kind(season, outputs, to)
        self.n_history = n_history
        self.per_step = per_step
        self.outputs = outputs
        firsts = windows.ends - windows.lags[0]
        self.complete = _complete(windows, firsts, self.table)
        self.windows = windows
        self.edge = windows.padding == "edge"
        self.firsts = _on(to, firsts)
        # No row is left out between the first step and the last.
        self.is_dense = bool((windows.lags[:-1] - windows.lags[1:] == 1).all())
        self.known = None
        if windows.known is not None and windows.known.columns.size:
            self.known = _on(to, windows.known.leads), _on(to, windows.known.columns)
        self.y: Tensor | TargetRows | None = None
        if y is not None:
            if isinstance(y, Windows):
                self.y = TargetRows(y, dtype, to, names[1])
            else:
                self.y = as_target(y, dtype, names[1]).to(to)
        self.weight = None if weight is None else torch.from_numpy(weight).to(to, dtype)

    def __len__(self) -> int:
        return len(self.windows)  # sooner than a tensor does

    def __getitem__(self, index: int) -> tuple[Inputs, Tensor | None]:
        return self.gather(torch.tensor([index], device="cpu"))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Samples, steps and features."""
        return self.windows.shape

    # What a batch of whole sequences does without is made when it is asked for: beside the
    # network's time for one sequence, each of them counts.

    @cached_property
    def ends(self) -> Tensor:
        """For each sample the row of its last step."""
        return _on(self.device, self.windows.ends)

    @cached_property
    def starts(self) -> Tensor:
        """For each sample the first row of its series."""
        return _on(self.device, self.windows.starts)

    @cached_property
    def lags(self) -> Tensor:
        """How many rows before the last one each step lies."""
        return _on(self.device, self.windows.lags)

    @cached_property
    def missing(self) -> Tensor:
        """Which rows of the table are not observed."""
        return _on(self.device, self.table.missing)

    @property
    def X(self) -> SequenceData:
        """What skorch's scorers hand to `predict`, beside `y`."""
        return self

    def batches(self, batch_size: int, generator: torch.Generator | None = None) -> Batches:
        """Give all samples once, batch by batch.

        Parameters
        ----------
        batch_size : int
            Samples in a batch; the last may have fewer.
        generator : torch.Generator or None, default=None
            Shuffles the samples; None keeps their order.

        Returns
        -------
        batches : Batches
        """
        return Batches(self, self.order(generator), batch_size)

    def batches_for_levels(self, batch_size: int) -> Batches:
        """Give the samples from which the constants of levels are learnt: all.

        Parameters
        ----------
        batch_size : int

        Returns
        -------
        batches : Batches
        """
        return self.batches(batch_size)

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        """Give the numbers of all samples.

        Parameters
        ----------
        generator : torch.Generator or None, default=None
            Shuffles them.

        Returns
        -------
        order : Tensor of int of shape (n_samples,)
            On the CPU.
        """
        if generator is None:
            return torch.from_numpy(np.arange(len(self)))
        return torch.randperm(len(self), generator=generator, device="cpu")

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
        target : Tensor or None
        """
        index, x, order, lengths, pattern, size, history = self._sequences(index, moved)
        future = None
        if self.known is not None:
            last = x[:, -1] if lengths is None else _at(x, (lengths - 1).clamp_min(0))
            future = self._future(self.ends[index], last)
        weight = None if self.weight is None else self.weight[index]
        target = None if self.y is None else self.y[index]
        if self.per_step and target is not None and order is not None:
            target, weight = _moved(target, order), _moved(weight, order)
        ahead = Ahead(None, None)
        if self.own_season is not None and pattern is not None:
            ahead = self.own_season.ahead(pattern)
        if target is not None:
            target = ahead.take_out(target)
        if target is not None and size is not None:
            target = torch.where(size > 0, target / size, torch.nan)
        inputs = {"x": self._filled(x), "lengths": lengths, "future": future}
        size = ahead.enlarge(size)
        rest = {"history": history, "weight": weight, "size": size, "shift": ahead.shift}
        return {**inputs, **rest}, target

    def _sequences(self, index: Tensor, moved: Tensor | None) -> Gathered:
        """Gather the sequences of some samples, without season and size of their own."""
        complete = self.is_complete(index)
        index = index.to(self.device) if moved is None else moved
        order = lengths = pattern = size = history = None
        if complete and self.is_dense:
            first = self.firsts.index_select(0, index)
            x = self.table.runs(first, self.windows.shape[1])
        else:
            rows = self.ends[index, None] - self.lags
            if not complete:
                rows, order, lengths = self._observed_first(rows, self.starts[index, None])
            x = self.table[rows]
        if self.own_season is not None:
            lags = self.lags if order is None else self.lags[order]
            pattern = self.own_season.pattern(*self._in_time(index, x, order, lengths))
            x = self.own_season.take_out(x, pattern, lags)
        if self.own_size is not None:
            x, size = self.own_size.take_out(x, lengths)
        if self.n_history:
            history = self._history(index, x, order, lengths)
        if self.table.has_partial_rows:
            x = carry_forward(x)
        return Gathered(index, x, order, lengths, pattern, size, history)

    def _filled(self, x: Tensor) -> Tensor:
        """Let what is missing from the start of a sequence be the mean, where it is to."""
        return x.nan_to_num(0.0) if self.table.has_partial_rows and self.fill else x

    def _history(
        self, index: Tensor, x: Tensor, order: Tensor | None, lengths: Tensor | None
    ) -> Tensor:
        """Give the last steps of what is forecast."""
        last = self._forecast_steps(index, x, order, lengths)[:, -self.n_history :]
        before = self.n_history - last.shape[1]
        return functional.pad(last, (0, 0, before, 0), value=torch.nan)

    def _forecast_steps(
        self, index: Tensor, x: Tensor, order: Tensor | None, lengths: Tensor | None
    ) -> Tensor:
        """Give what is forecast in the order of time, NaN where it is not observed."""
        in_time, observed = self._in_time(index, x, order, lengths)
        if observed is not None:
            in_time = in_time.masked_fill(~observed[:, :, None], torch.nan)
        return in_time[:, :, self.forecast_features]

    @cached_property
    def forecast_features(self) -> Tensor:
        """The features that are forecast."""
        return torch.tensor(sorted(set(self.outputs)), device=self.device)

    def _in_time(
        self, index: Tensor, x: Tensor, order: Tensor | None, lengths: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Give steps in the order of time, and which of them are observed; None is all."""
        if order is None or lengths is None:
            return x, None
        back = order.argsort(dim=1)
        inside = self.ends[index, None] - self.lags >= self.starts[index, None]
        in_time = x.gather(1, back[:, :, None].expand(-1, -1, x.shape[2]))
        return in_time, inside & (back < lengths[:, None])

    def _future(self, ends: Tensor, last: Tensor) -> Tensor | None:
        """Give what is known of the rows after some others.

        Parameters
        ----------
        ends : Tensor of int of shape (n,)
            Rows of the table.
        last : Tensor of shape (n, n_features)
            Their values, as the network reads them.

        Returns
        -------
        future : Tensor of shape (n, n_leads, n_known) or None
        """
        if self.known is None:
            return None
        leads, columns = self.known
        rows = ends[:, None] + leads
        future = self.table[rows][:, :, columns]
        if not (self.table.has_missing_rows or self.table.has_partial_rows):
            return future
        future = future.masked_fill(self.missing[rows][:, :, None], torch.nan)
        # What is not known takes the last value that was, be it in the sequence.
        both = torch.cat([last[:, None, columns], future], dim=1)
        future = carry_forward(both)[:, 1:]
        return future.nan_to_num(0.0) if self.fill else future

    def is_complete(self, index: Tensor) -> bool:
        """Tell whether all steps of some samples are observed.

        Parameters
        ----------
        index : Tensor of int of shape (batch_size,)
            On the CPU.

        Returns
        -------
        is_complete : bool
        """
        return self.complete is None or bool(self.complete[index].all())

    def observed(self, index: Tensor) -> Tensor:
        """Tell which steps of some samples are observed, in the order of time.

        Parameters
        ----------
        index : Tensor of int of shape (batch_size,)

        Returns
        -------
        observed : Tensor of bool of shape (batch_size, n_timesteps)
        """
        index = index.to(self.device)
        rows = self.ends[index, None] - self.lags
        return ~self.missing[self._inside(rows, self.starts[index, None])]

    def _inside(self, rows: Tensor, starts: Tensor) -> Tensor:
        """Replace rows before the start of a series by what pads it."""
        outside = starts if self.edge else torch.full_like(starts, len(self.table) - 1)
        return torch.where(rows < starts, outside, rows)

    def _observed_first(
        self, rows: Tensor, starts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Give rows, those that are observed first, their order, and their number."""
        rows = self._inside(rows, starts)
        missing = self.missing[rows]
        order = missing.to(torch.uint8).argsort(dim=1, stable=True)
        return rows.gather(1, order), order, (~missing).sum(dim=1)


def carry_forward(x: Tensor) -> Tensor:
    """Replace NaN by the last value of that feature in the sequence, if there is one.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)

    Returns
    -------
    filled : Tensor of the shape of `x`

    Examples
    --------
    >>> nan = float("nan")
    >>> carry_forward(torch.tensor([[[nan], [1.0], [nan]]]))[0, :, 0]
    tensor([nan, 1., 1.])
    """
    step = torch.arange(x.shape[1], device=x.device)[:, None]
    last = torch.where(x.isnan(), -1, step).cummax(dim=1).values
    return x.gather(1, last.clamp_min(0))


def _on(device: torch.device, values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device)


def _moved(steps: Any, order: Tensor) -> Any:
    """Give what belongs to steps in the order in which these come."""
    if steps is None:
        return None
    index = order if steps.ndim == 2 else order[:, :, None].expand_as(steps)
    return steps.gather(1, index)


def _at(x: Tensor, step: Tensor) -> Tensor:
    """Give one step of each sequence, of shape (n_samples, n_features)."""
    return x.gather(1, step[:, None, None].expand(-1, 1, x.shape[2]))[:, 0]


def _complete(windows: Windows, firsts: NDArray[Any], table: Table) -> Tensor | None:
    """Tell which samples lie within the table and have all steps observed; None: all."""
    inside = firsts >= windows.starts
    if not table.has_missing_rows and inside.all():
        return None
    complete = inside.copy()
    for rows in windows.steps():
        complete &= ~table.missing[rows]
    return torch.from_numpy(complete)
