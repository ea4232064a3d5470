"""Nested arrays and plain values in one safetensors file.

Arrays are the file's tensors; all else stands as JSON in its header. Where JSON has no
word for a value it is an object with one key that begins with ``$``: an array has its
tensor's name, a tuple its items, a dictionary whose keys are not all text its pairs, and a
number that is not finite its name.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.numpy import save

from .._version import __version__
from ._codec import NO_CLASSES, Kind, Reader, Writer
from ._values import VALUES

# Of the way in which values stand in a file. A file of a newer format is refused.
FORMAT = 1


def write_plain(
    path: str | os.PathLike[str],
    kind: str,
    value: Any,
    kinds: Sequence[Kind] = VALUES,
    place: str = "value",
) -> None:
    """Write a nested value to a file, in one step.

    Parameters
    ----------
    path : path-like
        Of the file, which is replaced if it exists.
    kind : str
        What the value is; it has to be named when it is read.
    value : object
        Arrays, numbers, text, times and None, in dictionaries, lists and tuples.
    kinds : sequence of Kind, default=VALUES
        All that may be among them besides what JSON knows.
    place : str, default="value"
        What the value is called in messages.

    Raises
    ------
    TypeError
        If something else is among them.
    ValueError
        If the path is one of a device or something else that is no file.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_plain(f"{folder}/a.safetensors", "sums", {"a": (np.arange(2), None)})
    ...     read_plain(f"{folder}/a.safetensors", "sums")
    {'a': (array([0, 1]), None)}
    """
    write_file(path, plain_bytes(kind, value, kinds, place))


def plain_bytes(
    kind: str, value: Any, kinds: Sequence[Kind] = VALUES, place: str = "value"
) -> bytes:
    """Give what `write_plain` writes.

    Parameters
    ----------
    kind, value, kinds, place
        As in `write_plain`.

    Returns
    -------
    content : bytes

    Raises
    ------
    TypeError
        As `write_plain` raises it.
    """
    writer = Writer(kinds)
    tree = writer.write(value, place)
    text = json.dumps(tree, allow_nan=False, separators=(",", ":"))
    header = {"format": str(FORMAT), "version": __version__, "kind": kind, "value": text}
    return save(writer.arrays, header)


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that a user names, in one step.

    Parameters
    ----------
    path : path-like
        ``~`` is the home folder. A file that is there is replaced, where links lead to it,
        and keeps its permissions.
    content : bytes

    Raises
    ------
    ValueError
        If the path is one of a device or something else that is no file.
    OSError
        If the file cannot be written.
    """
    target = _target_of(path)
    try:
        replace_file(target, content)
    except OSError as error:
        # What it was written to first is nobody's concern.
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from error
    _sync_folder(target.parent)


def replace_file(path: Path, content: bytes, part: Path | None = None) -> None:
    """Let a file have new content, whole or not at all.

    Parameters
    ----------
    path : Path
    content : bytes
    part : Path or None, default=None
        Where the content is written first, in the same folder. None is a new name: others
        may write to the same path meanwhile.
    """
    if part is None:
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.unlink(missing_ok=True)  # a crash may have left it
    try:
        with open(part, "xb") as file:
            if path.is_file():  # its content may be somebody's secret
                os.chmod(part, stat.S_IMODE(path.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _target_of(path: str | os.PathLike[str]) -> Path:
    """Give the file that a path leads to, through links."""
    target = Path(os.path.realpath(os.path.expanduser(path)))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if target.exists() and not target.is_file():
        raise ValueError(
            f"path must be one of a file. Got {os.fspath(path)!r}, a device or a pipe."
        )
    return target


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file outlast a power cut."""
    if os.name == "posix":
        with suppress(OSError):  # some file systems have no such thing
            number = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)


def read_plain(
    path: str | os.PathLike[str],
    kind: str,
    kinds: Sequence[Kind] = VALUES,
    classes: frozenset[str] = NO_CLASSES,
) -> Any:
    """Read a nested value from a file. Nothing that stands in it is run.

    Parameters
    ----------
    path : path-like
    kind : str
        What the value has to be.
    kinds : sequence of Kind, default=VALUES
        All that may be in it besides what JSON knows.
    classes : frozenset of str, default=NO_CLASSES
        Of which the value may be.

    Returns
    -------
    value : object
        As it was written.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be opened.
    ValueError
        If it is none of these files, of a newer format, of another kind, or damaged.
    """
    path = os.path.expanduser(path)
    with open(path, "rb"):  # what the system has to say, it says here
        pass
    version = "unknown"
    try:
        with safe_open(path, "np") as file:
            header = file.metadata() or {}
            version = header.get("version", version)
            _check(header, path, kind)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        tree = json.loads(header["value"], parse_constant=_refuse)
        return Reader(kinds, arrays).read(tree, classes)
    except _Refused:
        raise
    except Exception as error:
        # Whatever is wrong with a file is told in one way.
        raise ValueError(
            f"{path} cannot be read: {_said(error):.500}. It was written by sklstm"
            f" {version:.40}, and this is {__version__}."
        ) from error


class _Refused(ValueError):
    """A file that is none of ours, or too new."""


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _said(error: Exception) -> str:
    text = str(error).rstrip(".")
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"


def _check(header: dict[str, str], path: Any, kind: str) -> None:
    version = header.get("version", "unknown")
    if "format" not in header or not header["format"].isdecimal():
        raise _Refused(f"{path} must be a file that sklstm wrote. Got another one.")
    if int(header["format"]) > FORMAT:
        raise _Refused(
            f"{path} is of format {header['format']:.9}, which a newer sklstm wrote:"
            f" {version:.40}. This one, {__version__}, reads format {FORMAT}."
        )
    if header.get("kind") != kind:
        raise _Refused(f"{path} must hold {kind!r}. Got {header.get('kind')!r:.40}.")
