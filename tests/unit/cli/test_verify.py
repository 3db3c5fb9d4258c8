"""`stream-pool verify` on files: what it prints, and how it ends."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.traffic import captured, write_capture
from support.whole_log import WholeLog, read

from stream_pool.cli.verify import verify_file
from stream_pool.detection.verdict import Verified
from stream_pool.errors import ExitCode
from stream_pool.events import AnomalyOpened, ClockTicked, LagSampled, MemorySampled
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import CapturedRecord
from stream_pool.incident.log_file import LogFileUnreadable, LogFileWriter

Run = Callable[..., tuple[int, str, str]]

LOG = WholeLog()
LOG.incident()
FIRST_ANOMALY = next(r for r in LOG.records if isinstance(read(r).event, AnomalyOpened))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that is as it should be."""
    return LOG.save(tmp_path_factory.mktemp("log") / "log.ndjson").read_bytes()


@pytest.fixture
def run(command: Run) -> Run:
    """Exit code, standard output and standard error of the command."""
    return partial(command, "verify")


def told(run: Run, path: Path) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(path, "--json")
    return code, json.loads(out)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz", "log"])
def test_identical_is_said_and_exits_0(tmp_path: Path, run: Run, name: str) -> None:
    """The counts first, then what they rest on."""
    code, out, err = run(LOG.save(tmp_path / name))
    assert code == ExitCode.OK
    first, *rest = out.splitlines()
    anomalies = sum(b"anomaly" in dict(record.headers)["ce_type"] for record in LOG.records)  # type: ignore[operator]  # every record has a type
    assert first == f"identical: {len(LOG.records)} events, {anomalies} anomalies, 0 repeats"
    lines = "\n".join(rest)
    assert f"offsets 0 to {len(LOG.records) - 1}, from its beginning" in lines
    assert "320 counted, 0 reported again, 0 never observed" in lines
    assert "16 vouch for every byte before" in lines
    assert "4 as folded; folded on from" in lines
    assert err == ""


def test_json_says_the_same(tmp_path: Path, run: Run) -> None:
    """One object, with every figure."""
    path = LOG.save(tmp_path / "log.ndjson")
    code, verdict = told(run, path)
    assert code == ExitCode.OK
    assert verdict["verdict"] == "identical"
    assert verdict["source"] == str(path)
    assert (verdict["events"], verdict["repeats"], verdict["snapshots"]) == (len(LOG.records), 0, 4)
    assert not any(verdict["unchecked"].values())


def without_ticks() -> list[RawRecord]:
    return [r for r in LOG.records if isinstance(read(r).event, LagSampled | MemorySampled)]


@pytest.mark.parametrize(
    ("records", "says", "word"),
    [
        pytest.param([], "nothing to verify: no event", "nothing_to_verify", id="1 no event"),
        pytest.param(
            without_ticks(),
            f"no conclusions to verify: {len(without_ticks())} events without a tick, no detector has run "
            "over them",
            "no_detector",
            id="2 no tick",
        ),
    ],
)
def test_where_nothing_is_concluded_it_is_not_called_identical(
    tmp_path: Path, run: Run, records: list[RawRecord], says: str, word: str
) -> None:
    """Nobody is to take it for a proof; it is no finding either."""
    log = WholeLog(records=records)
    path = log.save(tmp_path / "log.ndjson")
    code, out, _ = run(path)
    assert (code, out.splitlines()[0]) == (ExitCode.OK, says)
    assert "identical" not in out
    code, verdict = told(run, path)
    assert (code, verdict["verdict"], verdict["ticks_met"]) == (ExitCode.OK, word, 0)


def test_a_log_of_which_a_snapshot_alone_is_left_has_nothing_to_verify(tmp_path: Path, run: Run) -> None:
    """It says what it passed over."""
    log = WholeLog()
    log.incident()
    kept = log.records[-3:]
    log.snapshots = log.snapshots[-1:]
    code, out, _ = run(log.save(tmp_path / "log.ndjson", kept))
    head, *rest = out.splitlines()
    assert (code, head) == (ExitCode.OK, "nothing to verify: no event behind the oldest snapshot")
    assert [" ".join(line.split()) for line in rest] == [
        "unchecked 3 events before the oldest snapshot, with which the check began"
    ]


