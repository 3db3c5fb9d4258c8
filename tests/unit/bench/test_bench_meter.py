"""What a client process is told and what it hands back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_pool.bench.meter import STATUS, Job, peak_rss_bytes, read_results

HELD_BYTES = 40 << 20
PROGRAM = f"""
from stream_pool.bench.meter import Job, Meter
meter = Meter(Job.from_environment())
done = 0
while True:
    done += 3
    if done >= meter.next_mark:
        held = bytearray({HELD_BYTES}) if done < 20 else b""
        meter.read(done)
"""
PARENT_BYTES = 400 << 20
PARENT = """
import os, subprocess, sys
held = b"x" * int(os.environ["PARENT_BYTES"])
subprocess.run([sys.executable, "-c", os.environ["CLIENT"]], check=True)
"""


def test_a_job_survives_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is what is understood."""
    job = Job("h:1,h:2", "orders", "group-1", (10, 20), "/somewhere")
    for name, value in job.to_environment().items():
        monkeypatch.setenv(name, value)
    assert Job.from_environment() == job


def test_a_client_reads_at_each_mark_and_ends_at_the_last(tmp_path: Path) -> None:
    """Readings say how many records were done, at least the mark; the peak remembers what was freed."""
    job = Job("h:1", "orders", "g", (10, 20), str(tmp_path / "results"))
    environment = {**os.environ, **job.to_environment()}
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, timeout=60, check=False)
    assert result.returncode == 0
    first, last = read_results(tmp_path / "results")
    assert (first.records, last.records) == (12, 21)
    assert first.cpu_s <= last.cpu_s
    assert first.wall_s <= last.wall_s
    assert last.peak_rss_bytes > last.rss_bytes + HELD_BYTES / 2


@pytest.mark.skipif(not STATUS.exists(), reason="no /proc: the peak is what getrusage knows")
def test_the_peak_of_a_client_is_its_own(tmp_path: Path) -> None:
    """What the bench itself holds is no part of what its candidates cost."""
    job = Job("h:1", "orders", "g", (10, 20), str(tmp_path / "results"))
    environment = {**os.environ, **job.to_environment(), "CLIENT": PROGRAM, "PARENT_BYTES": str(PARENT_BYTES)}
    subprocess.run([sys.executable, "-c", PARENT], env=environment, timeout=60, check=True)
    _, last = read_results(tmp_path / "results")
    assert HELD_BYTES < last.peak_rss_bytes < PARENT_BYTES


def test_the_peak_is_read_from_the_kernel(tmp_path: Path) -> None:
    """Kibibytes in the file, bytes here; without the file there is still a figure."""
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  900 kB\nVmHWM:\t  700 kB\nVmRSS:\t  500 kB\n")
    assert peak_rss_bytes(status) == 700 * 1024
    assert peak_rss_bytes(tmp_path / "nothing") > 700 * 1024


def test_a_client_that_ended_early_has_no_results(tmp_path: Path) -> None:
    """No file, no readings."""
    assert read_results(tmp_path / "results") == ()
