"""What was deployed, as the lives of workers tell it."""

import pytest
from report_logs import START_MS, Log

from stream_pool.events import WorkerStarted
from stream_pool.incident.report import Collector
from stream_pool.incident.report.attendance import MAX_LIVES
from stream_pool.incident.report.sections import sections

OLD = {"service_version": "2.0", "git_commit": "abc"}
NEW = {"service_version": "2.1", "git_commit": "def"}


def started(
    log: Log, at_s: float, worker: str, life: str, labels: dict[str, str], version: str = "1.0"
) -> None:
    """A worker begins a life, and has something to say a moment later."""
    log.add(WorkerStarted(worker, life, log.next(), version, dict(labels)), at_s)
    log.commits(at_s + 1, worker, life, 0)


def told(log: Log) -> tuple[list[str], list[list[str]]]:
    """The section's text, and what its rows say without their times."""
    section = next(each for each in sections(log.story()) if each.key == "changes")
    rows = [] if not section.tables else [[cell.text for cell in row[1:]] for row in section.tables[0].rows]
    return [cell.text for cell in section.text], rows


CASES = [
    pytest.param(
        NEW,
        "1.0",
        "service_version 2.0, git_commit abc",
        "service_version 2.1, git_commit def",
        id="1 another version",
    ),
    pytest.param(
        OLD | {"canary_flag": "true"}, "1.0", "canary_flag not set", "canary_flag true", id="2 a canary"
    ),
    pytest.param(
        {"git_commit": "abc"}, "1.0", "service_version 2.0", "service_version not set", id="3 a label less"
    ),
    pytest.param(OLD, "1.1", "stream-pool 1.0", "stream-pool 1.1", id="4 of ours"),
]


@pytest.mark.parametrize(("after", "version", "was", "now"), CASES)
def test_a_deploy_names_what_differs(after: dict[str, str], version: str, was: str, now: str) -> None:
    """From the life before it, of the same worker."""
    log = Log()
    started(log, 0, "w1", "1", OLD)
    started(log, 100, "w1", "2", after, version)
    text, rows = told(log)
    assert text == []
    assert rows == [["deploy: w1 begins life 2", was, now]]


def test_a_restart_is_no_deploy() -> None:
    """The build is the same, and is said to be."""
    log = Log()
    started(log, 0, "w1", "1", OLD)
    started(log, 100, "w1", "2", OLD)
    assert told(log) == ([], [["w1 begins life 2, of the same build", "", ""]])


def test_a_worker_of_a_new_name_is_held_against_the_one_that_began_last() -> None:
    """Pods have new names."""
    log = Log()
    started(log, 0, "pod-a", "1", OLD)
    started(log, 100, "pod-b", "1", NEW)
    started(log, 200, "pod-c", "1", NEW)
    assert [row[0] for row in told(log)[1]] == [
        "deploy: pod-b begins life 1",
        "pod-c begins life 1, of the same build",
    ]


def test_a_deploy_in_the_first_minute_is_told() -> None:
    """Both builds are known, and differ. Workers that only begin with the log are no change."""
    log = Log()
    started(log, 0, "w1", "1", OLD)
    started(log, 1, "w2", "1", OLD)
    started(log, 20, "w1", "2", NEW)
    started(log, 30, "w2", "2", NEW)
    assert [row[0] for row in told(log)[1]] == ["deploy: w1 begins life 2", "deploy: w2 begins life 2"]


def test_a_life_of_the_first_minute_without_a_word_is_told_if_its_worker_had_one_before() -> None:
    """Others may have been there before the log."""
    log = Log()
    log.commits(0, "w1", "1", 0)
    log.commits(1, "w2", "1", 1)
    log.commits(20, "w1", "2", 0)
    assert [row[0] for row in told(log)[1]] == ["w1 begins life 2"]


def test_workers_of_two_builds_that_were_there_before_the_story_are_no_deploy() -> None:
    """A canary of long ago; and a new worker is held against the one that began last, not the one that is
    seen last."""
    log = Log(Collector(from_ms=START_MS + 1_000_000))
    started(log, 0, "w1", "1", OLD)
    started(log, 10, "w2", "1", NEW)
    log.commits(1_000, "w2", "1", 0)
    log.commits(1_001, "w1", "1", 1)
    started(log, 1_100, "w3", "1", NEW)
    assert [row[0] for row in told(log)[1]] == ["w3 begins life 1, of the same build"]


def test_a_deploy_is_held_against_what_ran_before_the_story_begins() -> None:
    """Of a capture that begins at a time: the worker said what it is when it started, long ago."""
    log = Log(Collector(from_ms=START_MS + 1_000_000))
    started(log, 0, "w1", "1", OLD)
    log.commits(1_000, "w1", "1", 0)
    started(log, 1_100, "w1", "2", NEW)
    assert told(log) == (
        [],
        [
            [
                "deploy: w1 begins life 2",
                "service_version 2.0, git_commit abc",
                "service_version 2.1, git_commit def",
            ]
        ],
    )
    build = log.story().members.lives[0].build
    assert build is not None
    assert (build.ref.offset, build.ref.id) == (log.logged[0].offset, log.logged[0].id)


def test_of_lives_before_the_story_begins_the_latest_are_remembered() -> None:
    """However often a worker began anew."""
    log = Log(Collector(from_ms=START_MS + 1_000_000))
    started(log, 0, "w0", "1", OLD)
    for life in range(MAX_LIVES):
        started(log, 10 + life, "w1", str(life), OLD)
    log.commits(1_000, "w0", "1", 0)
    log.commits(1_001, "w1", str(MAX_LIVES - 1), 1)
    assert len(log.collector.attendance.builds) < MAX_LIVES
    assert [life.build is not None for life in log.story().members.lives] == [False, True]


def test_lives_without_a_word_are_only_lives() -> None:
    """Logs of earlier versions do not say."""
    log = Log()
    log.commits(0, "w1", "1", 0)
    log.commits(100, "w1", "2", 0)
    text, rows = told(log)
    assert text == ["The log does not say what was deployed: a deploy shows as new lives of workers."]
    assert rows == [["w1 begins life 2", "", ""]]


def test_labels_that_nobody_set_are_asked_for() -> None:
    """By the variables that set them."""
    log = Log()
    started(log, 0, "w1", "1", {"service_name": "orders"})
    (asked,), _ = told(log)
    assert "STREAM_POOL_SERVICE_VERSION" in asked
