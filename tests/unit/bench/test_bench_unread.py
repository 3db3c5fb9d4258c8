"""The account of what is acknowledged and handled, on times of the test's own."""

import pytest

from stream_pool.bench.ledger import Place
from stream_pool.bench.unread import Unread

FIRST, SECOND, OTHER = (0, 0), (0, 1), (1, 0)


def test_a_record_is_unread_from_its_acknowledgement_to_its_handling() -> None:
    """The longest such time counts, and what waits still is lost if nobody comes."""
    unread = Unread()
    for place, at_s in ((FIRST, 1.0), (SECOND, 2.0), (OTHER, 3.0)):
        unread.acknowledge(place, at_s - 0.5, at_s)
    unread.handle(FIRST, 1.5)
    unread.handle(OTHER, 7.0)
    assert (unread.acknowledged, unread.longest_s, unread.lost) == (3, 4.0, 1)
    unread.handle(SECOND, 12.0)
    assert (unread.longest_s, unread.lost) == (10.0, 0)


def test_a_record_that_was_handled_before_its_acknowledgement_was_seen_is_not_lost() -> None:
    """Two files are not looked at in one moment."""
    unread = Unread()
    unread.handle(FIRST, 1.0)
    unread.acknowledge(FIRST, 0.5, 1.1)
    assert (unread.lost, unread.repeated) == (0, 0)


def test_a_record_in_two_ledgers_is_repeated_once() -> None:
    """Twice or three times: it is one record."""
    unread = Unread()
    for at_s in (1.0, 2.0, 3.0):
        unread.handle(FIRST, at_s)
    unread.handle(OTHER, 1.0)
    assert unread.repeated == 1


@pytest.mark.parametrize(
    ("sent", "handled", "written_s", "read_s"),
    [
        pytest.param([], [], None, None, id="1 nothing yet"),
        pytest.param([(FIRST, 9.9, 11), (OTHER, 10, 12)], [], None, None, id="2 sent before the mark"),
        pytest.param([(FIRST, 10, 11), (OTHER, 10, 12)], [(OTHER, 13)], 2, None, id="3 one is not handled"),
        pytest.param(
            [(FIRST, 10, 11), (OTHER, 10, 12)],
            [(OTHER, 13), (FIRST, 15)],
            2,
            5,
            id="4 the last counts",
        ),
        pytest.param(
            [(FIRST, 10, 11), (SECOND, 10, 19), (OTHER, 10, 12)],
            [(FIRST, 13), (OTHER, 13), (SECOND, 20)],
            *(2, 3),
            id="5 the first of each partition counts",
        ),
    ],
)
def test_a_partition_is_back_with_the_first_record_that_was_sent_after_the_mark(
    sent: list[tuple[Place, float, float]],
    handled: list[tuple[Place, float]],
    written_s: float | None,
    read_s: float | None,
) -> None:
    """Acknowledged, it is written again; handled, it is read again; all of two partitions are asked for."""
    unread = Unread()
    unread.mark(10)
    for place, sent_s, at_s in sent:
        unread.acknowledge(place, sent_s, at_s)
    for place, at_s in handled:
        unread.handle(place, at_s)
    assert (unread.written_s(2), unread.read_s(2)) == (written_s, read_s)


def test_a_second_mark_begins_anew() -> None:
    """What came back after the first says nothing of the second."""
    unread = Unread()
    unread.mark(10)
    unread.acknowledge(FIRST, 10, 11)
    unread.handle(FIRST, 12)
    assert unread.read_s(1) == 2
    unread.mark(20)
    assert unread.read_s(1) is None
