"""Processes that fit together: they agree on what, and take each step together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..fitting._ranks import Ranks, current_ranks
from ..samples._samples import Samples
from ._batches import Inputs, split_batch
from ._data import SequenceData
from ._described import described
from ._fingerprint import Fingerprint, digest_of, fingerprint, version_of_numba
from ._hooks import hear_batches
from ._net import SequenceNet
from ._plain import as_plain, as_tensors
from ._side_by_side import SideBySide, add_in_halves, add_lists_in_halves
from ._threads import OwnThreads
from ._trained_model import TrainedModel
from ._trainee import Step

# What training changes of a net.
_PARTS = ("module_", "criterion_")


@contextmanager
def together(kind: type, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Fit in all processes of `distributed`, or in none; in one alone nothing changes.

    Parameters
    ----------
    kind : type
        Of the estimator.
    parameters : mapping of str to object
        Those that must be the same.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If parameters differ.
    """
    ranks = current_ranks()
    if ranks is None:
        yield
        return
    with ranks.together():
        same = {"estimator": kind, **parameters}
        setting = {
            "thread(s)": str(torch.get_num_threads()),
            "version of numba": version_of_numba(),
        }
        texts = {name: described(value) for name, value in same.items()}
        _agree(ranks, "parameters", Fingerprint(texts, {}, "", setting))
        yield


def agree_on_data(
    train: Samples, valid: Samples | None, previous: TrainedModel | None
) -> None:
    """Refuse data that other processes do not have, or cannot train on together.

    Parameters
    ----------
    train : Samples
    valid : Samples or None
    previous : TrainedModel or None
        That training goes on from.

    Raises
    ------
    ValueError
        If they differ.
    """
    ranks = current_ranks()
    if ranks is not None:
        by_values = not ranks.owns_rows
        fit = fingerprint({}, train, valid, previous, by_values=by_values)
        _agree(ranks, "the data", fit)


def _agree(ranks: Ranks, what: str, fit: Fingerprint) -> None:
    fits = ranks.exchange(what, fit)
    for rank, other in enumerate(fits):
        differences = fits[0].differences_from(other)
        if differences:
            said = "; ".join(differences).replace("(now ", "(in rank 0: ")
            names = "parameters and the previous model"
            if not ranks.owns_rows:
                names = f"X, y, {names}"
            raise ValueError(
                f"{names} must be the same in all processes of distributed(). Got in rank"
                f" {rank} {said}."
            )


class Part(NamedTuple):
    """What one process computes of a batch.

    Attributes
    ----------
    inputs : dict
    target : Tensor
        Of no samples, if there are more processes than these.
    n_samples : int
        Of the whole batch.
    """

    inputs: Inputs
    target: Any
    n_samples: int


class Parts:
    """Parts of batches, each gathered when its turn comes.

    Parameters
    ----------
    data : SequenceData
    numbers : list of Tensor of int
        Of the samples of each part, on the CPU.
    sizes : list of int
        Samples of each whole batch.
    complete : list of bool or None, default=None
        Whether all steps of each whole batch are observed; None if only its part counts.
    """

    def __init__(
        self,
        data: SequenceData,
        numbers: list[Tensor],
        sizes: list[int],
        complete: list[bool] | None = None,
    ) -> None:
        self.data = data
        self.numbers = numbers
        self.sizes = sizes
        self.complete = complete or [True] * len(sizes)

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Part]:
        moved = torch.cat(self.numbers).to(self.data.device)
        there = moved.split([len(index) for index in self.numbers])
        parts = zip(self.numbers, there, self.sizes, self.complete, strict=True)
        for index, place, size, complete in parts:
            if not len(index):
                yield Part({}, index, size)
                continue
            inputs, target = self.data.gather(index, place)
            if not complete and inputs["lengths"] is None:
                # As a piece of a batch in which others have gaps.
                inputs["lengths"] = torch.full_like(place, self.data.shape[1])
            yield Part(inputs, target, size)


