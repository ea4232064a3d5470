"""Columns of an Arrow data set, read batch by batch in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Values that are read at once, and labels that are remembered before they are merged.
AT_ONCE = 1 << 19


@dataclass(frozen=True)
class Source:
    """An Arrow data set, and what its columns are.

    Attributes
    ----------
    dataset : pyarrow.dataset.Dataset
    groups : list of str
    time : str or None
    features : list of str
    """

    dataset: Any
    groups: list[str]
    time: str | None
    features: list[str]

    @property
    def columns(self) -> list[str]:
        """All columns that are read, each once."""
        time = [] if self.time is None else [self.time]
        return list(dict.fromkeys([*self.groups, *time, *self.features]))

    def batches(self, columns: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the columns of some rows at a time, and how many rows came before.

        Parameters
        ----------
        columns : list of str

        Yields
        ------
        n_before : int
        batch : dict of str to pyarrow.Array
        """
        from pyarrow import dataset as arrow

        options: dict[str, Any] = {}
        if getattr(self.dataset, "format", None) == arrow.ParquetFileFormat():
            # By default whole row groups are fetched ahead.
            read = arrow.ParquetFragmentScanOptions(pre_buffer=False)
            options["fragment_scan_options"] = read
        scanner = self.dataset.scanner(
            columns=columns,
            batch_size=max(1, AT_ONCE // len(columns)),
            batch_readahead=1,
            fragment_readahead=1,
            use_threads=False,
            **options,
        )
        n_before = 0
        for batch in scanner.to_batches():
            if len(batch):
                yield n_before, {name: _dense(batch.column(name)) for name in columns}
                n_before += len(batch)


def open_source(
    source: Any, groups: Any, time: Any, features: Any, dtype: Any, kind: str
) -> Source:
    """Open a data set, and check which columns are what.

    Parameters
    ----------
    source, groups, time, features, dtype, kind : object
        As `map_dataset` takes them.

    Returns
    -------
    source : Source

    Raises
    ------
    ImportError
        If there is no pyarrow.
    ValueError
        If a column is not there, or is no number.
    """
    try:
        from pyarrow import dataset as arrow
        from pyarrow import types
    except ImportError as error:
        raise ImportError(
            "map_dataset needs pyarrow: pip install sklstm[parquet] brings it."
        ) from error
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'. Got {dtype!r}.")
    dataset = source
    if not isinstance(source, arrow.Dataset):
        paths = source if isinstance(source, list | tuple) else [source]
        paths = [os.fspath(path) for path in paths]
        dataset = arrow.dataset(
            paths if len(paths) > 1 else paths[0], format=kind, partitioning="hive"
        )
    group_names = [groups] if isinstance(groups, str) else list(groups or ())
    named = [*group_names, *([] if time is None else [time])]
    there = dataset.schema.names
    chosen = [n for n in there if n not in named] if features is None else list(features)
    for argument, names in (
        ("groups", group_names), ("time", [time] * (time is not None)), ("features", chosen)
    ):  # fmt: skip
        for name in names:
            if name not in there:
                raise ValueError(
                    f"{argument} must be columns of source, {there}. Got {name!r}."
                )
    if not chosen:
        raise ValueError(f"features must have at least one column. Got none of {there}.")
    for name in chosen:
        is_of = dataset.schema.field(name).type
        numbers = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
        if not any(check(is_of) for check in numbers):
            raise ValueError(
                f"features must be columns of numbers. Got {name!r}, of type {is_of}."
            )
    return Source(dataset, group_names, time, chosen)


def find_labels(source: Source, name: str) -> Array:
    """Find all labels of a column.

    Parameters
    ----------
    source : Source
    name : str

    Returns
    -------
    labels : ndarray of shape (n_labels,)
        Sorted.

    Raises
    ------
    ValueError
        If a row has none.
    """
    import pyarrow as pa
    from pyarrow import compute

    parts: list[Any] = []
    n_known = n_new = 0
    for n_before, batch in source.batches([name]):
        _check_none_null(batch[name], name, "groups", n_before)
        parts.append(compute.unique(batch[name]))
        n_new += len(parts[-1])
        if n_new > max(AT_ONCE, n_known):
            parts = [compute.unique(pa.chunked_array(parts))]
            n_known, n_new = len(parts[0]), 0
    if not parts:
        return np.empty(0, dtype=object)
    return np.unique(_plain(compute.unique(pa.chunked_array(parts))))


def keys_of(
    source: Source, batch: dict[str, Any], known: Sequence[Array]
) -> NDArray[np.int64]:
    """Give one number for the labels of each row; 0 where nothing is a label.

    Parameters
    ----------
    source : Source
    batch : dict of str to pyarrow.Array
    known : sequence of ndarray
        Labels of each column of groups.

    Returns
    -------
    keys : ndarray of int of shape (n_rows,)
        In the order of the labels.
    """
    if not known:
        return np.zeros(len(next(iter(batch.values()))), np.int64)
    codes = []
    for name, labels in zip(source.groups, known, strict=True):
        encoded = batch[name].dictionary_encode()
        there = np.searchsorted(labels, _plain(encoded.dictionary))
        codes.append(there[_plain(encoded.indices)])
    return np.ravel_multi_index(tuple(codes), tuple(map(len, known)))  # type: ignore[return-value]


def numbers_of(source: Source, batch: dict[str, Any]) -> Array:
    """Give the features of some rows; a null is NaN.

    Parameters
    ----------
    source : Source
    batch : dict of str to pyarrow.Array

    Returns
    -------
    values : ndarray of float of shape (n_rows, n_features)
    """
    import pyarrow as pa

    columns = [batch[name] for name in source.features]
    plain = [
        _plain(column if pa.types.is_floating(column.type) else column.cast(pa.float64()))
        for column in columns
    ]
    return np.stack(plain, axis=1)


def times_of(source: Source, batch: dict[str, Any], n_before: int) -> Array:
    """Give the times of some rows.

    Parameters
    ----------
    source : Source
    batch : dict of str to pyarrow.Array
    n_before : int
        Rows before these, for messages.

    Returns
    -------
    times : ndarray of datetime64 or int of shape (n_rows,)

    Raises
    ------
    ValueError
        If one is missing, or none of them is a time.
    """
    name = str(source.time)
    _check_none_null(batch[name], name, "time", n_before)
    times = _plain(batch[name])
    if times.dtype.kind not in "iuM":
        raise ValueError(
            "time must be a column of times, dates or integers. Got"
            f" {name!r}, of type {batch[name].type}."
        )
    return times


def _dense(column: Any) -> Any:
    """Give a column whose values stand for themselves."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def _plain(column: Any) -> Array:
    values: Array = column.to_numpy(zero_copy_only=False)
    return values


def _check_none_null(column: Any, name: str, argument: str, n_before: int) -> None:
    if column.null_count:
        row = n_before + int(np.argmax(_plain(column.is_null())))
        raise ValueError(
            f"{argument} must have no missing values. Got one in row {row} of {name!r}."
        )
