"""One test's laboratory: a broker, a group and topics of its own, a ledger, and workers that end with it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kafka_topics import Topics

from stream_pool.events import LoggedEvent, read_record
from stream_pool.free_port import free_port
from stream_pool.settings import variable
from support.cluster import Cluster
from support.ledger import Ledger, Place
from support.waiting import until
from support.worker import WorkerProcess

FAST: Mapping[str, Any] = {
    "interval_s": 0.3,
    "commit_interval_s": 0.1,
    "poll_timeout_ms": 50,
    "session_timeout_ms": 6_000,
    "drain_timeout_s": 2,
    "stop_timeout_s": 6,
    "connect_timeout_s": 10,
    "detector_enabled": False,
}
"""Settings of every worker, unless the test has its own: short intervals, and only what is tested."""


class Lab:
    """Made by the fixtures `lab` and `own_lab`."""

    def __init__(self, topics: Topics, directory: Path) -> None:
        self.topics = topics
        self.cluster = Cluster(topics.bootstrap_servers)
        self.group = topics.unique("group")
        self.ledger = Ledger(directory / "ledger")
        self.gate = directory / "gate"
        self._told = directory / "told"
        self.events_topic = f"{self.group}.events"
        self.dead_letters_topic = f"{self.group}.dead-letters"
        self.snapshots_topic = f"{self.group}.snapshots"
        topics.created += [self.events_topic, self.dead_letters_topic, self.snapshots_topic]
        self._directory = directory
        self._workers: list[WorkerProcess] = []

    def worker(
        self,
        app: str,
        *topics: str,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        broker: str | None = None,
        command: Sequence[str] = (),
        **settings: Any,
    ) -> WorkerProcess:
        """Start the app of `tests/apps` on `topics`. `options` are the app's, `settings` the worker's.

        `command` is what `python -m` runs where it is not ours.
        """
        name = name or f"w{len(self._workers) + 1}"
        port = free_port()
        wanted = {
            "broker": f"kafka://{broker or self.cluster.servers}",
            "web_port": port,
            **FAST,
            **settings,
        }
        worker = WorkerProcess(
            name,
            command or ("stream_pool.cli.main", "worker", "-A", app),
            port=port,
            directory=self._directory,
            variables={
                "TEST_WORKER": name,
                "TEST_GROUP": self.group,
                "TEST_TOPICS": ",".join(topics),
                "TEST_LEDGER": str(self.ledger.path),
                "TEST_GATE": str(self.gate),
                "TEST_TOLD": str(self._told),
                **{f"TEST_{option.upper()}": str(value) for option, value in (options or {}).items()},
                **{variable(setting): str(value) for setting, value in wanted.items()},
            },
        )
        self._workers.append(worker)
        return worker

    def open_gate(self) -> None:
        """Let go every handler that an order told to wait."""
        self.gate.touch()

    def told(self) -> list[dict[str, Any]]:
        """What the apps told, in order."""
        if not self._told.exists():
            return []
        return [json.loads(line) for line in self._told.read_text().split("\n")[:-1]]

    async def events(self, kind: str = "") -> list[LoggedEvent]:
        """The group's event log so far; with `kind`, such as `anomaly.opened`, only those."""
        records = await self.cluster.read(self.events_topic)
        logged = [read_record(each.offset, each.timestamp, each.headers, each.value) for each in records]
        return [each for each in logged if kind in getattr(each.event, "TYPE", "")]

    async def handled(self, expected: list[Place], what: str = "handled", timeout_s: float = 30.0) -> None:
        """Wait until every one of these records was handled."""
        await until(
            lambda: not self.ledger.account(expected, what).missing,
            lambda: f"{what}: {self.ledger.account(expected, what).missing[:20]} missing\n{self.report()}",
            timeout_s,
        )

    async def committed(self, topic: str, offsets: Mapping[int, int], timeout_s: float = 30.0) -> None:
        """Wait until the group has committed exactly these offsets."""
        told: dict[int, int] = {}

        async def there() -> bool:
            told.clear()
            told.update(await self.cluster.committed(self.group, topic))
            return told == offsets

        await until(there, lambda: f"committed {told}, not {offsets}\n{self.report()}", timeout_s)

    def nothing_lost(self, expected: list[Place], what: str = "handled") -> None:
        """Fail, with the ledger, where one of these records was never handled."""
        account = self.ledger.account(expected, what)
        assert not account.missing, f"lost: {account.missing}\n{self.report()}"
        assert not account.strangers, f"nobody produced {account.strangers}\n{self.report()}"

    def nothing_twice(self) -> None:
        """Fail, with the ledger, where a record was handled more than once."""
        assert not self.ledger.account([]).repeated, f"twice\n{self.report()}"

    def report(self) -> str:
        """The ledger and the end of each worker's log."""
        tails = ["\n".join([f"--- {w.name}", *w.text().splitlines()[-15:]]) for w in self._workers]
        return "\n".join(["--- ledger", str(self.ledger), *tails])

    def close(self) -> None:
        """Kill what still runs."""
        for worker in self._workers:
            worker.kill()
