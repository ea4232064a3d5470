"""All series of a stream, each made when its first row comes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Number
from typing import Any

import numpy as np

from ..anomaly import TailLikelihood
from ..windows import SlidingWindowTransformer
from ..windows._context import Context
from ..windows._groups import by_group
from ._alarm import Alarm
from ._clock import Calendar
from ._reader import Row, label_of
from ._series import Series


class Panel:
    """All series of a stream.

    Parameters
    ----------
    windows : SlidingWindowTransformer
        Fitted.
    n_kept : int
        Rows that can be taken back.
    likelihood : TailLikelihood or None
        What each series begins with.
    """

    def __init__(
        self,
        windows: SlidingWindowTransformer,
        n_kept: int,
        likelihood: TailLikelihood | None,
    ) -> None:
        self.windows = windows
        self.n_kept = n_kept
        self.likelihood = likelihood
        self.reach = int(windows.lags_[0])
        self.contexts = _by_label(windows._context)
        self.series: dict[Hashable, Series] = {}
        # To which series the last rows belong.
        self.journal: deque[Hashable] = deque(maxlen=n_kept)

    def of(self, row: Row) -> Series:
        """Give the series of a row, a new one if none of its rows has come.

        Parameters
        ----------
        row : Row

        Returns
        -------
        series : Series
        """
        found = self.series.get(row.label)
        return self._begin(row) if found is None else found

    def append(self, row: Row) -> Series:
        """Take a row in.

        Parameters
        ----------
        row : Row

        Returns
        -------
        series : Series
        """
        series = self.of(row)
        series.append(row.values, series.next_place(row.rows.time))
        self.series[row.label] = series
        self.journal.append(row.label)
        return series

    def pop(self, n_rows: int, *, with_errors: bool = True) -> dict[Hashable, int]:
        """Take the last rows back.

        Parameters
        ----------
        n_rows : int
        with_errors : bool, default=True
            Whether their errors have been taken in.

        Returns
        -------
        n_left : dict of hashable to int
            Of each series that is shorter now, the rows that it has, history included.
        """
        n_left = {}
        count: Counter[Hashable] = Counter()
        for _ in range(n_rows):
            label = self.journal.pop()
            self.series[label].pop()
            count[label] += 1
        for label, n_popped in count.items():
            series = self.series[label]
            if series.alarm is not None and with_errors:
                series.alarm.pop(n_popped)
            n_left[label] = series.ring.n_seen
            if not series.n_rows:
                del self.series[label]
        return n_left

    @contextmanager
    def with_row(self, row: Row) -> Iterator[Series]:
        """Take a row in for a while.

        Parameters
        ----------
        row : Row

        Yields
        ------
        series : Series
        """
        series = self.of(row)
        place = series.next_place(row.rows.time)
        before = series.before.copy()
        series.append(row.values, place)
        try:
            yield series
        finally:
            series.pop()
            series.before = before

    def _begin(self, row: Row) -> Series:
        """Begin a series, with the fitted rows that it follows."""
        windows, groups = self.windows, row.rows.groups
        check_kind(row.label, next(iter(self.contexts or self.series), None))
        calendar = Calendar.of_series(windows._step, windows.gaps, groups)
        context = self.contexts.get(row.label)
        history = row.rows[:0] if context is None else context.before(row.rows)
        alarm = None if self.likelihood is None else Alarm(self.likelihood, self.n_kept)
        return Series(history, calendar, self.reach, self.n_kept, alarm)


def check_kind(label: Hashable, known: Hashable) -> None:
    """Refuse the label of a new series that is of another kind than a known one.

    Parameters
    ----------
    label, known : hashable
        None is none.

    Raises
    ------
    ValueError
        If one is text and the other a number, for instance.
    """
    if label is None or known is None or kind_of(label) == kind_of(known):
        return
    raise ValueError(
        "groups must have labels of one kind at fit and in the stream. Got"
        f" {type(known).__name__} and {type(label).__name__}: {known!r:.40} and"
        f" {label!r:.40}."
    )


def kind_of(label: Hashable) -> Any:
    """Tell of what kind a label is: numbers are of one, and so are texts.

    Examples
    --------
    >>> kind_of(1) == kind_of(2.0), kind_of("1") == kind_of(1)
    (True, False)
    >>> kind_of(("a", 1)) == kind_of(("b", 2)), kind_of(("a", 1)) == kind_of((1, "a"))
    (True, False)
    """
    if isinstance(label, tuple):
        return tuple(map(kind_of, label))
    return next((kind for kind in (str, Number) if isinstance(label, kind)), type(label))


def _by_label(context: Context | None) -> dict[Hashable, Context]:
    """Part what is remembered of the fitted rows by series."""
    if context is None:
        return {}
    if context.head.groups is None:
        return {None: context}
    parts = {}
    ends = []
    for rows in (context.head, context.tail):
        order, new = by_group(len(rows), rows.groups)
        ends.append([rows[piece] for piece in np.split(order, np.flatnonzero(new)[1:])])
    # Both come in the order of the labels, which are sorted.
    for i, (head, tail) in enumerate(zip(*ends, strict=True)):
        parts[label_of(tail.groups[0])] = replace(
            context,
            head=head,
            tail=tail,
            n_head=context.n_head[i : i + 1],
            n_tail=context.n_tail[i : i + 1],
            labels=context.labels[i : i + 1],
        )
    return parts
