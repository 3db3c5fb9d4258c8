"""Ids are the same whenever the same event is made again, and different otherwise."""

import pytest
from event_examples import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.events import Event, anomaly_id, event_id

EXPECTED = [
    "w1/i1/1-pool.sampled",
    "w1/i1/2-pool.resized",
    "w1/i1/3-signals.sampled",
    "w1/i1/4-lag.sampled",
    "w1/i1/5-offsets.committed",
    "w1/i1/6-gc.paused",
    "w1/i1/7-memory.sampled",
    "d1/i2/8-clock.ticked",
    "w1/i1/9-observations.lost",
    "d1/i2/10-detector.configured",
    "a" * 32 + "-opened",
    "a" * 32 + "-resolved",
    "w1/i1/0-worker.started",
]


@pytest.mark.parametrize(("example", "expected"), list(zip(EXAMPLES, EXPECTED, strict=True)), ids=EXPECTED)
def test_event_id_says_who_and_what(example: Event, expected: str) -> None:
    """An observation's id is writer, life, sequence, kind; an anomaly's is its own and what became of it."""
    assert event_id(example) == expected


def test_anomaly_id_is_fixed() -> None:
    """The hash is part of the log's format: it may never change within .v1."""
    assert anomaly_id("lag", "orders", "d1/i2/8-clock.ticked") == "ddf12378f902fb1da6e9a8f2aefa2a5f"


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_anomaly_ids_keep_their_parts_apart(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Two anomalies share an id only when rule, subject and cause are all the same."""
    assert (anomaly_id(*one) == anomaly_id(*other)) == (one == other)


def test_anomaly_id_does_not_run_parts_together() -> None:
    """Moving a letter from one part to the next makes another id."""
    assert anomaly_id("ab", "c", "d") != anomaly_id("a", "bc", "d")
