"""Arrow data sets, larger than memory, as rows in files, sorted by series and time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._arrow import (
    AT_ONCE,
    Source,
    find_labels,
    keys_of,
    numbers_of,
    open_source,
    times_of,
)

Array = NDArray[Any]

# Values that are put in order at once, unless a series has more.
SORTED_AT_ONCE = 1 << 21

# `numpy.load(..., mmap_mode="r")` opens them again.
_FILES = ("values.npy", "series.npy", "time.npy")


class MappedRows(NamedTuple):
    """Rows of many series that lie in files: series by series, each oldest row first.

    Attributes
    ----------
    values : memmap of float of shape (n_rows, n_features)
    series : memmap of int of shape (n_rows,)
        Number of each row's series, for `groups`; ascending.
    time : memmap of shape (n_rows,) or None
        Times (UTC, where they had a zone) or integers.
    labels : ndarray of shape (n_series,) or (n_series, n_columns)
        What each series is called, by its number; sorted. All None without series.
    names : list of str
        Names of the features.
    """

    values: Array
    series: Array
    time: Array | None
    labels: Array
    names: list[str]


def map_dataset(
    source: Any,
    folder: str | os.PathLike[str],
    *,
    groups: str | Sequence[str] | None = None,
    time: str | None = None,
    features: Sequence[str] | None = None,
    dtype: Literal["float32", "float64"] = "float32",
    format: str = "parquet",
) -> MappedRows:
    """Write a Parquet or Arrow data set as rows in order, in files that are mapped.

    However large it is, memory holds some rows, a label for each series, and the longest
    series. The rows of the files are those of the data set: series by series, each oldest
    row first. Windows, and a fit on them, then read rows from the files where they need
    them.

    It needs `pyarrow`, which ``pip install sklstm[parquet]`` brings.

    Parameters
    ----------
    source : path, list of paths or pyarrow.dataset.Dataset
        A file, a folder of files, or several files.
    folder : path
        Where the files go; it is made if it is not there. ``values.npy``, ``series.npy``
        and ``time.npy`` are written anew. They take ``4 * n_features + 4 + 8`` bytes per
        row in float32.
    groups : str, list of str or None, default=None
        Columns that say to which series a row belongs. None is one series.
    time : str or None, default=None
        Column that says when: times, dates or integers. None takes the rows of a series in
        the order in which they come.
    features : list of str or None, default=None
        Columns of numbers; None is all others. A null is NaN.
    dtype : {"float32", "float64"}, default="float32"
        Of the values.
    format : str, default="parquet"
        As `pyarrow.dataset.dataset` takes it: "parquet", "arrow", "feather", "csv", ...

    Returns
    -------
    rows : MappedRows

    Raises
    ------
    ImportError
        If there is no pyarrow.
    ValueError
        If a column is not there, a feature is no number, a label or a time is null, a
        time comes twice in a series, or there are no rows.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> from pyarrow import parquet
    >>> from sklstm.io import map_dataset
    >>> folder = tempfile.TemporaryDirectory()
    >>> table = pa.table({"shop": ["b", "a", "b"], "day": [2, 1, 1], "sold": [5, 9, 4]})
    >>> parquet.write_table(table, f"{folder.name}/sold.parquet")
    >>> rows = map_dataset(
    ...     f"{folder.name}/sold.parquet", folder.name, groups="shop", time="day"
    ... )
    >>> rows.values[:, 0], rows.series, rows.time, rows.labels
    (memmap([9., 4., 5.], dtype=float32), memmap([0, 1, 1], dtype=int32),
    memmap([1, 1, 2]), array(['a', 'b'], dtype=object))
    >>> del rows
    >>> folder.cleanup()
    """
    found = open_source(source, groups, time, features, dtype, format)
    known = [find_labels(found, name) for name in found.groups]
    keys, counts = _count(found, known)
    n_rows = int(counts.sum())
    if not n_rows:
        raise ValueError("source must have at least one row. Got none.")
    os.makedirs(folder, exist_ok=True)
    make = _maker(Path(folder), n_rows)
    values = make("values.npy", (len(found.features),), dtype)
    series = make("series.npy", (), np.int32)
    times = None if time is None else make("time.npy", (), _time_type(found))
    begins = np.cumsum(counts) - counts
    _place(found, known, keys, begins.copy(), values, times)
    _number(series, counts)
    if times is not None:
        _sort(found, values, times, begins, counts)
    for written in (values, series, times):
        if written is not None:
            written.flush()
    there: list[Any] = [
        None if part is None else np.load(Path(folder) / name, mmap_mode="r")
        for name, part in zip(_FILES, (values, series, times), strict=True)
    ]
    return MappedRows(there[0], there[1], there[2], _called(keys, known), found.features)


def _called(keys: NDArray[np.int64], known: list[Array]) -> Array:
    """Give the labels of each series."""
    if not known:
        return np.array([None], dtype=object)
    codes = np.unravel_index(keys, tuple(map(len, known)))
    columns = [labels[code] for labels, code in zip(known, codes, strict=True)]
    if len(columns) == 1:
        return columns[0]
    return np.stack([column.astype(object) for column in columns], axis=1)


def _count(
    source: Source, known: list[Array]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find which series there are, and count the rows of each."""
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    if not known:
        return np.zeros(1, np.int64), np.array([source.dataset.count_rows()])
    parts = [(keys, counts)]
    n_known = n_new = 0
    for _, batch in source.batches(source.groups):
        parts.append(np.unique(keys_of(source, batch, known), return_counts=True))
        n_new += len(parts[-1][0])
        if n_new > max(AT_ONCE, n_known):
            parts = [_merged(parts)]
            n_known, n_new = len(parts[0][0]), 0
    return _merged(parts)