def test_of_a_log_without_its_beginning_it_is_said_which_bytes_are_vouched_for(
    tmp_path: Path, run: Run
) -> None:
    """From the first tick that could be taken as given."""
    kept = LOG.records[17:]
    with LogFileWriter(tmp_path / "log", topic="g.events", group="g") as writer:
        for record in kept:
            writer.write(record)
    code, out, _ = run(tmp_path / "log")
    ticks = [r.offset for r in kept if isinstance(read(r).event, ClockTicked)]
    assert code == ExitCode.OK
    told = f"{len(ticks) - 1} vouch for every byte from offset {ticks[0]} to before offset {ticks[-1]}"
    assert told in out
    assert "1 ticks with nothing to hold them against: taken as given" in out


def test_a_difference_is_shown_from_both_sides_and_exits_1(tmp_path: Path, run: Run) -> None:
    """Offset, what differs, its text on either side, and the first byte of it; the file's sum is sound."""
    forged = (FIRST_ANOMALY.value or b"").replace(b'"lag"', b'"log"')
    records = [
        RawRecord(r.offset, r.timestamp_ms, 1, r.key, r.headers, forged) if r is FIRST_ANOMALY else r
        for r in LOG.records
    ]
    path = LOG.save(tmp_path / "log.ndjson", records)
    code, out, _ = run(path)
    assert code == ExitCode.FINDING
    assert out.startswith(f"different: {path}, offset {FIRST_ANOMALY.offset}: anomaly_differs: differs from")
    assert "0x61 expected, 0x6f found" in out
    assert '"rule":"lag"' in out
    assert '"rule":"log"' in out
    assert "ce_id" not in out, "only what differs"
    code, verdict = told(run, path)
    assert code == ExitCode.FINDING
    assert (verdict["verdict"], verdict["offset"]) == ("different", FIRST_ANOMALY.offset)
    assert dict(verdict["found"])["value"] == forged.decode()
    assert dict(verdict["expected"])["value"] == (FIRST_ANOMALY.value or b"").decode()


def test_a_missing_anomaly_is_shown_alone(tmp_path: Path, run: Run) -> None:
    """There is no other side."""
    log = WholeLog(holds_back=True)
    log.configure()
    log.window()
    for _ in range(12):
        log.window(100)
    code, out, _ = run(log.save(tmp_path / "log.ndjson"))
    assert code == ExitCode.FINDING
    assert "anomaly_missing" in out
    assert "found: nothing" in out
    assert "stream-pool.anomaly.opened.v1" in out


@given(place=st.integers(0, 2**30), flip=st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_one_flipped_byte_anywhere_is_found(tmp_path: Path, content: bytes, place: int, flip: int) -> None:
    """In a record, between two, in the first line or the last: never identical."""
    flipped = bytearray(content)
    flipped[place % len(content)] ^= flip
    path = write(tmp_path / "flipped.ndjson", bytes(flipped))
    try:
        outcome = verify_file(path, lambda done, total, events: None)
    except LogFileUnreadable:  # the first line
        return
    assert not isinstance(outcome.verdict, Verified) or outcome.damage is not None


def test_a_flipped_byte_that_no_fold_sees_is_damage(tmp_path: Path, run: Run, content: bytes) -> None:
    """The last record, behind the last tick: the sum in the last line tells."""
    lines = content.splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if b"memory.sampled" in line)
    flipped = [*lines[:last], lines[last].replace(b"1000000", b"1000001"), *lines[last + 1 :]]
    cut = [line for line in flipped if b"clock.ticked" not in line or flipped.index(line) < last]
    path = write(tmp_path / "log.ndjson", b"".join(cut))
    code, out, _ = run(path)
    assert code == ExitCode.FINDING
    assert "identical" not in out.splitlines()[0]


