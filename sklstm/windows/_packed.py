"""Places of rows in little room: mostly they go up by the same step for long."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packed(NamedTuple):
    """Integers as runs of equal steps, or where the steps differ, as they are.

    Attributes
    ----------
    first : ndarray of int
        The first integer alone; or all of them, if there are no runs.
    steps : ndarray of int of shape (n_runs,) or None
        From one integer to the next, in each run.
    lengths : ndarray of int of shape (n_runs,)
        How often each step is taken.
    """

    first: NDArray[Any]
    steps: NDArray[Any] | None
    lengths: NDArray[Any] | None


def pack(integers: NDArray[np.intp]) -> Packed:
    """Store integers in the fewest bytes of two ways.

    Parameters
    ----------
    integers : ndarray of int of shape (n,)

    Returns
    -------
    packed : Packed

    Examples
    --------
    >>> pack(np.array([5, 6, 7, 8, 20, 21, 22])).steps
    array([ 1, 12,  1], dtype=int8)
    """
    steps = np.diff(integers)
    begins = np.flatnonzero(np.r_[True, steps[1:] != steps[:-1]][: len(steps)])
    if 2 * len(begins) >= len(integers):
        return Packed(_small(integers), None, None)
    lengths = np.diff(np.append(begins, len(steps)))
    return Packed(integers[:1], _small(steps[begins]), _small(lengths))


def unpack(packed: Packed) -> NDArray[np.intp]:
    """Give back the integers.

    Parameters
    ----------
    packed : Packed

    Returns
    -------
    integers : ndarray of int of shape (n,)

    Examples
    --------
    >>> unpack(pack(np.array([5, 6, 7, 8, 20, 21, 22])))
    array([ 5,  6,  7,  8, 20, 21, 22])
    """
    first = packed.first.astype(np.intp)
    if packed.steps is None or packed.lengths is None:
        return first
    steps = np.repeat(packed.steps.astype(np.intp), packed.lengths)
    return np.cumsum(np.concatenate([first, steps]))


def _small(integers: NDArray[Any]) -> NDArray[Any]:
    """Cast to the smallest type that holds them all."""
    if not len(integers):
        return integers
    low, high = integers.min(), integers.max()
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return integers.astype(kind)
    return integers
