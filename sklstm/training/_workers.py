"""Threads that compute side by side, each on one core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from threading import Barrier, Thread
from typing import Any, TypeVar

import torch

Result = TypeVar("Result")


class Workers:
    """As many threads as torch may use here, each of which computes pieces on its own.

    A recurrent layer goes through its steps one after the other, and each step is small:
    threads that share a step wait for each other most of the time. Pieces need not wait.

    The first call of `map` lets this thread use one core, and starts the others; `close`
    undoes both. In between, numbers too small for the processor's fast arithmetic count as
    zero: a gradient that fades over a hundred steps or more becomes such numbers, with
    which a step takes ten times as long.

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
        self.n_workers = torch.get_num_threads()
        self._pool: ThreadPoolExecutor | None = None
        self._started = ExitStack()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

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
        if self._pool is None:
            self._pool = self._start()
        if self.n_workers == 1 or len(arguments[0]) == 1:
            return list(map(call, *arguments))
        pieces = deque(enumerate(zip(*arguments, strict=True)))
        results: dict[int, Result] = {}

        def compute() -> None:
            while pieces:
                try:
                    i, piece = pieces.popleft()
                except IndexError:  # another thread was faster
                    return
                results[i] = call(*piece)

        n_others = min(self.n_workers, len(pieces)) - 1
        others = [self._pool.submit(compute) for _ in range(n_others)]
        try:
            compute()
        finally:
            pieces.clear()
            wait(others)
        for other in others:
            other.result()
        return [results[i] for i in range(len(results))]

    def close(self) -> None:
        """End the threads and let this one use as many cores as before."""
        self._started.close()
        self._pool = None

    def _start(self) -> ThreadPoolExecutor:
        self._started.enter_context(_one_core(self.n_workers))
        pool = ThreadPoolExecutor(max(1, self.n_workers - 1), initializer=_compute_alone)
        self._started.enter_context(pool)
        n_others = self.n_workers - 1
        if n_others:
            # All begin, since each waits for the rest. Then torch's number for threads to
            # come is put back, by a thread of its own: whoever sets it also takes it.
            list(pool.map(Barrier(n_others).wait, [None] * n_others))
            _call_elsewhere(torch.set_num_threads, self.n_workers)
        return pool


@contextmanager
def _one_core(n_threads: int) -> Iterator[None]:
    """Let this thread compute alone, without denormal numbers."""
    flushed = _flushes_denormals()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        torch.set_flush_denormal(flushed)


def _compute_alone() -> None:
    torch.get_num_threads()  # a thread takes the number over when it first asks for it
    torch.set_flush_denormal(True)


def _flushes_denormals() -> bool:
    return bool(torch.tensor(1e-40, device="cpu", dtype=torch.float32) * 1.0 == 0.0)


def _call_elsewhere(call: Callable[..., Any], *arguments: Any) -> None:
    thread = Thread(target=call, args=arguments)
    thread.start()
    thread.join()
