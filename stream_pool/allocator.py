"""Lets this process keep the memory of one fetch for the next one.

What a fetch needs is some megabytes, for a moment, again and again. glibc gives such memory back to the
kernel at once, and the kernel clears each page of it before it is given out anew: a sixth of what a record
costs. (`mallopt(3)`; measured by `bench stream`: 10.1 and 8.4 µs a record, and the same peak of memory.)
"""

import ctypes
import os
import sys

KEPT_BYTES = 16 * 2**20
"""The most that is kept; what is larger than that is the kernel's again as soon as it is free."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_OWN_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")


def keep_freed_memory() -> bool:
    """Whether the allocator took it: glibc's does, and its environment variables go before.

    Call it once, before the work begins.
    """
    is_told = any(name in os.environ for name in _OWN_SETTINGS) or "malloc" in os.getenv("GLIBC_TUNABLES", "")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if is_told or mallopt is None:  # musl has none
        return False
    return all(mallopt(option, KEPT_BYTES) == 1 for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))
