"""Batches hold what their windows say."""

import numpy as np
import pytest
import torch

from sklstm import Windows
from sklstm.samples._scaling import Scaling
from sklstm.training import SequenceData
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
