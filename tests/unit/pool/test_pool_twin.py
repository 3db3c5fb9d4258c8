"""The Python twin's own tables, looked into: what is shared, remembered and left alone."""

from math import isnan

from hypothesis.stateful import invariant, run_state_machine_as_test
from pool_machine import PoolMachine

from stream_pool.documents.decoder import Decoder
from stream_pool.pool._doorkeeper import GENERATION, Doorkeeper
from stream_pool.pool.pool import Pool


def test_shapes_in_use_outlast_those_that_are_not() -> None:
    """A second-chance queue: what was used since its last turn stays."""
    decoder = Decoder(pool=Pool(256))
    shared = [decoder.decode(b'{"x":1,"y":2}')._shape for _ in range(3)][-1]
    for n in range(500):
        for _ in range(2):
            decoder.decode(b'{"x":1,"y":2}')
            decoder.decode(b'{"a":1,"b%d":2}' % n)
    assert decoder.decode(b'{"x":3,"y":4}')._shape is shared


def test_the_doorkeeper_remembers_a_generation_and_no_more_than_two() -> None:
    """Whoever comes again within 4,096 others is known, across generations too; later comers are new."""
    door = Doorkeeper()
    for fingerprint in range(GENERATION + 1):
        assert not door.seen_before(fingerprint)
    assert door.seen_before(1)
    for fingerprint in range(-3 * GENERATION, 0):
        assert not door.seen_before(fingerprint)
    assert not door.seen_before(2)
    assert len(door._younger) + len(door._older) <= 2 * GENERATION


def test_the_doorkeeper_takes_back_a_try() -> None:
    """First sightings since the mark, across generations; where they were too many, all that it knows."""
    door = Doorkeeper()
    door.seen_before(1)
    door.mark()
    assert [door.seen_before(fingerprint) for fingerprint in (1, 2, *range(10, GENERATION + 5))][:3] == [
        True,
        False,
        False,
    ]
    door.take_back()
    assert [door.seen_before(fingerprint) for fingerprint in (1, 2, 10)] == [True, False, False], (
        "1 these alone"
    )
    door.mark()
    for fingerprint in range(GENERATION, 3 * GENERATION):
        door.seen_before(fingerprint)
    door.take_back()
    assert not any(door.seen_before(fingerprint) for fingerprint in (1, 2, 3 * GENERATION - 1)), "2 too many"


def test_a_call_inside_a_call_leaves_the_tables_alone() -> None:
    """Code that breaks in from the same thread gets its answer and its counts, and changes nothing else."""
    pool = Pool(16)
    decoder = Decoder(pool=pool)
    pool.intern("key-1")
    before = pool.stats()
    with pool._turn:
        for _ in range(3):
            assert pool.intern("".join(["key-", "2"])) == "key-2"
            assert decoder.decode(b'{"a":{"b":"v"}}') == {"a": {"b": "v"}}
        pool.tick(1.0)
        pool.resize(1)
    after = pool.stats()
    assert (after.hits, after.misses) == (before.hits, before.misses + 9)
    assert (after.size, after.bytes, after.shapes) == (before.size, before.bytes, before.shapes)
    assert isnan(after.entropy_bits)


class TwinMachine(PoolMachine):
    """The figures are those of the strings that are there."""

    @invariant()
    def figures_are_of_what_is_there(self) -> None:
        stats = self.pool.stats()
        strings = [*self.pool._strings.kept, *self.pool._strings._probation]
        assert stats.size == len(strings) == len(set(strings))
        assert stats.bytes == sum(len(string.encode()) for string in strings)


def test_any_calls_in_any_order() -> None:
    """Size and bytes are never off by a string."""
    run_state_machine_as_test(lambda: TwinMachine(Pool, Decoder))
