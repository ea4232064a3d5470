"""One run of training: a net, what it learns from, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from operator import attrgetter
from typing import Any, NamedTuple

from ._checkpoint import Checkpoint, NotWritten
from ._data import SequenceData
from ._listeners import AveragedWeights, BestEpoch, LastEpoch, TrainingListener
from ._net import SequenceNet
from ._optimizers import make_schedule
from ._side_by_side import SideBySide
from ._threads import Interrupted
from ._unfinished import Unfinished

# Of a budget in steps there are at least so many epochs: after each the learning rate
# changes, and the network is judged.
LEAST_EPOCHS = 20
# "auto" epochs show the network so many samples, in passes from the least to the most, but
# take so many steps at least. Measured in docs/development/settings.md.
AUTO_SAMPLES, AUTO_PASSES, AUTO_STEPS = 64_000, (5, 100), 500


class Plan(NamedTuple):
    """How a run of training goes.

    Attributes
    ----------
    epochs : int or "auto"
        Passes through the samples, at most. "auto": as many as there is use for.
    batch_size : int, default=32
        Samples of a step, by which "auto" counts.
    schedule : str or callable, default="constant"
        Of the learning rate.
    averaging : float or None, default=None
        Decay of the average of the weights.
    patience : int or None, default=None
        Epochs without a new best after which training stops.
    remembered : int or None, default=None
        Epochs, at most, that the history still has at the end; None is all.
    most_steps : int or None, default=None
        Steps of the optimiser, at most.
    steps_of_epoch : int or None, default=None
        Steps after which an epoch ends, if it is not over before.
    checkpoint : Checkpoint or None, default=None
        Keeps the run while it is not whole, and may have one to take up.
    """

    epochs: int | str
    batch_size: int = 32
    schedule: Any = "constant"
    averaging: float | None = None
    patience: int | None = None
    remembered: int | None = None
    most_steps: int | None = None
    steps_of_epoch: int | None = None
    checkpoint: Checkpoint | None = None

    def rounds(self, n_batches: int) -> Rounds:
        """Count what there is room for, where a pass through the samples has some batches.

        Examples
        --------
        >>> Plan(50, most_steps=1000).rounds(3), Plan(50, most_steps=1000).rounds(4000)
        (Rounds(n=50, n_batches=3), Rounds(n=20, n_batches=50))
        >>> Plan("auto").rounds(3), Plan("auto").rounds(4000)
        (Rounds(n=100, n_batches=3), Rounds(n=20, n_batches=1000))
        """
        epochs, most_steps = self.epochs, self.most_steps
        if isinstance(epochs, str):
            least, epochs = AUTO_PASSES
            if most_steps is None:
                shown = ceil(AUTO_SAMPLES / self.batch_size)
                most_steps = max(shown, least * n_batches, AUTO_STEPS)
        total, length = epochs * n_batches, n_batches
        if most_steps is not None:
            total = min(total, most_steps)
            length = min(length, max(1, most_steps // LEAST_EPOCHS))
        length = min(length, total, self.steps_of_epoch or length)
        # Shorter epochs, if they leave out fewer steps than a last one that is cut off.
        n = -(-total // length)
        return max(
            Rounds(total // length, length),
            Rounds(n, total // n),
            key=attrgetter("n_steps"),
        )


class Rounds(NamedTuple):
    """What training is judged after: passes through the samples, or parts of one.

    Attributes
    ----------
    n : int
    n_batches : int
        In each.
    """

    n: int
    n_batches: int

    @property
    def n_steps(self) -> int:
        """Steps of the optimiser in all."""
        return self.n * self.n_batches


def run(
    net: SequenceNet,
    train: SequenceData,
    valid: SequenceData | None,
    plan: Plan,
    batches: SideBySide,
    publish: Callable[[int | None, bool], None],
    listeners: Sequence[TrainingListener] = (),
) -> None:
    """Train a net, and publish it with the weights of the best epoch, or the last.

    It is published, too, if it is interrupted after a whole epoch.

    Parameters
    ----------
    net : SequenceNet
    train : SequenceData
    valid : SequenceData or None
    plan : Plan
    batches : SideBySide
        Computes the batches, in the thread of this call.
    publish : callable (best_epoch, is_whole)
        Takes the net over as it is then. None is the last epoch; a run that was interrupted
        is not whole.
    listeners : sequence of TrainingListener
        Hear of each epoch after all others.

    Raises
    ------
    Interrupted, KeyboardInterrupt
        If it is interrupted.
    ValueError
        If training diverges, or a checkpoint cannot be written or taken up.
    NotWritten
        If a checkpoint cannot be written after an epoch. It is as with an interrupt.
    """
    rounds = plan.rounds(batches.n_batches)
    if plan.remembered is not None:
        net.forget(plan.remembered - rounds.n)
    steps = make_schedule(plan.schedule, net.optimizer_, *rounds)
    if plan.averaging is not None:
        steps.append(AveragedWeights(plan.averaging, net))
    best = BestEpoch(plan.patience)
    last = LastEpoch(of_several=rounds.n > 1)
    keepers = [last] if valid is None else [best, last]
    everyone: list[TrainingListener] = [*steps, *keepers, *listeners]
    take_up = None
    if plan.checkpoint is not None:
        unfinished = Unfinished(plan.checkpoint, net, train, everyone, rounds.n)
        everyone, take_up = [*everyone, unfinished], unfinished.begin

    def settle(*, is_whole: bool) -> None:
        if best.epoch:
            best.restore(net)
        publish(best.epoch or None, is_whole)

    try:
        net.train_epochs(train, valid, rounds, batches, everyone, take_up)
        settle(is_whole=True)
    except (Interrupted, KeyboardInterrupt, NotWritten):
        if last.n_rows:
            last.restore(net)
            settle(is_whole=False)
        raise
