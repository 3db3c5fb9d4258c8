"""The reference incident, where a log is one of it: its own table of story and run, with what each rests on.

A log is taken for one where it is the group's, its first worker is one of the story's, and it begins at the
story's time of day. Its scale is read off the threshold, which is scaled with the orders.
"""

from dataclasses import dataclass, field

from stream_pool.events import AnomalyOpened, DetectorConfigured, LoggedEvent, SignalsSampled
from stream_pool.incident import reference as told
from stream_pool.incident.reference_findings import Findings
from stream_pool.incident.report.cited import NOTHING, Cited, Citing, EventRef
from stream_pool.incident.report.story import Reference
from stream_pool.settings import Settings
from stream_pool.testing.clock import EPOCH_MS

_LATEST_MS = 60_000
_LIMIT = "lag_limit_records"


@dataclass(slots=True)
class ReferenceReader:
    """Reads the story's table out of a log, as soon as it is known to be one."""

    findings: Findings | None = None
    began: bool = False
    scale: float | None = None
    opened: dict[tuple[str, str], EventRef] = field(default_factory=dict)
    calm: Citing = field(default_factory=Citing)
    dry: Citing = field(default_factory=Citing)
    since: Citing = field(default_factory=Citing)
    orders: int = 0
    peaks: dict[str, tuple[float, EventRef]] = field(default_factory=dict)

    def take(self, logged: LoggedEvent, ref: EventRef) -> None:
        """One more event, in the order of the log."""
        event = logged.event
        if not self.began:
            self.began = True
            is_its_time = 0 <= logged.timestamp_ms - EPOCH_MS <= _LATEST_MS
            if is_its_time and getattr(event, "worker", None) in told.WORKERS:
                self.findings = Findings(told.Story(), EPOCH_MS)
        findings = self.findings
        if findings is None:
            return
        before = findings.lag_max, findings.memory_max, findings.back_s
        findings.see(logged)
        if isinstance(event, DetectorConfigured):
            self._configure(event)
        elif isinstance(event, AnomalyOpened):
            self.opened.setdefault((event.rule, event.subject), ref)
        elif isinstance(event, SignalsSampled):
            self._signals(event, findings.at_s(logged), ref)
        for name, was, now in zip(
            ("lag", "memory", "back"),
            before,
            (findings.lag_max, findings.memory_max, findings.back_s),
            strict=True,
        ):
            if now != was:
                self.peaks[name] = (now or 0.0, ref)

    def reference(self) -> Reference | None:
        """The table; None where the log is another."""
        findings = self.findings
        if findings is None or self.scale is None:
            return None
        findings.story = told.Story(self.scale)
        rows = tuple((row, self._row(row.rule, row.subject)) for row in findings.rows())
        peak = {name: Cited.one(ref) for name, (_, ref) in self.peaks.items()}
        calm, dry = self.calm.cited(), self.dry.cited()
        rests = (
            peak.get("lag", NOTHING),
            self.since.cited(),
            calm,
            dry,
            calm,
            dry,
            peak.get("memory", NOTHING),
        )
        figures = tuple(zip(findings.figures(self.orders), rests, strict=True))
        return Reference(EPOCH_MS - int(told.BEGINS_S * 1_000), self.scale, rows, figures)

    def _configure(self, event: DetectorConfigured) -> None:
        limit = event.rules.get(_LIMIT)
        full = Settings.model_fields["detector_lag_threshold_records"].default
        if event.group != told.GROUP or not isinstance(limit, int):
            self.findings = None
        else:
            self.scale = limit / full

    def _signals(self, event: SignalsSampled, at_s: float, ref: EventRef) -> None:
        if at_s < told.UPGRADE_S:
            self.calm.add(ref)
        elif at_s > told.ERRORS_STORY_S + event.interval_s:
            self.dry.add(ref)
        if at_s > told.LAG_STORY_S:
            self.since.add(ref)
            self.orders += sum(part.records for part in event.partitions)

    def _row(self, rule: str | None, subject: str) -> Cited:
        if rule is None:
            back = self.peaks.get("back")
            return NOTHING if back is None else Cited.one(back[1])
        ref = self.opened.get((rule, subject))
        return NOTHING if ref is None else Cited.one(ref)
