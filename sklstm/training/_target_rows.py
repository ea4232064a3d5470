"""Targets that are rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..windows._windows import Windows
from ._table import cast_finite, check_fits


class TargetRows:
    """Targets that are rows of a table, gathered when they are asked for.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_steps, n_columns)
        Of standardised values.
    dtype : torch.dtype
    device : torch.device
    name : str
        Argument that they came from, for messages.
    """

    def __init__(
        self, windows: Windows, dtype: torch.dtype, device: torch.device, name: str
    ) -> None:
        self.table = as_target(windows.table, dtype, name).to(device)
        self.ends = torch.from_numpy(np.ascontiguousarray(windows.ends)).to(device)
        self.lags = torch.from_numpy(np.ascontiguousarray(windows.lags)).to(device)
        self.starts = None
        if (windows.ends - windows.lags.max() < windows.starts).any():
            self.starts = torch.from_numpy(np.ascontiguousarray(windows.starts)).to(device)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: Tensor) -> Tensor:
        rows = self.ends[index, None] - self.lags
        if self.starts is None:
            return self.table[rows].flatten(1)
        # Before its start a series has no values.
        outside = rows < self.starts[index, None]
        values = self.table[rows.where(~outside, 0)]
        return values.masked_fill(outside[:, :, None], torch.nan).flatten(1)

    def from_rows(self, ends: Tensor) -> Tensor:
        """Give the targets of windows that end at some rows.

        Parameters
        ----------
        ends : Tensor of int of shape (...)
            Within a series, whose rows hold all targets.

        Returns
        -------
        targets : Tensor of shape (..., n_steps * n_columns)
        """
        return self.table[ends[..., None] - self.lags].flatten(-2)


def as_target(y: NDArray[Any], dtype: torch.dtype, name: str) -> Tensor:
    """Give targets as a tensor, numbers that are not whole in a type.

    Parameters
    ----------
    y : ndarray
    dtype : torch.dtype
    name : str
        Argument that they came from, for messages.

    Returns
    -------
    target : Tensor

    Raises
    ------
    ValueError
        If a value is too large for `dtype`.
    """
    target = np.ascontiguousarray(y)
    if target.dtype.kind == "f":
        target, finite = cast_finite(target, dtype)
        if not finite:
            check_fits(y, target, name)
    return torch.from_numpy(target)
