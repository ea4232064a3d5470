"""Batches: gathered several at a time where they are small, and cut into pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from ._data import SequenceData

# Values of a batch by name: "x", "lengths" (None if all steps are observed), "future" (None
# if nothing is known of it), "history" (the last steps of what is forecast, in the order of
# time, None if nobody asks), "size" and "shift" of shape (batch_size, n_outputs), by which
# targets were divided after that was subtracted (None: by 1, and 0), and, in training,
# "weight" (None if all samples count alike).
Inputs = dict[str, Tensor | None]

# Values of the sequences that are gathered at once. To gather a few takes as long as to
# gather some more; many would not stay in the cache until their turn comes.
GATHERED_VALUES = 1 << 15


def split_batch(batch: tuple[Inputs, Tensor], n_pieces: int) -> list[tuple[Inputs, Tensor]]:
    """Cut a batch into pieces of neighbouring samples, as equal as can be.

    Parameters
    ----------
    batch : tuple of (inputs, target)
    n_pieces : int

    Returns
    -------
    pieces : list of (inputs, target)
    """
    return _cut(batch, n_pieces, lambda values: values.tensor_split(n_pieces))


def _cut(
    batch: tuple[Inputs, Any], n_parts: int, cut: Callable[[Tensor], Sequence[Tensor]]
) -> list[tuple[Inputs, Any]]:
    """Cut all values alike."""

    def parts_of(value: Tensor | None) -> Sequence[Tensor | None]:
        return [None] * n_parts if value is None else cut(value)

    inputs, targets = batch[0], parts_of(batch[1])
    columns = zip(*map(parts_of, inputs.values()), strict=True)
    parts = [dict(zip(inputs, values, strict=True)) for values in columns]
    return list(zip(parts, targets, strict=True))


class Batches:
    """Samples of some data, batch by batch, gathered when their turn comes.

    Iterating gives of each batch its inputs (a dict of "x" of shape (batch_size,
    n_timesteps, n_features), "lengths", "future" of shape (batch_size, n_leads, n_known)
    and "weight") and its target (Tensor or None).

    Parameters
    ----------
    data : SequenceData
    order : Tensor of int of shape (n_samples,)
        The numbers of the samples, on the CPU.
    batch_size : int
        The last batch may have fewer.
    """

    def __init__(self, data: SequenceData, order: Tensor, batch_size: int) -> None:
        self.data = data
        self.order = order
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    @property
    def sizes(self) -> list[int]:
        """Samples of each batch."""
        return [len(numbers) for numbers in self.order.split(self.batch_size)]

    def __iter__(self) -> Iterator[tuple[Inputs, Tensor | None]]:
        # All numbers move to the device at once: each move makes the host wait.
        moved = self.order.to(self.data.device)
        _, n_timesteps, n_features = self.data.shape
        n_batches = GATHERED_VALUES // (n_timesteps * n_features * self.batch_size)
        n_gathered = self.batch_size * max(1, n_batches)
        several = (numbers.split(n_gathered) for numbers in (self.order, moved))
        for index, there in zip(*several, strict=True):
            gathered = self.data.gather(index, there)
            if len(index) <= self.batch_size:
                yield gathered
            else:
                yield from self._apart(gathered, index)

    def _apart(
        self, gathered: tuple[Inputs, Any], index: Tensor
    ) -> Iterator[tuple[Inputs, Any]]:
        """Give the batches of what was gathered, each as if it had been gathered alone."""
        numbers = index.split(self.batch_size)
        batches = _cut(gathered, len(numbers), lambda v: v.split(self.batch_size))
        for (inputs, target), part in zip(batches, numbers, strict=True):
            if inputs["lengths"] is not None and self.data.is_complete(part):
                inputs["lengths"] = None
            yield inputs, target
