"""Memory that one batch leaves for the next."""

import numpy as np

# The largest block by which glibc learns is 32 MiB, with what it adds to one.
LARGEST_BLOCK_BYTES = 31 << 20


def keep_freed_memory() -> None:
    """Let the allocator keep what a batch has freed.

    glibc may give it back to the system after each batch, and then it comes anew, page by
    page: a batch that is not cut into pieces can take twice the time. How much it keeps
    follows from the largest block that was ever freed (see mallopt(3), M_MMAP_THRESHOLD),
    so that one model is fast and the next is not. A block that nobody has written to costs
    nothing, and settles it. Other allocators do not mind.
    """
    np.empty(LARGEST_BLOCK_BYTES, dtype=np.uint8)
