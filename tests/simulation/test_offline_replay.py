"""A capture through the production app, in memory: what becomes of each record, and the log that says so."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from support.traffic import FIRST_OFFSET, START_MS, captured, scenario_capture, write_capture

from stream_pool.cli.verify import verify_file
from stream_pool.detection.verdict import Verified
from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident import OrderGenerator
from stream_pool.incident.capture_file import Capture, CapturedRecord
from stream_pool.incident.offline_replay import Offline, Played, play
from stream_pool.incident.only import Only
from stream_pool.incident.service_times import modelled
from stream_pool.incident.survey import survey
from stream_pool.testing.dead_letter import DeadLetter, read_dead_letters
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.records import Stored

ORDERS = 400
APP = "topologies.orders"
INTERVAL_S = 10.0


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STREAM_POOL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenario_capture(tmp_path_factory.mktemp("capture") / "incident.ndjson.gz", ORDERS)


def played(path: Path, offline: Offline) -> tuple[Played, list[DeadLetter]]:
    """What came of it, and the dead letters."""
    capture = Capture(path)
    letters: list[RawRecord] = []

    def take(topic: str, record: RawRecord) -> None:
        if topic.endswith(".dead-letters"):
            letters.append(record)

    surveyed = survey(capture, offline.only, lambda *_: None)
    outcome = play(capture, offline, surveyed, found=lambda _: None, take=take, watch=lambda *_: None)
    return outcome, read_dead_letters(letters)


def test_every_record_has_its_outcome_at_its_own_offset(incident: Path) -> None:
    """The poison of the capture is in the dead letters, under the offsets that it had."""
    outcome, letters = played(incident, Offline(APP, "orders", workers=2, seconds=modelled()))
    figures = outcome.figures
    assert (outcome.records, figures.records, outcome.faults, outcome.damage) == (ORDERS, ORDERS, (), None)
    assert figures.errors == figures.buried == len(letters) > 0
    assert figures.drain_s is not None
    values = {(each.partition, each.record.offset): each.record.value for each in Capture(incident)}
    assert all(values[letter.partition, letter.offset] == letter.value for letter in letters)
    assert min(letter.offset for letter in letters) >= FIRST_OFFSET


def test_settings_are_the_environment_s(incident: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator would set: here a limit that the incident's orders break."""
    monkeypatch.setenv("STREAM_POOL_LIMIT_DEPTH", "12")
    monkeypatch.setenv("STREAM_POOL_DEAD_LETTER_BUDGET_RATIO", "1")
    outcome, _ = played(incident, Offline(APP, "orders"))
    assert outcome.figures.dead_letters["depth_limit"] > ORDERS / 10