def test_a_truncated_file_is_verified_up_to_the_damage(tmp_path: Path, run: Run, content: bytes) -> None:
    """Which is named, with its line; exit code 1."""
    path = write(tmp_path / "log.ndjson", content[: len(content) // 2])
    code, out, _ = run(path)
    line = content[: len(content) // 2].count(b"\n") + 1
    first, second, *_ = out.splitlines()
    assert code == ExitCode.FINDING
    assert first == f"damaged: {path}, line {line}: cut off in the middle"
    assert second.startswith("identical up to there: ")
    code, verdict = told(run, path)
    assert code == ExitCode.FINDING
    assert verdict["verdict"] == "damaged"
    assert verdict["damage"] == {"line": line, "problem": "cut off in the middle"}
    assert 0 < verdict["events"] < len(LOG.records)


def test_truncated_compressed_bytes_are_damage(tmp_path: Path, run: Run, content: bytes) -> None:
    """As far as they can be unpacked."""
    path = write(tmp_path / "log.gz", gzip.compress(content)[:-400])
    code, out, _ = run(path)
    assert code == ExitCode.FINDING
    assert out.startswith("damaged: ")


def test_a_damaged_snapshot_is_found(tmp_path: Path, run: Run) -> None:
    """Although the file's own sum is sound."""
    log = WholeLog()
    log.incident()
    place, part = log.snapshots[1]
    value = bytearray(part.value or b"")
    value[20] ^= 1
    broken = RawRecord(part.offset, part.timestamp_ms, 1, part.key, part.headers, bytes(value))
    log.snapshots[1] = (place, broken)
    code, out, _ = run(log.save(tmp_path / "log.ndjson"))
    assert code == ExitCode.FINDING
    assert "snapshot_damaged" in out


def test_an_unknown_fold_exits_2(tmp_path: Path, run: Run) -> None:
    """With its offset, its version, and what to do."""
    log = WholeLog()
    log.configure(fold_version=99)
    path = log.save(tmp_path / "log.ndjson")
    code, out, _ = run(path)
    assert code == ExitCode.MISUSE
    assert "offset 0" in out
    assert "fold version 99" in out
    assert "install" in out
    assert told(run, path)[1]["verdict"] == "unknown_fold"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "log_file_unreadable", id="1 no file"),
        pytest.param(b"", "log_file_unreadable", id="2 empty"),
        pytest.param(b"hello\n", "log_file_unreadable", id="3 no log"),
    ],
)
def test_an_unreadable_file_exits_2(tmp_path: Path, run: Run, content: bytes | None, problem: str) -> None:
    """One line on standard error."""
    path = tmp_path / "log.ndjson"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(path)
    assert (code, out) == (ExitCode.MISUSE, "")
    assert err.startswith(f"stream-pool: {problem}: ")
    assert len(err.splitlines()) == 1


def test_a_file_without_an_event_of_ours_exits_2(tmp_path: Path, run: Run) -> None:
    """It is the log of somebody else."""
    with LogFileWriter(tmp_path / "log", topic="orders.events", group="orders") as writer:
        writer.write(RawRecord(0, 1, 1, None, (), b'{"order": 1}'))
    code, _, err = run(tmp_path / "log")
    assert code == ExitCode.MISUSE
    assert "no log of stream-pool" in err


@pytest.mark.parametrize("topic", ["orders", "g.dead-letters"])
def test_a_topic_that_is_no_events_topic_exits_2(run: Run, topic: str) -> None:
    """Said before any broker is asked."""
    code, _, err = run(topic)
    assert code == ExitCode.MISUSE
    assert f"'{topic}' is no events topic" in err


