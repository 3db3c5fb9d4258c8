"""The rules as data: in full in the log, and back."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.detection import Rules
from stream_pool.events import DetectorConfigured, EventFormError, Scalar, decode, encode


def test_rules_are_carried_in_full() -> None:
    """Every field is in the mapping, defaults included."""
    assert list(Rules().to_mapping()) == [field.name for field in fields(Rules)]


@given(st.floats(0.01, 86_400), st.integers(0, 2**53), st.floats(0, 1))
def test_rules_survive_the_log(window_s: float, lag_limit_records: int, clear_ratio: float) -> None:
    """Written into an event and read from it, rules are the same to the last bit."""
    rules = Rules(window_s=window_s, lag_limit_records=lag_limit_records, clear_ratio=clear_ratio)
    message = encode(DetectorConfigured("d", "i", 1, 1, rules.to_mapping()), id="x", source="/s", time_ms=0)
    event = decode(message.headers, message.value)
    assert isinstance(event, DetectorConfigured)
    assert Rules.from_mapping(event.rules) == rules


def test_unknown_rules_are_ignored_and_missing_ones_default() -> None:
    """Rules are only added within a version of the fold."""
    assert Rules.from_mapping({"later": 1, "open_after": 5}) == Rules(open_after=5)


WRONG: list[tuple[str, dict[str, Scalar]]] = [
    ("01 no window", {"window_s": 0}),
    ("02 opens after none", {"open_after": 0}),
    ("03 resolves after none", {"resolve_after": 0}),
    ("04 a share over one", {"clear_ratio": 1.5}),
    ("05 a negative limit", {"lag_limit_records": -1}),
    ("06 a severity that is none", {"lag_severity": "P5"}),
    ("07 text for a number", {"memory_for_s": "300"}),
    ("08 too few commits to tell", {"status_windows": 2}),
]


@pytest.mark.parametrize("mapping", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_rules_are_named(mapping: dict[str, Scalar]) -> None:
    """A rule out of bounds is an error that names it."""
    with pytest.raises(EventFormError, match=rf"^{next(iter(mapping))}: "):
        Rules.from_mapping(mapping)
