"""The alerts: judged by promtool, each tested to fire and to stay silent; their bars are the settings'."""

import shutil
import subprocess
from pathlib import Path

import pytest
from deployed import DEFAULTS, PROMETHEUS, alerts, bar, load, prometheus

TESTS = sorted((PROMETHEUS / "rules_test").glob("*.yml"))


@pytest.fixture
def promtool() -> str:
    """Prometheus's own judge of rules."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian's package `prometheus` has it)")
    return found


def ran(*command: str | Path) -> str:
    """What a program said, which must not have failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def minutes(duration: str) -> int:
    """`20m` → 20."""
    return int(duration.removesuffix("m"))


def test_promtool_accepts_the_configuration_and_the_rules(promtool: str) -> None:
    """`promtool check config` reads every rule file too, by the configuration's own patterns."""
    told = ran(promtool, "check", "config", "--lint=all", "--lint-fatal", PROMETHEUS / "prometheus.yml")
    files = sorted((PROMETHEUS / "rules").iterdir())
    assert f"{len(files)} rule files found" in told
    ran(promtool, "check", "rules", "--lint=all", "--lint-fatal", *files)


def test_the_rules_do_what_their_tests_say(promtool: str) -> None:
    """`promtool test rules` on every file beside them."""
    assert len(TESTS) >= 3
    told = ran(promtool, "test", "rules", *TESTS)
    assert told.count("SUCCESS") == len(TESTS)


def test_the_tests_of_rules_can_fail(promtool: str, tmp_path: Path) -> None:
    """With a bar that nothing reaches, they do."""
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    orders = tmp_path / "rules" / "orders.yml"
    orders.write_text(orders.read_text().replace("> 50000", "> 60000"))
    command = [promtool, "test", "rules", str(tmp_path / "rules_test" / "orders_test.yml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_an_alert_is_tested_to_fire_and_to_stay_silent(alert: str) -> None:
    """At least once each, at moments of a story."""
    moments = [
        moment
        for file in TESTS
        for story in load(file)["tests"]
        for moment in story.get("alert_rule_test", [])
        if moment["alertname"] == alert
    ]
    assert {bool(moment["exp_alerts"]) for moment in moments} == {True, False}


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_an_alert_says_what_and_how_bad_and_where_to_read_on(alert: str) -> None:
    """A severity of two, a summary without a full stop, a description with one, a section of the runbook."""
    rule = alerts()[alert]
    severity = rule["labels"]["severity"]
    assert severity in {"critical", "warning"} or "{{" in severity
    told = rule["annotations"]
    assert told.keys() == {"summary", "description", "runbook_url"}
    assert not told["summary"].endswith(".")
    assert told["description"].endswith(".")
    assert told["runbook_url"] == f"docs/runbook.md#{alert.lower()}"


BARS = [
    pytest.param(
        "StreamPoolLagRecords", DEFAULTS.detector_lag_threshold_records, id="1 lag, as the detector's"
    ),
    pytest.param(
        "StreamPoolLatencyP99", DEFAULTS.detector_latency_p99_limit_s, id="2 P99, as the detector's"
    ),
    pytest.param(
        "StreamPoolSnapshotOld", 3 * DEFAULTS.detector_snapshot_interval_s, id="3 three snapshots due"
    ),
]


@pytest.mark.parametrize(("alert", "expected"), BARS)
def test_a_bar_is_the_one_of_the_settings(alert: str, expected: float) -> None:
    """Prometheus and the detector do not contradict each other about the same figure."""
    assert bar(alert) == expected


def test_errors_are_told_before_the_budget_stops_the_worker() -> None:
    """Over the budget there would be no worker to tell of."""
    assert bar("StreamPoolErrorRatio") < DEFAULTS.dead_letter_budget_ratio


def test_ratios_are_not_judged_on_fewer_records_than_the_detector_does() -> None:
    """A rate of five minutes times its 300 s is a number of records."""
    for alert in ("StreamPoolErrorRatio", "StreamPoolLatencyP99"):
        assert f"rate5m * 300 >= {DEFAULTS.detector_error_min_records}" in alerts()[alert]["expr"]


def test_a_snapshot_is_not_missed_before_the_first_was_due_twice() -> None:
    """An owner that found none writes one after an interval."""
    missed_s = minutes(alerts()["StreamPoolSnapshotMissing"]["for"]) * 60
    assert missed_s >= 2 * DEFAULTS.detector_snapshot_interval_s


def test_a_log_is_not_called_unowned_while_it_is_handed_over() -> None:
    """Whoever died is missed after its session, and the next owner begins with the rebalance after that."""
    taken_over_s = (DEFAULTS.session_timeout_ms + DEFAULTS.rebalance_timeout_ms) / 1_000
    assert minutes(alerts()["StreamPoolLogUnowned"]["for"]) * 60 > taken_over_s


def test_every_observation_is_scraped() -> None:
    """Prometheus asks at least as often as a worker looks."""
    assert int(prometheus()["global"]["scrape_interval"].removesuffix("s")) <= DEFAULTS.interval_s
