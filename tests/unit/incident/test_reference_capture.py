"""The capture that comes with the package: what its recipe makes, whole, and with everything in it.

It is not made anew here, which takes a minute: the traffic is, and the log of its workers proves itself.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from stream_pool import Decoder
from stream_pool.cli.verify import verify_file
from stream_pool.detection.verdict import Verified
from stream_pool.documents import DecodeError
from stream_pool.events import ClockTicked, read_raw
from stream_pool.incident import ERROR_HEADER, LATENCY_HEADER, REASONS, START_MS
from stream_pool.incident import reference as told
from stream_pool.incident.capture_file import Capture, CapturedRecord
from stream_pool.incident.capture_file.form import record_line
from stream_pool.incident.captures import reference_capture, reference_settings
from stream_pool.incident.captures.traffic import STORY, reference_traffic
from stream_pool.incident.reference import GROUP, PARTITIONS, TOPIC, VICTIM, WORKERS
from stream_pool.incident.reference_findings import EVENTS_TOPIC, SNAPSHOTS_TOPIC, Findings
from stream_pool.incident.report import sections, story_of, to_markdown
from stream_pool.incident.service_model import nesting

pytestmark = pytest.mark.xdist_group("reference capture")  # it is read once for all of them

MOST_BYTES = 2_000_000
TRAFFIC_SHA256 = "c51d10c1128036c8578b71c9e908745f51954f3b18d5a9899e4438f70c8d3115"


@pytest.fixture(scope="module")
def capture() -> Capture:
    return Capture(reference_capture())


@pytest.fixture(scope="module")
def records(capture: Capture) -> list[CapturedRecord]:
    """All of them; reading them to the end also holds the trailer against them."""
    return list(capture)


@pytest.fixture(scope="module")
def traffic(records: list[CapturedRecord]) -> list[CapturedRecord]:
    return [captured for captured in records if captured.topic == TOPIC]


def at_s(captured: CapturedRecord) -> float:
    """When a record was sent, in seconds from T+00:00."""
    return (captured.record.timestamp_ms - START_MS) / 1_000 + told.BEGINS_S


def test_it_is_whole_and_small(capture: Capture, records: list[CapturedRecord]) -> None:
    """Its header speaks of what is in it: the traffic, and the log with its snapshots."""
    header = capture.header
    assert capture.size_bytes < MOST_BYTES
    assert capture.is_whole is True
    assert (header.topic, header.group, header.redaction) == (TOPIC, GROUP, None)
    assert sorted(header.partitions) == list(range(PARTITIONS))
    assert header.partition_count == PARTITIONS
    assert sorted(header.others) == [EVENTS_TOPIC, SNAPSHOTS_TOPIC]
    ranges = [header.partitions, *header.others.values()]
    assert len(records) == sum(end - begin for topic in ranges for begin, end in topic.values())


def test_the_traffic_is_what_the_recipe_makes(traffic: list[CapturedRecord]) -> None:
    """Record by record, in order; and the recipe makes what it made on the day, on every Python."""
    digest = hashlib.sha256()
    shipped = iter(traffic)
    for made in reference_traffic():
        assert next(shipped, None) == made
        record = made.record
        line = record_line(
            None,
            made.partition,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type,
            record.key,
            record.headers,
            record.value,
        )
        digest.update(line + b"\n")
    assert next(shipped, None) is None
    assert digest.hexdigest() == TRAFFIC_SHA256


def test_its_numbers_are_a_hundredth_of_the_story_s(traffic: list[CapturedRecord]) -> None:
    """As many minutes, and in each a hundredth of the orders."""
    assert told.TRAFFIC_S <= at_s(traffic[0]) < told.TRAFFIC_S + 1
    assert told.ENDS_S - 1 <= at_s(traffic[-1]) < told.ENDS_S
    calm = sum(at_s(captured) < told.UPGRADE_S for captured in traffic)
    assert calm == round((told.UPGRADE_S - told.TRAFFIC_S) * told.CALM_RATE / 100)
    before = sum(at_s(captured) < told.LAG_STORY_S for captured in traffic)
    assert before - calm > STORY.backlog
    assert len(traffic) - before == round(told.ENDS_S * told.INCIDENT_RATE / 100)


def test_every_kind_of_trouble_is_in_it(traffic: list[CapturedRecord]) -> None:
    """Orders of 6 to 17 levels, poison of each kind, a gateway that is slow and one that refuses."""
    decoder = Decoder()
    values = Counter(captured.record.value for captured in traffic)
    depths: Counter[int] = Counter()
    poison = []
    for value, count in values.items():
        try:
            if value is None:
                poison.append("tombstone")
            elif isinstance(decoder.decode(value), tuple):
                poison.append("root_not_object")
            else:
                depths[nesting(value)] += count
        except DecodeError as error:
            poison.append(error.reason)
    assert sorted(depths) == list(range(told.SHALLOW, told.DEEP + 1))
    assert min(depths.values()) > 100
    assert depths[told.DEEP] > STORY.backlog
    assert sorted(poison) == sorted(REASONS.values())
    names = [name for captured in traffic for name, _ in captured.record.headers]
    assert names.count(ERROR_HEADER) > 0.1 * STORY.orders
    assert names.count(LATENCY_HEADER) > 0.5 * STORY.orders


def test_its_log_proves_itself_and_tells_the_story(records: list[CapturedRecord]) -> None:
    """Verified to the byte; each line of the story was found before a person found it, and the killed worker
    is back."""
    findings = Findings(STORY, START_MS)
    for captured in records:
        if captured.topic != TOPIC:
            findings.take(captured.topic, captured.record)
    assert isinstance(findings.verify(), Verified)
    rows = findings.rows()
    assert all(row.found_s is not None for row in rows)
    assert [row.rule for row in rows if row.ahead_s is not None and row.ahead_s > 0] == [
        "lag",
        "error_ratio",
        "memory",
    ]
    assert findings.lag_max >= STORY.backlog
    assert findings.back_s is not None
    assert findings.back_s > told.BACK_S
    assert any(anomaly.subject == VICTIM for _, anomaly in findings.anomalies)


def test_a_report_of_it_tells_the_story() -> None:
    """Of the capture itself, as `stream-pool report` takes it."""
    story = story_of(reference_capture(), lambda done, total, number: None)
    assert story.reference is not None
    assert story.reference.scale == STORY.scale
    assert "fell behind" in to_markdown(story).splitlines()[0]


def test_a_report_of_it_tells_the_upgrade() -> None:
    """One deploy a worker, each before the time at which the story has it done; what was killed came back as
    the same build."""
    story = story_of(reference_capture(), lambda done, total, number: None)
    (changes,) = [section for section in sections(story) if section.key == "changes"]
    rows = [[cell.text for cell in row] for row in changes.tables[0].rows]
    deploys = [row for row in rows if row[1].startswith("deploy: ")]
    assert sorted(row[1] for row in deploys) == [f"deploy: {worker} begins life 2" for worker in WORKERS]
    for at, _, before, after in deploys:
        assert at < "00:01:00"
        assert (before.split(", ")[-1], after.split(", ")[-1]) == (
            "service_version 3.1.0",
            "service_version 3.2.0",
        )
    assert f"{VICTIM} begins life 3, of the same build" in [row[1] for row in rows]


def test_the_worker_that_is_killed_owns_the_detector(records: list[CapturedRecord]) -> None:
    """So that another has to take over from a snapshot."""
    logged = [read_raw(captured.record) for captured in records if captured.topic == EVENTS_TOPIC]
    ticks = [
        each.event
        for each in logged
        if isinstance(each.event, ClockTicked)
        and (each.timestamp_ms - START_MS) / 1_000 + told.BEGINS_S < told.KILLED_S
    ]
    assert ticks[-1].worker == VICTIM


def test_its_settings_are_the_story_s() -> None:
    """At its scale; what else is set there says why."""
    told_by_file = tomllib.loads(reference_settings().read_text(encoding="utf-8"))
    theirs = STORY.settings.model_dump()
    named = (
        "buffer_records",
        "max_poll_records",
        "detector_lag_threshold_records",
        "detector_error_min_records",
    )
    assert {name: told_by_file[name] for name in named} == {name: theirs[name] for name in named}


def test_a_replay_of_it_is_the_same_each_time_and_proves_itself(tmp_path: Path) -> None:
    """Its first minute and a half, flood included, by the command itself, under two hash seeds."""
    logs = [tmp_path / f"{seed}.ndjson" for seed in (1, 2)]
    until_ms = START_MS + 90_000
    command = [sys.executable, "-m", "stream_pool.cli.main", "replay", str(reference_capture()), "--offline"]
    command += ["-A", "topologies.orders", "--workers", "4", "--service-factor", "100", "--drain", "20s"]
    command += ["--config", str(reference_settings()), "--only", f"time=..{until_ms}", "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAM_POOL_")}
    running = [
        subprocess.Popen(
            [*command, "--out", str(log)],
            env=environment | {"PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
        )
        for seed, log in enumerate(logs, 1)
    ]
    told_by_command = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    one, other = (log.read_bytes() for log in logs)
    assert one == other
    assert isinstance(verify_file(logs[0], lambda *_: None).verdict, Verified)
    figures = told_by_command[0]["figures"]
    assert figures["lag_peak_records"] > 2_000
    assert {anomaly["rule"] for anomaly in figures["anomalies"]} >= {"lag", "latency_p99"}