def test_a_worker_that_its_budget_stops_is_told(incident: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason; nobody is left, so the replay ends."""
    monkeypatch.setenv("STREAM_POOL_LIMIT_DEPTH", "12")
    outcome, _ = played(incident, Offline(APP, "orders"))
    assert [(fault.worker, fault.reason) for fault in outcome.faults] == [("worker-1", "dead_letter_budget")]
    assert outcome.records < ORDERS
    assert outcome.figures.drain_s is None


def test_what_records_take_makes_the_lag(incident: Path) -> None:
    """Ten times as long: more behind, and later done."""
    quick, _ = played(incident, Offline(APP, "orders", seconds=modelled()))
    slow, _ = played(incident, Offline(APP, "orders", seconds=modelled(), factor=10.0))
    assert slow.figures.lag_peak_records > quick.figures.lag_peak_records
    assert (slow.figures.drain_s or 0) > (quick.figures.drain_s or 0)
    cut, _ = played(incident, Offline(APP, "orders", seconds=modelled(), factor=10.0, drain_s=3.0))
    assert cut.figures.drain_s is None
    assert cut.virtual_s < slow.virtual_s


def test_a_choice_of_it_is_played(incident: Path) -> None:
    """One partition, without its neighbours' records."""
    outcome, letters = played(incident, Offline(APP, "orders", only=Only(partitions=frozenset({1}))))
    assert 0 < outcome.records == outcome.figures.records < ORDERS
    assert {letter.partition for letter in letters} <= {1}


def test_what_is_committed_is_not_kept(incident: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is fed as time goes on and trimmed behind the commits."""
    held = 0
    append_batch = MemoryLog.append_batch

    def watched(log: MemoryLog, partition: TopicPartition, batch: Iterable[Stored]) -> int:
        nonlocal held
        first = append_batch(log, partition, batch)
        if partition.topic == "orders":
            held = max(held, sum(len(each.records) for each in log._topics["orders"].partitions))
        return first

    monkeypatch.setattr(MemoryLog, "append_batch", watched)
    outcome, _ = played(incident, Offline(APP, "orders", loops=3))
    assert outcome.records == 3 * ORDERS
    assert held < ORDERS / 2


def test_a_damaged_capture_is_played_up_to_the_damage(incident: Path, tmp_path: Path) -> None:
    """Which is told with its line."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, number) for number in range(10)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:6], b"{}\n", *lines[7:]]))
    outcome, _ = played(path, Offline(APP, "orders"))
    assert outcome.records == outcome.figures.records == 5
    assert outcome.damage is not None
    assert outcome.damage.line == 7


def test_an_app_that_reads_another_topic_is_misuse(tmp_path: Path) -> None:
    """And the message says how to bring them together."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0, topic="payments")], topic="payments")
    with pytest.raises(MisuseError, match="--topic"):
        played(path, Offline(APP, "payments"))
    outcome, _ = played(path, Offline(APP, "orders"))
    assert outcome.figures.records == 1


def test_recorded_times_make_the_lag_that_was(tmp_path: Path) -> None:
    """A group's own events, captured with its traffic, stand for the model that it was played by: an interval
    in which a worker came to rest counts as if it had been busy to its end."""
    generator = OrderGenerator(0)
    records = [
        captured(number % 2, number // 2, START_MS + number * 50, generator.order(17).value)
        for number in range(600)
    ]
    events: list[CapturedRecord] = []
    alone = write_capture(tmp_path / "alone.ndjson", records)
    offline = Offline(APP, "orders", seconds=modelled(), factor=5.0)
    modelled_run = play(
        Capture(alone),
        offline,
        survey(Capture(alone), Only(), lambda *_: None),
        found=lambda _: None,
        take=lambda topic, record: events.append(CapturedRecord(topic, 0, record)),
        watch=lambda *_: None,
    )
    both = write_capture(tmp_path / "both.ndjson", [*records, *events])
    recorded = survey(Capture(both), Only(), lambda *_: None).recorded
    again, _ = played(both, Offline(APP, "orders", seconds=recorded.seconds))
    was, found = modelled_run.figures, again.figures
    assert was.lag_peak_records > 50
    assert found.records == was.records == 600
    assert found.lag_peak_records == pytest.approx(was.lag_peak_records, rel=0.3)
    assert was.drain_s is not None
    assert found.drain_s == pytest.approx(was.drain_s, abs=INTERVAL_S)


@pytest.fixture(scope="module")
def logs(incident: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of the same replay, in processes whose strings hash differently."""
    folder = tmp_path_factory.mktemp("logs")
    paths = [folder / f"{seed}.ndjson" for seed in ("1", "2")]
    command = [sys.executable, "-m", "stream_pool.cli.main", "replay", str(incident), "--offline", "-A", APP]
    running = [
        subprocess.Popen(
            [*command, "--workers", "2", "--out", str(path)],
            env=os.environ | {"PYTHONHASHSEED": path.stem},
            stdout=subprocess.DEVNULL,
        )
        for path in paths
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    return paths


def test_the_same_bytes_whatever_the_hash_seed(logs: list[Path]) -> None:
    """2.8: the same file, app, settings and build give the same log."""
    one, other = (path.read_bytes() for path in logs)
    assert one == other


def test_the_log_proves_itself(logs: list[Path]) -> None:
    """`verify` takes it, and finds every record counted once."""
    verdict = verify_file(logs[0], lambda *_: None).verdict
    assert isinstance(verdict, Verified)
    assert (verdict.account.counted, verdict.account.unobserved) == (ORDERS, 0)
