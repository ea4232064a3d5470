"""What happens beside training: rates change, weights are kept, scikit-learn is told."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ._trainee import Trainee

# How many times the training loss a validation loss may be before a user is asked.
FAR_ABOVE = 100


class TrainingListener:
    """Hears of steps and epochs; does nothing but for what it overrides."""

    def on_epoch_begin(self, net: Trainee) -> None:
        """Act before an epoch."""

    def on_step(self, net: Trainee) -> None:
        """Act after a step of the optimiser."""

    def on_last_step(self, net: Trainee) -> None:
        """Act after the last step of an epoch, before the validation."""

    def on_epoch_end(self, net: Trainee) -> bool:
        """Act after an epoch; True asks to stop training."""
        return False

    def on_settled(self, net: Trainee, *, stops: bool) -> None:
        """Act when all have heard of the end of an epoch, and training goes on or stops."""

    def state_dict(self) -> dict[str, Any]:
        """Give what the rest of a run depends on: tensors and plain values."""
        return {}

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Go on from where a run was.

        Parameters
        ----------
        net : Trainee
            As it was then.
        state : dict
            As `state_dict` gave it.
        n_epochs : int
            Epochs of the run so far.
        """

    def hears_steps(self) -> bool:
        """Tell whether there is something to do after a step."""
        return type(self).on_step is not TrainingListener.on_step


class Schedule(TrainingListener):
    """Change the learning rate.

    Parameters
    ----------
    scheduler : object with a method `step`, such as those of `torch.optim.lr_scheduler`
    """

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler

    def state_dict(self) -> dict[str, Any]:
        """Give the scheduler's state."""
        if not hasattr(self.scheduler, "load_state_dict"):
            raise TypeError(
                "learning_rate_schedule must give a scheduler with state_dict and"
                " load_state_dict for a checkpoint, as those of torch.optim.lr_scheduler"
                f" have. Got {self.scheduler!r}."
            )
        return dict(self.scheduler.state_dict())

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Put the scheduler's state back."""
        self.scheduler.load_state_dict(state)


class EpochSchedule(Schedule):
    """Change the learning rate after each epoch."""

    def on_epoch_end(self, net: Trainee) -> bool:
        """Set the rate of the next epoch, by the validation loss if there is one."""
        if isinstance(self.scheduler, ReduceLROnPlateau):
            row = net.history[-1]
            self.scheduler.step(row.get("valid_loss", row["train_loss"]))
        else:
            self.scheduler.step()
        return False


class StepSchedule(Schedule):
    """Change the learning rate after each step."""

    def on_step(self, net: Trainee) -> None:
        """Set the rate of the next step."""
        self.scheduler.step()


class AveragedWeights(TrainingListener):
    r"""Follow the weights with a moving average, which takes their place after each epoch.

    .. math:: \bar w_t = d_t \bar w_{t-1} + (1 - d_t) w_t, \quad
        d_t = \min(d, (1 + t) / (10 + t))

    Training itself goes on from the weights that are not averaged (Polyak and Juditsky,
    1992).

    Parameters
    ----------
    decay : float
        The :math:`d` of the formula, in (0, 1).
    net : Trainee
    """

    def __init__(self, decay: float, net: Trainee) -> None:
        self.decay = decay
        self.n_steps = 0
        self.values = _averaged_values(net)
        self.average = _copies(self.values)
        self.trained: list[Tensor] | None = None

    def on_epoch_begin(self, net: Trainee) -> None:
        """Go on from where training was."""
        if self.trained is not None:
            _copy(self.trained, self.values)

    @torch.no_grad()
    def on_step(self, net: Trainee) -> None:
        """Move the average."""
        self.n_steps += 1
        decay = min(self.decay, (1 + self.n_steps) / (10 + self.n_steps))
        torch._foreach_lerp_(self.average, self.values, 1 - decay)

    def on_last_step(self, net: Trainee) -> None:
        """Let the average be judged, and kept."""
        self.trained = _copies(self.values)
        _copy(self.average, self.values)

    def state_dict(self) -> dict[str, Any]:
        """Give the average, and the weights from which training goes on."""
        names = ("n_steps", "average", "trained")
        return {name: getattr(self, name) for name in names}

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Put both back."""
        self.n_steps = state["n_steps"]
        _copy(state["average"], self.average)
        self.trained = _copies(self.values)
        _copy(state["trained"], self.trained)


class BestEpoch(TrainingListener):
    """Keep the weights of the epoch with the least validation loss, in memory.

    Parameters
    ----------
    patience : int or None
        Stop after so many epochs without a new best; None never stops.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.loss = float("inf")
        self.epoch = 0
        self.weights: dict[str, Any] = {}

    def on_epoch_end(self, net: Trainee) -> bool:
        """Compare the epoch with the best so far."""
        loss = net.history[-1, "valid_loss"]
        epoch = net.n_epochs
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.weights = _copied(net.module_.state_dict())
        return self.patience is not None and epoch - self.epoch >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Give the best epoch."""
        return {name: getattr(self, name) for name in ("loss", "epoch", "weights")}

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Put the best epoch back."""
        self.loss, self.epoch = state["loss"], state["epoch"]
        self.weights = state["weights"]

    def restore(self, net: Trainee) -> None:
        """Put the best weights back."""
        net.module_.load_state_dict(self.weights)


