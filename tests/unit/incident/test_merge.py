"""Records of several partitions in order of time, with a bounded part of each at hand."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.incident.merge import Merge


class At(NamedTuple):
    """A record."""

    partition: int
    offset: int
    timestamp: int


def merged(partitions: Sequence[Sequence[int]], block: int = 3) -> list[At]:
    """Records of these times as they come out, where each partition gives a block when it is hungry."""
    merge = Merge[int, At](range(len(partitions)))
    unread = [
        [At(p, offset, time) for offset, time in enumerate(times)] for p, times in enumerate(partitions)
    ]
    given: list[At] = []
    while not merge.is_done:
        for partition in merge.hungry():
            records, unread[partition] = unread[partition][:block], unread[partition][block:]
            if records:
                merge.add(partition, records)
            else:
                merge.end(partition)
        given += merge.take()
    return given


@pytest.mark.parametrize(
    ("partitions", "expected"),
    [
        pytest.param([[1, 2, 3]], "a1 a2 a3", id="1 one partition"),
        pytest.param([[1, 3, 5], [2, 4, 6]], "a1 b2 a3 b4 a5 b6", id="2 in turns"),
        pytest.param([[4, 5, 6, 7], [1, 2, 3]], "b1 b2 b3 a4 a5 a6 a7", id="3 one behind the other"),
        pytest.param([[1, 1], [1, 1]], "a1 a1 b1 b1", id="4 at the same time: by partition"),
        pytest.param([[], [1, 2]], "b1 b2", id="5 an empty partition"),
        pytest.param([], "", id="6 no partition"),
        pytest.param(
            [[1, 2, 3, 4, 5, 6, 7], [6]], "a1 a2 a3 a4 a5 a6 b6 a7", id="7 a long one and a short one"
        ),
        pytest.param(
            [[5, 1, 6], [2, 3, 4]], "a5 a1 b2 b3 b4 a6", id="8 dated back: what is before it goes, too"
        ),
        pytest.param(
            [[1, 99, 2, 3, 4, 5], [1, 2, 3, 4, 6]], "a1 b1 a99 a2 b2 a3 b3 a4 b4 a5 b6", id="9 dated ahead"
        ),
        pytest.param(
            [[1, 2, 99, 3, 4, 5], [1, 2, 3, 4, 6]],
            "a1 b1 a2 b2 b3 a99 a3 a4 b4 a5 b6",
            id="10 dated ahead, last of a block",
        ),
        pytest.param([[-1, -1], [5]], "a-1 a-1 b5", id="11 without times"),
    ],
)
def test_the_order(partitions: list[list[int]], expected: str) -> None:
    """a is the first partition, the number a time."""
    assert " ".join(f"{'ab'[each.partition]}{each.timestamp}" for each in merged(partitions)) == expected


def test_nothing_is_given_before_every_partition_was_heard() -> None:
    """And a partition that has enough is not asked for more."""
    merge = Merge[str, At]("ab")
    assert merge.hungry() == ["a", "b"]
    merge.add("a", [At(0, offset, offset) for offset in range(10)])
    assert merge.take() == ()
    assert merge.hungry() == ["b"]
    merge.add("b", [At(1, 0, 4)])
    assert [each.timestamp for each in merge.take()] == [0, 1, 2, 3, 4, 4]
    assert merge.take() == ()
    assert merge.hungry() == ["a", "b"], "a has less than half of a block left"
    merge.end("b")
    assert [each.timestamp for each in merge.take()] == [5, 6, 7, 8, 9]
    assert not merge.is_done
    merge.end("a")
    assert merge.is_done


times = st.lists(st.lists(st.integers(-1, 30), max_size=25), max_size=4)


@given(partitions=times, block=st.integers(1, 7))
def test_every_record_once_and_each_partition_in_its_order(partitions: list[list[int]], block: int) -> None:
    """Whatever the times are."""
    given_records = merged(partitions, block)
    assert sorted(given_records) == [
        At(partition, offset, time)
        for partition, times in enumerate(partitions)
        for offset, time in enumerate(times)
    ]
    for partition in range(len(partitions)):
        offsets = [each.offset for each in given_records if each.partition == partition]
        assert offsets == sorted(offsets)


@given(partitions=times, block=st.integers(1, 7))
def test_times_that_rise_come_out_in_order(partitions: list[list[int]], block: int) -> None:
    """Across all partitions, however long each is."""
    given_times = [each.timestamp for each in merged([sorted(times) for times in partitions], block)]
    assert given_times == sorted(given_times)
