"""The verdict and the tables, cell by cell."""

from dataclasses import replace
from pathlib import Path

import pytest
from report_logs import RULES, Log, incident

from stream_pool.events import Severity
from stream_pool.incident.report import Story, headline, sections
from stream_pool.incident.report.lanes import anomaly_lanes
from stream_pool.incident.report.measures import measure_of
from stream_pool.incident.report.parts import Section, Table
from stream_pool.incident.report.sections import caption, charts_of


def texts(table: Table) -> list[list[str]]:
    return [[f"{cell.text} | {cell.more}" if cell.more else cell.text for cell in row] for row in table.rows]


def section(story: Story, key: str) -> Section:
    return next(each for each in sections(story) if each.key == key)


def test_the_verdict_is_one_sentence() -> None:
    """What, from when to when, how far behind, what failed; then who saw it, and how long after."""
    told = headline(incident().story())
    assert told.text == (
        "g fell behind from 23:51:19 to 23:54:00 (3 min): at most 1,200 records behind, 48 of 480 failed, "
        "none dead-lettered."
    )
    assert "".join(cell.text for cell in told.detector) == (
        "The detector spoke first at 23:51:19: P2 lag on orders, "
        "15 s after the limit of 50 records was passed."
    )


def test_times_of_another_day_than_the_first_name_it() -> None:
    """In the verdict, in every table, in the captions of charts and in what bars say."""
    day_s = 86_400.0
    log = Log()
    log.rules(0)
    log.commits(1, "w1", "1", 0)
    log.lag(2, 3)
    opened = log.opened(2 * day_s)
    log.lag(2 * day_s, 60)
    log.commits(2 * day_s, "w2", "1", 0)
    log.rules(2 * day_s, replace(RULES, lag_limit_records=70))
    log.resolved(3 * day_s + 50, opened)
    story = log.story()
    told = headline(story)
    assert "from 2026-01-02 23:50:00 to 2026-01-03 23:50:50 (24 h 1 min)" in told.text
    assert "first at 2026-01-02 23:50:00" in "".join(cell.text for cell in told.detector)
    anomaly, crossing, change = (
        texts(section(story, key).tables[0])[-1] for key in ("timeline", "detection", "changes")
    )
    assert anomaly[2] == "2026-01-02 23:50:00 | to 2026-01-03 23:50:50, 24 h 1 min"
    assert crossing[2].startswith("2026-01-02 23:50:00")
    assert crossing[3].startswith("2026-01-02 23:50:00")
    assert change[0] == "2026-01-02 23:50:00"
    lives, moves = section(story, "workers").tables
    assert texts(lives)[-1][2] == texts(moves)[-1][0] == "2026-01-02 23:50:00"
    (lag,) = [each for each in sections(story) if each.key == "lag"]
    assert lag.group is not None
    assert "at 2026-01-02 23:50:00" in caption(story, charts_of(story, lag.group)[0]).text
    drawn = anomaly_lanes(story)
    assert "2026-01-02 23:50:00 to 2026-01-03 23:50:50" in drawn
    assert ">2026-01-03<" in drawn


def test_of_a_quiet_log_it_is_said_that_it_was() -> None:
    """With what was measured all the same."""
    log = Log()
    log.tick(0)
    log.signals(5, 0, 30)
    log.lag(6, 3)
    log.tick(10)
    assert headline(log.story()).text == (
        "Nothing was found wrong with g from 2025-12-31 23:50:00 to 23:50:10: at most 3 records behind, "
        "0 of 30 failed, none dead-lettered."
    )


def test_a_detector_that_was_ahead_of_the_limit_is_told_so() -> None:
    """Rules that judge by another band can be."""
    log = Log()
    log.rules(0)
    log.opened(100, "lag_forecast", low=0.0, high=20.0, value=30.0, diagnosis="consumers slower")
    log.lag(300, 60)
    told = "".join(cell.text for cell in headline(log.story()).detector)
    assert told == (
        "The detector spoke first at 23:51:40: P2 lag_forecast on orders, consumers slower, 3 min before the "
        "limit of 50 records was passed."
    )
    (row,) = texts(section(log.story(), "detection").tables[0])
    assert row[-1] == "3 min before"


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        pytest.param(("lag",), "fell behind", id="1 one"),
        pytest.param(("lag", "error_ratio"), "fell behind and failed orders", id="2 two"),
        pytest.param(("lag", "lag", "memory"), "fell behind and ran short of memory", id="3 each once"),
        pytest.param(("partition_stop",), "stopped", id="4 a status"),
        pytest.param(("moon",), "broke the rule moon", id="5 a later version's"),
        pytest.param(
            ("lag", "latency_p99", "error_ratio", "memory", "partition_stall"),
            "fell behind, slowed down, failed orders and ran short of memory",
            id="6 four at most",
        ),
    ],
)
def test_what_happened_is_said_by_the_rules(rules: tuple[str, ...], says: str) -> None:
    """In the order in which they opened."""
    log = Log()
    for place, rule in enumerate(rules):
        log.opened(place, rule, f"s{place}")
    assert headline(log.story()).text.startswith(f"g {says} from 23:50:00 to the end of the log")


