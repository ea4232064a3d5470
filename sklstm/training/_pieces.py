"""How many pieces of a batch fit the cache."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from ..network import LSTMNetwork

# What all layers keep of a piece for its backward pass, in bytes, where two threads compute
# one each beside a third-level cache of 32 MiB. All that oneDNN takes for a larger one may
# not fit the 64 MiB that glibc lets a thread have in one, and what goes beyond is given
# back to the system after each batch.
PIECE_BYTES = 8 << 20

# What all layers keep of a batch in pieces up to which glibc was seen to keep its memory.
KEPT_ANYWAY_BYTES = 8 << 20

# Fewer sequences than this, or an eighth of the hidden units, waste wide registers and read
# the weights too often.
LEAST_SEQUENCES = 16
UNITS_PER_SEQUENCE = 8

# Units for which a layer needs memory, even if it has fewer: its rows are filled up.
LEAST_UNITS = 16

# Products on the way forward, over all layers and the batch, from which threads gain that
# compute a piece each: to hand a piece over, and to read the weights for it, takes as long
# as some millions of them. The inputs' are made for all steps at once, four times as fast.
# (torch's threads would share the steps of such a batch as fast on an idle machine; beside
# others that keep the cores busy they wait for each other at each step.)
LEAST_SHARED_PRODUCTS = 8_000_000

# Python goes through the steps of some layers, in one thread at a time. Values that a step
# of a piece gives from which it gains nevertheless, and what a layer keeps of such a piece.
LEAST_PYTHON_STEP = 4096
PYTHON_PIECE_BYTES = 8 << 20

# Values of the sequences predicted at once, in bytes: enough to fill the machine, few
# enough to stay in cache.
PREDICTION_BYTES = 3 << 20
PREDICTION_MULTIPLE = 32


class Sizes(NamedTuple):
    """What decides how a network's work is cut.

    Attributes
    ----------
    n_timesteps : int
    n_features : int
    hidden_size : int
    num_layers : int, default=1
        Each direction of a layer counts.
    itemsize : int, default=4
        Bytes of a number.
    """

    n_timesteps: int
    n_features: int
    hidden_size: int
    num_layers: int = 1
    itemsize: int = 4

    @property
    def products_of_a_sequence(self) -> int:
        """Products of all layers on their way through a sequence, a quarter of the inputs'.

        Layers above the first read the states of the one below.
        """
        first = self.hidden_size + self.n_features // 4
        others = (self.num_layers - 1) * (self.hidden_size + self.hidden_size // 4)
        return 4 * self.hidden_size * (first + others) * self.n_timesteps

    @property
    def bytes_of_a_sequence(self) -> int:
        """What a layer keeps of a sequence for its way back: the gates at each step."""
        return 4 * self.n_timesteps * max(self.hidden_size, LEAST_UNITS) * self.itemsize

    @classmethod
    def of(cls, network: LSTMNetwork, n_timesteps: int, n_features: int) -> Sizes:
        """Give the sizes of a network that reads sequences of a shape.

        Parameters
        ----------
        network : LSTMNetwork
        n_timesteps, n_features : int

        Returns
        -------
        sizes : Sizes
        """
        n_steps = network.count_steps(n_timesteps)
        return cls(
            n_steps,
            n_features * n_timesteps // n_steps,
            network.width,
            network.num_layers,
            network.dtype.itemsize,
        )


def count_pieces(n_samples: int, sizes: Sizes, n_workers: int) -> int:
    """Choose into how many pieces to cut a batch: as many for each worker.

    Parameters
    ----------
    n_samples : int
        Sequences of the batch.
    sizes : Sizes
    n_workers : int

    Returns
    -------
    n_pieces : int

    Examples
    --------
    >>> etth1 = Sizes(n_timesteps=48, n_features=7, hidden_size=64)
    >>> [count_pieces(n, etth1, n_workers=2) for n in (32, 256, 1024)]
    [2, 2, 6]
    >>> small = Sizes(n_timesteps=24, n_features=1, hidden_size=32)
    >>> count_pieces(32, small, n_workers=2)
    1
    >>> count_pieces(32, small._replace(num_layers=3), n_workers=2)
    2
    >>> count_pieces(32, small._replace(hidden_size=512), n_workers=2)
    2
    """
    kept = n_samples * sizes.num_layers * sizes.bytes_of_a_sequence
    least_sequences = max(LEAST_SEQUENCES, sizes.hidden_size // UNITS_PER_SEQUENCE)
    most_for_each = n_samples // least_sequences // n_workers
    if kept > PIECE_BYTES and most_for_each:
        for_each = ceil(kept / PIECE_BYTES / n_workers)
        return n_workers * min(for_each, most_for_each)
    if sizes.products_of_a_sequence * n_samples < LEAST_SHARED_PRODUCTS:
        return 1
    return max(1, min(n_workers, n_samples // LEAST_SEQUENCES))


def is_kept_anyway(n_samples: int, n_pieces: int, sizes: Sizes) -> bool:
    """Tell whether glibc keeps what a batch frees, unasked.

    It does where the largest block of a batch is no small part of all. Of a batch that
    stays whole that is not sure.

    Parameters
    ----------
    n_samples : int
        Sequences of the batch.
    n_pieces : int
        Into which it is cut.
    sizes : Sizes

    Returns
    -------
    is_kept : bool

    Examples
    --------
    >>> etth1 = Sizes(n_timesteps=48, n_features=7, hidden_size=64)
    >>> is_kept_anyway(32, 1, etth1), is_kept_anyway(32, 2, etth1)
    (False, True)
    >>> is_kept_anyway(256, 2, etth1)
    False
    """
    kept = n_samples * sizes.num_layers * sizes.bytes_of_a_sequence
    return n_pieces > 1 and kept <= KEPT_ANYWAY_BYTES


def count_python_pieces(n_samples: int, sizes: Sizes, n_workers: int) -> int:
    """Choose into how many pieces to cut a batch of layers that Python goes through.

    Parameters
    ----------
    n_samples : int
        Sequences of the batch.
    sizes : Sizes
    n_workers : int

    Returns
    -------
    n_pieces : int

    Examples
    --------
    >>> etth1 = Sizes(n_timesteps=48, n_features=7, hidden_size=64)
    >>> [count_python_pieces(n, etth1, n_workers=2) for n in (128, 256, 1024)]
    [2, 2, 6]
    """
    kept = n_samples * sizes.bytes_of_a_sequence
    most = min(n_samples, n_samples * sizes.hidden_size // LEAST_PYTHON_STEP)
    for_each = min(ceil(kept / PYTHON_PIECE_BYTES / n_workers), most // n_workers)
    return max(1, n_workers * for_each if for_each else min(most, n_workers))


def count_predicted(sizes: Sizes) -> int:
    """Choose how many sequences to predict at once, whatever their number.

    Parameters
    ----------
    sizes : Sizes

    Returns
    -------
    n_sequences : int

    Examples
    --------
    >>> count_predicted(Sizes(n_timesteps=48, n_features=7, hidden_size=64))
    256
    """
    widest = max(sizes.n_features, sizes.hidden_size)
    fitting = PREDICTION_BYTES // (sizes.n_timesteps * widest * sizes.itemsize)
    multiples = fitting // PREDICTION_MULTIPLE
    return PREDICTION_MULTIPLE * min(max(multiples, 1), 64)
