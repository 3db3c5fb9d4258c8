"""Which faults a soak has."""

from collections import Counter

import pytest

from stream_pool.bench.soak.plan import Fault, Kind, Pace, plan_faults

HOUR = Pace(3_600, 30)
SHORT = Pace(7 * 9, 9)

PACES = [
    pytest.param(HOUR, (210, 600, 210, True, 10_000, 10), id="1 an hour"),
    pytest.param(Pace(2_280, 30), (210, 380, 210, True, 10_000, 10), id="2 eight rounds after a sixth"),
    pytest.param(Pace(2_000, 30), (210, 2_000 / 6, 2_000 * 5 / 48, False, 10_000, 10), id="3 too short"),
    pytest.param(SHORT, (63, 10.5, 52.5 / 8, False, 6_000, 1), id="4 a minute, hurried"),
]


@pytest.mark.parametrize(("pace", "expected"), PACES)
def test_pace(pace: Pace, expected: tuple[float, ...]) -> None:
    """A round, the warm-up, what memory is averaged over, whether it is judged; and the workers' settings."""
    follows = (pace.round_s, pace.warm_up_s, pace.block_s, pace.is_judged)
    assert (*follows, pace.session_timeout_ms, pace.interval_s) == pytest.approx(expected)


def test_a_fault_is_due_every_30_s_and_the_last_has_as_long_to_pass() -> None:
    """An hour has 120 of them."""
    assert [fault.at_s for fault in plan_faults(HOUR, seed=1)] == [30 * number for number in range(120)]


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_once_a_round(seed: int) -> None:
    """Also in the one round of a short soak."""
    kinds = [fault.kind for fault in plan_faults(HOUR, seed)]
    rounds = [kinds[start : start + len(Kind)] for start in range(0, len(kinds), len(Kind))]
    assert all(set(each) == set(Kind) for each in rounds[:-1])
    assert max(Counter(rounds[-1]).values()) == 1
    assert {fault.kind for fault in plan_faults(SHORT, seed)} == set(Kind)
    assert len(plan_faults(SHORT, seed)) == len(Kind)


def test_rounds_differ_in_their_order() -> None:
    """No kind always follows the same other."""
    kinds = [fault.kind for fault in plan_faults(HOUR, seed=1)]
    assert len({tuple(kinds[start : start + len(Kind)]) for start in range(0, 112, len(Kind))}) > 10


def test_a_plan_follows_from_its_seed() -> None:
    """A soak that has found something can be run again."""
    assert plan_faults(HOUR, seed=1) == plan_faults(HOUR, seed=1) != plan_faults(HOUR, seed=2)


def test_each_victim_is_met_and_nobody_else() -> None:
    """Who is spared is not among those that a fault picks from."""
    victims = ("worker 2", "worker 3")
    picked = Counter(fault.pick(victims) for fault in plan_faults(HOUR, seed=1))
    assert set(picked) == set(victims)
    assert min(picked.values()) > 30


def test_a_chance_at_its_ends_still_picks() -> None:
    """`random` gives [0, 1)."""
    names = ("a", "b", "c")
    assert Fault(0, Kind.KILL_WORKER, 0.0).pick(names) == "a"
    assert Fault(0, Kind.KILL_WORKER, 1 - 2**-53).pick(names) == "c"
