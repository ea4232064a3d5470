"""Values of Python, and names that stand for some objects of NumPy and torch."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ._alike import ALIKE
from ._arrays import ARRAYS, read_dtype
from ._codec import Kind, Reader, Writer, as_list, refusal

_FUNCTIONS = (
    *("exp", "log", "exp2", "log2", "expm1", "log1p", "log10", "sqrt", "square", "cbrt"),
    *("negative", "reciprocal", "absolute", "sinh", "arcsinh", "tanh", "arctanh"),
)
_SCALARS = (
    *("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "str_", "object_", "number", "integer", "floating"),
)
# Objects that a name stands for: a file may say these, and no others.
CONSTANTS: dict[str, Any] = {
    **{f"numpy.{name}": getattr(np, name) for name in (*_FUNCTIONS, *_SCALARS)},
    **{kind.__name__: kind for kind in (bool, int, float, str, object)},
    **{f"torch.{name}": getattr(torch, name) for name in ("float32", "float64")},
}
_NAMES = {id(value): name for name, value in CONSTANTS.items()}
_DEVICE = re.compile(r"(?:cpu|cuda|mps|xpu)(?::\d{1,3})?")
# Who goes through one must come to its end.
_LONGEST_RANGE = 1_000_000
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def read_device(text: Any) -> torch.device:
    """Make a device of its name.

    Parameters
    ----------
    text : str

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If there is no device of that name.

    Examples
    --------
    >>> read_device("cuda:1")
    device(type='cuda', index=1)
    """
    if not isinstance(text, str) or not _DEVICE.fullmatch(text):
        raise ValueError(f"a device {text!r} is not known")
    return torch.device(text)


def _write_pairs(value: dict[Any, Any], writer: Writer, place: str) -> list[Any]:
    return [
        [writer.write(key, f"{place} key"), writer.write(item, f"{place}[{key!r}]")]
        for key, item in value.items()
    ]


def _read_pairs(content: Any, reader: Reader) -> dict[Any, Any]:
    return {reader.read(key): reader.read(item) for key, item in map(as_list, content)}


def _read_floats(content: Any, reader: Reader) -> list[float]:
    values = reader.arrays[content]
    if values.dtype != np.float64 or values.ndim != 1:
        raise ValueError("a list of numbers must be of float64")
    return values.tolist()  # type: ignore[no-any-return]


def _write_slice(value: slice | range, writer: Writer, place: str) -> list[Any]:
    return [writer.write(part, place) for part in (value.start, value.stop, value.step)]


def _read_slice(content: Any, reader: Reader) -> slice:
    start, stop, step = map(reader.read, content)
    return slice(start, stop, step)


def _read_range(content: Any, reader: Reader) -> range:
    values = range(*as_list(content))
    if len(values) > _LONGEST_RANGE:
        raise ValueError(f"a range must be of at most {_LONGEST_RANGE} numbers")
    return values


def _write_moment(value: date, writer: Writer, place: str) -> str:
    zone = getattr(value, "tzinfo", None)
    if getattr(value, "fold", 0) or not (zone is None or type(zone) is timezone):
        raise refusal(place, value)
    return value.isoformat()


def _read_path(content: Any, reader: Reader) -> Path:
    if not isinstance(content, str):
        raise ValueError(f"a path must be text. Got {content!r:.80}")
    return Path(content)


def _write_random_state(value: Any, writer: Writer, place: str) -> Any:
    state = value.get_state(legacy=False)
    return [writer.write(state["state"]["key"]), *_numbers(state)]


def _numbers(state: dict[str, Any]) -> list[Any]:
    return [state["state"]["pos"], state["has_gauss"], state["gauss"]]


def _is_mersenne(value: Any) -> bool:
    if type(value) is not np.random.RandomState:
        return False
    return value.get_state(legacy=False)["bit_generator"] == "MT19937"


def _read_random_state(content: Any, reader: Reader) -> np.random.RandomState:
    key, *numbers = content
    # Its seed is set over; without one the system would be asked for entropy.
    state = np.random.RandomState(0)
    state.set_state(("MT19937", reader.read(key), *numbers))
    return state


def _of(*types: type) -> Any:
    return lambda value: type(value) in types


VALUES = (
    *ALIKE,
    *ARRAYS,
    Kind(
        "$float",  # all finite ones are JSON
        _of(float),
        lambda value, writer, place: str(value),
        lambda content, reader: _FLOATS[content],
    ),
    Kind(
        "$floats",  # shorter lists are JSON
        _of(list),
        lambda value, writer, place: writer.store(np.array(value)),
        _read_floats,
    ),
    Kind("$pairs", _of(dict), _write_pairs, _read_pairs),
    Kind(
        "$hex",
        _of(bytes),
        lambda value, writer, place: value.hex(),
        lambda content, reader: bytes.fromhex(content),
    ),
    Kind("$slice", _of(slice), _write_slice, _read_slice),
    Kind(
        "$range",
        lambda value: type(value) is range and len(value) <= _LONGEST_RANGE,
        _write_slice,
        _read_range,
    ),
    Kind(
        "$datetime",
        _of(datetime),
        _write_moment,
        lambda content, reader: datetime.fromisoformat(content),
    ),
    Kind(
        "$date",
        _of(date),
        _write_moment,
        lambda content, reader: date.fromisoformat(content),
    ),
    Kind(
        "$timedelta",
        _of(timedelta),
        lambda value, writer, place: [value.days, value.seconds, value.microseconds],
        lambda content, reader: timedelta(*content),
    ),
    Kind(
        "$path",
        lambda value: type(value) is type(Path()),
        lambda value, writer, place: str(value),
        _read_path,
    ),
    Kind("$random_state", _is_mersenne, _write_random_state, _read_random_state),
    Kind(
        "$constant",
        lambda value: id(value) in _NAMES,
        lambda value, writer, place: _NAMES[id(value)],
        lambda content, reader: CONSTANTS[content],
    ),
    Kind(
        "$dtype",
        lambda value: isinstance(value, np.dtype) and not value.names,
        lambda value, writer, place: value.str,
        lambda content, reader: read_dtype(content),
    ),
    Kind(
        "$device",
        _of(torch.device),
        lambda value, writer, place: str(value),
        lambda content, reader: read_device(content),
    ),
)