@pytest.mark.parametrize(
    ("severities", "tables"),
    [
        pytest.param(("P1", "P2"), [2], id="1 the grave stand open"),
        pytest.param(("P2", "P3", "P4"), [1, 2], id="2 the others are folded up"),
        pytest.param(("P3",), [1], id="3 unless there is nothing else"),
    ],
)
def test_the_grave_anomalies_stand_first(severities: tuple[Severity, ...], tables: list[int]) -> None:
    """P1 and P2."""
    log = Log()
    for place, severity in enumerate(severities):
        log.opened(place, "memory", f"w{place}", severity)
    found = section(log.story(), "timeline").tables
    assert [len(table.rows) for table in found] == tables
    assert [bool(table.summary) for table in found] == [place > 0 for place in range(len(tables))]


def test_partitions_of_one_topic_that_were_concluded_at_once_are_one_row() -> None:
    """With their values, and when the first and the last of them ended; they are in the log one by one."""
    log = Log()
    openings = [
        log.opened(at_s, "partition_stop", f"orders/{each}", "P1", value=100.0 + each, high=None)
        for at_s, each in ((5, 2), (5.001, 10), (5.002, 1))
    ]
    log.resolved(65, openings[0])
    log.resolved(185, openings[1])
    ((*row, _),) = texts(section(log.story(), "timeline").tables[0])
    assert row == [
        "P1",
        "partition_stop | orders/1, 2, 10",
        "23:50:05 | to 23:51:05 and 23:53:05; 1 still open",
        "101 records to 110 records",
        "unknown",
    ]


@pytest.mark.parametrize("subject", ["orders", "orders/²", "a/b"])
def test_two_anomalies_of_one_subject_that_is_no_partition_are_one_row(subject: str) -> None:
    """No fold writes such a log, but a report takes it as it is."""
    log = Log()
    log.opened(5, subject=subject)
    log.opened(6, subject=subject)
    ((_, rule, *_),) = texts(section(log.story(), "timeline").tables[0])
    assert rule == f"lag | {subject}"
    assert subject in anomaly_lanes(log.story())


@pytest.mark.parametrize(
    ("rule", "measure"),
    [
        ("lag", "lag_records"),
        ("lag_forecast", "lag_records"),
        ("latency_p99", "latency_p99"),
        ("error_ratio", "error_ratio"),
        ("memory", "memory_bytes"),
        ("partition_stop", None),
        ("moon", None),
    ],
)
def test_a_rule_is_about_the_measure_that_its_name_begins_with(rule: str, measure: str | None) -> None:
    """Those of later versions find their charts so."""
    found = measure_of(rule)
    assert (None if found is None else found.key) == measure


def test_a_limit_that_nobody_saw_passed_is_told() -> None:
    """The detector was not there, or not patient enough."""
    log = Log()
    log.rules(0)
    log.lag(5, 60)
    (row,) = texts(section(log.story(), "detection").tables[0])
    assert row == ["records behind | orders", "50 records", "23:50:05 | with 60 records", "never", ""]


def test_that_the_rules_are_not_in_the_log_is_told() -> None:
    """Without them no limit can be drawn, and nothing be held against one."""
    log = Log()
    log.lag(5, 60)
    assert "older than its first event" in section(log.story(), "detection").text[0].text


def test_what_changed_is_told_in_the_order_of_time() -> None:
    """Rules, layouts, lives; the rules in full at the end."""
    log = incident()
    log.rules(241, replace(RULES, lag_limit_records=70))
    changed, rules = section(log.story(), "changes").tables
    assert [row[1:] for row in texts(changed)] == [
        ["judged by fold version 2 from here on", "", ""],
        ["layouts in the pool | w1", "20 shapes", "38 shapes"],
        ["w2 begins life 2", "", ""],
        ["rule lag_limit_records", "50", "70"],
    ]
    assert ["lag_limit_records", "70"] in texts(rules)


def test_damage_is_told_with_the_log() -> None:
    """The report is of what stood before it."""
    story = incident().collector.story("log", "g", "line 7: cut off in the middle")
    assert ["damage", "line 7: cut off in the middle"] in texts(section(story, "log").tables[0])


def test_the_page_of_the_docs_names_what_there_is() -> None:
    """Every section."""
    page = (Path(__file__).parents[3] / "docs/report.md").read_text()
    for each in sections(incident().story()):
        assert each.title in page
