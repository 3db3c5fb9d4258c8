"""Benches run in an environment of their own: what it may have otherwise than development."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
HELD_BACK = {"pydantic", "pydantic-core", "pydantic-settings"}
"""By Quix Streams."""


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", text, re.MULTILINE))


def test_what_is_measured_is_what_is_developed() -> None:
    """The same versions of everything that both have, but for what a peer holds back."""
    bench, development = _pins("bench"), _pins("development")
    assert {"aiokafka", "faust-streaming", "orjson"} <= bench.keys() & development.keys()
    assert {
        name for name in bench.keys() & development.keys() if bench[name] != development[name]
    } <= HELD_BACK


def test_peers_are_in_the_lock_of_benches_alone() -> None:
    """Development stays light."""
    peers = {"bytewax", "confluent-kafka", "quixstreams"}
    assert peers <= _pins("bench").keys()
    for name in ("development", "demo", "runtime", "build"):
        assert not peers & _pins(name).keys()
