"""A worker as its users run it: `stream-pool worker -A app` in a process of its own, watched by its log."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stream_pool.settings import PREFIX
from support.waiting import until

APPS = Path(__file__).parents[1] / "apps"

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Sample = tuple[str, tuple[tuple[str, str], ...]]


class WorkerProcess:
    """One worker. `name` stands in the ledger; its log lines are JSON objects with the text in `event`."""

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, directory: Path, variables: Mapping[str, str]
    ) -> None:
        self.name = name
        self.port = port
        self.log = directory / f"{name}.log"
        self.started_s = time.monotonic()
        self.signalled_s = self.started_s
        self.environment = {**_environment(), **variables}
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=APPS,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )

    async def ready(self) -> "WorkerProcess":
        """Wait until it has started and was given its first assignment of orders."""
        await self.says("worker started")
        await until(lambda: self.get("/health/ready", 200), self.told("is not ready"))
        return self

    async def says(self, event: str, timeout_s: float = 30.0, **members: Any) -> dict[str, Any]:
        """The first log line with this text and these members, once it is there."""

        def found() -> dict[str, Any] | None:
            if line := self.said(event, **members):
                return line[0]
            assert self.process.poll() is None, self.told(f"ended without {event!r}")()
            return None

        line: dict[str, Any] = await until(found, self.told(f"did not say {event!r} {members}"), timeout_s)
        return line

    def said(self, event: str, **members: Any) -> list[dict[str, Any]]:
        """Every log line so far with this text and these members."""
        return [
            line
            for line in self.lines()
            if line.get("event") == event and all(line.get(name) == value for name, value in members.items())
        ]

    def lines(self) -> list[dict[str, Any]]:
        """The whole log so far; a line that is no JSON object stands in `text`."""
        return [_line(text) for text in self.log.read_text(errors="replace").splitlines()]

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    async def get(self, path: str, status: int | None = None) -> str | None:
        """The body of a page; None where nobody answers, or with another status than asked for."""
        code, body = await asyncio.to_thread(self._get, path)
        return body if code is not None and status in (None, code) else None

    async def metrics(self) -> dict[Sample, float]:
        """A scrape: samples by name and sorted labels."""
        body = await until(lambda: self.get("/metrics", 200), self.told("serves no metrics"))
        return {
            (found["name"], tuple(sorted(_LABEL.findall(found["labels"] or "")))): float(found["value"])
            for line in body.splitlines()
            if not line.startswith("#") and (found := _SAMPLE.fullmatch(line))
        }

    async def metric(self, name: str, **labels: str) -> float | None:
        """One sample, or None where it is absent."""
        return (await self.metrics()).get((name, tuple(sorted(labels.items()))))

    async def shows(self, value: float, name: str, **labels: str) -> None:
        """Wait until a sample has this value: what is counted follows what was done by a moment."""
        seen: list[float | None] = []

        async def so() -> bool:
            seen.append(await self.metric(name, **labels))
            return seen[-1] == value

        await until(so, lambda: f"{name}{labels} is {seen[-1]}, not {value}\n{self.told('')()}", 15.0)

    def terminate(self) -> None:
        """SIGTERM, and the clock of `exited` starts."""
        self.signalled_s = time.monotonic()
        self.process.terminate()

    async def stop(self, timeout_s: float = 30.0) -> int:
        """SIGTERM; its exit code."""
        self.terminate()
        return await self.exited(timeout_s)

    async def exited(self, timeout_s: float = 30.0) -> int:
        """Its exit code, once it has ended."""
        await until(lambda: self.process.poll() is not None, self.told("still runs"), timeout_s)
        return int(self.process.returncode)

    @property
    def stopped_in_s(self) -> float:
        """From the last signal to now: read it right after `exited`."""
        return time.monotonic() - self.signalled_s

    def kill(self) -> None:
        """SIGKILL, and gone."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def told(self, what: str) -> Any:
        """A failure's message: what, and the end of the log."""
        return lambda: (
            f"worker {self.name} {what}; exit code {self.process.poll()}\n"
            + "\n".join(self.text().splitlines()[-40:])
        )

    def _get(self, path: str) -> tuple[int | None, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return None, ""


def _line(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {"text": text}
    return line if isinstance(line, dict) else {"text": text}


def _environment() -> dict[str, str]:
    """Ours, without settings: a test decides all of them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
