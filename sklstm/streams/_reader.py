"""Rows in any form, as the windows take them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..windows import SlidingWindowTransformer
from ..windows._features import is_frame, unmasked
from ..windows._keys import Keys, as_names
from ..windows._levels import joined
from ..windows._rows import Rows
from ..windows._time_index import as_integers, as_time_index
from ._row_wise import RowWise, is_trusted


class Row(NamedTuple):
    """A row as it stands in windows.

    Attributes
    ----------
    values : ndarray of shape (n_features,)
    rows : Rows
        The same, with its series and its time.
    """

    values: NDArray[Any]
    rows: Rows

    @property
    def label(self) -> Hashable:
        """The label of its series; None where there are no series."""
        return None if self.rows.groups is None else label_of(self.rows.groups[0])


class RowReader:
    """Reads rows one by one, and takes each through the steps before the windows.

    Parameters
    ----------
    steps : list of (str, transformer)
    windows : SlidingWindowTransformer
        Fitted.

    Raises
    ------
    ValueError
        If a step looks at other rows.
    """

    def __init__(
        self, steps: list[tuple[str, Any]], windows: SlidingWindowTransformer
    ) -> None:
        self.steps = steps
        self.windows = windows
        first = steps[0][1] if steps else windows
        names = getattr(first, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        self.n_columns = getattr(first, "n_features_in_", None)
        self.keys = [*as_names(windows.groups), *as_names(windows.time)]
        self.features: list[str] | None = None
        if not steps and self.names is not None:
            self.features = [name for name in self.names if name not in self.keys]
        self.checks = [RowWise(name, s) for name, s in steps if not is_trusted(s)]
        for check in self.checks:
            check.on_made_up_rows()

    def read(self, row: Any, groups: Any = None, time: Any = None) -> Row:
        """Read a row.

        Parameters
        ----------
        row : mapping, array-like of shape (n_columns,), or frame of one row
        groups : label or None
        time : object or None

        Returns
        -------
        row : Row

        Raises
        ------
        ValueError
            If it has other columns than the rows of fit, or holds infinity.
        """
        row = self._with_names(row)
        if not self.steps and not is_frame(row):
            return self._read_values(row, groups, time)
        table = self._through_steps(self._as_table(row))
        labels = None if groups is None else one_label(groups)
        times = None if time is None else [time]
        rows = self.windows._read(table, labels, times, reset=False)
        rows = rows.told_as(self.windows._fitted)
        return Row(rows.values[0], rows)

    def _with_names(self, row: Any) -> Any:
        """Give a row as a mapping, a frame of one row, or values without names."""
        if isinstance(row, Mapping):
            return self._checked(row)
        if hasattr(row, "to_frame") and hasattr(row, "index") and np.ndim(row) == 1:
            if not (self.keys or self.windows._fitted.time is not None):
                is_named = self.names is not None
                return self._checked(dict(row)) if is_named else row.to_numpy()
            return self._as_frame(row)
        if is_frame(row):
            if len(row) != 1:
                raise ValueError(f"row must be a single row. Got {len(row)}.")
            return row
        if not hasattr(row, "__len__") or isinstance(row, str):
            row = [row]
        shape = np.shape(row) if isinstance(row, np.ndarray) else (len(row),)
        if len(shape) == 2 and shape[0] == 1:
            row, shape = row[0], shape[1:]
        if len(shape) != 1 or (self.n_columns is not None and shape[0] != self.n_columns):
            raise ValueError(
                f"row must have the {self.n_columns} columns of fit"
                f"{'' if self.names is None else f', {self.names}'}. Got the shape {shape}."
            )
        if self.names is not None and (self.steps or self.features != self.names):
            return dict(zip(self.names, row, strict=True))
        return row

    def _checked(self, row: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Refuse a mapping of other names than in fit."""
        if self.names is None:
            if self.n_columns is None:
                return row
            raise ValueError(
                f"row must have its {self.n_columns} values in order, for the model was"
                f" fitted on rows without names. Got names, {list(row)}."
            )
        missing = [name for name in self.names if name not in row]
        unknown = [name for name in row if name not in self.names and name not in self.keys]
        if missing or unknown:
            raise ValueError(
                f"row must have the columns of fit, {self.names}. Got {list(row)}."
            )
        return row

    def _read_values(self, row: Any, groups: Any, time: Any) -> Row:
        """Read a row that no step transforms; the short way."""
        if isinstance(row, Mapping):
            values = [row[name] for name in self.features or ()]
            for key in (self.windows.groups, self.windows.time):
                _check_there(row, as_names(key))
            if self.windows.groups is not None:
                names = as_names(self.windows.groups)
                groups = joined([one_label(row[name]) for name in names])[0]
            if self.windows.time is not None:
                time = row[self.windows.time]
        else:
            values = row
        array = _as_floats(values)
        rows = Rows(array[None], None, None)
        fitted = self.windows._fitted
        if groups is not None or time is not None or not _is_plain(fitted):
            clock = None if time is None else _as_time(time)
            labels = None if groups is None else one_label(groups)
            rows = Rows.read(array[None], Keys(labels, clock, ())).told_as(fitted)
        return Row(array, rows)

    def _as_table(self, row: Any) -> Any:
        """Give a row as a table of one row, as the steps were given their rows."""
        if is_frame(row):
            return row
        if not isinstance(row, Mapping):
            return np.asarray(row)[None]
        import pandas as pd

        table = pd.DataFrame([dict(row)])
        levels = [key for key in self.keys if self.names and key not in self.names]
        if levels:
            table = table.set_index([level for level in levels if level in table])
        return table if self.names is None else table[self.names]

    def _as_frame(self, row: Any) -> Any:
        """Give a Series as a frame of one row, whose index is the name of the Series."""
        import pandas as pd

        if isinstance(row.name, tuple):
            index: Any = pd.MultiIndex.from_tuples([row.name])
        else:
            is_column = self.windows.time in row.index
            index = pd.Index([row.name], name=None if is_column else self.windows.time)
        frame = pd.DataFrame([dict(row)], index=index)
        return frame if self.names is None else frame[self.names]

    def _through_steps(self, table: Any) -> Any:
        checks = {id(check.step): check for check in self.checks}
        for _, step in self.steps:
            transformed = step.transform(table)
            if id(step) in checks:
                checks[id(step)].on_row(table, transformed)
            table = transformed
        return table


