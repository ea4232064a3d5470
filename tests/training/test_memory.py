"""What glibc keeps of the memory of a batch."""

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import ctypes, sys
from resource import RUSAGE_SELF, getrusage
from sklstm.training._memory import keep_freed_memory

glibc = ctypes.CDLL(None)
glibc.malloc.restype = ctypes.c_void_p
glibc.memset.argtypes = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
glibc.free.argtypes = [ctypes.c_void_p]
SIZE = 10 << 20

def page_faults():
    # Tensors would do, but for their small parts, which may lie above the blocks by chance
    # and keep them from being given back.
    before = getrusage(RUSAGE_SELF).ru_minflt
    blocks = [glibc.malloc(SIZE) for _ in range(4)]
    for block in blocks:
        glibc.memset(block, 1, SIZE)
    for block in blocks:
        glibc.free(block)
    return getrusage(RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "keep":
    keep_freed_memory()
print(min(page_faults() for _ in range(5)))
"""


def page_faults(*arguments):
    """Page faults of a batch of 40 MiB that has been computed before."""
    env = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    child = subprocess.run(
        [sys.executable, "-c", FAULTS, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(child.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the habit is glibc's")
def test_a_batch_finds_the_memory_of_the_one_before():
    assert 10 * page_faults("keep") < page_faults("leave")
