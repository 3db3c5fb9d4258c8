"""The reference incident, offline: found before a person did, provable, and the same to the byte.

All 47 minutes at a twentieth of the orders; in full it is `stream-pool bench offline`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.pages import Page, untraced

from stream_pool.cli.demo.offline import play_offline
from stream_pool.cli.render_reference import Outcome, to_json, to_text
from stream_pool.cli.verify import verify_file
from stream_pool.detection.verdict import Verified
from stream_pool.events import ClockTicked, read_record
from stream_pool.incident.log_file import read_log_file
from stream_pool.incident.reference import VICTIM, Story
from stream_pool.incident.reference_findings import EVENTS_TOPIC
from stream_pool.incident.report import story_of, to_html

pytestmark = pytest.mark.xdist_group("reference incident")  # it is played once for all of them

SCALE = 0.05

FIRST_MINUTES = """
import sys
from pathlib import Path
from stream_pool.cli.demo.offline import play_offline
from stream_pool.incident.reference import Story

play_offline(Story(0.02, until_s=760.0), out=Path(sys.argv[1]), seed=3, watch=lambda at_s, handled: None)
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The whole story, once."""
    out = tmp_path_factory.mktemp("reference") / "log.ndjson"
    return play_offline(Story(SCALE), out=out, seed=0, watch=lambda at_s, handled: None)


@pytest.mark.parametrize(
    ("rule", "severity", "ahead_s"),
    [
        pytest.param("lag", "P2", 180, id="1 lag"),
        pytest.param("error_ratio", "P2", 30, id="2 errors"),
        pytest.param("memory", "P1", 420, id="3 memory"),
    ],
)
def test_each_line_of_the_story_is_found_before_a_person_found_it(
    outcome: Outcome, rule: str, severity: str, ahead_s: float
) -> None:
    """By so many seconds at least."""
    (row,) = [row for row in outcome.rows if row.rule == rule]
    assert row.severity == severity
    assert row.ahead_s is not None
    assert row.ahead_s >= ahead_s


def test_latency_is_found_at_once(outcome: Outcome) -> None:
    """The story does not tell when a person saw it; the upgrade was at T-04:00."""
    (row,) = [row for row in outcome.rows if row.rule == "latency_p99"]
    assert row.found_s is not None
    assert row.found_s < -200


def test_the_killed_worker_is_back_in_the_log(outcome: Outcome) -> None:
    """Under its name, in another incarnation; its memory alarm is over then."""
    ends = [
        at_s
        for at_s, anomaly in outcome.findings.anomalies
        if (anomaly.rule, anomaly.subject) == ("memory", VICTIM)
    ]
    assert outcome.findings.back_s is not None
    assert len(ends) == 2
    assert ends[0] < outcome.findings.back_s < ends[1]


def test_another_worker_goes_on_with_the_log(outcome: Outcome) -> None:
    """The killed one owned it; whoever ticks after it began with a snapshot, and nothing is missing."""
    assert outcome.out is not None
    owners = dict.fromkeys(
        logged.event.worker
        for topic, record in read_log_file(outcome.out)
        if topic == EVENTS_TOPIC
        and isinstance(
            (logged := read_record(record.offset, 0, record.headers, record.value)).event, ClockTicked
        )
    )
    assert next(iter(owners)) == VICTIM
    assert len(owners) == 2


def test_the_figures_are_the_story_s(outcome: Outcome) -> None:
    """Lag, orders, latency, errors and memory, before and after."""
    assert [figure for figure in outcome.figures if not figure.close] == []
    assert outcome.complete


def test_the_log_file_proves_itself(outcome: Outcome) -> None:
    """Snapshots included, which stand between the events where they were written."""
    assert outcome.out is not None
    verdict = verify_file(outcome.out, lambda *_: None).verdict
    assert isinstance(verdict, Verified)
    assert verdict == outcome.verdict
    assert verdict.snapshots >= 5
    topics = [topic for topic, _ in read_log_file(outcome.out)]
    assert topics.index("order-processor-v3.snapshots") < len(topics) // 3


def test_a_report_tells_the_same(outcome: Outcome) -> None:
    """The same rows and figures; every number of the page has its origin in the log."""
    assert outcome.out is not None
    story = story_of(outcome.out, lambda done, total, number: None)
    assert story.reference is not None
    assert story.reference.scale == SCALE
    assert [row for row, _ in story.reference.rows] == outcome.rows
    handled = {figure.what: figure.run for figure in outcome.figures}
    for figure, cited in story.reference.figures:
        within = 0.01 if figure.what == "orders handled" else 0.0  # an interval round T+00:00 counts whole
        assert figure.run == pytest.approx(handled[figure.what], rel=within)
        assert cited.count > 0
    page = Page(to_html(story, "", "0.1.0")).root
    assert untraced(page) == []
    records = [record for topic, record in read_log_file(outcome.out) if topic == EVENTS_TOPIC]
    ids = [dict(record.headers)["ce_id"] for record in records]
    named = {
        place
        for node in page.all()
        for place in zip(json.loads(node.attributes.get("data-offset", "[]")), node.ids, strict=True)
    }
    assert len(named) > 100
    assert all(ids[offset] == id_.encode() for offset, id_ in named)


def test_a_person_and_a_program_read_the_same(outcome: Outcome) -> None:
    """The table has a line for each row; the object has them as numbers."""
    page, told = to_text(outcome), json.loads(json.dumps(to_json(outcome)))
    for row, line in zip(outcome.rows, told["rows"], strict=True):
        assert row.what in page
        assert line["found_s"] == row.found_s
    assert told["complete"] is True
    assert told["verify"]["verdict"] == "identical"


def test_the_same_story_gives_the_same_log_to_the_byte(tmp_path: Path) -> None:
    """In processes whose strings hash differently; past the kill and the restart."""
    logs = [tmp_path / f"{seed}.ndjson" for seed in ("1", "2")]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_MINUTES, str(log)], env=os.environ | {"PYTHONHASHSEED": log.stem}
        )
        for log in logs
    ]
    assert [process.wait() for process in processes] == [0, 0]
    first, second = (log.read_bytes() for log in logs)
    assert first == second
