"""Scores of how far true values lay from predictions, and what they promise of the next."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from math import ceil
from typing import Any

import numpy as np


def least_scores(coverage: float) -> int:
    """Count the scores without which a coverage cannot be promised.

    Parameters
    ----------
    coverage : float

    Returns
    -------
    n_scores : int

    Examples
    --------
    >>> least_scores(0.9), least_scores(0.99)
    (9, 99)
    """
    # The rank of the quantile must be no more than their number.
    return max(1, ceil(coverage / (1 - coverage) - 1e-9))


class Conformity:
    r"""Scores of the recent past, and the level of their quantile that covers the next.

    The threshold is the :math:`\lceil (n + 1) q \rceil`-th of :math:`n` scores in ascending
    order: as many as the share :math:`q` of scores that are exchangeable lie below it
    [1]_. Where they are not, as in a time series, the level adapts [2]_:

    .. math:: q_{t+1} = q_t + \gamma \, (c - \mathbb{1}[s_t \le \text{threshold}_t])

    with the coverage :math:`c` that is wanted, within the ranks that there are. A new score
    takes the place of the oldest.

    Parameters
    ----------
    scores : iterable of float
        Oldest first.
    coverage : float
    adaptation : float
        The :math:`\gamma`; 0 keeps the level.

    References
    ----------
    .. [1] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic learning in a random
       world. Springer.
    .. [2] Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under distribution
       shift. NeurIPS.

    Examples
    --------
    >>> conformity = Conformity(range(19), coverage=0.9, adaptation=0.01)
    >>> conformity.threshold
    17
    >>> conformity.add(50), round(conformity.level, 3), conformity.threshold
    (False, 0.909, 50)
    """

    def __init__(self, scores: Iterable[float], coverage: float, adaptation: float) -> None:
        scores = list(scores)
        self.recent = deque(scores, maxlen=len(scores))
        self.ascending = sorted(scores)
        self.coverage = coverage
        self.adaptation = adaptation
        self.level = coverage

    @property
    def threshold(self) -> float:
        """What the next score will not exceed; the largest one where none is enough."""
        n_scores = len(self.ascending)
        # Rounding of the level must not lift the rank.
        rank = ceil((n_scores + 1) * self.level - 1e-9)
        return self.ascending[min(max(rank, 1), n_scores) - 1]

    def add(self, score: float) -> bool:
        """Take in the score of a true value that has become known.

        Parameters
        ----------
        score : float

        Returns
        -------
        covered : bool
            Whether it lay below the threshold.
        """
        covered = bool(score <= self.threshold)
        level = self.level + self.adaptation * (self.coverage - covered)
        # Beyond the ranks that there are, it would only have to come back.
        step = 1 / (len(self.ascending) + 1)
        least, most = min(step, self.coverage), max(1 - step, self.coverage)
        self.level = min(max(level, least), most)
        oldest = self.recent[0]
        self.recent.append(score)
        del self.ascending[bisect_left(self.ascending, oldest)]
        insort(self.ascending, score)
        return covered

    def copy(self) -> Conformity:
        """Give another, which goes on by itself."""
        other = Conformity(self.recent, self.coverage, self.adaptation)
        other.level = self.level
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {
            "scores": np.array(self.recent),
            "coverage": self.coverage,
            "adaptation": self.adaptation,
            "level": self.level,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        level = state.pop("level")
        state["scores"] = state["scores"].tolist()
        self.__init__(**state)  # type: ignore[misc]
        self.level = level
