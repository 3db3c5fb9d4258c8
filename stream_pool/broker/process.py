"""Processes that cannot be left behind: each runs on a leash (`leash.py`), in a session of its own.

A `Kennel` is the scratch directory of one broker with all processes that run for it. `close` ends them all,
removes the directory, and refuses any more, so a thread that is still starting something fails at its next
step. If the owner dies without closing it, the leashes do both.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from stream_pool.broker.errors import BrokerStartError

_LEASH = Path(__file__).with_name("leash.py")
_TAIL_LINES = 25


class LeashedProcess:
    """A running command. Signals go to the command itself, never to its leash."""

    def __init__(self, command: Sequence[str], *, directory: Path, log: Path) -> None:
        self.log = log
        with log.open("ab") as sink:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LEASH), str(directory), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                cwd=directory,
                start_new_session=True,
            )
        assert self._leash.stdin is not None
        assert self._leash.stdout is not None
        line = self._leash.stdout.readline()
        self._leash.stdout.close()
        if not line:
            self._let_go()
            raise BrokerStartError(f"cannot run {command[0]}:\n{self.log_tail()}")
        self.pid = int(line)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + the signal's number when a signal ended it."""
        return self._leash.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command; one that has already ended is left in peace."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout_s: float | None = None) -> int:
        """Exit code. Raises TimeoutError when it still runs after `timeout_s`."""
        try:
            code = self._leash.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"process {self.pid} still runs after {timeout_s} s") from None
        self._let_go()
        return code

    def end(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL after `grace_s`; returns when it has been reaped."""
        self.signal(signal.SIGTERM)
        try:
            self.wait(grace_s)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            self.wait()

    def log_tail(self) -> str:
        """The last lines of what it printed."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def _let_go(self) -> None:
        self._leash.wait()
        if self._leash.stdin is not None:
            self._leash.stdin.close()


class Kennel:
    """A scratch directory and the processes that live in it, ended together."""

    def __init__(self, name: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=f"stream-pool-{name}-"))
        self._lock = threading.Lock()
        self._processes: list[LeashedProcess] = []
        self._closed = False

    def spawn(self, command: Sequence[str], *, log: str) -> LeashedProcess:
        """Start a command whose output is appended to the file `log` of the directory."""
        with self._lock:
            self._refuse_when_closed()
            self._processes = [process for process in self._processes if process.exit_code is None]
            process = LeashedProcess(command, directory=self.directory, log=self.directory / log)
            self._processes.append(process)
            return process

    def write(self, name: str, text: str) -> Path:
        """A new file of the directory."""
        with self._lock:
            self._refuse_when_closed()
            path = self.directory / name
            path.write_text(text, encoding="utf-8")
            return path

    def run(self, command: Sequence[str], *, log: str) -> None:
        """Run a command to its end. Raises BrokerStartError with its last words when it fails."""
        process = self.spawn(command, log=log)
        code = process.wait()
        self._refuse_when_closed()
        if code != 0:
            raise BrokerStartError(f"{command[0]} ended with {code}:\n{process.log_tail()}")

    def close(self) -> None:
        """Kill what still runs, remove the directory; safe to repeat."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.end(grace_s=0)
            self._processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise BrokerStartError("stopped while starting")
