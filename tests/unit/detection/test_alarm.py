"""DESIGN 2.9: the hysteresis of a rule, level by level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.detection.alarm import Alarm, Level, Step
from stream_pool.events import AnomalyOpened

ANOMALY = AnomalyOpened("id", "lag", "orders", "P2", 1.0, None, None, {}, "unknown", 0, "cause")
LEVELS = {"B": Level.BREACH, "-": Level.BETWEEN, "C": Level.CLEAR, "G": Level.GONE}
STEPS = {Step.NONE: ".", Step.OPEN: "O", Step.RESOLVE: "R"}


def run(levels: str, open_after: int, resolve_after: int) -> str:
    """The steps of an alarm over some levels, one letter each."""
    alarm, steps = Alarm(), ""
    for level in levels:
        step = alarm.step(LEVELS[level], open_after, resolve_after)
        alarm.opened = {Step.OPEN: ANOMALY, Step.RESOLVE: None}.get(step, alarm.opened)
        steps += STEPS[step]
    return steps


CASES = [
    ("01 opens at the second breach in a row", "BB", 2, 3, ".O"),
    ("02 anything between breaches starts anew", "B-BCBGBB", 2, 3, ".......O"),
    ("03 opens once", "BBBBB", 2, 3, ".O..."),
    ("04 resolves at the third clear in a row", "BBCCC", 2, 3, ".O..R"),
    ("05 anything between clears starts anew", "BBCC-CCBCCC", 2, 3, ".O........R"),
    ("06 what is gone resolves at once", "BBG", 2, 3, ".OR"),
    ("07 breaches before a resolution do not count after it", "BBBBCCCBB", 2, 3, ".O....R.O"),
    ("08 one window each", "BCBC", 1, 1, "OROR"),
]


@pytest.mark.parametrize(
    ("levels", "open_after", "resolve_after", "steps"),
    [row[1:] for row in CASES],
    ids=[row[0] for row in CASES],
)
def test_alarm(levels: str, open_after: int, resolve_after: int, steps: str) -> None:
    """B breach, - between, C clear, G gone; O opens, R resolves."""
    assert run(levels, open_after, resolve_after) == steps


@given(st.text("B-CG"), st.integers(1, 4), st.integers(1, 4))
def test_openings_and_resolutions_alternate(levels: str, open_after: int, resolve_after: int) -> None:
    """An alarm opens, resolves, opens …, each after as many windows as asked for."""
    steps = run(levels, open_after, resolve_after)
    changes = steps.replace(".", "")
    assert changes == ("OR" * len(changes))[: len(changes)]
    for index, step in enumerate(steps):
        if step == "O":
            assert levels[: index + 1].endswith("B" * open_after)
        if step == "R":
            assert levels[index] == "G" or levels[: index + 1].endswith("C" * resolve_after)
