"""The file of a fit that is not whole yet."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from ..files._codec import Kind, Reader
from ..files._lock import FileLock
from ..files._values import VALUES
from ..fitting._ranks import Ranks, current_ranks
from ._fingerprint import Fingerprint, digest_of
from ._net import Diverged

# What these files say of themselves.
KIND = "unfinished fit"

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


class Checkpoint:
    """The file of a fit that is not whole yet, locked while that fit uses it.

    As a context it opens the file, if there is one, and takes it away at the end, when the
    fit is whole. It stays for the next fit where one is interrupted, by whatever; unless
    that did not get to the end of an epoch, or diverged, as the next would.

    Parameters
    ----------
    path : path-like

    Attributes
    ----------
    seed : int or None
        That of the fit to take up, if there is one.
    run : dict or None
        Where that was, as `write` was given it.

    Raises
    ------
    ValueError
        If another fit uses the file, if its folder cannot be written to, or if the file is
        none of these, or damaged.
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(os.path.abspath(os.fspath(path)))
        self.seed: int | None = None
        self.run: dict[str, Any] | None = None
        self._lock = FileLock(f"{self.path}.lock")
        self._found: dict[str, Any] | None = None
        self._header: dict[str, Any] | None = None
        self._is_worth_keeping = False

    def __enter__(self) -> Checkpoint:
        try:
            is_free = self._lock.acquire()
        except OSError as error:
            raise self._not_a_place(error) from error
        if not is_free:
            raise ValueError(
                "checkpoint must be a file that no other fit uses meanwhile. Got"
                f" {str(self.path)!r}, which one uses: give each fit its own."
            )
        try:
            self._found = read_checkpoint(self.path)
            if self._found is not None:
                self.seed = self._found["seed"]
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        is_done = kind is None or issubclass(kind, Diverged)
        try:
            if self._header is not None and (is_done or not self._is_worth_keeping):
                self.path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def belong_to(self, fit: Fingerprint, seed: int, random_state: Any) -> None:
        """Refuse a file of another fit, before this one begins.

        Parameters
        ----------
        fit : Fingerprint
            Of the parameters and the data.
        seed : int
            That governs the fit.
        random_state : int, RandomState instance or None
            Where the seed came from.

        Raises
        ------
        ValueError
            Naming what differs.
        """
        if self._found is not None:
            differences = fit.differences_from(self._found["fit"])
            if not differences and seed != self.seed:
                differences = ["another random_state"]
            if differences:
                raise ValueError(
                    "checkpoint must be the file of a fit with these parameters and data."
                    f" Got {str(self.path)!r}, of a fit with {'; '.join(differences)}. Fit"
                    " with those to go on with it, delete the file to begin anew, or name"
                    " another."
                )
            self.run = self._found["run"]
            self._is_worth_keeping = self.run is not None and self.run["n_epochs"] > 0
        given = int(random_state) if isinstance(random_state, int) else None
        self._header = {"fit": fit._asdict(), "seed": seed, "random_state": given}

    def write(self, run: dict[str, Any]) -> None:
        """Write where a run of training is, in place of where it was.

        Parameters
        ----------
        run : dict
            Tensors on the CPU, arrays and plain values; "n_epochs" among them.

        Raises
        ------
        ValueError
            If there is something else among them, or the file cannot be written.
        """
        # Until here nobody needs safetensors.
        from ..files._plain_file import plain_bytes, replace_file

        try:
            said = {**(self._header or {}), "run": run}
            content = plain_bytes(KIND, {**said, "digest": digest_of(said)}, KINDS)
        except TypeError as error:
            raise ValueError(
                "checkpoint must be None where optimizer, learning_rate_schedule or loss"
                f" is one of your own that keeps more than numbers: {error}"
            ) from error
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            replace_file(self.path, content, part)
        except OSError as error:
            raise self._not_a_place(error) from error
        self._is_worth_keeping = run["n_epochs"] > 0

    def damaged(self, error: Exception) -> ValueError:
        """Give the error of a file whose parts do not fit together."""
        return _damaged(self.path, f"{type(error).__name__}: {error}")

    def _not_a_place(self, error: OSError) -> ValueError:
        return ValueError(
            "checkpoint must be a file in a folder that is there, and where files can be"
            f" written and locked. Got {str(self.path)!r}: {error.strerror or error}."
        )


class SharedCheckpoint(Checkpoint):
    """The file of a fit of several processes: that of rank 0 uses it, and tells the others.

    Parameters
    ----------
    path : path-like
    ranks : Ranks
    """

    def __init__(self, path: PathLike, ranks: Ranks) -> None:
        super().__init__(path)
        if ranks.owns_rows:
            raise ValueError(
                "checkpoint must be None with distributed(rows='own'): no file holds where"
                f" each process is in its own rows. Got {str(path)!r}."
            )
        self.ranks = ranks

    def __enter__(self) -> Checkpoint:
        if self.ranks.is_first:
            super().__enter__()
        try:
            self.seed = self.ranks.of_first("the seed of a checkpoint", self.seed)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *raised: Any) -> None:
        if self.ranks.is_first:
            super().__exit__(*raised)

    def belong_to(self, fit: Fingerprint, seed: int, random_state: Any) -> None:
        """Refuse a file of another fit; tell all where that of this fit was."""
        if self.ranks.is_first:
            super().belong_to(fit, seed, random_state)
        self.run = self.ranks.of_first("an unfinished fit", self.run)
        if self.run is not None and not self.ranks.is_first:
            self.run["callbacks"] = []  # they are in the process of rank 0

    def write(self, run: dict[str, Any]) -> None:
        """Write where a run of training is."""
        if self.ranks.is_first:
            super().write(run)


def open_checkpoint(path: PathLike | None) -> AbstractContextManager[Checkpoint | None]:
    """Give the context of a fit that may have a checkpoint.

    Parameters
    ----------
    path : path-like or None

    Returns
    -------
    context : context manager
        Of a `Checkpoint`, or of None without a path.
    """
    ranks = current_ranks()
    if path is None:
        return nullcontext()
    return Checkpoint(path) if ranks is None else SharedCheckpoint(path, ranks)


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
        raise _damaged(path, str(error).rstrip(".")) from error
    return found


def _check(found: Any) -> None:
    """Refuse a file that is not as it was written."""
    digest = found.pop("digest")
    if digest != digest_of(found) or set(found) != {*_SAID, "run"}:
        raise ValueError("it is not as it was written")
    found["fit"] = Fingerprint(**found["fit"])


def given_random_state(path: PathLike | None) -> int | None:
    """Give the random state of the fit to take up, if that had a number for one.

    Parameters
    ----------
    path : path-like or None

    Returns
    -------
    random_state : int or None
    """
    found = None if path is None else read_checkpoint(path)
    return None if found is None else found["random_state"]


def beside(path: PathLike | None, name: str) -> str | None:
    """Name a file for another network that the same fit trains.

    Parameters
    ----------
    path : path-like or None
    name : str

    Returns
    -------
    path : str or None

    Examples
    --------
    >>> beside("sales.ckpt", "calibration")
    'sales.ckpt.calibration'
    """
    return None if path is None else f"{os.fspath(path)}.{name}"


def _damaged(path: PathLike, said: str) -> ValueError:
    return ValueError(
        f"checkpoint must be the file of an unfinished fit. Got {str(path)!r}: {said:.500}."
        " Delete it to begin anew, or name another."
    )
