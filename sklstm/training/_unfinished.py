"""Where a run of training is, kept in a file after each epoch, and taken up from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Generator

from ..network._dropout import Dropout
from ._checkpoint import Checkpoint
from ._data import SequenceData
from ._listeners import TrainingListener
from ._net import SequenceNet
from ._plain import as_plain, is_plain, on_cpu
from ._trainee import Trainee

# What training changes, and torch knows the state of.
_PARTS = ("module_", "optimizer_", "criterion_")
# What is raised where parts of a file do not fit together.
_MISFITS = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class Unfinished(TrainingListener):
    """Keep where a run is, and take up one that was not finished.

    Parameters
    ----------
    checkpoint : Checkpoint
    net : SequenceNet
        As the run begins with it.
    train : SequenceData
    listeners : sequence of TrainingListener
        All others, which have states too.
    n_planned : int
        Epochs of the run, at most.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        net: SequenceNet,
        train: SequenceData,
        listeners: Sequence[TrainingListener],
        n_planned: int,
    ) -> None:
        self.checkpoint = checkpoint
        self.net = net
        self.train = train
        self.listeners = listeners
        self.n_planned = n_planned
        self.n_earlier = len(net.history)

    def begin(self) -> int:
        """Take up what was not finished, or write that nothing is done.

        Returns
        -------
        n_epochs : int
            That need not be trained any more.

        Raises
        ------
        ValueError
            If the file does not fit, or cannot be written.
        """
        run = self.checkpoint.run
        if run is None or not run["n_epochs"]:
            # Whatever cannot be written is told before training.
            self.on_settled(self.net, stops=False)
            return 0
        try:
            self._put_back(run)
        except _MISFITS as error:
            raise self.checkpoint.damaged(error) from error
        return self.n_planned if run["stops"] else int(run["n_epochs"])

    def on_settled(self, net: Trainee, *, stops: bool) -> None:
        """Write where the run is."""
        rows = self.net.history[self.n_earlier :]
        dropout = _dropout_generator(self.net)
        state = {
            "n_epochs": len(rows),
            "stops": stops,
            **{name: getattr(self.net, name).state_dict() for name in _PARTS},
            "history": [_plain_row(row) for row in rows],
            "deck": self.net.deck.state_dict(),
            "generator": self.net.generator_.get_state(),
            "dropout": None if dropout is None else dropout.get_state(),
            "listeners": {type(one).__name__: one.state_dict() for one in self.listeners},
            "callbacks": [_state_of(callback) for _, callback in self.net.callbacks_],
        }
        self.checkpoint.write(on_cpu(state))

    def _put_back(self, run: dict[str, Any]) -> None:
        net = self.net
        if len(run["history"]) != run["n_epochs"]:
            raise ValueError("its history has another length")
        for name in _PARTS:
            getattr(net, name).load_state_dict(run[name])
        net.history.extend(run["history"])
        net.deck.load_state_dict(run["deck"], self.train)
        net.generator_.set_state(run["generator"])
        dropout = _dropout_generator(net)
        if dropout is not None:
            dropout.set_state(run["dropout"])
        for listener in self.listeners:
            # Who watches a fit may be another than before.
            state = run["listeners"].get(type(listener).__name__, {})
            listener.take_up(net, state, run["n_epochs"])
        for (_, callback), state in zip(net.callbacks_, run["callbacks"], strict=True):
            _give_state(callback, state)


def _dropout_generator(net: SequenceNet) -> Generator | None:
    """Give the generator that all dropout of a network shares."""
    found = (m.generator for m in net.module_.modules() if isinstance(m, Dropout))
    return next(found, None)


def _plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """Give what an epoch is remembered by, but for what callbacks noted that is no data."""
    values = {name: as_plain(value) for name, value in row.items()}
    return {name: value for name, value in values.items() if is_plain(value)}


def _state_of(callback: Any) -> dict[str, Any]:
    """Give what a callback of skorch has noted, as far as it is data."""
    state, given = {}, _parameters_of(callback)
    for name, value in vars(callback).items():
        if name in given:
            continue
        if _has_state(value):
            state[name] = value.state_dict()
        elif is_plain(as_plain(value)):
            state[name] = value
    return state


def _give_state(callback: Any, state: dict[str, Any]) -> None:
    given = _parameters_of(callback)
    for name, value in state.items():
        part: Any = getattr(callback, name, None)
        if name in given:
            raise ValueError(f"{name} is none of what {type(callback).__name__} has noted")
        if _has_state(part):
            part.load_state_dict(value)
        else:
            setattr(callback, name, value)


def _parameters_of(callback: Any) -> dict[str, Any]:
    """Give what a callback was made with, such as where it writes."""
    return callback.get_params(deep=False) if hasattr(callback, "get_params") else {}


def _has_state(value: Any) -> bool:
    return hasattr(value, "load_state_dict") and not isinstance(value, type)