class AcrossRanks(SideBySide):
    """Compute each batch together with other processes.

    Each computes the gradient of its own pieces, and all add theirs up. Where all have the
    same rows, the pieces are those into which one process with as many threads would cut
    the batch. Of rows of its own, each process takes the same share for each batch of an
    epoch.

    Parameters
    ----------
    net : SequenceNet
    train : SequenceData
    valid : SequenceData or None
    threads : OwnThreads
    n_steps : int
        Steps of the optimiser to come.
    ranks : Ranks

    Raises
    ------
    ValueError
        If a batch of this net cannot be cut.
    """

    net: SequenceNet

    def __init__(
        self,
        net: SequenceNet,
        train: SequenceData,
        valid: SequenceData | None,
        threads: OwnThreads,
        n_steps: int,
        ranks: Ranks,
    ) -> None:
        _check_can_be_cut(net)
        self.ranks = ranks
        self._depends: list[bool] = []
        super().__init__(net, train, threads, n_steps)
        self.is_left_to_torch = train.device.type != "cpu"
        self.lengths = [[len(train)] * ranks.size, [0] * ranks.size]
        if ranks.owns_rows:
            own = len(train), 0 if valid is None else len(valid)
            self.lengths = [[*n] for n in zip(*ranks.exchange("rows", own), strict=True)]
            self.n_samples = sum(self.lengths[0])

    # ------------------------------------------------------------------ parts of batches

    def to_learn(self, train: SequenceData, n_batches: int) -> Any:
        """Give this process's parts of the batches of an epoch."""
        if not self.ranks.owns_rows:
            whole = super().to_learn(train, n_batches)
            return self._parts(train, whole.order, whole.batch_size)
        lengths = self.lengths[0]
        # Of less than a pass through the samples, each process takes its share.
        dealt = [max(1, n * n_batches // self.n_batches) for n in lengths]
        order = self.net.deck.deal(train, dealt[self.ranks.rank])
        return _own_parts(train, order, dealt, n_batches)

    def to_judge(self, valid: SequenceData) -> Any:
        """Give this process's parts of the batches of a validation."""
        whole = super().to_judge(valid)
        if not self.ranks.owns_rows:
            return self._parts(valid, whole.order, whole.batch_size)
        lengths = self.lengths[1]
        n_batches = max(-(-n // whole.batch_size) for n in lengths)
        return _own_parts(valid, whole.order, lengths, n_batches)

    def _parts(self, data: SequenceData, order: Tensor, batch_size: int) -> Parts:
        batches = order.split(batch_size)
        numbers = []
        for batch in batches:
            pieces = batch.tensor_split(self._count(len(batch)))
            n_own = len(pieces) // self.ranks.size
            first = self.ranks.rank * n_own
            numbers.append(torch.cat(pieces[first : first + n_own]))
        complete = [data.is_complete(batch) for batch in batches]
        return Parts(data, numbers, [len(batch) for batch in batches], complete)

    def _count(self, n_samples: int) -> int:
        """Count the pieces of a batch, as many for each process."""
        n_workers = self.threads.n_threads * self.ranks.size
        n_pieces = self._count_for(n_samples, self.sizes, n_workers)
        return max(n_pieces - n_pieces % self.ranks.size, self.ranks.size)

    # ------------------------------------------------------------------ steps

    def learn(self, batch: Any) -> Step:
        """Compute the loss of a batch and its gradient, together with the others."""
        weights = [weight for weight in self.net.weights() if weight.requires_grad]
        n_pieces = self._count(batch.n_samples)
        seeds = self._dropout_seeds(n_pieces)
        n_own = n_pieces // self.ranks.size
        first = self.ranks.rank * n_own
        learnt = self.threads.map(
            partial(self._learn, weights, batch.n_samples),
            *self._pieces_of(batch, n_own, seeds[first : first + n_own]),
        )
        losses, _, gradients = zip(*learnt, strict=True) if learnt else ((), (), ())
        totals = add_lists_in_halves(gradients) if learnt else []
        if learnt:
            # What no output depends on has no gradient, and is left alone.
            self._depends = [part is not None for part in totals]
        parts = [
            torch.zeros_like(weight) if part is None else part
            for weight, part in zip(weights, totals or [None] * len(weights), strict=True)
        ]
        # One vector: a message for each weight would take as long as the computing.
        loss = add_in_halves(losses) if losses else torch.zeros_like(parts[0].sum())
        flat = torch.cat([loss.reshape(1), *(part.flatten() for part in parts)])
        self.ranks.add_up(flat)
        gradient = flat[1:].split([weight.numel() for weight in weights])
        depends = self._depends or [True] * len(weights)
        for weight, learns, values in zip(weights, depends, gradient, strict=True):
            weight.grad = values.view_as(weight).to(weight.dtype) if learns else None
        return {"loss": flat[0], "y_pred": flat[:0]}

    def judge(self, batch: Any) -> Step:
        """Compute the loss of a batch, without gradients, together with the others."""
        n_own = self._count(batch.n_samples) // self.ranks.size
        pieces = self._pieces_of(batch, n_own, [None] * n_own)[0]
        judged = self.threads.map(self.net.validation_step, pieces)
        dtype, device = self.net.module_.dtype, self.net.module_.device
        loss = torch.zeros((), dtype=dtype, device=device)
        if judged:
            shares = [len(target) / batch.n_samples for _, target in pieces]
            losses = [s["loss"] * share for s, share in zip(judged, shares, strict=True)]
            loss = add_in_halves(losses)
        self.ranks.add_up(loss)
        return {"loss": loss, "y_pred": loss}

    def _pieces_of(self, batch: Part, n_pieces: int, seeds: list[Any]) -> Any:
        n_known = min(n_pieces, len(batch.target))
        if not n_known:
            return [], []
        pieces = split_batch((batch.inputs, batch.target), n_known)
        return pieces, seeds[:n_known]

    # ------------------------------------------------------------------ epochs

    def begin_epoch(self, tell: Callable[[], None]) -> None:
        """Begin an epoch with the weights and the rates of rank 0."""
        with self.ranks.heard():
            tell()
        self._follow()

    def end_epoch(self, tell: Callable[[], bool]) -> bool:
        """End an epoch; all stop where rank 0 does."""
        with self.ranks.heard():
            stop = self.ranks.of_first("the end of an epoch", tell())
        self._follow()
        return stop

    def _follow(self) -> None:
        """Take over what callbacks, or another processor, have made of the net there."""
        net = self.net
        states = {name: getattr(net, name).state_dict() for name in _PARTS}
        settings: dict[str, list[Any]] = {
            "groups": [
                {name: value for name, value in group.items() if name != "params"}
                for group in net.optimizer_.param_groups
            ],
            "learns": [weight.requires_grad for weight in net.weights()],
        }
        said = self.ranks.exchange("weights", digest_of((states, settings)))
        if len(set(said)) == 1:
            return
        states, settings = self.ranks.of_first(
            "other weights", (as_plain(states), settings)
        )
        for name, state in states.items():
            getattr(net, name).load_state_dict(as_tensors(state))
        for group, kept in zip(
            net.optimizer_.param_groups, settings["groups"], strict=True
        ):
            group.update(kept)
        for weight, learns in zip(net.weights(), settings["learns"], strict=True):
            weight.requires_grad_(learns)


def _own_parts(
    data: SequenceData, order: Tensor, lengths: list[int], n_batches: int
) -> Parts:
    """Part a process's own samples; each batch has what all give to it."""
    sizes = [
        sum(n // n_batches + (i < n % n_batches) for n in lengths) for i in range(n_batches)
    ]
    return Parts(data, list(order.tensor_split(n_batches)), sizes)


def _check_can_be_cut(net: SequenceNet) -> None:
    """Refuse what looks at a whole batch."""
    if net.module_.mixes_samples:
        raise ValueError(
            "convolution must not be 'beside' in distributed(): its batch normalisation"
            " looks at all samples of a batch, of which each process has a part. Got"
            " 'beside'."
        )
    if not net.criterion_.is_samplewise:
        raise ValueError(
            "loss must be a name or one of torch's losses in distributed(), of which each"
            " process has a part of the batch: another may look at all of it. Got"
            f" {net.criterion_.criterion!r}."
        )
    if hear_batches(net.callbacks_):
        raise ValueError(
            "callbacks must not listen to batches in distributed(): each process has a part"
            f" of them. Got {[type(callback).__name__ for _, callback in net.callbacks_]}."
        )
