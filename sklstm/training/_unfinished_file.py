"""Files of fits that are not whole: how they are called, and what stands in them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..files._codec import Kind, Reader
from ..files._values import VALUES
from ._fingerprint import Fingerprint, digest_of

# What these files say of themselves.
KIND = "unfinished fit"

# How their names end, after some digits of a digest.
SUFFIX = ".unfinished"
N_DIGITS = 16

# What stands in them beside the run.
_SAID = ("fit", "seed", "random_state")

PathLike = str | os.PathLike[str]


def _read_tensor(content: Any, reader: Reader) -> Tensor:
    return torch.from_numpy(reader.read(content)).clone()


KINDS = (
    Kind(
        "$tensor",
        lambda value: isinstance(value, Tensor),
        lambda value, writer, place: writer.write(value.numpy(), place),
        _read_tensor,
    ),
    *VALUES,
)


def stem_of(prefix: PathLike) -> Path:
    """Give the path with which the names of a fit's files begin.

    Parameters
    ----------
    prefix : path-like
        ``~`` is the home folder. A folder is where the files are.

    Returns
    -------
    stem : Path
        Absolute.

    Raises
    ------
    ValueError
        If it is empty.
    """
    text = os.fspath(prefix)
    if not text:
        raise ValueError(
            "checkpoint must be a path with which files' names begin, such as 'runs/sales'."
            f" Got {prefix!r}."
        )
    path = Path(os.path.abspath(os.path.expanduser(text)))
    return path / "fit" if path.is_dir() else path


def path_of(stem: Path, fit: Fingerprint) -> Path:
    """Give the path of the file of a fit."""
    return stem.with_name(f"{stem.name}.{digest_of(fit._asdict())[:N_DIGITS]}{SUFFIX}")


def unfinished_files(stem: Path) -> list[Path]:
    """Give the files of unfinished fits whose names begin with a path.

    Parameters
    ----------
    stem : Path

    Returns
    -------
    paths : list of Path
    """
    name = re.compile(rf"{re.escape(stem.name)}\.[0-9a-f]{{{N_DIGITS}}}{re.escape(SUFFIX)}")
    return sorted(p for p in stem.parent.iterdir() if name.fullmatch(p.name))


def read_checkpoint(path: PathLike) -> dict[str, Any] | None:
    """Read what such a file says. Nothing that stands in it is run.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    found : dict or None
        None if there is no file.

    Raises
    ------
    ValueError
        If it is another file, or damaged.
    """
    from ..files._plain_file import read_plain

    if not os.path.lexists(path):
        return None
    try:
        found = read_plain(path, KIND, KINDS)
        _check(found)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise damaged(path, str(error).rstrip(".")) from error
    return found


def _check(found: Any) -> None:
    """Refuse a file that is not as it was written."""
    digest = found.pop("digest")
    if digest != digest_of(found) or set(found) != {*_SAID, "run"}:
        raise ValueError("it is not as it was written")
    found["fit"] = Fingerprint(**found["fit"])


def kept_random_state(prefix: PathLike) -> int | None:
    """Give the random state of the one unfinished fit, if there is one.

    Parameters
    ----------
    prefix : path-like
        Of one fit alone.

    Returns
    -------
    random_state : int or None
    """
    stem = stem_of(prefix)
    found = unfinished_files(stem) if stem.parent.is_dir() else []
    kept = read_checkpoint(found[0]) if len(found) == 1 else None
    return None if kept is None else kept["random_state"]


def damaged(path: PathLike, said: str) -> ValueError:
    """Give the error of a file that is none of these, or not as it was written.

    Parameters
    ----------
    path : path-like
    said : str
        What is wrong with it.

    Returns
    -------
    error : ValueError
    """
    return ValueError(
        f"checkpoint must be the file of an unfinished fit. Got {str(path)!r}: {said:.500}."
        " Delete it to begin anew."
    )
