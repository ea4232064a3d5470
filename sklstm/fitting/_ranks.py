"""Processes that fit one estimator together: what they tell each other."""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")

# What torchrun, Ray Train, Dask and Spark's TorchDistributor set for each process.
_ENVIRONMENT = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class FailedElsewhereError(RuntimeError):
    """Another process of the fit has failed."""


class Ranks:
    """The processes of a fit, as one of them sees them.

    Whatever they tell each other before training, and between epochs, goes through
    `exchange`, errors included: so none waits for another that has failed.

    Parameters
    ----------
    rows : {"same", "own"}
        Whether all have the same rows, or each a part of its own.

    Attributes
    ----------
    rank : int
        Number of this process.
    size : int
        Number of processes.
    is_first : bool
        Whether it is the one that others follow.
    owns_rows : bool
    """

    def __init__(self, rows: str) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.is_first = self.rank == 0
        self.owns_rows = rows == "own"
        # Within an epoch processes add up tensors, and cannot hear of anything else.
        self._listens = True

    def exchange(self, what: str, value: T) -> list[T]:
        """Give what each process says, in the order of their ranks.

        Parameters
        ----------
        what : str
            What is told, for the message if another tells something else.
        value : object
            Is pickled.

        Returns
        -------
        values : list

        Raises
        ------
        FailedElsewhereError
            If another process has failed, or is elsewhere.
        """
        self._listens = True
        said = self._gather((what, value, None))
        for rank, (_, _, error) in enumerate(said):
            if error is not None:
                raise FailedElsewhereError(
                    f"fit must succeed in all processes of distributed(). Got in rank"
                    f" {rank} {error}"
                )
        elsewhere = {other for other, _, _ in said} - {what}
        if elsewhere:
            raise FailedElsewhereError(
                "X and y must be of one kind in all processes of distributed(). Got some in"
                f" which the next thing to agree on is {what}, and others with"
                f" {', '.join(sorted(elsewhere))}."
            )
        return [value for _, value, _ in said]

    def of_first(self, what: str, value: T) -> T:
        """Give what the process of rank 0 says.

        Parameters
        ----------
        what : str
        value : object
            Of other ranks it is not sent.

        Returns
        -------
        value : object
        """
        said: list[Any] = self.exchange(what, value if self.is_first else None)
        return said[0]  # type: ignore[no-any-return]

    def add_up(self, values: Tensor) -> None:
        """Put the sum over all processes in the place of values.

        Parameters
        ----------
        values : Tensor
        """
        self._listens = False
        dist.all_reduce(values)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all processes succeed, or none: the others hear of an error in this one."""
        try:
            yield
        except BaseException as error:
            self._tell(error)
            raise
        self.exchange("the end of fit", None)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Say that the others wait for this one, and will hear of its errors."""
        self._listens = True
        yield

    def _tell(self, error: BaseException) -> None:
        # Who has heard of an error of another need not tell.
        if self._listens and not isinstance(error, FailedElsewhereError):
            with suppress(RuntimeError):  # there may be nobody left to hear of it
                self._gather(("", None, f"{type(error).__name__}: {error}"))

    def _gather(self, said: Any) -> list[Any]:
        gathered: list[Any] = [None] * self.size
        dist.all_gather_object(gathered, said)
        return gathered


_RANKS: ContextVar[Ranks | None] = ContextVar("sklstm_ranks", default=None)


def current_ranks() -> Ranks | None:
    """Give the processes that fit together with this one; None if it fits alone."""
    return _RANKS.get()


def of_all_rows(what: str, value: T) -> list[T]:
    """Give what each process says of its own rows; one value where all have the same.

    Parameters
    ----------
    what : str
    value : object

    Returns
    -------
    values : list

    Examples
    --------
    >>> of_all_rows("classes", [0, 1])
    [[0, 1]]
    """
    ranks = _RANKS.get()
    if ranks is None or not ranks.owns_rows:
        return [value]
    return ranks.exchange(what, value)


def total(what: str, value: T) -> T:
    """Add up what each process says of its own rows.

    Parameters
    ----------
    what : str
    value : ndarray, Tensor or number

    Returns
    -------
    total : ndarray, Tensor or number
        The same in all processes; the value itself where all have the same rows.
    """
    if isinstance(value, Tensor):
        # Each process may have a GPU of its own.
        parts: list[Any] = of_all_rows(what, value.cpu())
        return functools.reduce(operator.add, parts).to(value.device)  # type: ignore[no-any-return]
    return functools.reduce(operator.add, of_all_rows(what, value))


@contextmanager
def distributed(rows: Literal["same", "own"] = "same") -> Iterator[None]:
    """Let several processes fit each estimator together (data parallel).

    Each process runs the same script, as `torchrun` starts it. In this context `fit` and
    `partial_fit` cut every batch into pieces, of which each process computes its own, add
    up the gradients, and take the same step: all processes have the same model in the end.
    In a script that runs by itself the context changes nothing.

    Where `torch.distributed` has not been initialised, it is, by what `torchrun` has put
    into the environment, and closed in the end.

    Parameters
    ----------
    rows : {"same", "own"}, default="same"
        Whether all processes pass the same `X` and `y` to `fit`, or each its own part: its
        rows of a file, its stores of a panel. Of parts, the scaling, the classes and the
        categories are those of all; `batch_size` counts the samples of all together; and a
        validation set is held out from each. What else is chosen by looking at samples,
        such as a season, is chosen by those of rank 0.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If `rows` is neither.

    Notes
    -----
    Callbacks, progress and a checkpoint are those of rank 0, and all processes stop when
    it does. The context belongs to the thread that entered it: a search that fits in
    threads or processes of its own (`n_jobs`) fits each candidate alone.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor, distributed
    >>> X = np.random.default_rng(0).normal(size=(64, 5))
    >>> with distributed():
    ...     model = LSTMRegressor(max_epochs=1, random_state=0).fit(X, X[:, -1])
    >>> model.n_epochs_
    1
    """
    if rows not in ("same", "own"):
        raise ValueError(f"rows must be 'same' or 'own'. Got {rows!r}.")
    begins = _can_begin()
    if begins:
        dist.init_process_group()
    try:
        several = (
            dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        )
        token = _RANKS.set(Ranks(rows) if several else None)
        try:
            yield
        finally:
            _RANKS.reset(token)
    finally:
        if begins:
            dist.destroy_process_group()


def _can_begin() -> bool:
    """Tell whether this process is one of several that do not know each other yet."""
    if not dist.is_available() or dist.is_initialized():
        return False
    return all(os.environ.get(name) for name in _ENVIRONMENT)
