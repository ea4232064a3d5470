"""Batches hold what their windows say."""

import numpy as np
import pytest
import torch

from sklstm import Windows
from sklstm.samples._scaling import Scaling
from sklstm.training import SequenceData, _batches
from sklstm.training._batches import Batches
from sklstm.training._table import Table

TABLE = np.random.default_rng(0).normal(size=(12, 2))
ENDS = np.array([0, 7, 3, 6, 1, 11, 5, 2, 4, 8, 10, 9])


def without_gaps(steps):
    """Write the last value seen of each feature where one is missing, or zero."""
    last = np.zeros(steps.shape[1])
    filled = np.empty_like(steps)
    for i, step in enumerate(steps):
        last = filled[i] = np.where(np.isnan(step), last, step)
    return filled


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize("missing", [[], [1, 9]], ids=["observed", "missing"])
@pytest.mark.parametrize("padding", [np.nan, "edge", -1.0])
@pytest.mark.parametrize("lags", [[0], [2, 1, 0], [4, 3, 2], [4, 1, 0], [2, 2, 0]], ids=str)
def test_a_batch_has_the_observed_steps_of_its_windows(
    monkeypatch, lags, padding, missing, in_file
):
    monkeypatch.setattr("sklstm.training._table.stays_in_file", lambda rows: in_file)
    runs = []
    gather_runs = Table.runs
    monkeypatch.setattr(
        Table, "runs", lambda self, *run: runs.append(run) or gather_runs(self, *run)
    )
    table = TABLE.copy()
    table[missing] = np.nan
    table[4, 1] = np.nan
    starts = np.where(ENDS < 7, 0, 7)
    windows = Windows(table, ENDS, starts, np.array(lags), padding)
    data = SequenceData(windows, Scaling.identity(2), dtype=torch.float64)
    within = np.flatnonzero(
        (ENDS - lags[0] >= starts) & np.isfinite(windows[:][:, :, 0]).all(axis=1)
    )
    assert within.size
    for batch in (within, np.arange(len(ENDS))):
        inputs, _ = data.gather(torch.from_numpy(batch))
        for i, (row, x) in enumerate(zip(batch, inputs["x"].numpy(), strict=True)):
            wanted = without_gaps(windows[row][~np.isnan(windows[row]).all(axis=1)])
            np.testing.assert_array_equal(x[: len(wanted)], wanted)
            if inputs["lengths"] is None:
                assert len(wanted) == len(lags)
            else:
                assert inputs["lengths"][i] == len(wanted)
    assert bool(runs) == (np.diff(lags) == -1).all()


@pytest.mark.parametrize("many", [1, 300, 1 << 15])
@pytest.mark.parametrize("per_step", [False, True])
def test_batches_gathered_at_once_are_those_gathered_one_by_one(
    monkeypatch, per_step, many
):
    monkeypatch.setattr(_batches, "GATHERED_VALUES", many)
    table = np.random.default_rng(0).normal(size=(90, 2))
    table[[9, 40]] = np.nan
    ends = np.arange(5, 90)
    windows = Windows(table, ends, np.zeros(len(ends), int), np.arange(6)[::-1])
    y = np.random.default_rng(1).normal(size=(len(ends), 6 if per_step else 1))
    weight = np.abs(y) if per_step else np.abs(y[:, 0])
    data = SequenceData(windows, Scaling.identity(2), y, weight, per_step=per_step)
    order = data.order(torch.Generator().manual_seed(0))
    batches = Batches(data, order, 8)
    numbers = order.split(8)
    assert batches.sizes == [8] * 10 + [5]
    gaps = [data.gather(index)[0]["lengths"] is not None for index in numbers]
    assert any(gaps)
    assert not all(gaps)
    for batch, index in zip(batches, numbers, strict=True):
        inputs, target = data.gather(index)
        assert torch.equal(batch[1], target)
        for name, values in inputs.items():
            assert batch[0][name] is values is None or torch.equal(batch[0][name], values)
