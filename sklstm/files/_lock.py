"""A lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """Lets one at a time use a file, among all threads and processes of a machine.

    The lock is held by the system, on a small file of its own that is there meanwhile. It
    ends with the process, however that ends: what a crash leaves behind locks nobody out.

    Parameters
    ----------
    path : path-like
        Of the small file, which is empty. A file that holds something is somebody else's,
        and stays as it is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     one, other = FileLock(f"{folder}/a.lock"), FileLock(f"{folder}/a.lock")
    ...     print(one.acquire(), other.acquire())
    ...     one.release()
    ...     print(other.acquire())
    ...     other.release()
    True False
    True
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock, unless somebody has it.

        Returns
        -------
        taken : bool

        Raises
        ------
        OSError
            If the small file cannot be written, or files cannot be locked where it lies; or
            if there is another file.
        """
        while True:
            file = open(self.path, "ab")  # noqa: SIM115
            try:
                if not _lock(file):
                    file.close()
                    return False
                # Whoever had the lock may just have taken the small file away.
                if _is_at(file, self.path):
                    if file.tell():
                        raise FileExistsError(errno.EEXIST, "it is no lock", str(self.path))
                    self._file = file
                    return True
            except BaseException:
                file.close()
                raise
            file.close()

    def release(self) -> None:
        """Give the lock back, and take the small file away."""
        file, self._file = self._file, None
        if file is None:
            return
        if sys.platform == "win32":  # an open file cannot be taken away there
            file.close()
            with suppress(OSError):
                self.path.unlink()
            return
        try:
            self.path.unlink(missing_ok=True)
        finally:
            file.close()


def _lock(file: IO[bytes]) -> bool:
    """Lock an open file, unless it is locked."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Tell whether an open file is still the one at a path."""
    if sys.platform == "win32":  # an open file stays where it is
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