def _merged(
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add counts of the same keys."""
    keys, counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    unique, place = np.unique(keys, return_inverse=True)
    totals = np.zeros(len(unique), np.int64)
    np.add.at(totals, place, counts)
    return unique, totals


def _maker(folder: Path, n_rows: int) -> Callable[..., Any]:
    def make(name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        path = folder / name
        path.unlink(missing_ok=True)  # whoever has mapped the old one keeps it
        return np.lib.format.open_memmap(
            path, "w+", dtype=np.dtype(dtype), shape=(n_rows, *shape)
        )

    return make


def _time_type(source: Source) -> np.dtype[Any]:
    for n_before, batch in source.batches([str(source.time)]):
        return times_of(source, batch, n_before).dtype
    return np.dtype(np.int64)


def _place(
    source: Source,
    known: list[Array],
    keys: NDArray[np.int64],
    free: NDArray[np.int64],
    values: Array,
    times: Array | None,
) -> None:
    """Write each row behind those of its series that came before."""
    for n_before, batch in source.batches(source.columns):
        number = np.searchsorted(keys, keys_of(source, batch, known))
        place = _places(number, free)
        values[place] = numbers_of(source, batch)
        if times is not None:
            times[place] = times_of(source, batch, n_before)


def _places(series: NDArray[np.intp], free: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the next free places of the series of some rows, and move these on."""
    order = np.argsort(series, kind="stable")
    found, first, count = np.unique(series[order], return_index=True, return_counts=True)
    before = np.arange(len(series)) - np.repeat(first, count)
    place = np.empty(len(series), np.int64)
    place[order] = np.repeat(free[found], count) + before
    free[found] += count
    return place


def _number(series: Array, counts: NDArray[np.int64]) -> None:
    """Write the number of each row's series."""
    for first, last, begin, stop in _runs(counts, 1):
        series[begin:stop] = np.repeat(np.arange(first, last), counts[first:last])


def _sort(
    source: Source,
    values: Array,
    times: Array,
    begins: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Put the rows of each series in the order of their times."""
    for first, last, begin, stop in _runs(counts, values.shape[1]):
        number = np.repeat(np.arange(first, last), counts[first:last])
        time = np.array(times[begin:stop])
        order = np.lexsort((time, number))
        time, number = time[order], number[order]
        twice = (time[1:] == time[:-1]) & (number[1:] == number[:-1])
        if twice.any():
            row = int(np.argmax(twice))
            raise ValueError(
                "time must have each value once in a series. Got"
                f" {time[row]} twice in column {source.time!r}."
            )
        if (order[1:] < order[:-1]).any():
            times[begin:stop] = time
            values[begin:stop] = values[begin:stop][order]


def _runs(counts: NDArray[np.int64], n_columns: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut series into runs of some rows: first and last series, first and last row."""
    stops, at_once = np.cumsum(counts), max(1, SORTED_AT_ONCE // n_columns)
    first = begin = 0
    while first < len(counts):
        last = int(np.searchsorted(stops, begin + at_once, side="right"))
        last = max(last, first + 1)
        stop = int(stops[last - 1])
        yield first, last, begin, stop
        first, begin = last, stop
