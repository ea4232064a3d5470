"""Batches hold what their windows say."""

import numpy as np
import pytest
import torch

from sklstm import Windows
from sklstm._scaling import Scaling
from sklstm.training import SequenceData

TABLE = np.random.default_rng(0).normal(size=(12, 2))
ENDS = np.array([0, 7, 3, 6, 1, 11, 5, 2, 4, 8, 10, 9])


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize("missing", [[], [2, 9]], ids=["observed", "missing"])
@pytest.mark.parametrize("padding", [np.nan, "edge", -1.0])
@pytest.mark.parametrize("lags", [[0], [2, 1, 0], [4, 3, 2], [4, 1, 0], [2, 2, 0]], ids=str)
def test_a_batch_has_the_observed_steps_of_its_windows(
    monkeypatch, lags, padding, missing, in_file
):
    monkeypatch.setattr("sklstm.training._table.stays_in_file", lambda rows: in_file)
    table = TABLE.copy()
    table[missing] = np.nan
    starts = np.where(ENDS < 7, 0, 7)
    windows = Windows(table, ENDS, starts, np.array(lags), padding)
    data = SequenceData(windows, Scaling.identity(2), dtype=torch.float64)
    whole = [i for i in range(len(ENDS)) if np.isfinite(windows[i]).all()]
    for batch in (whole, range(len(ENDS))):
        inputs, _ = data.gather(torch.tensor(list(batch), dtype=torch.int64))
        for i, x in zip(batch, inputs["x"].numpy(), strict=True):
            wanted = windows[i][np.isfinite(windows[i]).all(axis=1)]
            np.testing.assert_array_equal(x[: len(wanted)], wanted)
            if inputs["lengths"] is not None:
                assert inputs["lengths"][list(batch).index(i)] == len(wanted)
            else:
                assert len(wanted) == len(lags)
