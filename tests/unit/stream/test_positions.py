"""Where a group begins to read: the numbered table of `positions.py`."""

import pytest
from fakes import ORDERS

from stream_pool.stream.errors import OffsetLost
from stream_pool.stream.positions import OnOffsetLost, Reset, starting_position


@pytest.mark.parametrize(
    ("committed", "earliest", "reset", "on_lost", "expected"),
    [
        pytest.param(None, 5, "earliest", "stop", 5, id="1-no-commit-earliest"),
        pytest.param(None, 5, "latest", "stop", 90, id="1-no-commit-latest"),
        pytest.param(5, 5, "latest", "stop", 5, id="2-at-the-earliest"),
        pytest.param(40, 5, "latest", "stop", 40, id="2-within"),
        pytest.param(90, 5, "latest", "stop", 90, id="2-at-the-end"),
        pytest.param(4, 5, "latest", "earliest", 5, id="3-lost-go-on-at-earliest"),
        pytest.param(4, 5, "earliest", "latest", 90, id="3-lost-go-on-at-the-end"),
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
