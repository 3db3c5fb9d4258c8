"""When a worker lives and when it is ready, as a table."""

import dataclasses
import json
from typing import Any

import pytest

from stream_pool.telemetry.health import HealthFacts, HealthLimits, live, ready

LIMITS = HealthLimits(broker_silent_s=30, unassigned_s=30, paused_s=60)
WELL = HealthFacts(
    now_s=1_000.0,
    crashed=False,
    stopping=False,
    joined=True,
    broker_answered_at_s=999.0,
    paused_since_s=None,
)

CASES = [
    pytest.param({}, [], [], id="1 all well"),
    pytest.param({"crashed": True}, ["crashed"], ["crashed"], id="2 crashed"),
    pytest.param({"stopping": True}, [], ["stopping"], id="5 on its way out"),
    pytest.param({"joined": False}, [], ["not_assigned"], id="6 not in its group"),
    pytest.param({"unassigned_since_s": 970.0}, [], [], id="3 unassigned for as long as it may be"),
    pytest.param({"unassigned_since_s": 969.9}, [], ["not_assigned"], id="4 unassigned for too long"),
    pytest.param({"topics_away": ("orders",)}, [], ["topic_missing"], id="13 a topic is not there"),
    pytest.param({"broker_answered_at_s": None}, [], ["broker_silent"], id="7 no answer since the start"),
    pytest.param(
        {"broker_answered_at_s": 970.0}, [], [], id="8 the broker was silent for as long as it may be"
    ),
    pytest.param({"broker_answered_at_s": 969.9}, [], ["broker_silent"], id="9 the broker is away"),
    pytest.param({"paused_since_s": 940.0}, [], [], id="10 paused for as long as it may be"),
    pytest.param({"paused_since_s": 939.9}, [], ["paused"], id="11 handlers do not keep up"),
    pytest.param(
        {"crashed": True, "stopping": True, "joined": False, "broker_answered_at_s": 0.0},
        ["crashed"],
        ["crashed", "stopping", "not_assigned", "broker_silent"],
        id="12 every reason is named",
    ),
]


@pytest.mark.parametrize(("change", "against_live", "against_ready"), CASES)
def test_health(change: dict[str, Any], against_live: list[str], against_ready: list[str]) -> None:
    """A worker without its broker lives; one that is not alive is not ready."""
    facts = dataclasses.replace(WELL, **change)
    for health, slugs in ((live(facts), against_live), (ready(facts, LIMITS), against_ready)):
        assert [slug for slug, _ in health.reasons] == slugs
        assert health.healthy == (not slugs)
        assert health.http_status == (503 if slugs else 200)


def test_the_body_says_for_how_long() -> None:
    """A person who asks sees the reason and its measure, as JSON."""
    body = ready(dataclasses.replace(WELL, broker_answered_at_s=900.0), LIMITS).body()
    assert json.loads(json.dumps(body)) == {
        "status": "fail",
        "reasons": [{"reason": "broker_silent", "detail": "the broker last answered 100.0 s ago"}],
    }
    assert live(WELL).body() == {"status": "pass", "reasons": []}
