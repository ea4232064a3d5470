"""Arrays of any dtype, and NumPy's scalars."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._codec import Kind, Reader, Writer, as_list, refusal

Array = NDArray[Any]

# The types that the file itself has.
NATIVE = "biuf"
# Those that stand in it as bytes: byte order, letter, size, and the unit of times.
_WRITTEN = re.compile(r"[<>|=]?(?:[biufcSU][1-9]\d*|[Mm]8(?:\[\d*[A-Za-zμ]+\])?)")
_MOST_CHARACTER = 0x10FFFF


def read_dtype(text: Any) -> np.dtype[Any]:
    """Make a dtype of its name.

    Parameters
    ----------
    text : str

    Returns
    -------
    dtype : numpy.dtype

    Raises
    ------
    ValueError
        If it is none that an array in a file may have.

    Examples
    --------
    >>> read_dtype("<M8[ns]"), read_dtype("|O")
    (dtype('<M8[ns]'), dtype('O'))
    """
    if text == "|O":
        return np.dtype(object)
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        raise ValueError(f"a dtype {text!r} is not known")
    return np.dtype(text)


def read_shape(shape: Any, size: int) -> tuple[int, ...]:
    """Check the shape of an array of some size."""
    are_sizes = all(type(n) is int and n >= 0 for n in as_list(shape))
    if not are_sizes or math.prod(shape) != size:
        raise ValueError(f"a shape {shape!r} does not fit {size} values")
    return tuple(shape)


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray or type(value) is np.memmap


def _is_native(value: Any) -> bool:
    if not _is_array(value):
        return False
    dtype = value.dtype
    return dtype.kind in NATIVE and dtype.itemsize <= 8 and dtype.isnative


def _read_native(name: Any, reader: Reader) -> Array:
    array = reader.arrays[name]
    if array.dtype.kind not in NATIVE:
        raise ValueError(f"an array of dtype {array.dtype} is not known")
    if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
        raise ValueError("a bool must be 0 or 1")
    return array


def _read_fortran(content: Any, reader: Reader) -> Array:
    array = reader.read(content)
    if not isinstance(array, np.ndarray):
        raise ValueError("an array must stand where there is none")
    return array.T


def _is_fortran(value: Any) -> bool:
    if not _is_array(value) or value.dtype == object:
        return False
    return bool(value.flags.f_contiguous and not value.flags.c_contiguous)


def _write_bytes(value: Array, writer: Writer, place: str) -> dict[str, Any]:
    if value.dtype.hasobject or value.dtype.names or not value.dtype.itemsize:
        raise refusal(place, value)
    raw = np.frombuffer(value.tobytes(), np.uint8)
    dtype, shape = value.dtype.str, list(value.shape)
    return {"dtype": dtype, "shape": shape, "of": writer.store(raw)}


def _read_bytes(content: Any, reader: Reader) -> Array:
    raw, dtype = reader.arrays[content["of"]], read_dtype(content["dtype"])
    if raw.dtype != np.uint8 or raw.ndim != 1 or dtype.hasobject:
        raise ValueError("an array must stand in the file as bytes")
    values = np.frombuffer(raw.tobytes(), dtype)
    if dtype.kind == "U" and values.size:
        codes = values.view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if codes.max() > _MOST_CHARACTER:
            raise ValueError("a text has a character that there is not")
    return values.reshape(read_shape(content["shape"], values.size)).copy()


def _write_objects(value: Array, writer: Writer, place: str) -> dict[str, Any]:
    items = [writer.write(item, f"{place}[{i}]") for i, item in enumerate(value.flat)]
    return {"shape": list(value.shape), "items": items}


def _read_objects(content: Any, reader: Reader) -> Array:
    items = [reader.read(item) for item in as_list(content["items"])]
    values = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        values[i] = item
    return values.reshape(read_shape(content["shape"], len(items)))


def _read_scalar(content: Any, reader: Reader) -> Any:
    array = reader.read(content)
    if not isinstance(array, np.ndarray) or array.shape or array.dtype == object:
        raise ValueError("a scalar must be an array of no dimension")
    return array[()]


# Tried in this order.
ARRAYS = (
    Kind(
        "$scalar",
        lambda value: isinstance(value, np.generic),
        lambda value, writer, place: writer.write(np.array(value), place),
        _read_scalar,
    ),
    Kind(
        "$fortran",
        _is_fortran,
        lambda value, writer, place: writer.write(value.T, place),
        _read_fortran,
    ),
    Kind(
        "$array",
        _is_native,
        lambda value, writer, place: writer.store(np.array(value, order="C")),
        _read_native,
    ),
    Kind(
        "$objects",
        lambda value: _is_array(value) and value.dtype == object,
        _write_objects,
        _read_objects,
    ),
    Kind("$bytes", _is_array, _write_bytes, _read_bytes),
)
