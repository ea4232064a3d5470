"""A line after each epoch, for whoever watches a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from ._listeners import TrainingListener
from ._trainee import Trainee

# Characters of a number. With the words and two counts of five digits they fill 80.
WIDTH = 7


class Progress(TrainingListener):
    """Print a line after each epoch: its losses, its learning rate, the time that is left.

    Parameters
    ----------
    n_epochs : int
        Epochs of this run, at most. Of an only one, neither their number nor the time that
        is left is printed.
    ask : callable (call) -> result
        Calls where the printing belongs.
    """

    def __init__(self, n_epochs: int, ask: Callable[[Callable[[], Any]], Any]) -> None:
        self.n_epochs = n_epochs
        self.ask = ask
        self.least = math.inf
        self.begun: float | None = None
        self.n_taken_up = 0

    def on_epoch_begin(self, net: Trainee) -> None:
        """Note the rate of the epoch, which a schedule changes before its end."""
        if self.begun is None:
            self.begun = perf_counter()
            self.n_earlier = net.n_epochs - self.n_taken_up
        self.rate = net.optimizer_.param_groups[0].get("lr")

    def on_epoch_end(self, net: Trainee) -> bool:
        """Print the epoch's line."""
        row = net.history[-1]
        loss = row.get("valid_loss", math.inf)
        is_best, self.least = loss < self.least, min(loss, self.least)
        line = epoch_line(
            net.n_epochs,
            self.n_earlier + self.n_epochs if self.n_epochs > 1 else None,
            row,
            self.rate,
            self._seconds_left(net.n_epochs - self.n_earlier),
            is_best=is_best,
        )
        self.ask(partial(print, line, flush=True))
        return False

    def take_up(self, net: Trainee, state: dict[str, Any], n_epochs: int) -> None:
        """Count on from the epochs of an earlier run."""
        self.n_taken_up = n_epochs
        rows = net.history[-n_epochs:] if n_epochs else []
        self.least = min([math.inf, *(row.get("valid_loss", math.inf) for row in rows)])

    def _seconds_left(self, n_done: int) -> float | None:
        """Guess from the epochs so far; None where nothing is left."""
        if self.begun is None or n_done >= self.n_epochs:
            return None
        seconds = (perf_counter() - self.begun) / (n_done - self.n_taken_up)
        return seconds * (self.n_epochs - n_done)


def epoch_line(
    epoch: int,
    last: int | None,
    row: Mapping[str, Any],
    rate: float | None = None,
    seconds_left: float | None = None,
    *,
    is_best: bool = False,
) -> str:
    """Tell of an epoch in at most 80 characters.

    Parameters
    ----------
    epoch : int
        Its number, from 1.
    last : int or None
        Number of the last one, up to 99,999, if it is known.
    row : mapping
        Its history: "train_loss", and "valid_loss" where there is one.
    rate : float or None, default=None
        Learning rate, if the optimiser has one.
    seconds_left : float or None, default=None
    is_best : bool, default=False
        Whether the validation loss is the least so far.

    Returns
    -------
    line : str

    Examples
    --------
    >>> row = {"train_loss": 0.1234, "valid_loss": 0.2345}
    >>> print(epoch_line(3, 100, row, 0.003, 12.1, is_best=True))
    epoch   3/100  loss 0.1234   validation 0.2345 *  rate 0.003    12 s left
    >>> print(epoch_line(7, None, {"train_loss": 12.5}))
    epoch 7  loss 12.5000
    """
    count = str(epoch) if last is None else f"{epoch:{len(str(last))}}/{last}"
    parts = [f"epoch {count}", f"loss {_loss(row['train_loss']):{WIDTH}}"]
    if "valid_loss" in row:
        marked = _loss(row["valid_loss"]) + " *" * is_best
        parts.append(f"validation {marked:{WIDTH + 2}}")
    if rate is not None:
        parts.append(f"rate {_fitting(rate, '.3g', '.1e', '.0e'):{WIDTH}}")
    if seconds_left is not None:
        parts.append(f"{_duration(seconds_left)} left")
    return "  ".join(parts).rstrip()


def _loss(value: float) -> str:
    """Give about four digits; of losses of usual size, as many after the point for all.

    >>> [_loss(value) for value in (0.0, 0.98765, -123.456, 12345.6, 1.234e-5, -1.234e-5)]
    ['0.0000', '0.9877', '-123.5', '1.2e+04', '1.2e-05', '-1e-05']
    """
    is_tiny = 0 < abs(value) < 0.001
    return _fitting(value, *([] if is_tiny else [".4f", ".4g"]), ".1e", ".0e")


def _fitting(value: float, *formats: str) -> str:
    """Write a number in the first format that is short enough, or the last."""
    texts = [format(value, wanted) for wanted in formats]
    return next((text for text in texts if len(text) <= WIDTH), texts[-1])


def _duration(seconds: float) -> str:
    """Give a duration in a unit of which there are no more than a hundred.

    >>> _duration(12.3), _duration(1200), _duration(20_000), _duration(1e6)
    ('12 s', '20 min', '5.6 h', '278 h')
    """
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.{'1f' if seconds < 9.95 * 3600 else '0f'}} h"