def test_standard_output_is_the_verdicts_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a broker there is none, and one line says why."""
    monkeypatch.setenv("STREAM_POOL_CONNECT_TIMEOUT_S", "0.1")
    code, out, err = run("g.events", "--json", "--broker", "kafka://127.0.0.1:1")
    assert (code, out) == (ExitCode.BROKER_UNAVAILABLE, "")
    assert err.splitlines()[-1].startswith("stream-pool: broker_unavailable: ")


def test_records_that_make_no_snapshot_are_told(tmp_path: Path, run: Run) -> None:
    """A writer that died between two parts leaves them; so does a flipped byte."""
    log = WholeLog()
    log.incident()
    place, part = log.snapshots[0]
    headers = dict(part.headers) | {"stream-pool.parts": b"3"}
    log.snapshots[0] = place, replace(part, headers=tuple(headers.items()))
    place, part = log.snapshots[1]
    headers = dict(part.headers) | {"stream-pool.snapshot": b"9"}
    log.snapshots[1] = place, replace(part, headers=tuple(headers.items()))
    path = log.save(tmp_path / "log")
    code, verdict = told(run, path)
    assert (code, verdict["unchecked"]["snapshot_records"], verdict["snapshots"]) == (ExitCode.OK, 2, 2)
    assert "2 records of the snapshots topic that make no snapshot" in run(path)[1]


def test_lines_are_json_for_other_tools(content: bytes) -> None:
    """Every line of the file is an object."""
    assert all(isinstance(orjson.loads(line), dict) for line in content.splitlines())


def test_a_file_is_on_no_broker(run: Run, tmp_path: Path, content: bytes) -> None:
    """What would have no effect is misuse."""
    code, out, err = run(write(tmp_path / "log.ndjson", content), "--broker", "kafka://b:1")
    assert (code, out) == (ExitCode.MISUSE, "")
    assert "--broker: for a topic" in err


@pytest.mark.parametrize("name", ["c.ndjson", "c.ndjson.zst"])
def test_of_a_capture_the_file_is_verified(run: Run, tmp_path: Path, name: str) -> None:
    """It is said to be one, with what it has no record of; its sum holds, or the line is named."""
    path = write_capture(tmp_path / name, [captured(0, 3), captured(0, 5), captured(0, 1, topic="g.events")])
    code, out, _ = run(path)
    assert code == ExitCode.OK
    assert out.splitlines() == [
        f"intact: {path}, every byte is as it was written",
        "  a capture of orders: 2 records, 1 of other topics",
        "  missing    1 offsets hold no record: compaction, markers of transactions",
        "  it is traffic, and no event log: no conclusion in it is verified",
    ]
    assert told(run, path)[1] == {
        "source": str(path),
        "verdict": "intact",
        "topic": "orders",
        "records": 2,
        "other_topics": 1,
        "missing": {"lost": 0, "empty": 1},
        "whole": True,
        "damage": None,
        "log": None,
    }
    path.write_bytes(path.read_bytes()[:-4])
    code, data = told(run, path)
    assert (code, data["verdict"]) == (ExitCode.FINDING, "damaged")
    assert run(path)[1].startswith(f"damaged: {path}, line ")


def capture_with_events(path: Path, records: list[RawRecord]) -> Path:
    """A capture that has a log and its snapshots, too."""
    snapshots = [CapturedRecord("g.snapshots", 0, record) for _, record in LOG.snapshots]
    events = [CapturedRecord("g.events", 0, record) for record in records]
    topics = {"g.events": {0: (0, len(LOG.records))}, "g.snapshots": {0: (0, len(snapshots))}}
    return write_capture(path, [captured(0, 3), *events, *snapshots], group="g", others=topics)


def test_of_a_capture_with_events_the_log_is_folded(run: Run, tmp_path: Path) -> None:
    """With its snapshots; its verdict stands beside the file's."""
    path = capture_with_events(tmp_path / "c.ndjson", LOG.records)
    code, out, _ = run(path)
    lines = out.splitlines()
    assert (code, lines[0]) == (ExitCode.OK, f"intact: {path}, every byte is as it was written")
    at = lines.index(f"its event log, g.events in {path}:")
    assert lines[at + 1].startswith(f"identical: {len(LOG.records)} events, ")
    data = told(run, path)[1]
    assert (data["verdict"], data["log"]["verdict"], data["log"]["snapshots"]) == ("intact", "identical", 4)


def test_a_captured_log_that_does_not_follow_is_a_finding(run: Run, tmp_path: Path) -> None:
    """Although the file is as it was written."""
    forged = replace(FIRST_ANOMALY, value=(FIRST_ANOMALY.value or b"").replace(b'"lag"', b'"log"'))
    path = capture_with_events(
        tmp_path / "c.ndjson", [forged if r is FIRST_ANOMALY else r for r in LOG.records]
    )
    code, data = told(run, path)
    assert (code, data["verdict"], data["log"]["verdict"]) == (ExitCode.FINDING, "intact", "different")


def test_of_a_damaged_capture_the_log_is_folded_up_to_there(run: Run, tmp_path: Path) -> None:
    """Exit code 1, whatever the log says."""
    path = capture_with_events(tmp_path / "c.ndjson", LOG.records)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    code, data = told(run, path)
    assert (code, data["verdict"], data["log"]["verdict"]) == (ExitCode.FINDING, "damaged", "identical")
    assert 0 < data["log"]["events"] < len(LOG.records)


def test_of_kcat_s_lines_nothing_can_be_verified(run: Run, tmp_path: Path) -> None:
    """They have no sum."""
    path = write(tmp_path / "k.json", b'{"topic":"orders","partition":0,"offset":1,"key":"","payload":""}\n')
    code, _, err = run(path)
    assert code == ExitCode.MISUSE
    assert "is what kcat wrote: its lines have no sum" in err


def test_an_empty_file_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    """And not what a parser makes of nothing."""
    path = write(tmp_path / "empty.ndjson", b"")
    assert run(path) == (ExitCode.MISUSE, "", f"stream-pool: log_file_unreadable: {path} is empty\n")


def test_a_variable_that_is_no_setting_is_refused(
    run: Run, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a worker refuses it: exit 2, whatever the log is."""
    monkeypatch.setenv("STREAM_POOL_INTERVAL", "1")
    code, _, err = run(write(tmp_path / "log.ndjson", content))
    assert code == ExitCode.MISUSE
    assert "STREAM_POOL_INTERVAL is not a setting" in err
