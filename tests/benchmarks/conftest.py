"""Measure two things in turn, and note the row that goes into the page of the guide."""

import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor

from tests.benchmarks.by_hand import seconds

_calls = []


def prepare(make, arguments, place):
    """Make the two things, of which this process is to do one."""
    torch.set_num_threads(2)
    _calls[:] = [make(*arguments)[place]]


def time_once():
    return seconds(_calls[0])


def finish():
    # joblib keeps its workers for five minutes; the process would not end before them.
    get_reusable_executor(reuse=True).shutdown()


def in_turn(make, arguments, lasting):
    """Seconds of both things that `make` gives, pair by pair, for `lasting` seconds.

    Each has a process of its own: what one has allocated decides whether the system takes
    memory back after each batch, and that may double the time of the other. The first of
    several pairs warms up.
    """
    with ExitStack() as stack:
        processes = [
            stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
            for _ in range(2)
        ]
        for place, process in enumerate(processes):
            process.submit(prepare, make, arguments, place).result()
        times = []
        begin = time.perf_counter()
        while not times or time.perf_counter() - begin < lasting:
            times.append([process.submit(time_once).result() for process in processes])
        for process in processes:
            process.submit(finish).result()
    return np.array(times[1:] or times).T


@pytest.fixture
def side_by_side(benchmark):
    """Time ours, each time right before the other; the median ratio."""

    def measure(section, row, make, *arguments, target, lasting=15):
        ours, beside = benchmark.pedantic(in_turn, args=(make, arguments, lasting))
        ratio = float(np.median(ours / beside))
        benchmark.extra_info.update(
            section=section,
            row=row,
            beside=float(np.median(beside)),
            ours=float(np.median(ours)),
            measured=ratio,
            target=target,
        )
        print(f"\n{section}: {row}: {ratio:.2f} (at most {target})")
        return ratio

    return measure
