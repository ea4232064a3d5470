"""Numbers of rows and series in little room: they go up by equal steps, or are few."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Packed(NamedTuple):
    """Integers as runs: of equal steps, or of few values, or as they are.

    Attributes
    ----------
    values : ndarray of int
        The integers; or the different ones among them, if `codes` choose from these; or
        the first alone, if `steps` lead on from it.
    codes : ndarray of int of shape (n,) or None, default=None
        Which of the values stands at each place.
    steps, lengths : ndarray of int of shape (n_runs,) or None, default=None
        From one integer to the next in each run, and how often that step is taken.
    """

    values: NDArray[Any]
    codes: NDArray[Any] | None = None
    steps: NDArray[Any] | None = None
    lengths: NDArray[Any] | None = None


def pack(integers: NDArray[np.intp]) -> Packed:
    """Store integers in the fewest bytes of three ways.

    Parameters
    ----------
    integers : ndarray of int of shape (n,)

    Returns
    -------
    packed : Packed

    Examples
    --------
    >>> pack(np.r_[500:510, 700:710]).steps
    array([  1, 191,   1], dtype=int16)
    >>> pack(np.array([900, 100, 900, 100, 100, 900, 500, 100])).codes
    array([2, 0, 2, 0, 0, 2, 1, 0], dtype=int8)
    """
    steps = np.diff(integers)
    begins = np.flatnonzero(np.r_[True, steps[1:] != steps[:-1]][: len(steps)])
    ways = [Packed(_small(integers))]
    if 2 * len(begins) < len(integers):
        lengths = np.diff(np.append(begins, len(steps)))
        runs = _small(steps[begins]), _small(lengths)
        ways.append(Packed(_small(integers[:1]), None, *runs))
    else:
        values, codes = np.unique(integers, return_inverse=True)
        ways.append(Packed(_small(values), _small(codes)))
    return min(ways, key=lambda way: sum(p.nbytes for p in way if p is not None))


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
    values = packed.values.astype(np.intp)
    if packed.codes is not None:
        return values[packed.codes]
    if packed.steps is None or packed.lengths is None:
        return values
    steps = np.repeat(packed.steps.astype(np.intp), packed.lengths)
    return np.cumsum(np.concatenate([values, steps]))


def _small(integers: NDArray[Any]) -> NDArray[Any]:
    """Copy into the smallest type that holds them all."""
    kind = integers.dtype
    if len(integers):
        low, high = integers.min(), integers.max()
        for narrow in (np.int8, np.int16, np.int32):
            if np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
                kind = np.dtype(narrow)
                break
    return np.array(integers, dtype=kind)
