"""What happens with a row: it is read, taken in, predicted from, and learnt."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..anomaly import TailLikelihood
from ..windows import SlidingWindowTransformer
from ..windows._time import instants
from ..windows._time_index import is_time_index
from ._learning import Learner, is_known, learner_of
from ._panel import Panel
from ._parts import Parts
from ._reader import Row, RowReader, label_of, one_label
from ._series import Series
from ._window_reader import WindowReader

LIKELIHOOD = "likelihood"


class Flow:
    """Everything of a stream that changes with its rows.

    Parameters
    ----------
    parts : Parts
    learn_every : int or None
    likelihood : bool or TailLikelihood
    max_rewind : int
    """

    def __init__(
        self,
        parts: Parts,
        learn_every: int | None,
        likelihood: bool | TailLikelihood,
        max_rewind: int,
    ) -> None:
        check_step(parts.windows)
        self.transformer = parts.windows
        self.max_rewind = max_rewind
        self.rows = RowReader(parts.steps, parts.windows)
        self.windows = WindowReader(parts)
        self.learner: Learner | None = learner_of(self.windows, learn_every)
        self.likelihood: TailLikelihood | None = None
        if self.windows.is_detector and likelihood is not False:
            is_new = isinstance(likelihood, bool)
            self.likelihood = TailLikelihood() if is_new else likelihood.copy()  # type: ignore[union-attr]
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        self.panel = Panel(self.transformer, self.max_rewind, self.likelihood)
        if self.learner is not None:
            self.learner.reset()

    @property
    def has_likelihood(self) -> bool:
        """Whether errors become a likelihood."""
        return self.likelihood is not None

    @property
    def n_remembered(self) -> int:
        """Rows that can be taken back."""
        return len(self.panel.journal)

    def read(self, row: Any, groups: Any, time: Any) -> Row:
        """Read a row, which is not taken in yet."""
        return self.rows.read(row, groups, time)

    def take(self, row: Row, y: Any) -> Series:
        """Take a row in, and its target if it is there.

        Parameters
        ----------
        row : Row
        y : object

        Returns
        -------
        series : Series
        """
        series = self._append_checked(row, y)
        self._teach_or_wait(series, row, y)
        return series

    def take_and_say(self, row: Row, y: Any, method: str, params: dict[str, Any]) -> Any:
        """Take a row in, predict, and only then learn its target."""
        series = self._append_checked(row, y)
        try:
            said = self._say(series, method, params)
        except BaseException:
            self.panel.pop(1)
            raise
        self._teach_or_wait(series, row, y)
        return said

    def _append_checked(self, row: Row, y: Any) -> Series:
        """Append a row, unless its target is none that can be learnt."""
        if is_known(y) and self.learner is not None:
            self.learner.check(y)
        return self._append(row)

    def _teach_or_wait(self, series: Series, row: Row, y: Any) -> None:
        """Learn the target of the row that came last, or wait for it."""
        if is_known(y):
            self._teach(series, series.ring.n_seen - 1, row.label, y)
        else:
            series.wait(instant_of(row))

    def say(self, groups: Any, method: str, params: dict[str, Any]) -> Any:
        """Predict from the rows that have come.

        Parameters
        ----------
        groups : label or None
            None is the series of the last row.
        method : str
        params : dict

        Returns
        -------
        said : object
        """
        if groups is None and self.panel.journal:
            label = self.panel.journal[-1]
        else:
            label = None if groups is None else label_of(one_label(groups)[0])
        series = self.panel.series.get(label)
        if series is None:
            which = "" if label is None else f" of the series {label!r}"
            raise ValueError(f"predict must come after a row{which} is observed. Got none.")
        return self._say(series, method, params)

    def peek(self, row: Row, method: str) -> Any:
        """Predict from a row and those before, without taking it in."""
        with self.panel.with_row(row) as series:
            if method != LIKELIHOOD:
                return self._say(series, method, {})
            assert series.alarm is not None
            return series.alarm.peek(self._error(series))

    def learn(self, row: Row, y: Any) -> None:
        """Take the target of a row in that has come; or the next row, if it is new."""
        series = self.panel.series.get(row.label)
        if series is None or not is_known(y):
            self.take(row, y)
            return
        if self.learner is not None:
            self.learner.check(y)
        number = series.find_waiting(row.values, instant_of(row))
        if number is None:
            if series.has_given_up and row.rows.time is None:
                raise ValueError(
                    "x must be one of the last max_rewind rows that wait for a target:"
                    " older ones have none yet, and without times none of them can be told"
                    " from a new row. Got another. observe(row, y) takes a new row in; a"
                    " larger max_rewind waits longer."
                )
            self.take(row, y)
        else:
            self._teach(series, number, row.label, y)

    def rewind(self, n_rows: int) -> None:
        """Take the last rows back, with those of their targets that are not learnt yet."""
        for label, n_left in self.panel.pop(n_rows).items():
            if self.learner is not None:
                self.learner.take_back(label, n_left)

    # ------------------------------------------------------------------ parts

    def _append(self, row: Row) -> Series:
        series = self.panel.append(row)
        if series.alarm is not None:
            try:
                error = self._error(series)
            except BaseException:
                self.panel.pop(1, with_errors=False)
                raise
            series.alarm.update(error)
        return series

    def _say(self, series: Series, method: str, params: dict[str, Any]) -> Any:
        if method == LIKELIHOOD:
            if series.alarm is None:
                raise AttributeError(
                    "method='likelihood' needs a detector, and a likelihood that is not"
                    " False."
                )
            return series.alarm.value
        return self.windows.say(series.rows_of(series.ring.n_seen - 1), method, **params)

    def _error(self, series: Series) -> float:
        """Give the error of the last row; NaN where its window is not whole."""
        if not series.is_whole():
            return float("nan")
        return self.windows.error(series.rows_of(series.ring.n_seen - 1))

    def _teach(self, series: Series, number: int, label: Hashable, y: Any) -> None:
        if self.learner is not None:
            self.learner.add(series.rows_of(number), label, number, y)


def instant_of(row: Row) -> int | None:
    """Give the time of a row as a number."""
    time = row.rows.time
    return None if time is None else int(instants(time)[0])


def check_step(windows: SlidingWindowTransformer) -> None:
    """Refuse windows with times of which it is not known what a gap is.

    Parameters
    ----------
    windows : SlidingWindowTransformer
        Fitted.

    Raises
    ------
    ValueError
        If rows alone would have to tell.
    """
    time = windows._fitted.time
    if time is None or windows._step is not None or windows.gaps == "ignore":
        return
    if is_time_index(time) and type(time).__name__ == "PeriodIndex":
        return
    raise ValueError(
        "model must know the step of its times: what a gap is cannot be told of rows that"
        " come one by one. Got windows that were fitted on too few rows: give freq, or"
        " gaps='ignore'."
    )
