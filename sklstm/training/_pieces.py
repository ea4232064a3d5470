"""A batch in pieces that fit the cache, computed side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from threading import Barrier
from typing import Any, TypeVar

import torch
from torch import Tensor

from ._data import Inputs

Batch = tuple[Inputs, Tensor]
Result = TypeVar("Result")

# What a layer keeps of a piece for its backward pass, in bytes, measured on machines with
# 2 MiB of second-level cache a core. Much more costs page faults and cache misses.
PIECE_BYTES = 4 << 20

# A batch that keeps less than this is done before threads have been told of it.
LEAST_BATCH_BYTES = 5 << 20

# Fewer sequences than this at once waste the processor's wide registers.
LEAST_SEQUENCES = 16


class Workers:
    """Threads that compute pieces side by side, each piece on one core.

    A recurrent layer goes through its steps one after the other, and each step is small:
    threads that share a step wait for each other most of the time. Pieces need not wait.

    Parameters
    ----------
    n_workers : int
        With 1 the pieces are computed one after the other, by the caller.
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._pool: ThreadPoolExecutor | None = None

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
        if self.n_workers == 1:
            return list(map(call, *arguments))
        if self._pool is None:
            self._pool = _single_threaded_pool(self.n_workers)
        return list(self._pool.map(call, *arguments))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


@contextmanager
def workers_of_this_thread() -> Iterator[Workers]:
    """Give as many workers as torch may use threads, and end them afterwards.

    Yields
    ------
    workers : Workers
    """
    workers = Workers(torch.get_num_threads())
    try:
        yield workers
    finally:
        workers.close()


def split_batch(batch: Batch, n_pieces: int) -> list[Batch]:
    """Cut a batch into pieces of neighbouring samples, as equal as can be.

    Parameters
    ----------
    batch : tuple of (inputs, target)
    n_pieces : int

    Returns
    -------
    pieces : list of (inputs, target)
    """
    inputs, target = batch
    size = ceil(len(target) / n_pieces)
    parts: dict[str, Any] = {
        name: [None] * n_pieces if value is None else value.split(size)
        for name, value in inputs.items()
    }
    return [
        ({name: part[i] for name, part in parts.items()}, piece)
        for i, piece in enumerate(target.split(size))
    ]


def count_pieces(n_samples: int, bytes_per_sample: int, n_workers: int) -> int:
    """Choose into how many pieces to cut a batch: as many for each worker.

    Parameters
    ----------
    n_samples : int
        Sequences of the batch.
    bytes_per_sample : int
        What one layer keeps of a sequence for its backward pass.
    n_workers : int

    Returns
    -------
    n_pieces : int

    Examples
    --------
    >>> count_pieces(256, bytes_per_sample=48 * 4 * 64 * 4, n_workers=1)
    3
    >>> count_pieces(256, bytes_per_sample=48 * 4 * 64 * 4, n_workers=2)
    4
    >>> count_pieces(32, bytes_per_sample=48 * 4 * 64 * 4, n_workers=2)
    1
    """
    if n_samples * bytes_per_sample < LEAST_BATCH_BYTES:
        return 1
    for_the_cache = ceil(n_samples * bytes_per_sample / PIECE_BYTES)
    for_each = ceil(for_the_cache / n_workers) * n_workers
    return max(1, min(for_each, n_samples // LEAST_SEQUENCES))


def _single_threaded_pool(n_workers: int) -> ThreadPoolExecutor:
    """Start threads in each of which torch uses one core."""
    pool = ThreadPoolExecutor(n_workers, initializer=_use_one_core)
    # The number is a thread's own, but torch also notes the last one set for threads to
    # come: it is put back once all have begun, which each does when it waits for the rest.
    n_threads = torch.get_num_threads()
    barrier = Barrier(n_workers)
    list(pool.map(lambda _: barrier.wait(), range(n_workers)))
    torch.set_num_threads(n_threads)
    return pool


def _use_one_core() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # a thread takes the number over when it first asks for it
