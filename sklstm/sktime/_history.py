"""The rows of fit and of the updates after it, from which in-sample forecasts are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

from ._panel import Panel

# So many updates lie beside the rows of fit, until they are put into one table.
N_PIECES = 64


@dataclass(frozen=True)
class History:
    """Rows that came one after the other.

    An update is only put beside what there is: its cost does not grow with the past.

    Attributes
    ----------
    pieces : tuple of Panel
        Each takes the place of what the pieces before it have from its first rows on.
    """

    pieces: tuple[Panel, ...]

    def followed_by(self, later: Panel) -> History:
        """Add rows.

        Parameters
        ----------
        later : Panel

        Returns
        -------
        history : History
        """
        history = History((*self.pieces, later))
        return History((history._joined(),)) if len(history.pieces) > N_PIECES else history

    def panel(self, freq: Any) -> Panel:
        """Give all rows as one table, with those that are missing between others.

        Parameters
        ----------
        freq : pandas offset, its name or None
            Step of time stamps.

        Returns
        -------
        panel : Panel
        """
        return self._joined().regular(freq)

    def _joined(self) -> Panel:
        first, *later = self.pieces
        # The short ones first: the long one is copied once.
        return first.followed_by(reduce(Panel.followed_by, later)) if later else first
