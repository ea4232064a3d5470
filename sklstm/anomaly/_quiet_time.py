"""Rows that come soon after an alarm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class QuietTime:
    """Rows after an alarm that give no other: until a change has become usual.

    A change has to fill an average, averages that hold it have to count among those that
    say what is usual, and be a share of them.

    Parameters
    ----------
    short : int
        Errors in an average.
    share : float
        Of the averages that say what is usual; 0 is no quiet time at all.

    Examples
    --------
    >>> import numpy as np
    >>> quiet = QuietTime(short=1, share=0.5)
    >>> quiet.extend(np.array([False, True, True, True, True, True]), np.full(6, 2))
    array([False, False,  True,  True,  True, False])
    >>> quiet.extend(np.array([False, False, False, False]), np.full(4, 2))
    array([ True,  True,  True, False])
    """

    def __init__(self, short: int, share: float) -> None:
        self.short = short
        self.share = share
        self.n_left = 0

    def extend(
        self, alarms: NDArray[np.bool_], n_averages: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Take rows in.

        Parameters
        ----------
        alarms : ndarray of bool of shape (n_rows,)
        n_averages : ndarray of int of shape (n_rows,)
            How many averages say what is usual.

        Returns
        -------
        quiet : ndarray of bool of shape (n_rows,)
        """
        quiet = np.zeros(len(alarms), dtype=bool)
        end = self.n_left
        quiet[:end] = True
        for row in np.flatnonzero(alarms) if self.share else ():
            if row >= end:
                n_quiet = 2 * self.short + np.ceil(self.share * n_averages[row])
                end = int(row + 1 + n_quiet)
                quiet[row + 1 : end] = True
        self.n_left = max(end - len(alarms), 0)
        return quiet
