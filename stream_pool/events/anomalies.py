"""What the detector concluded, as events: functions of the log, down to their ids and times.

`anomaly_id` joins an opening with its resolution. `cause_event_id` names the logged event at which the fold
drew the conclusion, and the times are the log's. `expected_low` and `expected_high` bound what would have
been normal; None: unbounded on that side.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from stream_pool.events.form import Count, Scalar

Severity: TypeAlias = Literal["P1", "P2", "P3", "P4"]
Diagnosis: TypeAlias = Literal[
    "producers faster",
    "consumers slower",
    "consumers stopped",
    "payload changed",
    "dependency failing",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class AnomalyOpened:
    """A rule has been broken for as many windows as it asks for."""

    TYPE: ClassVar[str] = "stream-pool.anomaly.opened.v1"

    anomaly_id: str
    rule: str
    subject: str
    severity: Severity
    value: float
    expected_low: float | None
    expected_high: float | None
    evidence: dict[str, Scalar]
    diagnosis: Diagnosis
    opened_at_ms: Count
    cause_event_id: str


@dataclass(frozen=True, slots=True)
class AnomalyResolved:
    """The rule of an open anomaly holds again, by its hysteresis, or its subject has expired (value None)."""

    TYPE: ClassVar[str] = "stream-pool.anomaly.resolved.v1"

    anomaly_id: str
    rule: str
    subject: str
    severity: Severity
    value: float | None
    expected_low: float | None
    expected_high: float | None
    evidence: dict[str, Scalar]
    diagnosis: Diagnosis
    opened_at_ms: Count
    resolved_at_ms: Count
    cause_event_id: str
