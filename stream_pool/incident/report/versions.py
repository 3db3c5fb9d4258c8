"""The schema versions that captured records name in their baggage."""

from dataclasses import dataclass, field

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.report.story import SchemaVersion
from stream_pool.telemetry.trace_context import BAGGAGE, parse_baggage

MAX_VERSIONS = 50
_MEMBER = "schema_version"


@dataclass(slots=True)
class _Version:
    first_ms: int
    place: str
    records: int = 0


@dataclass(slots=True)
class Versions:
    """Takes the records of a topic."""

    found: dict[str, _Version] = field(default_factory=dict)

    def take(self, topic: str, partition: int, record: RawRecord) -> None:
        """One more record."""
        for name, value in record.headers:
            if name != BAGGAGE or value is None:
                continue
            version = parse_baggage(value.decode("utf-8", "replace")).get(_MEMBER)
            if version is None:
                continue
            kept = self.found.get(version)
            if kept is None:
                if len(self.found) >= MAX_VERSIONS:
                    continue
                place = f"{topic}/{partition}/{record.offset}"
                kept = self.found[version] = _Version(record.timestamp_ms, place)
            kept.records += 1

    def versions(self) -> tuple[SchemaVersion, ...]:
        """In the order in which they came."""
        return tuple(
            SchemaVersion(version, kept.records, kept.first_ms, kept.place)
            for version, kept in self.found.items()
        )
