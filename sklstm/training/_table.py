"""Standardised rows of a table, from which batches are gathered."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite
from torch import Tensor

from ..samples._scaling import Scaling
from ..windows._mapped import stays_in_file
from ..windows._windows import Windows, row_chunks

_NUMPY_TYPES = {torch.float32: np.float32, torch.float64: np.float64}


class Table:
    """Rows of a table, standardised once; or, of a large file, each time they are gathered.

    Parameters
    ----------
    windows : Windows
        Whose table it is. A row more, the last, is their padding.
    scaling : Scaling
    dtype : torch.dtype
    device : torch.device
    name : str
        Argument that the windows came from, for messages.

    Attributes
    ----------
    missing : ndarray of bool of shape (n_rows + 1,)
        Whether a row has no value at all. It is gathered as zeros.
    has_missing_rows : bool
        Whether there are such rows, besides the padding.
    has_partial_rows : bool
        Whether values are missing from rows that have others. They are NaN.

    Raises
    ------
    ValueError
        If a value is too large for `dtype`.
    """

    def __init__(
        self,
        windows: Windows,
        scaling: Scaling,
        dtype: torch.dtype,
        device: torch.device,
        name: str,
    ) -> None:
        self.rows = windows.table
        self.scaling = scaling
        self.dtype = dtype
        self.device = device
        n_rows, n_columns = self.rows.shape
        stored = None
        if not stays_in_file(self.rows):
            stored = np.zeros((n_rows + 1, n_columns), _NUMPY_TYPES[dtype])
        self.missing = np.zeros(n_rows + 1, dtype=bool)
        self.has_missing_rows = False
        self.has_partial_rows = False
        for chunk in row_chunks(self.rows):
            self._look_at(chunk, self.rows[chunk], stored, name)
        self.padding: float = np.nan
        if windows.padding != "edge":
            self.padding = windows.padding
        self.missing[-1] = is_unobserved = math.isnan(self.padding)
        if not is_unobserved:
            padding = np.full((1, n_columns), self.padding)
            self._look_at(slice(n_rows, n_rows + 1), padding, stored, name)
        self.stored = None if stored is None else torch.from_numpy(stored).to(device)

    def __len__(self) -> int:
        return len(self.missing)

    def __getitem__(self, rows: Tensor) -> Tensor:
        if self.stored is not None:
            return self.stored[rows]
        chosen = rows.cpu().numpy()
        inside = chosen < len(self.rows)
        values = self.rows[np.where(inside, chosen, 0)]
        if not inside.all():
            values[~inside] = self.padding
        values = self.scaling.apply(values)
        values[self.missing[chosen]] = 0.0
        return torch.from_numpy(values).to(self.device, self.dtype)

    def runs(self, first: Tensor, length: int) -> Tensor:
        """Gather rows that follow each other; of a stored table in one copy for each run.

        Parameters
        ----------
        first : Tensor of int of shape (n_runs,)
            The first row of each.
        length : int

        Returns
        -------
        rows : Tensor of shape (n_runs, length, n_columns)
        """
        # Metal would write out all runs first.
        if self.stored is None or self.stored.device.type == "mps":
            return self[first[:, None] + torch.arange(length, device=first.device)]
        if first.shape[0] == 1 and self.stored.device.type == "cpu":
            return self.stored.narrow(0, int(first), length).clone().unsqueeze(0)
        n_rows, n_columns = self.stored.shape
        # All runs of this length, overlapping in memory.
        size = (n_rows - length + 1, length * n_columns)
        runs = self.stored.as_strided(size, (n_columns, 1))
        return runs.index_select(0, first).view(first.shape[0], length, n_columns)

    def _look_at(
        self, place: slice, rows: NDArray[Any], stored: NDArray[Any] | None, name: str
    ) -> None:
        """Note which rows are observed; check the values, and store them or not."""
        values = self.scaling.apply(rows)
        cast, finite = cast_finite(values, self.dtype)
        if not finite:
            assert_all_finite(rows, allow_nan=True, input_name=name)
            check_fits(values, cast, name)
            unknown = np.isnan(values)
            missing = unknown.all(axis=1)
            self.missing[place] = missing
            self.has_missing_rows |= bool(missing.any())
            self.has_partial_rows |= bool(unknown[~missing].any())
            cast[missing] = 0.0
        if stored is not None:
            stored[place] = cast


def cast_finite(values: NDArray[Any], dtype: torch.dtype) -> tuple[NDArray[Any], bool]:
    """Cast values and tell whether all are finite then.

    Parameters
    ----------
    values : ndarray of float
    dtype : torch.dtype

    Returns
    -------
    cast : ndarray
    finite : bool
    """
    with np.errstate(over="ignore"):
        cast = values.astype(_NUMPY_TYPES[dtype], copy=False)
    return cast, bool(np.isfinite(cast).all())


def check_fits(values: NDArray[Any], cast: NDArray[Any], name: str) -> None:
    """Refuse values that became infinite when they were cast.

    Parameters
    ----------
    values, cast : ndarray
    name : str
        Argument that they came from, for the message.

    Raises
    ------
    ValueError
        If one did.
    """
    infinite = np.isinf(cast)
    if infinite.any():
        raise ValueError(
            f"{name} must fit into {cast.dtype} when standardised as in training. Got a"
            f" value that becomes {values[infinite][0]:.3g}."
        )
