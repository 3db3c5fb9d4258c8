"""The workers of the soak: started, killed, frozen and stopped by name.

One that is started again after a kill has the port that it had, and so is the same worker to the log.

What a worker has handled stands in its ledger, which is read while it lives and kept when it is gone. One
that ends without having been told to ends the soak, with its last words.
"""

import asyncio
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from stream_pool.bench.client import TAIL_CHARACTERS, Client, Program, started
from stream_pool.bench.ledger import Run, merged, read_ledger, records
from stream_pool.free_port import free_port
from stream_pool.settings import variable

STOP_WITHIN_S = 25.0
"""From SIGTERM to the end of a worker, whose own deadline is 15 s: what takes longer hangs."""


@dataclass(slots=True)
class Member:
    """A worker that runs. `block` ends it, and removes what it has written."""

    client: Client
    block: ExitStack


class Crew:
    """Workers of `group` on `topic`. Made by `crew`, which ends them all."""

    def __init__(self, servers: str, topic: str, group: str, settings: Mapping[str, str]) -> None:
        self._servers = servers
        self._topic = topic
        self._group = group
        self._settings = settings
        self._ports: dict[str, int] = {}
        self._members: dict[str, Member] = {}
        self._retired: list[Run] = []
        self._handled_by_retired = 0
        self.exit_codes: list[int] = []
        self.hung = 0

    def start(self, name: str) -> None:
        """Start the worker `name`."""
        port = self._ports.setdefault(name, free_port())
        program = Program(
            ("stream_pool.cli.main", "worker", "-A", "stream_pool.bench.candidates.service_app"),
            {**self._settings, variable("web_port"): str(port)},
        )
        with ExitStack() as stack:
            client = stack.enter_context(
                started(program, broker=self._servers, topic=self._topic, group=self._group)
            )
            self._members[name] = Member(client, stack.pop_all())

    def kill(self, name: str) -> None:
        """SIGKILL, and gone."""
        self._members[name].client.process.kill()
        self._retire(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP: it keeps its connections and does nothing."""
        self._members[name].client.process.send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT after `freeze`."""
        self._members[name].client.process.send_signal(signal.SIGCONT)

    async def stop(self, *names: str) -> None:
        """SIGTERM to all of them, and wait for their ends; what hangs is killed, and counted."""
        for name in names:
            self._members[name].client.process.terminate()
        for name in names:
            process = self._members[name].client.process
            try:
                self.exit_codes.append(await asyncio.to_thread(process.wait, STOP_WITHIN_S))
            except subprocess.TimeoutExpired:
                self.hung += 1
            self._retire(name)
            del self._ports[name]  # for good: somebody else may take it meanwhile

    @property
    def names(self) -> list[str]:
        """Of those that run."""
        return list(self._members)

    def pid(self, name: str) -> int:
        return self._members[name].client.process.pid

    def watch(self) -> None:
        """Raise `BenchClientError` where one has ended."""
        for name, member in self._members.items():
            if member.client.process.poll() is not None:
                raise member.client.failed(f"{name} ended, and nobody had told it to")

    def last_words(self) -> str:
        """The end of what each of them said."""
        return "\n".join(
            f"{name}:\n{member.client.log.read_text(errors='replace')[-TAIL_CHARACTERS:]}"
            for name, member in self._members.items()
        )

    def handled_by(self, name: str) -> int:
        """Records that a worker has handled in this life."""
        return records(read_ledger(self._members[name].client.results))

    def handled(self) -> int:
        """Records handled by all that ever were, repeats included."""
        return self._handled_by_retired + sum(map(self.handled_by, self._members))

    def runs(self) -> list[Run]:
        """The same as runs, in which a record may stand twice."""
        return [*self._retired, *self._living()]

    def positions(self) -> dict[int, int]:
        """How far each partition has been handled."""
        position: dict[int, int] = {}
        for run in self.runs():
            position[run.partition] = max(position.get(run.partition, 0), run.end)
        return position

    def _living(self) -> list[Run]:
        return [run for member in self._members.values() for run in read_ledger(member.client.results)]

    def _retire(self, name: str) -> None:
        """Read the ledger of one that is to end, and end it."""
        member = self._members.pop(name)
        member.client.process.kill()
        member.client.process.wait()
        handled = read_ledger(member.client.results)
        member.block.close()
        self._handled_by_retired += records(handled)
        self._retired = merged([*self._retired, *handled])

    def end(self) -> None:
        """Kill what still runs."""
        for name in self.names:
            self._retire(name)


@contextmanager
def crew(
    names: Sequence[str], *, servers: str, topic: str, group: str, settings: Mapping[str, str]
) -> Iterator[Crew]:
    """Workers of these names, at work for the length of the block."""
    made = Crew(servers, topic, group, settings)
    try:
        for name in names:
            made.start(name)
        yield made
    finally:
        made.end()
