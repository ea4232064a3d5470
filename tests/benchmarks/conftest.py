"""Measure two things in turn, and note the row that goes into the page of the guide."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor

from tests.benchmarks.by_hand import seconds


def in_turn(make, arguments, lasting):
    """Seconds of both things that `make` gives, pair by pair, for `lasting` seconds.

    The first of several pairs warms up.
    """
    torch.set_num_threads(2)
    ours, beside = make(*arguments)
    times = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < lasting:
        times.append((seconds(beside), seconds(ours)))
    # joblib keeps its workers for five minutes; the process would not end before them.
    get_reusable_executor(reuse=True).shutdown()
    return np.array(times[1:] or times).T


@pytest.fixture
def side_by_side(benchmark):
    """Time ours, each time right after the other; the median ratio.

    Both in one process, which has done nothing else: what it has allocated before decides
    whether the system takes memory back after each batch, and that may double a time.
    """

    def measure(section, row, make, *arguments, target, lasting=15):
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            beside, ours = benchmark.pedantic(
                lambda: process.submit(in_turn, make, arguments, lasting).result()
            )
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