class LastEpoch(TrainingListener):
    """Keep the state after the last whole epoch, for a run that may be interrupted.

    Parameters
    ----------
    of_several : bool
        Whether more epochs may follow one.
    """

    def __init__(self, of_several: bool) -> None:
        self.of_several = of_several
        self.states: dict[str, Any] = {}
        self.n_rows = 0

    def on_epoch_end(self, net: Trainee) -> bool:
        """Keep the weights and the optimiser's state."""
        # After an only epoch nothing changes any more.
        if self.of_several:
            self.states = {name: _copied(p.state_dict()) for name, p in _parts(net)}
        self.n_rows = len(net.history)
        return False

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Keep what the net is then."""
        self.on_epoch_end(net)

    def restore(self, net: Trainee) -> None:
        """Put the state after the last whole epoch back."""
        for name, part in _parts(net) if self.states else ():
            part.load_state_dict(self.states[name])
        del net.history[self.n_rows :]


class ValidationWatch(TrainingListener):
    """Warn if the first validation loss has nothing to do with the training loss.

    Parameters
    ----------
    ask : callable (call) -> result
        Calls where the warning belongs.
    """

    def __init__(self, ask: Callable[[Callable[[], Any]], Any]) -> None:
        self.ask = ask

    def on_epoch_end(self, net: Trainee) -> bool:
        """Compare the losses of the first epoch."""
        row = net.history[-1]
        train, valid = row["train_loss"], row["valid_loss"]
        if net.n_epochs == 1 and valid > FAR_ABOVE * train:
            message = (
                f"The validation loss of the first epoch, {valid:.3g}, is far above the"
                f" training loss, {train:.3g}. Are X_val and y_val in the units of X and y?"
                " TransformedTargetRegressor transforms y and not y_val; a pipeline"
                " transforms X_val only with transform_input=['X_val']."
            )
            self.ask(partial(warnings.warn, message, UserWarning, stacklevel=2))
        return False


class SklearnEpochs(TrainingListener):
    """Tell scikit-learn's callbacks of each epoch, as a task within the task of fit.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        The context of fit.
    task : dict
        Keyword arguments that every hook gets: the estimator, X, y and metadata.
    as_it_stands : callable () -> dict
        Gives the attributes that make a copy of the estimator ready to predict.
    ask : callable (call) -> result
        Calls where the callbacks belong.
    """

    def __init__(
        self,
        context: Any,
        task: dict[str, Any],
        as_it_stands: Callable[[], dict[str, Any]],
        ask: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self.context = context
        self.task = {**task, "reconstruction_attributes": as_it_stands}
        self.ask = ask

    def on_epoch_begin(self, net: Trainee) -> None:
        """Open the epoch's task."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.ask(partial(self.epoch.call_on_fit_task_begin, **self.task))

    def on_epoch_end(self, net: Trainee) -> bool:
        """Close the epoch's task; a callback may ask to stop."""
        return bool(self.ask(partial(self.epoch.call_on_fit_task_end, **self.task)))


def _parts(net: Trainee) -> list[tuple[str, Any]]:
    """Give what training changes: the network, the optimiser, a loss with weights."""
    names = ("module_", "optimizer_", "criterion_")
    return [(name, getattr(net, name)) for name in names]


def _averaged_values(net: Trainee) -> list[Tensor]:
    """Give the weights, and what batch normalisation knows of their outputs."""
    statistics = [
        buffer for name, buffer in net.module_.named_buffers() if ".running_" in name
    ]
    return [*net.module_.parameters(), *statistics]


def _copied(state: Any) -> Any:
    """Copy a state dict; `copy.deepcopy` takes several times as long."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        copied = copy.copy(state)  # with the versions of the modules that torch notes in it
        copied.update((key, _copied(value)) for key, value in state.items())
        return copied
    if isinstance(state, list):
        return [_copied(value) for value in state]
    if state is None or isinstance(state, int | float | str):
        return state
    return copy.deepcopy(state)


def _copies(values: list[Tensor]) -> list[Tensor]:
    return [value.detach().clone() for value in values]


@torch.no_grad()
def _copy(source: list[Tensor], values: list[Tensor]) -> None:
    for value, new in zip(values, source, strict=True):
        value.copy_(new)
