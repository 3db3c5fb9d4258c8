"""What follows from a reading at one event of the log: an anomaly event, the same whoever concludes it.

Id, times and trace context are the log's; a diagnosis is not attempted by static thresholds.
"""

from dataclasses import dataclass

from stream_pool.detection.alarm import Reading
from stream_pool.events import (
    Anomaly,
    AnomalyOpened,
    AnomalyResolved,
    EncodedEvent,
    LoggedEvent,
    anomaly_id,
    encode,
    event_id,
)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """An anomaly event that follows from the log, with all that its message needs but the source."""

    id: str
    event: Anomaly
    time_ms: int
    subject: str
    traceparent: str | None


def opened(reading: Reading, cause: LoggedEvent, at_ms: int) -> AnomalyOpened:
    """The anomaly that a reading opens. `at_ms` is the fold's clock at the cause."""
    assert reading.value is not None, "what breaches was measured"
    return AnomalyOpened(
        anomaly_id=anomaly_id(reading.rule, reading.subject, cause.id),
        rule=reading.rule,
        subject=reading.subject,
        severity=reading.severity,
        value=reading.value,
        expected_low=None,
        expected_high=reading.expected_high,
        evidence=reading.evidence,
        diagnosis="unknown",
        opened_at_ms=at_ms,
        cause_event_id=cause.id,
    )


def resolved(anomaly: AnomalyOpened, reading: Reading, cause: LoggedEvent, at_ms: int) -> AnomalyResolved:
    """The end of an anomaly, by the reading that ends it."""
    return AnomalyResolved(
        anomaly_id=anomaly.anomaly_id,
        rule=anomaly.rule,
        subject=anomaly.subject,
        severity=anomaly.severity,
        value=reading.value,
        expected_low=None,
        expected_high=reading.expected_high,
        evidence=reading.evidence,
        diagnosis=anomaly.diagnosis,
        opened_at_ms=anomaly.opened_at_ms,
        resolved_at_ms=at_ms,
        cause_event_id=cause.id,
    )


def conclude(event: Anomaly, cause: LoggedEvent, at_ms: int) -> Conclusion:
    """An anomaly event on its way to the log."""
    return Conclusion(event_id(event), event, at_ms, event.subject, cause.traceparent)


def message(conclusion: Conclusion, group: str) -> EncodedEvent:
    """The one message of a conclusion about a group: the detector appends it, verification looks for it."""
    return encode(
        conclusion.event,
        id=conclusion.id,
        source=f"/stream-pool/{group}/detector",
        time_ms=conclusion.time_ms,
        subject=conclusion.subject,
        traceparent=conclusion.traceparent,
    )
