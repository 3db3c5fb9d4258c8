"""Logs of earlier versions, kept as they were written: an upgrade reads them, and so does whoever goes back.

The rule: within `.v1` fields are only added, and readers skip what they do not know. So this version reads
what the earlier ones wrote, and the earlier ones read what this one writes. A state of another fold is never
gone on from: its owner folds from an older snapshot, or from the oldest event. A file `log-VERSION.ndjson.gz`
is added with each release (`stream-pool demo --offline --scale 0.01 --out`), and none is ever written anew.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_pool.cli.verify import verify_file
from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.detection.verdict import UnknownFold, Verified
from stream_pool.events import (
    EVENT_TYPES,
    MalformedEvent,
    ObservationsLost,
    UnknownEvent,
    WorkerStarted,
    decode,
)
from stream_pool.incident.log_file import read_log_file

LATER = {"log-0.1.0.ndjson.gz": (WorkerStarted,)}
"""Types that a version did not have yet."""

LOGS = sorted(Path(__file__).parent.glob("log-*.ndjson.gz"))


def records(path: Path, ending: str) -> list[Any]:
    """The raw records of the topic with this ending."""
    return [record for topic, record in read_log_file(path) if topic.endswith(ending)]


@pytest.fixture(params=LOGS, ids=lambda path: path.name)
def log(request: pytest.FixtureRequest) -> Path:
    """Each log in turn."""
    path: Path = request.param
    return path


def test_there_is_a_log_of_every_version() -> None:
    """The first is of 0.1.0."""
    assert LOGS[0].name == "log-0.1.0.ndjson.gz"


def test_its_conclusions_still_follow(log: Path) -> None:
    """To the byte, by the fold that it names; one that this version has no more is said to be unknown."""
    outcome = verify_file(log, lambda *_: None)
    assert outcome.damage is None
    assert isinstance(outcome.verdict, Verified | UnknownFold)
    if log.name == "log-0.1.0.ndjson.gz":
        assert isinstance(outcome.verdict, Verified)
        assert outcome.verdict.anomalies == 34


def test_every_event_is_read(log: Path) -> None:
    """As the type that it was written as, none of them unknown or malformed."""
    events = [decode(record.headers, record.value) for record in records(log, ".events")]
    assert len(events) > 8_000
    assert not [event for event in events if isinstance(event, UnknownEvent | MalformedEvent)]
    missing = set(EVENT_TYPES.values()) - {type(event) for event in events}
    assert missing <= {ObservationsLost, *LATER.get(log.name, ())}, "a quiet run loses no observations"


def test_what_a_later_version_adds_is_skipped(log: Path) -> None:
    """A field in each event, and a type: the rest reads as before. So this version can be gone back to."""
    for record in records(log, ".events")[::7]:
        value = orjson.loads(record.value)
        later = orjson.dumps(value | {"added_later": {"by": ["a", "later", "version"]}})
        assert decode(record.headers, later) == decode(record.headers, record.value)
        headers = [
            (name, b"stream-pool.tide.turned.v1" if name == "ce_type" else text)
            for name, text in record.headers
        ]
        assert isinstance(decode(headers, record.value), UnknownEvent)


def test_its_snapshots_are_taken_or_refused_with_a_reason(log: Path) -> None:
    """None is mistaken for another's: those of this fold are whole, the others say which fold they are of."""
    kept = SnapshotsKept()
    taken = records(log, ".snapshots")
    for record in taken:
        kept.take(record)
    assert taken
    assert kept.whole or kept.damaged
    if log.name == "log-0.1.0.ndjson.gz":
        assert not kept.damaged
        assert not kept.strays
