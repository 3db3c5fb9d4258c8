"""Memory, as the kernel's files say it."""

import resource
from mmap import mmap
from pathlib import Path

import pytest

from stream_pool.telemetry.memory import MemoryProbe

MIB = 1 << 20

LIMITS = [
    pytest.param(
        "0::/\n", {"memory.max": "104857600\n"}, 100 * MIB, id="1 version 2, a namespace of its own"
    ),
    pytest.param("0::/a/b\n", {"a/b/memory.max": "max\n"}, None, id="2 version 2, unlimited"),
    pytest.param(
        "0::/a/b\n",
        {"a/b/memory.max": "209715200\n", "a/memory.max": "104857600\n", "memory.max": "max\n"},
        100 * MIB,
        id="3 version 2, the parent is tighter",
    ),
    pytest.param(
        "0::/a/b\n",
        {"a/b/memory.max": "104857600\n", "a/memory.max": "max\n"},
        100 * MIB,
        id="4 version 2, the parent is unlimited",
    ),
    pytest.param(
        "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n",
        {"memory/docker/abc/memory.limit_in_bytes": "104857600\n"},
        100 * MIB,
        id="5 version 1",
    ),
    pytest.param(
        "4:memory:/docker/abc\n",
        {"memory/memory.limit_in_bytes": "104857600\n"},
        100 * MIB,
        id="6 version 1, the host's path is not visible inside",
    ),
    pytest.param(
        "4:memory:/\n",
        {"memory/memory.limit_in_bytes": "9223372036854771712\n"},
        None,
        id="7 version 1's way to say unlimited",
    ),
    pytest.param(
        "4:memory:/\n0::/\n",
        {"memory/memory.limit_in_bytes": "104857600\n"},
        100 * MIB,
        id="8 both versions, memory in the first",
    ),
    pytest.param("0::/\n", {}, None, id="9 no files"),
    pytest.param("0::/\n", {"memory.max": "\n"}, None, id="10 an empty file"),
    pytest.param(None, {"memory.max": "104857600\n"}, None, id="11 no membership"),
]


@pytest.mark.parametrize(("membership", "files", "limit"), LIMITS)
def test_the_limit_is_the_tightest_of_the_groups(
    tmp_path: Path, membership: str | None, files: dict[str, str], limit: int | None
) -> None:
    """From the process's own group up to the root; None where nobody limits it."""
    own = tmp_path / "proc" / "self"
    own.mkdir(parents=True)
    if membership is not None:
        (own / "cgroup").write_text(membership)
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert MemoryProbe(tmp_path / "proc", tmp_path / "cgroup").sample().limit_bytes == limit


def test_resident_bytes_are_the_second_field_of_statm_in_pages(tmp_path: Path) -> None:
    """The first is the size of the address space, which means nothing."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "statm").write_text("90000 1234 500 1 0 800 0\n")
    assert MemoryProbe(tmp_path, tmp_path).sample().rss_bytes == 1234 * resource.getpagesize()


def test_without_proc_the_peak_stands_in(tmp_path: Path) -> None:
    """Better an upper bound than nothing."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rss_bytes = MemoryProbe(tmp_path, tmp_path).sample().rss_bytes
    assert rss_bytes is not None
    assert rss_bytes >= peak


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system has no /proc/self/statm")
def test_memory_that_is_touched_is_seen() -> None:
    """32 MiB more are 32 MiB more, give or take what the interpreter does meanwhile."""
    probe = MemoryProbe()
    before = probe.sample().rss_bytes
    with mmap(-1, 32 * MIB) as held:  # pages of its own: what malloc gives may have been resident before
        held.write(b"x" * (32 * MIB))
        after = probe.sample().rss_bytes
    assert before is not None
    assert after is not None
    assert 24 * MIB < after - before < 64 * MIB
