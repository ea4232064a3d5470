"""Nested arrays and plain values in one safetensors file.

Arrays are the file's tensors; all else stands as JSON in its header. Where JSON has no
word for a value it is an object with one key that begins with ``$``: an array has its
tensor's name, a tuple its items, a dictionary whose keys are not all text its pairs, and a
number that is not finite its name.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

# Of the way in which values stand in a file. A file of a newer format is refused.
FORMAT = 1

Arrays = dict[str, NDArray[Any]]


def write_plain(path: str | os.PathLike[str], kind: str, value: Any) -> None:
    """Write a nested value to a file, in one step.

    Parameters
    ----------
    path : path-like
        Of the file, which is replaced if it exists.
    kind : str
        What the value is; it has to be named when it is read.
    value : object
        Arrays, numbers, strings, booleans and None, in dictionaries, lists and tuples.

    Raises
    ------
    TypeError
        If something else is among them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_plain(f"{folder}/a.safetensors", "sums", {"a": (np.arange(2), None)})
    ...     read_plain(f"{folder}/a.safetensors", "sums")
    {'a': (array([0, 1]), None)}
    """
    arrays: Arrays = {}
    text = json.dumps(_to_json(value, arrays), allow_nan=False)
    header = {"format": str(FORMAT), "kind": kind, "value": text}
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(save(arrays, header))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_plain(path: str | os.PathLike[str], kind: str) -> Any:
    """Read a nested value from a file. Nothing that stands in it is run.

    Parameters
    ----------
    path : path-like
    kind : str
        What the value has to be.

    Returns
    -------
    value : object
        As it was written; NumPy's scalars as Python's.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none of these files, of a newer format, of another kind, or damaged.
    """
    try:
        with safe_open(path, "np") as file:
            header = file.metadata() or {}
            _check(header, path, kind)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _from_json(json.loads(header["value"]), arrays)
    except (
        SafetensorError,
        json.JSONDecodeError,
        KeyError,
        TypeError,
        RecursionError,
    ) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error


def _check(header: dict[str, str], path: Any, kind: str) -> None:
    if "format" not in header or not header["format"].isdecimal():
        raise ValueError(f"{path} must be a file that sklstm wrote. Got another one.")
    if int(header["format"]) > FORMAT:
        raise ValueError(
            f"{path} is of format {header['format']}, which a newer sklstm wrote. This one"
            f" reads format {FORMAT}."
        )
    if header.get("kind") != kind:
        raise ValueError(f"{path} must hold {kind!r}. Got {header.get('kind')!r}.")


def _is_written(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def _to_json(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and _is_written(value.dtype):
        name = str(len(arrays))
        arrays[name] = np.asarray(value, order="C")
        return {"$array": name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if isinstance(value, list):
        return [_to_json(item, arrays) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [_to_json(item, arrays) for item in value]}
    if isinstance(value, dict):
        keys = list(value)
        if all(isinstance(key, str) for key in keys) and not (
            len(keys) == 1 and keys[0].startswith("$")
        ):
            return {key: _to_json(item, arrays) for key, item in value.items()}
        pairs = [[_to_json(part, arrays) for part in pair] for pair in value.items()]
        return {"$pairs": pairs}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"A file holds arrays and plain values alone. Got {value!r}.")


def _from_json(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, list):
        return [_from_json(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))).startswith("$"):
        return _of_tag(tag, value[tag], arrays)
    return {key: _from_json(item, arrays) for key, item in value.items()}


def _of_tag(tag: str, content: Any, arrays: Arrays) -> Any:
    if tag == "$array":
        return arrays[content]
    if tag == "$float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
    if tag == "$tuple":
        return tuple(_from_json(item, arrays) for item in content)
    if tag == "$pairs":
        return {_from_json(k, arrays): _from_json(v, arrays) for k, v in content}
    raise ValueError(f"There is no {tag!r} in format {FORMAT}.")
