"""Computing in threads of its own leaves the caller's thread, and all others, alone."""

import ctypes
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from sklstm.training import OwnThreads, _threads
from sklstm.training._threads import Interrupted, _mkl


@pytest.fixture(params=[1, 2, 3], autouse=True)
def number(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    torch.set_num_threads(before)


def flushes_denormals():
    return bool(torch.tensor(1e-40) * 1.0 == 0)


def state():
    """What belongs to a thread."""
    return {
        "threads": torch.get_num_threads(),
        "flushes": flushes_denormals(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
    }


ALONE = {
    "threads": 1,
    "flushes": True,
    "gradients": True,
    "inference": False,
    "autocast": False,
}


def in_new_thread(call):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_pieces_are_computed_on_one_core_each_and_keep_their_order(number):
    together = threading.Barrier(number, timeout=60)

    def look(i):
        together.wait()
        return i, threading.get_ident(), state()

    pieces = list(range(6 * number))
    threads = OwnThreads()
    seen = threads.run(lambda: threads.map(look, pieces))
    assert [i for i, *_ in seen] == pieces
    assert len({thread for _, thread, _ in seen}) == number
    assert threading.get_ident() not in {thread for _, thread, _ in seen}
    assert all(found == ALONE for *_, found in seen)
    assert not flushes_denormals()


def test_nothing_changes_for_others_while_a_job_computes(number):
    threads, begun, go_on = OwnThreads(), threading.Event(), threading.Event()

    def job():
        threads.map(abs, [1, 2, 3])
        begun.set()
        go_on.wait(60)

    def look():
        begun.wait(60)
        seen = state(), in_new_thread(state)
        go_on.set()
        return seen

    with ThreadPoolExecutor(1) as pool:
        before = pool.submit(state).result()
        later = pool.submit(look)
        threads.run(job)
        assert later.result() == (before, before)
    assert before["threads"] == number


def test_a_number_of_threads_set_meanwhile_stays(number):
    threads = OwnThreads()

    def job():
        threads.map(abs, [1, 2, 3])
        in_new_thread(lambda: torch.set_num_threads(number + 1))
        threads.map(abs, [1, 2, 3])

    threads.run(job)
    assert in_new_thread(torch.get_num_threads) == number + 1


@pytest.mark.parametrize(
    "mode",
    [
        torch.inference_mode,
        torch.no_grad,
        lambda: torch.autocast("cpu", torch.bfloat16),
    ],
)
def test_a_job_begins_without_the_callers_modes(mode):
    threads = OwnThreads()
    with mode():
        found, asked = threads.run(lambda: (state(), threads.ask(state)))
        assert asked == state()
    assert found == ALONE


@pytest.mark.parametrize(
    "mode",
    [
        torch.inference_mode,
        torch.no_grad,
        lambda: torch.autocast("cpu", torch.bfloat16),
    ],
)
def test_a_job_in_the_callers_thread_is_without_its_modes(mode, number):
    before = state()
    with mode():
        within = state()
        found = OwnThreads().run_here(state)
        assert state() == within
    assert found == before == ALONE | {"threads": number, "flushes": False}


def test_denormal_numbers_stay_flushed_for_who_flushed_them():
    torch.set_flush_denormal(True)
    try:
        threads = OwnThreads()
        threads.run(lambda: threads.map(abs, [1, 2, 3]))
        assert flushes_denormals()
    finally:
        torch.set_flush_denormal(False)


def test_what_is_asked_for_is_done_by_the_caller():
    threads = OwnThreads()
    assert threads.run(lambda: threads.ask(threading.get_ident)) == threading.get_ident()

    def fails():
        raise KeyError("asked")

    with pytest.raises(KeyError, match="asked"):
        threads.run(lambda: threads.ask(fails))


def test_threads_that_have_ended_begin_anew(number):
    threads = OwnThreads()
    for _ in range(2):
        assert threads.run(lambda: threads.map(abs, [-1, -2, -3])) == [1, 2, 3]


def test_a_helper_that_cannot_begin_tells(number, monkeypatch):
    def fails():
        if threading.current_thread().name.startswith("sklstm-piece"):
            raise OSError("no such core")

    monkeypatch.setattr(_threads, "_compute_alone", fails)
    threads, before = OwnThreads(), threading.active_count()
    if number == 1:
        assert threads.run(lambda: threads.map(abs, [-1, -2])) == [1, 2]
        return
    with pytest.raises(OSError, match="no such core"):
        threads.run(lambda: threads.map(abs, [-1, -2]))
    assert threading.active_count() == before


def test_what_a_helper_has_computed_is_let_go():
    class Value:
        pass

    threads, made = OwnThreads(), []

    def compute(i):
        value = Value()
        made.append(weakref.ref(value))
        return value

    def job():
        values = threads.map(compute, range(6))
        assert all(reference() in values for reference in made)
        del values
        # A helper may be about to let go of its call.
        for _ in range(100):
            if all(reference() is None for reference in made):
                return True
            time.sleep(0.01)
        return False

    assert threads.run(job)


def test_an_error_of_one_piece_ends_the_others(number):
    begun = []

    def fails(i):
        begun.append(i)
        if i == 5:
            raise KeyError(i)
        if i > 5:
            time.sleep(0.5)

    threads = OwnThreads()
    with pytest.raises(KeyError):
        threads.run(lambda: threads.map(fails, list(range(1000))))
    assert len(begun) <= 6 + number


def test_a_job_ends_when_nobody_waits_for_it_any_more():
    threads, ends = OwnThreads(), []

    def interrupt():
        raise KeyboardInterrupt

    def job():
        # As a signal comes: while the caller waits, not while it does something.
        threads._questions.put(interrupt)
        try:
            while True:
                threads.check()
        except Interrupted:
            ends.append(threading.current_thread())
            raise

    with pytest.raises(KeyboardInterrupt):
        threads.run(job)
    assert len(ends) == 1
    assert not ends[0].is_alive()


def test_a_job_that_asks_an_absent_caller_ends():
    threads, ends = OwnThreads(), []

    def interrupt():
        raise KeyboardInterrupt

    def job():
        threads._questions.put(interrupt)
        try:
            threads.ask(lambda: time.sleep(60))
        except Interrupted:
            ends.append(True)
            raise

    with pytest.raises(KeyboardInterrupt):
        threads.run(job)
    assert ends == [True]


def test_without_another_thread_the_callers_computes_as_it_is(monkeypatch):
    def no_more(self):
        raise RuntimeError("can't start new thread")

    before = state()
    monkeypatch.setattr(threading.Thread, "start", no_more)
    threads = OwnThreads()
    seen = threads.run(lambda: (threads.map(lambda i: (i, state()), [1, 2]), state()))
    assert seen == ([(1, before), (2, before)], before)
    assert threads.run(lambda: threads.ask(threading.get_ident)) == threading.get_ident()


def test_with_one_thread_alone_it_computes_all_pieces(monkeypatch):
    threads, start = OwnThreads(), threading.Thread.start

    def no_more(self):
        raise RuntimeError("can't start new thread")

    def job():
        monkeypatch.setattr(threading.Thread, "start", no_more)
        return threads.map(lambda i: 2 * i, [1, 2, 3])

    assert threads.run(job) == [2, 4, 6]
    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or _mkl() is None,
    reason="this torch has no MKL inside that says how many threads it takes",
)
def test_products_take_one_core_in_threads_of_their_own_alone(number):
    library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    most = library.MKL_Get_Max_Threads
    before = most()

    def count(_):
        time.sleep(0.01)  # leaves pieces to the others
        return most()

    threads = OwnThreads()
    assert threads.run(lambda: threads.map(count, range(4))) == [1] * 4
    assert most() == before
