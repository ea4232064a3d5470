"""Threads that compute side by side, each on one core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from threading import Barrier, Lock, Thread
from typing import Any, TypeVar

import torch

Result = TypeVar("Result")

# Torch keeps one number for all threads to come: whoever changes it has to put it back
# before another looks.
_number_of_threads = Lock()


class Workers:
    """As many threads as torch may use here, each of which computes pieces on its own.

    A recurrent layer goes through its steps one after the other, and each step is small:
    threads that share a step wait for each other most of the time. Pieces need not wait.

    Within a ``with`` block the first call of `map` lets this thread use one core, and
    starts the others if it has something for them. `rest` gives this thread its cores
    back until the next `map`. While pieces are computed, numbers too small for the
    processor's fast arithmetic count as zero: a gradient that fades over a hundred steps
    or more becomes such numbers, with which a step takes ten times as long. Outside of the
    block, or in a copy, `map` is that of Python.

    Attributes
    ----------
    n_workers : int
        Threads that compute, this one among them.

    Examples
    --------
    >>> with Workers() as workers:
    ...     workers.map(pow, [1, 2, 3], [2, 2, 2])
    [1, 4, 9]
    """

    def __init__(self) -> None:
        with _number_of_threads:
            self.n_workers = torch.get_num_threads()
        self._entered = False
        self._one_core: ExitStack | None = None
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Workers:
        self._entered = True
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered = False
        self.rest()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def __reduce__(self) -> Any:
        # Threads do not travel in a pickle or a copy.
        return Workers, ()

    def map(self, call: Callable[..., Result], *arguments: Sequence[Any]) -> list[Result]:
        """Compute all pieces and give the results in their order.

        Parameters
        ----------
        call : callable (*arguments of a piece) -> result
        *arguments : sequences of equal length

        Returns
        -------
        results : list
        """
        if not self._entered:
            return list(map(call, *arguments))
        if self._one_core is None:
            self._one_core = ExitStack()
            self._one_core.enter_context(_one_core(self.n_workers))
        if self.n_workers == 1 or len(arguments[0]) == 1:
            return list(map(call, *arguments))
        return self._map_side_by_side(call, list(zip(*arguments, strict=True)))

    def rest(self) -> None:
        """Let this thread use as many cores as before, until pieces come again."""
        if self._one_core is not None:
            self._one_core.close()
            self._one_core = None

    def _map_side_by_side(
        self, call: Callable[..., Result], pieces: list[tuple[Any, ...]]
    ) -> list[Result]:
        waiting = deque(range(len(pieces)))
        results: dict[int, Result] = {}

        def compute() -> None:
            while (i := _pop(waiting)) is not None:
                try:
                    results[i] = call(*pieces[i])
                except BaseException:
                    waiting.clear()
                    raise

        others = self._begin(compute)
        try:
            compute()
        finally:
            waiting.clear()
            wait(others)
        for other in others:
            other.result()
        return [results[i] for i in range(len(pieces))]

    def _begin(self, compute: Callable[[], None]) -> list[Future[None]]:
        """Let the other threads compute as well, if they can be had."""
        try:
            if self._pool is None:
                self._pool = _single_threaded_pool(self.n_workers - 1, self.n_workers)
            return [self._pool.submit(compute) for _ in range(self.n_workers - 1)]
        except RuntimeError:  # no more threads in the system, or Python is shutting down
            return []


def _pop(waiting: deque[int]) -> int | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


@contextmanager
def _one_core(n_threads: int) -> Iterator[None]:
    """Let this thread compute alone, without denormal numbers."""
    flushed = _flushes_denormals()
    _use_cores(1, of=n_threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        _use_cores(n_threads, of=n_threads)
        torch.set_flush_denormal(flushed)


def _use_cores(number: int, *, of: int) -> None:
    if of > 1:
        with _number_kept_for_others(of):
            torch.set_num_threads(number)


@contextmanager
def _number_kept_for_others(number: int) -> Iterator[None]:
    """Put torch's number for threads to come back, by a thread of its own.

    Whoever sets the number also takes it.
    """
    with _number_of_threads:
        try:
            yield
        finally:
            thread = Thread(target=torch.set_num_threads, args=(number,))
            thread.start()
            thread.join()


def _single_threaded_pool(n_threads: int, for_others: int) -> ThreadPoolExecutor:
    """Start threads in each of which torch uses one core."""
    pool = ThreadPoolExecutor(n_threads, initializer=_compute_alone)
    barrier = Barrier(n_threads)
    with _number_kept_for_others(for_others):
        try:
            # All begin, since each waits for the rest.
            wait([pool.submit(barrier.wait) for _ in range(n_threads)])
        except BaseException:
            barrier.abort()
            pool.shutdown()
            raise
    return pool


def _compute_alone() -> None:
    torch.get_num_threads()  # a thread takes torch's number when it first asks for it
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def _flushes_denormals() -> bool:
    return bool(torch.tensor(1e-40, device="cpu", dtype=torch.float32) * 1.0 == 0.0)
