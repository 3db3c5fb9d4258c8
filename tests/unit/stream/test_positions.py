"""Where a group begins to read: the numbered table of `positions.py`."""

import pytest
from fakes import ORDERS

from stream_pool.stream.errors import OffsetLost
from stream_pool.stream.positions import OnOffsetLost, Reset, go_on_at, starting_position


@pytest.mark.parametrize(
    ("committed", "earliest", "reset", "on_lost", "expected"),
    [
        pytest.param(None, 5, "earliest", "stop", 5, id="1-no-commit-earliest"),
        pytest.param(None, 5, "latest", "stop", 90, id="1-no-commit-latest"),
        pytest.param(5, 5, "latest", "stop", 5, id="3-at-the-earliest"),
        pytest.param(40, 5, "latest", "stop", 40, id="3-within"),
        pytest.param(90, 5, "latest", "stop", 90, id="3-at-the-end"),
        pytest.param(4, 5, "latest", "earliest", 5, id="4-lost-go-on-at-earliest"),
        pytest.param(4, 5, "earliest", "latest", 90, id="4-lost-go-on-at-the-end"),
    ],
)
def test_starting_position(
    committed: int | None, earliest: int, reset: Reset, on_lost: OnOffsetLost, expected: int
) -> None:
    """The offset to begin at."""
    assert starting_position(ORDERS, committed, earliest, 90, reset, on_lost) == expected


def test_lost_records_stop_the_worker() -> None:
    """The error says how many were deleted unread, and what to set to go on."""
    with pytest.raises(
        OffsetLost,
        match=r"orders-0: .* offset 4, .* from 9 on: 5 were deleted unread.*STREAM_POOL_ON_OFFSET_LOST",
    ):
        starting_position(ORDERS, 4, 9, 90, "earliest", "stop")


@pytest.mark.parametrize(("reset", "expected"), [("earliest", 5), ("latest", 5)])
def test_2_a_partition_that_came_later(reset: Reset, expected: int) -> None:
    """It is read from its beginning, wherever the group began."""
    assert starting_position(ORDERS, None, 5, 90, reset, "stop", came_later=True) == expected


@pytest.mark.parametrize(("on_lost", "expected"), [("earliest", 5), ("latest", 90)])
def test_5_a_topic_made_anew(on_lost: OnOffsetLost, expected: int) -> None:
    """An offset of another topic is none, though it lies among those that are kept."""
    assert starting_position(ORDERS, 40, 5, 90, "latest", on_lost, is_made_anew=True) == expected
    with pytest.raises(OffsetLost, match=r"orders-0: .* was deleted.*STREAM_POOL_ON_OFFSET_LOST"):
        starting_position(ORDERS, 40, 5, 90, "latest", "stop", is_made_anew=True)


@pytest.mark.parametrize(("on_lost", "expected"), [("earliest", 5), ("latest", 90)])
def test_6_a_topic_made_anew_whose_commits_are_forgotten(on_lost: OnOffsetLost, expected: int) -> None:
    """Not to be taken for a group that begins."""
    assert starting_position(ORDERS, None, 5, 90, "latest", on_lost, is_made_anew=True) == expected


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (4, "keeps records from 5 on: 1 were deleted unread"),
        (91, "the log ends at 90: it was cut, or made anew"),
        (40, "the broker did not have it: the log was cut, or made anew, and has grown since"),
    ],
)
def test_what_became_of_an_offset(offset: int, message: str) -> None:
    """The error says what is known, and no more."""
    with pytest.raises(OffsetLost, match=message):
        go_on_at(ORDERS, offset, (5, 90), "stop")
