"""The anomalies of a log as it tells them, and the rules that they were judged by. Nothing is folded again.

Of an anomaly that stands there twice the first counts. One whose opening is not in the log any more begins
with its resolution, which repeats what the opening said.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stream_pool.events import AnomalyOpened, AnomalyResolved, DetectorConfigured, Scalar
from stream_pool.incident.report.cited import EventRef
from stream_pool.incident.report.story import Episode, Epoch, Resolution

MAX_EPISODES = 5_000
MAX_EPOCHS = 100
MAX_CAUSES = 1_000


@dataclass(slots=True)
class Conclusions:
    """Gathers one log's anomalies and epochs."""

    episodes: dict[str, Episode] = field(default_factory=dict)
    left_out: int = 0
    epochs: list[Epoch] = field(default_factory=list)
    _ticks: OrderedDict[str, EventRef] = field(default_factory=OrderedDict)

    @property
    def rules(self) -> Mapping[str, Scalar]:
        """The rules that hold; empty before any are known."""
        return self.epochs[-1].rules if self.epochs else {}

    def tick(self, ref: EventRef) -> None:
        """A tick, which anomalies may name as their cause."""
        self._ticks[ref.id] = ref
        if len(self._ticks) > MAX_CAUSES:
            self._ticks.popitem(last=False)

    def configure(self, event: DetectorConfigured, ref: EventRef, at_ms: int) -> None:
        """An owner says by which rules it judges; only other ones make an epoch."""
        before, version = self.rules, self.epochs[-1].fold_version if self.epochs else None
        if (event.rules, event.fold_version) == (before, version):
            return
        names = sorted(before.keys() | event.rules.keys()) if self.epochs else []
        changed = tuple(
            (name, before.get(name), event.rules.get(name))
            for name in names
            if before.get(name) != event.rules.get(name)
        )
        if len(self.epochs) < MAX_EPOCHS:
            self.epochs.append(Epoch(at_ms, ref, event.fold_version, event.rules, changed))

    def open(self, event: AnomalyOpened, ref: EventRef, at_ms: int) -> None:
        """An anomaly begins."""
        if event.anomaly_id not in self.episodes:
            self._begin(event, event.value, ref, at_ms)

    def resolve(self, event: AnomalyResolved, ref: EventRef, at_ms: int) -> None:
        """An anomaly ends."""
        if event.anomaly_id not in self.episodes:
            self._begin(event, event.value or 0.0, ref, event.opened_at_ms)
        episode = self.episodes.get(event.anomaly_id)
        if episode is not None and episode.resolution is None:
            self.episodes[event.anomaly_id] = replace(episode, resolution=Resolution(at_ms, ref, event.value))

    def forget(self, anomaly_id: str) -> None:
        """An anomaly was over before the story began."""
        self.episodes.pop(anomaly_id, None)

    def _begin(self, event: AnomalyOpened | AnomalyResolved, value: float, ref: EventRef, at_ms: int) -> None:
        if len(self.episodes) >= MAX_EPISODES:
            self.left_out += 1
            return
        self.episodes[event.anomaly_id] = Episode(
            event.anomaly_id,
            event.rule,
            event.subject,
            event.severity,
            event.diagnosis,
            value,
            event.expected_low,
            event.expected_high,
            event.evidence,
            at_ms,
            ref,
            event.cause_event_id,
            self._ticks.get(event.cause_event_id),
        )
