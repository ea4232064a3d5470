"""Threads of a fit's own, so that its caller's thread stays as it is."""

from __future__ import annotations

import contextvars
import ctypes
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from time import sleep
from typing import Any, NamedTuple, TypeVar

import torch
from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

# Seconds after which whoever waits looks whether the other side has gone. Windows lets
# Ctrl-C through only between two waits.
PATIENCE = 0.1


class Interrupted(BaseException):
    """The caller of a fit no longer waits for it."""


class Outcome(NamedTuple):
    """What a call gave: a value, or the error that it raised."""

    value: Any
    error: BaseException | None

    @classmethod
    def of(cls, call: Callable[[], Any]) -> Outcome:
        """Call, and keep what comes of it."""
        try:
            return cls(call(), None)
        except BaseException as error:
            return cls(None, error)

    def get(self) -> Any:
        """Give the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Helper:
    """A thread that does one call after another.

    One of `concurrent.futures` takes three times as long to be handed a call.

    Parameters
    ----------
    name : str

    Raises
    ------
    RuntimeError
        If no thread can be had.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name)
        self._thread.start()

    def begin(self, call: Callable[[], None]) -> None:
        """Let the thread do something."""
        self._calls.put(call)

    def wait(self) -> Outcome:
        """Wait until it is done, and tell what came of it."""
        return self._outcomes.get()

    def end(self) -> None:
        """Let the thread end, and wait for it."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        ready = Outcome.of(_compute_alone)
        while (call := self._calls.get()) is not None:
            self._outcomes.put(Outcome.of(call) if ready.error is None else ready)
            del call  # and with it what it has computed


class OwnThreads:
    """A thread that computes while its caller waits, and others that help it.

    Ctrl-C raises KeyboardInterrupt between any two instructions, but in the main thread
    alone. How many cores torch uses, whether it flushes denormal numbers, whether it
    records gradients: all of that belongs to a thread. So whatever needs one of them set is
    computed in threads that end with it. They begin as torch begins a thread, whatever the
    caller has set (`torch.autocast`, `torch.inference_mode`), and nothing has to be put
    back: no interrupt can keep it from being put back.

    A recurrent layer goes through its steps one after the other, and each step is small:
    threads that share a step wait for each other most of the time. So `map` has pieces
    computed side by side, each on one core. Numbers too small for the processor's fast
    arithmetic count as zero in all of these threads: a gradient that fades over a hundred
    steps becomes such numbers, with which a step takes ten times as long.

    Attributes
    ----------
    n_threads : int
        As many as torch uses in the caller's thread.

    Examples
    --------
    >>> threads = OwnThreads()
    >>> threads.run(lambda: threads.map(pow, [1, 2, 3], [2, 2, 2]))
    [1, 4, 9]
    """

    def __init__(self) -> None:
        self.n_threads = torch.get_num_threads()
        self._first: Thread | None = None
        self._helpers: list[Helper] | None = None
        self._questions: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._left = False

    def __reduce__(self) -> Any:
        # Threads do not travel in a pickle or a copy.
        return OwnThreads, ()

    # ------------------------------------------------------------------ the caller

    def run(self, job: Callable[[], Result]) -> Result:
        """Run a job in a thread of its own and wait for it.

        Where no thread can be had, the caller's computes as it is.

        Parameters
        ----------
        job : callable () -> result
            May call `map`, `ask` and `check`.

        Returns
        -------
        result : object

        Raises
        ------
        BaseException
            What the job raises; or what interrupts the waiting, KeyboardInterrupt for one.
            Then the job has come to its end before, at its next `check`.
        """
        outcomes: list[Outcome] = []
        context = contextvars.copy_context()

        def work() -> None:
            try:
                outcomes.append(Outcome.of(lambda: context.run(self._work, job)))
            finally:
                self._questions.put(None)

        self._first = thread = Thread(target=work, name="sklstm-fit")
        try:
            if not _started(thread):
                self._first = None
                return self.run_here(job)
            self._answer()
        except BaseException:
            self._left = True
            _wait_for(thread)
            raise
        thread.join()
        return outcomes[0].get()

    def run_here(self, job: Callable[[], Result]) -> Result:
        """Run a job in the caller's thread, as it is but for what spoils training.

        For what torch's own threads share. They belong to the thread that first uses them:
        two threads with helpers of their own on the same cores wait for each other.

        Parameters
        ----------
        job : callable () -> result

        Returns
        -------
        result : object
        """
        with torch.inference_mode(False), torch.enable_grad(), _no_autocast():
            return job()

    def _answer(self) -> None:
        """Do in the caller's thread what the job asks for, until it ends."""
        while True:
            try:
                question = self._questions.get(timeout=PATIENCE)
            except Empty:
                continue
            if question is None:
                return
            question()

    # ------------------------------------------------------------------ the job

    def ask(self, call: Callable[[], Result]) -> Result:
        """Have something done in the caller's thread, such as a user's callback.

        Parameters
        ----------
        call : callable () -> result

        Returns
        -------
        result : object

        Raises
        ------
        BaseException
            What the call raises; or `Interrupted`, if the caller no longer waits.
        """
        if current_thread() is not self._first:
            return call()
        answers: SimpleQueue[Outcome] = SimpleQueue()
        self._questions.put(lambda: answers.put(Outcome.of(call)))
        while True:
            try:
                return answers.get(timeout=PATIENCE).get()
            except Empty:
                self.check()

    def check(self) -> None:
        """Raise `Interrupted` if the caller no longer waits."""
        if self._left:
            raise Interrupted

    def map(self, call: Callable[..., Result], *arguments: Sequence[Any]) -> list[Result]:
        """Compute all pieces side by side and give the results in their order.

        Parameters
        ----------
        call : callable (*arguments of a piece) -> result
        *arguments : sequences of equal length

        Returns
        -------
        results : list
        """
        alone = self.n_threads == 1 or len(arguments[0]) == 1
        if alone or current_thread() is not self._first:
            return list(map(call, *arguments))
        pieces = list(zip(*arguments, strict=True))
        waiting = deque(range(len(pieces)))
        results: dict[int, Result] = {}

        def compute() -> None:
            while (i := _pop(waiting)) is not None:
                try:
                    self.check()
                    results[i] = call(*pieces[i])
                except BaseException:
                    waiting.clear()
                    raise

        if self._helpers is None:
            self._helpers = []
            with suppress(RuntimeError):  # no more threads, or Python is shutting down
                for i in range(self.n_threads - 1):
                    self._helpers.append(Helper(f"sklstm-piece_{i}"))
        for helper in self._helpers:
            helper.begin(compute)
        own = Outcome.of(compute)
        waiting.clear()
        for outcome in [own, *(helper.wait() for helper in self._helpers)]:
            outcome.get()
        return [results[i] for i in range(len(pieces))]

    def _work(self, job: Callable[[], Result]) -> Result:
        _compute_alone()
        try:
            return job()
        finally:
            helpers, self._helpers = self._helpers, None
            for helper in helpers or ():
                helper.end()


