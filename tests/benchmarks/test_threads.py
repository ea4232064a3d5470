"""Two threads beside one, on an idle machine and beside others that keep its cores busy."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest
import torch

from tests.benchmarks.by_hand import Work

pytestmark = pytest.mark.bench

WORKS = [
    Work(24, 1, 32, 1, 32, n_rows=4000),
    Work(24, 4, 64, 1, 64, n_rows=4000),
    Work(36, 7, 48, 1, 64, n_rows=4000),
    Work(24, 4, 256, 1, 64, n_rows=2000),
    Work(12, 1, 32, 1, 1024, epochs=3),
    Work(48, 7, 64, 1, 256, horizon=24),
    Work(16, 42, 128, 1, 256),
]
# A neighbour takes a part of both cores, and so of the second thread's gain.
TARGETS = {"idle": 1.05, "busy": 1.15}


@contextmanager
def neighbours(n_processes):
    """Processes that compute as long as this context lasts."""
    with ExitStack() as stack:
        for _ in range(n_processes):
            process = stack.enter_context(
                subprocess.Popen([sys.executable, "-c", "while True: pass"])
            )
            stack.callback(process.kill)
        yield


def two_threads_and_one(work, cell="lstm"):
    X, y = work.windows()
    options = {"max_epochs": work.epochs, "warm_start": True, "cell": cell}
    models = {n: work.estimator(**options) for n in (1, 2)}

    def fit(n_threads):
        torch.set_num_threads(n_threads)
        models[n_threads].fit(X, y)

    return lambda: fit(2), lambda: fit(1)


@pytest.mark.parametrize("machine", TARGETS)
@pytest.mark.parametrize("work", WORKS, ids=str)
def test_two_threads_take_no_longer_than_one(side_by_side, work, machine):
    with neighbours(2 if machine == "busy" else 0):
        ratio = side_by_side(
            f"Two threads beside one, {machine} machine",
            str(work),
            two_threads_and_one,
            work,
            target=TARGETS[machine],
        )
    assert ratio <= TARGETS[machine]


def test_a_gru_beside_busy_neighbours(side_by_side):
    work = Work(24, 4, 64, 1, 64, n_rows=4000)
    with neighbours(2):
        ratio = side_by_side(
            "Two threads beside one, busy machine",
            f"GRU, {work}",
            two_threads_and_one,
            work,
            "gru",
            target=TARGETS["busy"],
        )
    assert ratio <= TARGETS["busy"]
