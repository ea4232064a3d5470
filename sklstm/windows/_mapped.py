"""Arrays that lie in a file rather than in memory."""

from __future__ import annotations

import mmap
from typing import Any

# A file of fewer bytes is read into memory, since that is faster.
LEAST_BYTES = 64 << 20


def stays_in_file(array: Any) -> bool:
    """Tell whether an array is a large one of a file, and not to be copied.

    Parameters
    ----------
    array : ndarray

    Returns
    -------
    stays : bool
    """
    return array.nbytes >= LEAST_BYTES and is_mapped(array)


def is_mapped(array: Any) -> bool:
    """Tell whether an array's values are read from a file when they are needed.

    Parameters
    ----------
    array : ndarray
        A `numpy.memmap`, or a view of one.

    Returns
    -------
    mapped : bool
    """
    while array is not None:
        if isinstance(array, mmap.mmap):
            return True
        array = getattr(array, "base", None)
    return False
