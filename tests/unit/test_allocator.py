"""Memory that is kept for the next fetch: each case in a process of its own, since there is no way back."""

import ctypes
import os
import subprocess
import sys

import pytest

_MIB = 2**20

_PROGRAM = """
import ctypes
from stream_pool.allocator import keep_freed_memory

class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

told = ctypes.CDLL(None).mallinfo2
told.restype = Told
print(keep_freed_memory())
before = told().hblkhd
block = bytes({size})
print(told().hblkhd > before)
del block
print(told().keepcost >= {size})
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs an allocator that tells: glibc since 2.33"
)

CASES = [
    pytest.param(12 * _MIB, {}, [True, False, True], id="1 of the heap, and kept"),
    pytest.param(20 * _MIB, {}, [True, True, False], id="2 too large to be kept"),
    pytest.param(
        12 * _MIB, {"MALLOC_MMAP_THRESHOLD_": "65536"}, [False, True, False], id="3 the environment says so"
    ),
    pytest.param(
        12 * _MIB,
        {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=65536"},
        [False, True, False],
        id="4 or its tunables",
    ),
]


@pytest.mark.parametrize(("size", "environment", "expected"), CASES)
def test_what_is_kept(size: int, environment: dict[str, str], expected: list[bool]) -> None:
    """Taken; whether the block was the kernel's own mapping; whether it stays when it is free."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(size=size)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(each) for each in expected]
