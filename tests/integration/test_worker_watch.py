"""`worker --watch` on a terminal, as somebody sees it."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress

import pytest
from support import Lab, until
from support.worker import APPS

COLUMNS, ROWS = 100, 30


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Our end and the worker's end of a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    os.set_blocking(ours, False)
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


async def test_the_worker_is_drawn_while_it_works(lab: Lab, terminal: tuple[int, int]) -> None:
    """Its figures, its log lines in the same frame, and a clean end."""
    ours, theirs = terminal
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"n": number} for number in range(40)])
    shape = lab.worker("each_async", topic, command=("stream_pool.cli.main", "--help"))  # its environment
    assert await shape.exited() == 0
    worker = _on_terminal(theirs, shape.environment)
    seen = b""

    def shows(*words: str) -> bool:
        nonlocal seen
        assert worker.poll() is None, seen.decode(errors="replace")
        while True:
            try:
                seen += os.read(ours, 65_536)
            except BlockingIOError:
                break
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))
        return all(word in text for word in words)

    try:
        await lab.handled(places)  # although nobody has read the terminal yet, which is full by now
        wanted = (f"stream-pool worker · {lab.group}", topic, "ready", "partitions assigned", "hit ratio")
        await until(lambda: shows(*wanted), lambda: seen.decode(errors="replace"))
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 30) == 0
    finally:
        worker.kill()
        worker.wait()
    lab.nothing_twice()


async def test_a_second_signal_leaves_the_cursor_as_it_was(lab: Lab, terminal: tuple[int, int]) -> None:
    """By force, with a handler that hangs: what was hidden is shown again."""
    ours, theirs = terminal
    topic = await lab.topics.create()
    (place,) = await lab.cluster.produce(topic, [{"do": "stick"}])
    shape = lab.worker("each_async", topic, command=("stream_pool.cli.main", "--help"), drain_timeout_s=5)
    assert await shape.exited() == 0
    worker = _on_terminal(theirs, shape.environment)
    seen = bytearray()

    def shown() -> bytes:
        with suppress(BlockingIOError):
            while True:
                seen.extend(os.read(ours, 65_536))
        return bytes(seen)

    try:
        await lab.handled([place], "began")
        await until(lambda: b"\x1b[?25l" in shown(), lambda: repr(seen[-2_000:]))
        worker.terminate()
        await until(lambda: b"on its way out" in shown(), lambda: repr(seen[-2_000:]))
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 30) == 9
        assert shown().rfind(b"\x1b[?25h") > shown().rfind(b"\x1b[?25l")
    finally:
        worker.kill()
        worker.wait()


def _on_terminal(terminal: int, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "stream_pool.cli.main", "worker", "-A", "each_async", "--watch"],
        cwd=APPS,
        env={**environment, "TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )


async def test_no_terminal_is_said(lab: Lab) -> None:
    """Into a pipe nothing is drawn: exit 2."""
    topic = await lab.topics.create()
    command = ("stream_pool.cli.main", "worker", "-A", "each_async", "--watch")
    worker = lab.worker("each_async", topic, command=command)
    assert await worker.exited() == 2
    assert "--watch draws on a terminal" in worker.text()
