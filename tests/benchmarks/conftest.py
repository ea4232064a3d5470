"""Measure two things in turn, and note the row that goes into the page of the guide."""

import numpy as np
import pytest
import torch

from tests.benchmarks.by_hand import seconds


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def side_by_side(benchmark):
    """Time `ours`, each round right after one of `beside`; the median ratio."""

    def measure(section, row, ours, beside, *, target, rounds=5):
        before = []
        benchmark.pedantic(
            ours,
            setup=lambda: before.append(seconds(beside)),
            rounds=rounds,
            warmup_rounds=1,
        )
        ours_seconds = np.array(benchmark.stats.stats.data)
        ratio = float(np.median(ours_seconds / before[1:]))
        benchmark.extra_info.update(
            section=section,
            row=row,
            beside=float(np.median(before[1:])),
            ours=float(np.median(ours_seconds)),
            measured=ratio,
            target=target,
        )
        print(f"\n{section}: {row}: {ratio:.2f} (at most {target})")
        return ratio

    return measure