@contextmanager
def _no_autocast() -> Iterator[None]:
    with ExitStack() as modes:
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                modes.enter_context(torch.autocast(kind, enabled=False))
        yield


def _started(thread: Thread) -> bool:
    """Start a thread, if one can be had."""
    try:
        thread.start()
    except RuntimeError:  # no more threads in the system, or Python is shutting down
        return False
    return True


def _wait_for(thread: Thread) -> None:
    """Wait for a thread, or a moment for one that may not have begun.

    Who is interrupted while a thread starts does not know whether it does.
    """
    for _ in range(100):
        try:
            return thread.join()
        except RuntimeError:  # it has not begun
            sleep(0.001)
    return None


def _pop(waiting: deque[int]) -> int | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _compute_alone() -> None:
    """Let this thread compute on one core, without denormal numbers."""
    torch.get_num_threads()  # a thread takes torch's number when it first asks for it
    # `torch.set_num_threads` would set the number of all threads to come as well.
    _openmp().limit(limits=1)
    if (limit_mkl := _mkl()) is not None:
        limit_mkl(1)
    torch.set_flush_denormal(True)


@cache
def _openmp() -> ThreadpoolController:
    """Give the OpenMP libraries of this process, torch's among them."""
    return ThreadpoolController().select(user_api="openmp")


@cache
def _mkl() -> Callable[[int], int] | None:
    """Give what sets the calling thread's number of MKL's threads, if torch has it inside.

    It takes that number from torch's, not from OpenMP, and nothing else can set it.
    """
    folder = Path(torch.__file__).parent / "lib"
    for name in ("libtorch_cpu.so", "torch_cpu.dll", "libtorch_cpu.dylib"):
        with suppress(OSError, AttributeError):
            return ctypes.CDLL(str(folder / name)).MKL_Set_Num_Threads_Local  # type: ignore[no-any-return]
    return None
