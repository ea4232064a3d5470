"""Which columns of a table a parameter means: by number, by mask or by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Never

import numpy as np

from ..fitting._numbers import is_integer


def column_numbers(
    columns: Any,
    n_columns: int,
    names: Sequence[str] | None = None,
    *,
    parameter: str,
    kind: str = "columns",
    from_end: bool = False,
    nameless: str = "X has no names",
) -> list[int]:
    """Give the numbers of the columns that a parameter means, in its order.

    Parameters
    ----------
    columns : int, str, sequence of int or str, mask of shape (n_columns,), or None
        A sequence may be a list, tuple, array, or an index or series of pandas or polars.
        A mask is a sequence of bools. None means none.
    n_columns : int
        Number of columns of X.
    names : sequence of str of length n_columns or None, default=None
        Names of the columns, if X has any.
    parameter : str
        Name of the parameter, for messages.
    kind : str, default="columns"
        What it chooses from, in the plural, for messages.
    from_end : bool, default=False
        Whether negative numbers count from the end.
    nameless : str, default="X has no names"
        Why there are no names, for the message to a user who gives one.

    Returns
    -------
    numbers : list of int
        One that is named twice stands there twice.

    Raises
    ------
    ValueError
        If one is no column of X, or a mask is of another length.

    Examples
    --------
    >>> names = ["price", "volume", "store"]
    >>> column_numbers(["store", "price"], 3, names, parameter="static")
    [2, 0]
    >>> column_numbers([False, True, True], 3, parameter="static")
    [1, 2]
    >>> column_numbers(-1, 3, parameter="static", from_end=True)
    [2]
    >>> column_numbers([True], 3, parameter="static")
    Traceback (most recent call last):
        ...
    ValueError: static must be columns of X: a mask has one bool for each of the 3. Got 1.
    """

    def refuse(expected: str) -> Never:
        raise ValueError(f"{parameter} must be {kind} of X{expected}")

    if columns is None:
        return []
    chosen = _as_list(columns)
    if chosen is None:
        refuse(f", as a number, a name, or a sequence of them. Got {columns!r:.60}.")
    n_bools = sum(isinstance(entry, bool | np.bool_) for entry in chosen)
    if n_bools:
        if n_bools < len(chosen):
            refuse(f": a mask has nothing but bools. Got {chosen!r:.60}.")
        if n_bools != n_columns:
            refuse(f": a mask has one bool for each of the {n_columns}. Got {n_bools}.")
        return np.flatnonzero(chosen).tolist()
    numbers = []
    least = -n_columns if from_end else 0
    for entry in chosen:
        if isinstance(entry, str):
            if names is None:
                refuse(f", by number: {nameless}. Got {entry!r}.")
            if entry not in names:
                refuse(f", which has {list(names)}. Got {entry!r}.")
            numbers.append(list(names).index(entry))
        elif is_integer(entry, least) and int(entry) < n_columns:
            numbers.append(int(entry) % n_columns)
        else:
            refuse(f", from {least} to {n_columns - 1}. Got {entry!r}.")
    return numbers


def _as_list(columns: Any) -> list[Any] | None:
    """Give one column or many as a list; None for what is neither."""
    if isinstance(columns, str) or is_integer(columns):
        return [columns]
    # The order of a set is nobody's, and an array without axes is no sequence.
    if isinstance(columns, set | frozenset | dict) or not isinstance(columns, Iterable):
        return None
    return list(columns) if getattr(columns, "ndim", 1) == 1 else None
