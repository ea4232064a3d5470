"""Going on with training from where an earlier run was."""

from __future__ import annotations

import copy
from typing import Any

from ..network import LSTMNetwork
from ._net import SequenceNet
from ._plain import as_tensors
from ._trained_model import Memory, TrainedModel

NO_STATE = (
    "partial_fit, warm_start=True, update and net_ need a model with its training state."
    " Got one from a file without: write it with sklstm.io.save(..., training_state=True),"
    " or train anew with a clone."
)


def as_trained(model: TrainedModel) -> LSTMNetwork:
    """Give a copy of a network as its training left it.

    Where the last layer was solved anew, that has seen the samples that were held out: they
    could judge no training that went on from it.

    Parameters
    ----------
    model : TrainedModel

    Returns
    -------
    network : LSTMNetwork
    """
    network = copy.deepcopy(model.network)
    if model.memory.last_layer is not None:
        linear: Any = network.head.linear
        linear.load_state_dict(as_tensors(model.memory.last_layer))
    return network


def take_up(net: SequenceNet, memory: Memory, *, same_loss: bool) -> None:
    """Let a new net go on from where training was.

    Parameters
    ----------
    net : SequenceNet
        Over the network that was trained, or a copy of it. Its settings, the learning rate
        for one, are those of the run to come.
    memory : Memory
        Of the run before; it stays as it is.
    same_loss : bool
        Whether the net has the loss of that run, which may have weights of its own.

    Raises
    ------
    ValueError
        If it does not know enough.
    """
    if memory.optimizer is None:
        raise ValueError(NO_STATE)
    net.history.extend(memory.history)
    net.n_forgotten = memory.n_forgotten
    state = as_tensors(memory.optimizer)
    if same_loss:
        net.criterion_.load_state_dict(as_tensors(memory.criterion))
    else:
        # The optimiser counts the network's weights first, then those of the loss.
        n_weights = len(list(net.module_.parameters()))
        state["state"] = {i: kept for i, kept in state["state"].items() if i < n_weights}
    new = net.optimizer_.state_dict()["param_groups"]
    state["param_groups"] = [
        _followed_by(old, group)
        for old, group in zip(state["param_groups"], new, strict=True)
    ]
    net.optimizer_.load_state_dict(state)


def _followed_by(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Keep what the optimiser noted of a group of weights, but for its settings."""
    settings: dict[str, Any] = {
        name: new[name] for name in ("params", "weight_decay") if name in new
    }
    # Torch's schedulers begin at the first rate that the optimiser ever had.
    return {**old, **settings, "lr": new["lr"], "initial_lr": new["lr"]}
