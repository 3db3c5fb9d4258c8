"""What the group's event log says at the end: whether it follows from itself, and what is missing of it."""

from collections import Counter
from dataclasses import dataclass, field

from stream_pool.bench.soak.cluster import client
from stream_pool.detection.verdict import Verdict, Verified
from stream_pool.detection.verification import Verifier
from stream_pool.events import AnomalyOpened, Observation, ObservationsLost, read_raw
from stream_pool.stream.log_reader import LogReader


@dataclass(slots=True)
class Life:
    """One incarnation of a worker: the numbers of its events in the log, and how many it said were lost."""

    incarnation: str
    numbers: set[int] = field(default_factory=set)
    said_lost: int = 0

    @property
    def unsaid(self) -> int:
        """Events that were numbered, are not in the log, and were not said to be lost.

        Numbers begin with 1. More may be said to be lost than was (an acknowledgement that did not come
        back); what a life lost at its very end nobody can see.
        """
        return max(max(self.numbers, default=0) - len(self.numbers) - self.said_lost, 0)


@dataclass(slots=True)
class Account:
    """The events of a log, taken one after the other.

    Of each worker the last life is asked whether it said all: one before it may have been killed too early.
    """

    events: int = 0
    said_lost: int = 0
    _rules: dict[str, str] = field(default_factory=dict)
    _lives: dict[str, Life] = field(default_factory=dict)

    def take(self, event: object) -> None:
        """One more event; repeats count once, but for `events`."""
        self.events += 1
        if isinstance(event, AnomalyOpened):
            self._rules[event.anomaly_id] = event.rule
        elif isinstance(event, Observation):
            life = self._lives.get(event.worker)
            if life is None or life.incarnation != event.incarnation:
                life = self._lives[event.worker] = Life(event.incarnation)
            if isinstance(event, ObservationsLost) and event.sequence not in life.numbers:
                self.said_lost += event.lost
                life.said_lost += event.lost
            life.numbers.add(event.sequence)

    @property
    def opened(self) -> Counter[str]:
        """Anomalies opened, by rule."""
        return Counter(self._rules.values())

    @property
    def unsaid(self) -> int:
        """Events that are missing without a word."""
        return sum(life.unsaid for life in self._lives.values())


async def read_log(servers: str, group: str) -> tuple[Verdict, Account]:
    """Verify the log of a group as it is now, as `stream-pool verify` would, and account for it."""
    reader = LogReader(client(servers), f"{group}.events")
    await reader.open()
    kept = reader.snapshots
    verifier = Verifier(group, kept.whole, kept.damaged, kept.strays)
    verdict: Verdict | None = None
    account = Account()
    async for record in reader.records():
        account.take(read_raw(record).event)
        if verdict is None:
            verdict = verifier.take(record)
    return verdict or verifier.finish(reader.end_offset), account


def is_identical(verdict: Verdict) -> bool:
    """Whether all that could be checked is what follows from the log."""
    return isinstance(verdict, Verified)
