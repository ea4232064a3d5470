"""Arrays that lie in a file rather than in memory."""

from __future__ import annotations

import mmap
from typing import Any


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
