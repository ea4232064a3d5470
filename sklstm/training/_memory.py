"""Memory that one batch leaves for the next."""

from contextlib import suppress

import torch

# The largest block by which glibc learns is 32 MiB, with what it adds to one.
LARGEST_BLOCK_BYTES = 31 << 20


def keep_freed_memory() -> None:
    """Let the allocator keep what a batch has freed: 62 MiB, of blocks up to 31 MiB.

    glibc gives what it does not keep back to the system, from which the next batch has it
    anew, page by page. How much it keeps follows from the largest block that was ever freed
    (mallopt(3), M_MMAP_THRESHOLD): of two equal trainings one may take nearly twice as long
    as the other. Here a block is freed that nobody has written to, so that it takes up no
    memory. Other allocators, and a glibc whose thresholds were set, do not mind.
    """
    with suppress(RuntimeError):  # there may be a limit on memory, written to or not
        torch.UntypedStorage(LARGEST_BLOCK_BYTES, device="cpu")
