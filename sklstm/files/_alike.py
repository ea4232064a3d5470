"""Long arrays of objects that are alike, such as labels: text, whole numbers, tuples.

They stand beside the tree, which has a limit: labels of many series would not fit into it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import Array, read_shape
from ._codec import Kind, Reader, Writer, as_list

# Fewer objects are as well off in the tree, where they can be read.
FEWEST = 16
_LARGEST = 2**63
_ENCODING = ("utf-8", "surrogatepass")


def _is_long(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype == object and value.size >= FEWEST


def _is_text(value: Any) -> bool:
    return _is_long(value) and all(item is None or type(item) is str for item in value.flat)


def _are_integers(value: Any) -> bool:
    return _is_long(value) and all(
        type(item) is int and -_LARGEST <= item < _LARGEST for item in value.flat
    )


def _are_tuples(value: Any) -> bool:
    if not _is_long(value) or type(value.flat[0]) is not tuple:
        return False
    sizes = {len(item) if type(item) is tuple else 0 for item in value.flat}
    return len(sizes) == 1 and sizes != {0}


def _write_text(value: Array, writer: Writer, place: str) -> dict[str, Any]:
    """Write each text once: its bytes, where they end, and the texts' numbers."""
    numbers: dict[str | None, int] = {None: -1}
    codes = [numbers.setdefault(text, len(numbers) - 1) for text in value.flat]
    raw = [text.encode(*_ENCODING) for text in numbers if text is not None]
    ends = np.cumsum([len(text) for text in raw], dtype=np.int64)
    return {
        "shape": list(value.shape),
        "of": writer.store(np.frombuffer(b"".join(raw), np.uint8)),
        "ends": writer.store(ends),
        "codes": writer.store(np.array(codes)),
    }


def _read_text(content: Any, reader: Reader) -> Array:
    raw = _stored(content["of"], reader, np.uint8).tobytes()
    ends = _stored(content["ends"], reader, np.int64)
    codes = _stored(content["codes"], reader, np.int64)
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    last = ends[-1] if len(ends) else 0
    if (ends < starts).any() or last != len(raw):
        raise ValueError("texts must end one after the other")
    if codes.size and not -1 <= codes.min() <= codes.max() < len(ends):
        raise ValueError("a text has a number that there is not")
    texts = np.empty(len(ends) + 1, dtype=object)  # the last is None
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        texts[i] = raw[start:end].decode(*_ENCODING)
    return texts[codes].reshape(read_shape(content["shape"], codes.size))


def _write_integers(value: Array, writer: Writer, place: str) -> dict[str, Any]:
    numbers = np.array(value.ravel().tolist(), dtype=np.int64)
    return {"shape": list(value.shape), "of": writer.store(numbers)}


def _read_integers(content: Any, reader: Reader) -> Array:
    numbers = _stored(content["of"], reader, np.int64)
    values = numbers.astype(object)
    return values.reshape(read_shape(content["shape"], values.size))


def _write_tuples(value: Array, writer: Writer, place: str) -> dict[str, Any]:
    columns = [_as_objects(list(column)) for column in zip(*value.flat, strict=True)]
    parts = [writer.write(column, f"{place}[...][{i}]") for i, column in enumerate(columns)]
    return {"shape": list(value.shape), "columns": parts}


def _read_tuples(content: Any, reader: Reader) -> Array:
    columns = [reader.read(part) for part in as_list(content["columns"])]
    if not all(isinstance(c, np.ndarray) and c.dtype == object for c in columns):
        raise ValueError("tuples must have arrays of objects")
    items = list(zip(*(column.flat for column in columns), strict=True))
    return _as_objects(items).reshape(read_shape(content["shape"], len(items)))


def _as_objects(items: list[Any]) -> Array:
    values = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        values[i] = item
    return values


def _stored(name: Any, reader: Reader, dtype: type) -> NDArray[Any]:
    array = reader.arrays[name]
    if array.dtype != dtype or array.ndim != 1:
        raise ValueError(f"an array of {np.dtype(dtype)} must stand where there is none")
    return array


# Before the kind of all other arrays of objects.
ALIKE = (
    Kind("$text", _is_text, _write_text, _read_text),
    Kind("$integers", _are_integers, _write_integers, _read_integers),
    Kind("$tuples", _are_tuples, _write_tuples, _read_tuples),
)