def one_label(label: Any) -> NDArray[Any]:
    """Give a label as an array of one; a tuple is one label.

    Parameters
    ----------
    label : object

    Returns
    -------
    labels : ndarray of shape (1,)
    """
    if isinstance(label, np.ndarray) and label.shape == (1,):
        return label
    if isinstance(label, tuple):
        labels = np.empty(1, dtype=object)
        labels[0] = label
        return labels
    return np.asarray([label])


def label_of(label: Any) -> Hashable:
    """Give a label of NumPy's as Python's own."""
    return label.item() if isinstance(label, np.generic) else label


def _check_there(row: Mapping[Any, Any], names: list[Any]) -> None:
    missing = [name for name in names if name not in row]
    if missing:
        raise ValueError(f"row must have {missing[0]!r}. Got {list(row)}.")


def _is_plain(fitted: Rows) -> bool:
    return fitted.groups is None and fitted.time is None


def _as_time(time: Any) -> Any:
    """Give one time as a time index."""
    index = as_time_index([time])
    index = as_integers([time]) if index is None else index
    if index is None:
        raise ValueError(
            "time must be a datetime, a date, a period, an elapsed time or an integer. Got"
            f" {time!r}."
        )
    return index


def _as_floats(values: Any) -> NDArray[Any]:
    """Give the values of a row as floats."""
    values = unmasked(values)
    if isinstance(values, np.ndarray) and values.dtype in (np.float32, np.float64):
        array = values
    else:
        if any(isinstance(value, str | bytes) for value in values):
            raise ValueError(f"row must have numbers. Got {list(values)!r:.80}.")
        try:
            array = np.array(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"row must have numbers. Got {values!r:.80}.") from error
    if np.isinf(array).any():
        raise ValueError(f"row must be finite, or NaN where missing. Got {array.tolist()}.")
    return array
