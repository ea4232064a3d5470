"""A batch in pieces that fit the cache."""

from __future__ import annotations

from math import ceil
from typing import Any

from torch import Tensor

from ._data import Inputs

Batch = tuple[Inputs, Tensor]

# What a layer keeps of a piece for its backward pass, in bytes, measured on machines with
# 2 MiB of second-level cache a core. More costs page faults and cache misses; batches that
# keep less are done before a second thread has begun.
PIECE_BYTES = 4 << 20

# Fewer sequences than this, or an eighth of the hidden units, waste wide registers and read
# the weights too often.
LEAST_SEQUENCES = 16
UNITS_PER_SEQUENCE = 8

# Hidden values of a step, over the batch, from which threads that share it gain time.
LEAST_SHARED_STEP = 2048

# Hidden states of the sequences predicted at once, in bytes: enough to fill the machine,
# few enough to stay in cache.
PREDICTION_BYTES = 3 << 20
PREDICTION_MULTIPLE = 32


def count_pieces(
    n_samples: int, n_timesteps: int, hidden_size: int, itemsize: int, n_workers: int
) -> int:
    """Choose into how many pieces to cut a batch: as many for each worker.

    Parameters
    ----------
    n_samples : int
        Sequences of the batch.
    n_timesteps : int
    hidden_size : int
    itemsize : int
        Bytes of a number.
    n_workers : int

    Returns
    -------
    n_pieces : int
        0 leaves the batch to torch, whose threads share each step: where pieces would be
        too small, and a step is large.

    Examples
    --------
    >>> count_pieces(256, 48, 64, itemsize=4, n_workers=1)
    3
    >>> count_pieces(256, 48, 64, itemsize=4, n_workers=2)
    4
    >>> count_pieces(32, 24, 32, itemsize=4, n_workers=2)
    1
    >>> count_pieces(32, 24, 512, itemsize=4, n_workers=2)
    0
    """
    # The four gates at each step.
    kept = 4 * n_samples * n_timesteps * hidden_size * itemsize
    least_sequences = max(LEAST_SEQUENCES, hidden_size // UNITS_PER_SEQUENCE)
    most = n_samples // least_sequences
    if kept > PIECE_BYTES and most > 1:
        for_the_cache = ceil(kept / PIECE_BYTES)
        for_each = ceil(for_the_cache / n_workers) * n_workers
        return min(for_each, most)
    shared = n_samples * hidden_size >= LEAST_SHARED_STEP
    return 0 if shared and n_workers > 1 else 1


def count_predicted(n_timesteps: int, hidden_size: int, itemsize: int) -> int:
    """Choose how many sequences to predict at once, whatever their number.

    Parameters
    ----------
    n_timesteps : int
    hidden_size : int
    itemsize : int
        Bytes of a number.

    Returns
    -------
    n_sequences : int

    Examples
    --------
    >>> count_predicted(48, 64, itemsize=4), count_predicted(24, 32, itemsize=4)
    (256, 1024)
    """
    fitting = PREDICTION_BYTES // (n_timesteps * hidden_size * itemsize)
    multiples = fitting // PREDICTION_MULTIPLE
    return PREDICTION_MULTIPLE * min(max(multiples, 1), 64)


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
