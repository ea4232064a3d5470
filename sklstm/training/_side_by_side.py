"""Batches whose pieces are computed side by side."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ..network import compiled_layers, dropout_seed, gains_by_kernels
from ._batches import Batches, split_batch
from ._data import SequenceData
from ._memory import keep_freed_memory
from ._pieces import count_pieces, count_python_pieces, is_kept_anyway
from ._threads import OwnThreads
from ._trainee import Batch, Step, Trainee


class SideBySide:
    """Compute the loss of each batch and its gradient, in pieces where that is faster.

    The mean over the batch is that of its pieces, weighted by their samples, and so is its
    gradient. Each thread computes its pieces on one core. Batches that must stay
    whole are left to torch's threads.

    Parameters
    ----------
    net : Trainee
    train : SequenceData
        What it is trained on, on its device.
    threads : OwnThreads
    n_steps : int
        Steps of the optimiser to come.
    """

    def __init__(
        self, net: Trainee, train: SequenceData, threads: OwnThreads, n_steps: int
    ) -> None:
        self.net = net
        self.threads = threads
        self.n_samples = len(train)
        self.sizes = net.sizes(*train.shape[1:])
        on_cpu = train.device.type == "cpu"
        module = net.module_
        self.is_left_to_torch = (
            not on_cpu or not net.criterion_.is_samplewise or module.mixes_samples
        )
        # There are no kernels of bfloat16.
        may_compile = on_cpu and not module.core.trains_mixed
        self.compiles = may_compile and gains_by_kernels(module.core, n_steps)
        self._count_for = count_python_pieces if module.is_stepwise else count_pieces
        n_samples = min(net.batch_size, len(train))
        n_pieces = 1 if self.is_left_to_torch else self._count(n_samples)
        if on_cpu and not is_kept_anyway(n_samples, n_pieces, self.sizes):
            keep_freed_memory()

    @property
    def n_batches(self) -> int:
        """Batches of a pass through the samples."""
        return -(-self.n_samples // self.net.batch_size)

    def to_learn(self, train: SequenceData, n_batches: int) -> Batches:
        """Give the batches of an epoch.

        Parameters
        ----------
        train : SequenceData
        n_batches : int

        Returns
        -------
        batches : iterable of (inputs, target), with their `sizes`
        """
        return self.net.get_iterator(train, training=True)

    def to_judge(self, valid: SequenceData) -> Batches:
        """Give the batches of a validation.

        Parameters
        ----------
        valid : SequenceData

        Returns
        -------
        batches : iterable of (inputs, target), with their `sizes`
        """
        return self.net.get_iterator(valid)

    def begin_epoch(self, tell: Callable[[], None]) -> None:
        """Begin an epoch, of which callbacks are told by a call."""
        tell()

    def end_epoch(self, tell: Callable[[], bool]) -> bool:
        """End an epoch; the call tells who listens, and gives whether one asks to stop."""
        return tell()

    def learn(self, batch: Batch) -> Step:
        """Compute the loss of a batch and its gradient."""
        pieces = [batch] if self.is_left_to_torch else self._split(batch)
        if len(pieces) == 1:
            with self._layers():
                return self.net.train_step_single(batch)
        # A callback may have frozen some.
        weights = [weight for weight in self.net.weights() if weight.requires_grad]
        learnt = self.threads.map(
            functools.partial(self._learn, weights, len(batch[1])),
            pieces,
            self._dropout_seeds(len(pieces)),
        )
        losses, outputs, gradients = zip(*learnt, strict=True)
        # Always in the same order, whichever piece was ready first.
        for weight, gradient in zip(weights, add_lists_in_halves(gradients), strict=True):
            weight.grad = gradient
        return {"loss": add_in_halves(losses), "y_pred": torch.cat(outputs)}

    def run(self, job: Callable[[], Any]) -> Any:
        """Run the job that computes the batches, in whose thread they are best computed.

        Parameters
        ----------
        job : callable () -> result

        Returns
        -------
        result : object
        """
        return (self.threads.run_here if self.is_left_to_torch else self.threads.run)(job)

    def judge(self, batch: Batch) -> Step:
        """Compute the loss of a batch, without gradients."""
        if self.is_left_to_torch:
            return self.net.validation_step(batch)
        pieces = self._split(batch)
        judged = self.threads.map(self.net.validation_step, pieces)
        shares = [len(target) / len(batch[1]) for _, target in pieces]
        losses = [part["loss"] * share for part, share in zip(judged, shares, strict=True)]
        return {
            "loss": add_in_halves(losses),
            "y_pred": torch.cat([p["y_pred"] for p in judged]),
        }

    def _learn(
        self, weights: list[Tensor], n_samples: int, piece: Batch, seed: int | None
    ) -> tuple[Tensor, Tensor, Any]:
        """Compute a piece's share of the loss, its output and its gradient."""
        inputs, target = piece
        with dropout_seed(seed), self._layers():
            output = self.net.infer(inputs)
        loss = self.net.get_loss(output, target, X=inputs, training=True)
        share = loss * (len(target) / n_samples)
        gradient = torch.autograd.grad(share, weights, allow_unused=True)
        return share.detach(), output.detach(), gradient

    def _layers(self) -> AbstractContextManager[None]:
        return compiled_layers() if self.compiles else nullcontext()

    def _split(self, batch: Batch) -> list[Batch]:
        n_pieces = self._count(len(batch[1]))
        return split_batch(batch, n_pieces) if n_pieces > 1 else [batch]

    def _count(self, n_samples: int) -> int:
        return self._count_for(n_samples, self.sizes, self.threads.n_threads)

    def _dropout_seeds(self, n_pieces: int) -> list[int | None]:
        if not self.net.module_.drops():
            return [None] * n_pieces
        generator = self.net.generator_
        return torch.randint(2**62, (n_pieces,), generator=generator).tolist()


def add_lists_in_halves(
    lists: Sequence[Sequence[Tensor | None]],
) -> Sequence[Tensor | None]:
    """Add lists of tensors as `add_in_halves` adds tensors, in few calls.

    Parameters
    ----------
    lists : sequence of sequences of equal length of Tensor or None

    Returns
    -------
    totals : sequence of Tensor or None
    """
    if any(part is None for parts in lists for part in parts):
        return [add_in_halves(parts) for parts in zip(*lists, strict=True)]
    if len(lists) == 1:
        return lists[0]
    middle = -(-len(lists) // 2)
    halves: Any = (add_lists_in_halves(half) for half in (lists[:middle], lists[middle:]))
    return torch._foreach_add(*halves)


def add_in_halves(parts: Sequence[Tensor | None]) -> Any:
    """Add tensors half by half, as processes that each have a part add them.

    The sum is a new tensor: gradients of several weights may be one and the same.

    Parameters
    ----------
    parts : sequence of Tensor or None

    Returns
    -------
    total : Tensor or None
        None if there are none.
    """
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return known[0] if known else None
    middle = -(-len(known) // 2)
    return add_in_halves(known[:middle]) + add_in_halves(known[middle:])
