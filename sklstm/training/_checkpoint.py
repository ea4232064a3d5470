"""The file of a fit that is not whole yet, while that fit uses it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any

from ..files._lock import FileLock
from ..fitting._ranks import current_ranks
from ._described import Indescribable
from ._fingerprint import Fingerprint, digest_of
from ._unfinished_file import (
    KIND,
    KINDS,
    PathLike,
    damaged,
    path_of,
    read_checkpoint,
    stem_of,
    unfinished_files,
)


class NotWritten(OSError):
    """A file that could be written before and now cannot: the disk is full, or gone."""


class Checkpoint:
    """The file of a fit that is not whole yet, locked while that fit uses it.

    Its name has a digest of the parameters and the data, so that each fit has its own. As
    a context it opens the file, if there is one, and takes it away at the end, when the fit
    is whole. It stays for the next fit where one is interrupted, by whatever; unless that
    did not get to the end of an epoch, or diverged, as the next would.

    Parameters
    ----------
    prefix : path-like
        With which the file's name begins; or a folder, in which it is.
    fit : Fingerprint
        Of the parameters and the data.
    random_state : int or None
        None if the seed is drawn anew for each fit, and has to be kept.
    seed : int
        That governs the fit if it begins.

    Attributes
    ----------
    path : Path
    seed : int
        That of the fit to take up, if there is one.
    run : dict or None
        Where that was, as `write` was given it.

    Raises
    ------
    ValueError
        If the folder cannot be written to, or the file is damaged.
    """

    def __init__(
        self, prefix: PathLike, fit: Fingerprint, random_state: int | None, seed: int
    ) -> None:
        self.stem = stem_of(prefix)
        self.path = path_of(self.stem, fit)
        self.fit = fit
        self.random_state = random_state
        self.seed = seed
        self.run: dict[str, Any] | None = None
        self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))
        self._is_used = False
        self._is_worth_keeping = False

    def __enter__(self) -> Checkpoint | None:
        try:
            self._is_used = self._lock.acquire()
        except OSError as error:
            raise self._not_a_place(error) from error
        if not self._is_used:
            _warn(
                f"checkpoint keeps nothing of this fit: another with the same parameters"
                f" and data is under way, and keeps {str(self.path)!r}."
            )
            return None
        try:
            found = read_checkpoint(self.path)
            if found is None:
                self._tell_of_others()
                return self
            if found["fit"] != self.fit:
                raise damaged(self.path, "it is not as it was written")
        except BaseException:
            self._lock.release()
            raise
        self.seed, self.run = found["seed"], found["run"]
        self._is_worth_keeping = found["run"]["n_epochs"] > 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_used:
            return
        # A fit that has diverged once would do so again.
        is_done = error is None or getattr(error, "is_divergence", False)
        try:
            if is_done or not self._is_worth_keeping:
                self.path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def write(self, run: dict[str, Any]) -> None:
        """Write where a run of training is, in place of where it was.

        Parameters
        ----------
        run : dict
            Tensors on the CPU, arrays and plain values; "n_epochs" among them.

        Raises
        ------
        ValueError
            If there is something else among them, or the file cannot be written before
            the first epoch.
        NotWritten
            If it cannot be written after one.
        """
        # Until here nobody needs safetensors.
        from ..files._plain_file import plain_bytes, replace_file

        said = {
            "fit": self.fit._asdict(),
            "seed": self.seed,
            "random_state": self.random_state,
            "run": run,
        }
        try:
            content = plain_bytes(KIND, {**said, "digest": digest_of(said)}, KINDS)
        except TypeError as error:
            raise ValueError(
                "checkpoint must be None where optimizer, learning_rate_schedule or loss"
                f" is one of your own that keeps more than numbers: {error}"
            ) from error
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            replace_file(self.path, content, part)
        except OSError as error:
            if not run["n_epochs"]:
                raise self._not_a_place(error) from error
            raise NotWritten(
                error.errno,
                f"checkpoint could not be written after epoch {run['n_epochs']}"
                f" ({error.strerror or error}); an earlier epoch is kept",
                str(self.path),
            ) from error
        self._is_worth_keeping = run["n_epochs"] > 0

    def damaged(self, error: Exception) -> ValueError:
        """Give the error of a file whose parts do not fit together."""
        return damaged(self.path, f"{type(error).__name__}: {error}")

    def _tell_of_others(self) -> None:
        """Warn if the fit would be taken up, but for another machine or model."""
        for path in unfinished_files(self.stem):
            try:
                found = read_checkpoint(path)
            except ValueError:
                continue
            other = None if found is None else found["fit"]
            same = (self.fit.parameters, self.fit.data)
            if other is not None and (other.parameters, other.data) == same:
                _warn(
                    f"checkpoint begins anew: {str(path)!r} is of the same parameters and"
                    f" data, but of {'; '.join(self.fit.differences_from(other))}."
                )

    def _not_a_place(self, error: OSError) -> ValueError:
        return ValueError(
            "checkpoint must be a path in a folder that is there, and where files can be"
            f" written and locked. Got {str(self.stem)!r}: {error.strerror or error}."
        )


def open_checkpoint(
    prefix: PathLike | None,
    find_fit: Callable[[], Fingerprint],
    random_state: int | None,
    seed: int,
) -> AbstractContextManager[Checkpoint | None]:
    """Give the context of a fit that may have a checkpoint.

    Parameters
    ----------
    prefix : path-like or None
    find_fit : callable () -> Fingerprint
        Is called if there is a path.
    random_state : int or None
    seed : int
        As in `Checkpoint`.

    Returns
    -------
    context : context manager
        Of a `Checkpoint`; or of None without a path, where another has the file, or where
        a parameter cannot be told from another.
    """
    if prefix is None:
        return nullcontext()
    if current_ranks() is not None:
        raise ValueError(
            "checkpoint must be None within distributed: where each process is stands in no"
            f" one file. Got {str(prefix)!r}."
        )
    try:
        fit = find_fit()
    except Indescribable as error:
        _warn(
            "checkpoint keeps nothing of this fit: a parameter is, or holds, something that"
            f" another process could not tell from others, {error}."
        )
        return nullcontext()
    return Checkpoint(prefix, fit, random_state, seed)


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)
