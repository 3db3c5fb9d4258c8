"""The dead-letter budget."""

import pytest

from stream_pool.stream.budget import DeadLetterBudget


@pytest.mark.parametrize(
    ("records", "dead_letters", "within"),
    [
        pytest.param(99, 99, True, id="1-too-few-records-to-judge"),
        pytest.param(100, 5, True, id="2-exactly-the-ratio"),
        pytest.param(100, 6, False, id="3-over-the-ratio"),
        pytest.param(1_000, 50, True, id="4-more-records"),
        pytest.param(1_000, 51, False, id="5-more-records-over"),
        pytest.param(0, 0, True, id="6-nothing"),
    ],
)
def test_spend(records: int, dead_letters: int, within: bool) -> None:
    """From `min_records` on, more than `ratio` of the window exceeds the budget."""
    assert DeadLetterBudget().spend(0.0, records, dead_letters) is within


def test_the_window_slides() -> None:
    """What is older than the window no longer counts."""
    budget = DeadLetterBudget(window_s=60)
    assert not budget.spend(0.0, 100, 10)
    assert not budget.spend(59.0, 1, 0)
    assert budget.spend(61.0, 100, 0)
    assert (budget.records, budget.dead_letters) == (101, 0)


def test_a_ratio_of_one_is_never_exceeded() -> None:
    """That is how the budget is switched off."""
    assert DeadLetterBudget(ratio=1.0).spend(0.0, 1_000, 1_000)


def test_it_holds_one_slice_a_sixtieth() -> None:
    """However often it is charged, its memory is bounded."""
    budget = DeadLetterBudget()
    for tick in range(100_000):
        budget.spend(tick / 100, 1, 0)
    assert len(budget._slices) <= 61
