"""Hooks of skorch's callbacks."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback, EarlyStopping
from skorch.exceptions import SkorchException

_OF_BATCHES = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class StopTraining(Exception):
    """A callback asks to stop after this epoch."""


def call_hooks(callbacks: list[Any], hook: str, net: Any, **arguments: Any) -> bool:
    """Call a hook of every callback, each of them even where one asks to stop.

    Parameters
    ----------
    callbacks : list of (str, skorch.callbacks.Callback)
    hook : str
    net : SequenceNet
    **arguments : object
        What skorch gives the hook.

    Returns
    -------
    stop : bool
        Whether one asks to stop.

    Raises
    ------
    ValueError
        If one reads the validation loss, and nothing validates.
    """
    stop = False
    for _, callback in callbacks:
        try:
            getattr(callback, hook)(net, **arguments)
        except KeyboardInterrupt:
            # So skorch's EarlyStopping asks to stop; from any other it is Ctrl-C.
            if not isinstance(callback, EarlyStopping):
                raise
            stop = True
        except (KeyError, SkorchException) as error:
            if "valid_loss" not in str(error):
                raise
            raise ValueError(
                f"callbacks has {type(callback).__name__}, which reads the validation"
                " loss, but nothing validates: set early_stopping=True, give X_val and"
                " y_val, or let it monitor the training loss."
            ) from error
    return stop


def hear_batches(callbacks: list[Any]) -> bool:
    """Tell whether a callback has a hook that is called for each batch.

    Parameters
    ----------
    callbacks : list of (str, skorch.callbacks.Callback)

    Returns
    -------
    hear_batches : bool
    """
    return any(
        getattr(type(callback), hook) is not getattr(Callback, hook)
        for _, callback in callbacks
        for hook in _OF_BATCHES
    )
