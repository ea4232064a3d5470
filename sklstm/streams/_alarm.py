"""The likelihood of a stream of errors, of which the last can be taken back."""

from __future__ import annotations

from ..anomaly import TailLikelihood


class Alarm:
    """A tail likelihood that remembers how it came to be what it is.

    It keeps the likelihood of a while ago and the errors since, from which an earlier one
    is made again: a likelihood itself forgets what it was.

    Parameters
    ----------
    likelihood : TailLikelihood
        To begin with; it is copied.
    n_kept : int
        Errors that can be taken back.
    """

    def __init__(self, likelihood: TailLikelihood, n_kept: int) -> None:
        self.n_kept = n_kept
        self.before = likelihood.copy()
        self.now = likelihood.copy()
        self.errors: list[float] = []
        self.values: list[float] = []

    @property
    def value(self) -> float:
        """Likelihood of the last row; NaN before the first."""
        return self.values[-1] if self.values else float("nan")

    def update(self, error: float) -> None:
        """Take the error of the next row in; NaN is not known."""
        self.values.append(self.now.update(error))
        self.errors.append(error)
        if len(self.errors) > 2 * self.n_kept + 1:
            old, self.errors = self.errors[: self.n_kept], self.errors[self.n_kept :]
            self.before.extend(old)
            self.values = self.values[self.n_kept :]

    def pop(self, n_rows: int) -> None:
        """Take the last errors back."""
        left = len(self.errors) - n_rows
        self.errors, self.values = self.errors[:left], self.values[:left]
        self.now = self.before.copy()
        self.now.extend(self.errors)

    def peek(self, error: float) -> float:
        """Give the likelihood of a row that is not taken in."""
        return self.now.copy().update(error)
