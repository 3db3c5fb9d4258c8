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
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stream_pool.broker.errors import BrokerStartError

_LEASH = Path(__file__).with_name("leash.py")
_TAIL_LINES = 25
_REPORT_S = 5.0


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
        return "\n".join(self.log_lines()[-_TAIL_LINES:])

    def log_lines(self) -> list[str]:
        """What it printed so far."""
        try:
            return self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _let_go(self) -> None:
        self._leash.wait()
        if self._leash.stdin is not None:
            self._leash.stdin.close()


class Kennel:
    """A scratch directory, made when first needed, and the processes that live in it; all end together."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._directory: Path | None = None
        self._processes: list[LeashedProcess] = []
        self._closed = False

    def write(self, name: str, text: str) -> Path:
        """A new file of the directory."""
        with self._lock:
            path = self._home() / name
            path.write_text(text, encoding="utf-8")
            return path

    def spawn(self, command: Sequence[str], *, log: str) -> LeashedProcess:
        """Start a command whose output is appended to the file `log` of the directory."""
        with self._lock:
            home = self._home()
            self._processes = [process for process in self._processes if process.exit_code is None]
            process = LeashedProcess(command, directory=home, log=home / log)
            self._processes.append(process)
            return process

    def run(
        self,
        command: Sequence[str],
        *,
        log: str,
        timeout_s: float,
        still_at_it: Callable[[LeashedProcess], None] = lambda _process: None,
    ) -> None:
        """Run a command to its end, calling `still_at_it` every 5 s meanwhile.

        Raises BrokerStartError with its last words when it fails or takes longer than `timeout_s`.
        """
        process = self.spawn(command, log=log)
        deadline = time.monotonic() + timeout_s
        while process.exit_code is None:
            try:
                process.wait(min(_REPORT_S, max(deadline - time.monotonic(), 0)))
            except TimeoutError:
                if time.monotonic() >= deadline:
                    process.end(grace_s=0)
                    raise BrokerStartError(
                        f"{command[0]} was not done after {timeout_s:.0f} s:\n{process.log_tail()}"
                    ) from None
                still_at_it(process)
        with self._lock:
            self._refuse_when_closed()
        if process.exit_code != 0:
            raise BrokerStartError(f"{command[0]} ended with {process.exit_code}:\n{process.log_tail()}")

    def close(self) -> None:
        """Kill what still runs, remove the directory; safe to repeat."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.end(grace_s=0)
            self._processes.clear()
            if self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)

    def _home(self) -> Path:
        self._refuse_when_closed()
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix=f"stream-pool-{self._name}-"))
        return self._directory

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise BrokerStartError("stopped while starting")
