"""What a fit is known by: its parameters, its data, and what else decides its bits."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._version import __version__
from ..samples._samples import Samples
from ..windows._windows import Windows, row_chunks
from ._described import described
from ._trained_model import TrainedModel

# Bytes that share a check sum.
LEAF = 1 << 18
# Characters of a value in a message.
LONGEST = 60


class Fingerprint(NamedTuple):
    """What a fit is known by.

    Attributes
    ----------
    parameters : dict of str to str
        As text. What is code has its name and a digest of it.
    data : dict of str to (str, str)
        Of each argument of `fit` its shape, and a digest of its values.
    previous : str
        Digest of the model that training goes on from; empty if it begins.
    setting : dict of str to str
        Versions, and the number of threads: with others the sums have other bits.
    """

    parameters: dict[str, str]
    data: dict[str, tuple[str, str]]
    previous: str
    setting: dict[str, str]

    def differences_from(self, other: Fingerprint) -> list[str]:
        """Say what another fit had that this one has not.

        Parameters
        ----------
        other : Fingerprint

        Returns
        -------
        differences : list of str
            Empty if it is the same fit.
        """
        said = [
            f"{name}={_short(value)} (now {_short(self.parameters.get(name))})"
            for name, value in _unlike(other.parameters, self.parameters)
        ]
        if not said:  # what is held out follows from the parameters, too
            said = self._differences_of_data(other)
        if other.previous != self.previous:
            said.append("another model that training went on from, by warm_start")
        said += [
            f"{value} {name} (now {self.setting.get(name)})"
            for name, value in _unlike(other.setting, self.setting)
        ]
        return said

    def _differences_of_data(self, other: Fingerprint) -> list[str]:
        said = []
        for name, value in _unlike(other.data, self.data):
            now = self.data.get(name)
            if value is None or now is None:
                said.append(f"{name} (now without)" if value else f"no {name}")
            elif value[0] != now[0]:
                said.append(f"{name} of shape {value[0]} (now {now[0]})")
            else:
                said.append(f"other values in {name}")
        return said


def _short(value: str | None) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def fingerprint(
    parameters: Mapping[str, Any],
    train: Samples,
    valid: Samples | None,
    previous: TrainedModel | None,
    *,
    by_values: bool = True,
) -> Fingerprint:
    """Tell what a fit is known by.

    Parameters
    ----------
    parameters : mapping of str to object
        Those that the result depends on.
    train : Samples
    valid : Samples or None
        Held out, or given.
    previous : TrainedModel or None
        That training goes on from.
    by_values : bool, default=True
        Whether the values of the data matter, and their number; or their shape alone.

    Returns
    -------
    fit : Fingerprint

    Raises
    ------
    Indescribable
        If one of the parameters cannot be told from another.
    """
    all_samples = [train] if valid is None else [train, valid]
    setting = {
        "version of sklstm": __version__,
        "version of torch": str(torch.__version__),
        "version of numba": version_of_numba(),
        "thread(s)": str(torch.get_num_threads()),
    }
    return Fingerprint(
        {
            # What listens may hold much that training does not depend on.
            name: described(value, by_class=name == "callbacks")
            for name, value in parameters.items()
        },
        _digests(all_samples) if by_values else _kinds(all_samples),
        "" if previous is None else _digest_of_model(previous),
        setting,
    )


def version_of_numba() -> str:
    """Give the version of numba, whose kernels round otherwise than torch's.

    Returns
    -------
    version : str
        "no" if it is not there.
    """
    try:
        return version("numba")
    except PackageNotFoundError:
        return "no"


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Give what one of two has otherwise, or they do not both have."""
    names = dict.fromkeys([*one, *other])
    return [(name, one.get(name)) for name in names if one.get(name) != other.get(name)]


# ---------------------------------------------------------------------- data


def _digests(all_samples: list[Samples]) -> dict[str, tuple[str, str]]:
    """Give shapes and digests of the arguments of fit that samples came from."""
    shapes: dict[str, tuple[int, ...]] = {}
    sums: dict[str, Any] = {}
    tables: dict[int, bytes] = {}
    for samples in all_samples:
        weight = f"sample_weight{samples.suffix}"
        parts = (samples.windows, samples.target, samples.weight)
        for name, part in zip((*samples.names, weight), parts, strict=True):
            if part is not None:
                # Samples held out are of the same arguments.
                n_before = shapes[name][0] if name in shapes else 0
                shapes[name] = (n_before + len(part), *part.shape[1:])
                _add(sums.setdefault(name, blake2b(digest_size=16)), part, tables)
    return {name: (str(shapes[name]), sums[name].hexdigest()) for name in sums}


def _kinds(all_samples: list[Samples]) -> dict[str, tuple[str, str]]:
    """Give the shapes of single samples, and which steps sequences have."""
    kinds = {}
    for samples in all_samples:
        windows = samples.windows
        ahead = () if windows.known is None else vars(windows.known)
        parts: dict[str, tuple[Any, str]] = {
            samples.names[0]: (windows, digest_of((windows.lags, windows.padding, ahead))),
            samples.names[1]: (samples.target, ""),
            f"sample_weight{samples.suffix}": (samples.counts, ""),
        }
        for name, (part, digest) in parts.items():
            if part is not None:
                kinds[name] = (str(part.shape[1:]), digest)
    return kinds


def _digest_of_model(model: TrainedModel) -> str:
    memory = model.memory
    state = (model.network.state_dict(), memory.optimizer, memory.n_runs, memory.seed)
    return digest_of(state)


def digest_of(value: Any) -> str:
    """Give a digest of a nested value.

    Parameters
    ----------
    value : object
        Tensors, arrays, windows and plain values.

    Returns
    -------
    digest : str

    Examples
    --------
    >>> digest_of([1, np.ones(2)]) == digest_of([1, torch.ones(2, dtype=torch.float64)])
    True
    """
    digest = blake2b(digest_size=16)
    _add(digest, value, {})
    return digest.hexdigest()


def _add(digest: Any, value: Any, tables: dict[int, bytes]) -> None:
    """Add a nested value to a digest; of each table of windows the sums are kept."""
    if isinstance(value, Windows):
        known = value.known
        beside = () if known is None else (known.leads, known.columns)
        _add(digest, (value.ends, value.starts, value.lags, value.padding, beside), tables)
        if id(value.table) not in tables:
            tables[id(value.table)] = _check_sums(value.table)
        digest.update(tables[id(value.table)])
    elif isinstance(value, Tensor):
        digest.update(_check_sums(value.detach().cpu().numpy()))
    elif isinstance(value, np.ndarray):
        digest.update(_check_sums(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            digest.update(repr(key).encode())
            _add(digest, item, tables)
    elif isinstance(value, list | tuple):
        for item in value:
            _add(digest, item, tables)
    else:
        digest.update(repr(value).encode())


def _check_sums(array: NDArray[Any]) -> bytes:
    """Give check sums of an array, part by part.

    They go into a digest in place of the values: that is several times as fast as to digest
    the values, and no two arrays are taken for each other but by chance.
    """
    said = [f"{array.dtype.str}{array.shape}".encode()]
    if array.dtype == object:
        return b"".join([*said, repr(array.tolist()).encode()])
    for chunk in row_chunks(array) if array.ndim > 1 and array.size else [...]:
        part = np.ascontiguousarray(array[chunk])
        raw: Any = memoryview(part.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        said += [
            zlib.crc32(raw[i : i + LEAF]).to_bytes(4) for i in range(0, len(raw), LEAF)
        ]
    return b"".join(said)
