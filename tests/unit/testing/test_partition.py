"""A partition of the in-memory log: offsets with and without gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.testing.partition import Partition
from stream_pool.testing.records import stored


def kept(number: int):  # a record that can be told by its value
    return stored(b"%d" % number, timestamp=0)


def read(partition: Partition, offset: int, most: int = 100) -> list[tuple[int, bytes | None]]:
    return [(at, record.value) for at, record in partition.read(offset, most)]


def test_an_empty_partition_begins_where_it_is_told() -> None:
    """Once; and nothing is there yet."""
    partition = Partition()
    partition.begin(40)
    assert (partition.base, partition.end, read(partition, 40)) == (40, 40, [])
    partition.append(kept(0))
    assert read(partition, 40) == [(40, b"0")]
    with pytest.raises(ValueError, match="has begun"):
        partition.begin(50)


def test_a_gap_is_read_over() -> None:
    """From before it, from inside it, and from behind it; also where all before it was deleted."""
    partition = Partition()
    partition.extend([kept(0), kept(1)])
    partition.skip(1_000_000_000)
    partition.append(kept(2))
    assert read(partition, 1) == [(1, b"1"), (1_000_000_000, b"2")]
    assert read(partition, 5) == [(1_000_000_000, b"2")]
    assert read(partition, 0, 2) == [(0, b"0"), (1, b"1")]
    partition.trim(2)
    assert (partition.base, partition.end) == (2, 1_000_000_001)
    assert read(partition, 2) == [(1_000_000_000, b"2")]
    with pytest.raises(ValueError, match="not free"):
        partition.skip(7)


def test_a_gap_at_the_beginning_keeps_the_beginning() -> None:
    """Who has no position yet begins at the beginning, and gets over it."""
    partition = Partition()
    partition.begin(3)
    partition.skip(7)
    partition.append(kept(0))
    assert partition.base == 3
    assert read(partition, 3) == [(7, b"0")]


@given(
    deeds=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 3)),
            st.tuples(st.just("skip"), st.integers(0, 4)),
            st.tuples(st.just("trim"), st.integers(0, 30)),
        ),
        max_size=30,
    ),
    begin=st.integers(0, 5),
)
def test_it_holds_what_a_dict_of_offsets_would(deeds: list[tuple[str, int]], begin: int) -> None:
    """After any appends, gaps and trims, read from any offset."""
    partition, model = Partition(), {}
    partition.begin(begin)
    base = end = begin
    for number, (deed, size) in enumerate(deeds):
        if deed == "append":
            for _ in range(size):
                partition.append(kept(number))
                model[end] = b"%d" % number
                end += 1
        elif deed == "skip":
            partition.skip(end + size)
            end += size
        else:
            partition.trim(size)
            base = max(base, min(size, end))
            model = {at: value for at, value in model.items() if at >= size}
    assert (partition.base, partition.end) == (base, end)
    for offset in range(base, end + 1):
        assert read(partition, offset, 3) == [(at, model[at]) for at in sorted(model) if at >= offset][:3]
