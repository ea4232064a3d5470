"""What glibc keeps of the memory of a batch."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import sys
from resource import RUSAGE_SELF, getrusage
import torch
from sklstm.training._memory import keep_freed_memory

def page_faults():
    before = getrusage(RUSAGE_SELF).ru_minflt
    blocks = [torch.ones(10 << 20, dtype=torch.uint8) for _ in range(4)]
    del blocks
    return getrusage(RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "keep":
    keep_freed_memory()
print(min(page_faults() for _ in range(5)))
"""


def page_faults(*arguments):
    """Page faults of a batch of 40 MiB that has been computed before."""
    child = subprocess.run(
        [sys.executable, "-c", FAULTS, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(child.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the habit is glibc's")
def test_a_batch_finds_the_memory_of_the_one_before():
    assert 10 * page_faults("keep") < page_faults("leave")
