"""The pool by itself: what leaves first, bounds, resizing without a stall, what its figures cover."""

from math import isnan, log2

import pytest
from hypothesis.stateful import run_state_machine_as_test
from pool_machine import PoolMachine

from stream_pool.documents import Decoder
from stream_pool.errors import MisuseError
from stream_pool.pool import Pool
from stream_pool.pool._table import EVICTIONS_PER_CALL

pytestmark = pytest.mark.usefixtures("implementation")


def name(kind: str, n: int) -> str:
    """A new string each time, so that nobody but the pool holds it."""
    return f"{kind}-{n}"


def intern_all(pool: Pool, kind: str, numbers: range, times: int = 1) -> None:
    for n in numbers:
        for _ in range(times):
            pool.intern(name(kind, n))


def misses_of(pool: Pool, kind: str, numbers: range) -> int:
    before = pool.stats().misses
    intern_all(pool, kind, numbers)
    return pool.stats().misses - before


def test_what_was_never_hit_leaves_first() -> None:
    """However many strings come once, those that came twice stay."""
    pool = Pool(16)
    intern_all(pool, "wanted", range(12), times=2)
    intern_all(pool, "once", range(1000))
    assert misses_of(pool, "wanted", range(12)) == 0


def test_the_oldest_of_those_never_hit_leaves_first() -> None:
    """So what came last is still there."""
    pool = Pool(16)
    intern_all(pool, "once", range(20))
    assert misses_of(pool, "once", range(19, 3, -1)) == 0


def test_then_what_nobody_holds_leaves() -> None:
    """Strings that documents hold outlast those that nobody holds, though they are older."""
    pool = Pool(16)
    held = []
    for n in range(4):
        pool.intern(name("held", n))
        held.append(pool.intern(name("held", n)))
    intern_all(pool, "free", range(12), times=2)
    intern_all(pool, "new", range(8), times=2)
    assert misses_of(pool, "held", range(4)) == 0


def test_then_the_oldest_leaves() -> None:
    """Where all are held the bound still wins, and what is new gets in."""
    pool = Pool(16)
    held = [pool.intern(name("held", n)) for n in range(16) for _ in range(2)]
    held.append(pool.intern(name("new", 0)))
    assert misses_of(pool, "held", range(1, 16)) == 0
    assert misses_of(pool, "new", range(1)) == 0
    assert misses_of(pool, "held", range(1)) == 1
    assert (pool.stats().size, len(set(held))) == (16, 17)


def test_a_full_table_learns_new_traffic() -> None:
    """When all that was wanted is wanted no more, what is wanted now gets in."""
    pool = Pool(64)
    intern_all(pool, "old", range(64), times=3)
    for first in range(0, 40, 8):
        for _ in range(2):
            intern_all(pool, "new", range(first, first + 8))
    assert misses_of(pool, "new", range(40)) == 0


def test_intern_gives_the_same_object() -> None:
    """The first one in is the one that all get."""
    pool = Pool()
    first = pool.intern(name("key", 1))
    assert pool.intern(name("key", 1)) is first
    assert (pool.stats().hits, pool.stats().misses) == (1, 1)


def test_only_str_is_pooled() -> None:
    """A subclass may compare as it likes, and bytes are no text."""

    class Mine(str):
        __slots__ = ()

    for wrong in (Mine("x"), b"x", 1, None):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            Pool().intern(wrong)  # type: ignore[arg-type]  # what is tested


def test_a_long_string_is_not_pooled() -> None:
    """1,024 bytes are in, one more is out, and both are lookups."""
    pool = Pool()
    for _ in range(2):
        pool.intern("é" * 512)
        pool.intern("é" * 512 + "x")
    stats = pool.stats()
    assert (stats.hits, stats.misses, stats.size, stats.bytes) == (1, 3, 1, 1024)


def test_bytes_are_bounded() -> None:
    """Room is made in bytes too, a bounded number of strings at a time; what does not fit stays outside."""
    pool = Pool(capacity=10_000, bytes_max=2_000)
    intern_all(pool, "k", range(1_000))
    assert pool.stats().bytes <= 2_000
    before = pool.stats()
    pool.intern("x" * 1_000)
    after = pool.stats()
    assert after.bytes <= 2_000
    assert after.evictions - before.evictions <= EVICTIONS_PER_CALL


def test_shrinking_never_stalls() -> None:
    """From 20,000 to 64 no call evicts more than its share, new strings stay out, and the end is reached."""
    pool = Pool(20_000)
    decoder = Decoder(pool=pool)
    intern_all(pool, "k", range(20_000))
    evictions = [0]

    def step() -> int:
        evictions.append(pool.stats().evictions)
        return evictions[-1] - evictions[-2]

    pool.resize(64)
    assert 0 < step() <= EVICTIONS_PER_CALL
    pool.tick(1.0)
    assert 0 < step() <= EVICTIONS_PER_CALL
    size = pool.stats().size
    pool.intern("newcomer")
    assert 0 < step() <= EVICTIONS_PER_CALL
    assert pool.stats().size < size
    for _ in range(20_000 // EVICTIONS_PER_CALL):
        decoder.decode(b"{}")
        assert step() <= EVICTIONS_PER_CALL
    assert pool.stats().size == 64
    decoder.decode(b"{}")
    assert step() == 0


def test_growing_makes_room_at_once() -> None:
    """The next string needs no eviction."""
    pool = Pool(8)
    intern_all(pool, "k", range(8))
    pool.resize(9)
    pool.intern("one more")
    stats = pool.stats()
    assert (stats.size, stats.capacity, stats.evictions) == (9, 9, 0)


@pytest.mark.parametrize("capacity", [0, -1, (1 << 24) + 1])
def test_wrong_capacities_are_refused(capacity: int) -> None:
    """At the start and later, with what is allowed; the pool stays as it was."""
    with pytest.raises(MisuseError, match="from 1 to 16777216"):
        Pool(capacity)
    pool = Pool(8)
    with pytest.raises(MisuseError, match=str(capacity)):
        pool.resize(capacity)
    assert pool.stats().capacity == 8


def test_no_bytes_are_refused() -> None:
    """A pool that may hold nothing is a mistake."""
    with pytest.raises(MisuseError, match="bytes_max"):
        Pool(bytes_max=0)


def test_shapes_are_bounded_by_a_quarter_of_the_capacity() -> None:
    """And 64 at least; a smaller capacity takes shapes away, step by step."""
    pool = Pool(1024)
    decoder = Decoder(pool=pool)
    for n in range(400):
        for _ in range(2):
            decoder.decode(b'{"a":1,"b%d":2}' % n)
    assert pool.stats().shapes == 256
    pool.resize(16)
    for _ in range(256):
        decoder.decode(b"{}")
    assert pool.stats().shapes == 64


def test_a_wide_or_wordy_layout_is_never_shared() -> None:
    """A shape is small, so that their number bounds their memory."""
    decoder = Decoder()
    for _ in range(3):
        decoder.decode(b"{%s}" % b",".join(b'"k%d":1' % n for n in range(257)))
        decoder.decode(b"{%s}" % b",".join(b'"%s%d":1' % (b"k" * 1000, n) for n in range(5)))
    assert decoder.pool.stats().shapes == 0


def test_reuse_ratio_covers_all_before_the_first_tick() -> None:
    """A pool that nobody ticks still has a ratio; one that nobody asked has none."""
    pool = Pool()
    assert isnan(pool.stats().reuse_ratio)
    intern_all(pool, "k", range(10), times=4)
    assert pool.stats().reuse_ratio == 0.75


def test_reuse_ratio_covers_sixty_seconds_of_slices_and_the_running_one() -> None:
    """A slice that was closed 60 s ago is out."""
    pool = Pool()
    intern_all(pool, "k", range(10))
    pool.tick(0.0)
    intern_all(pool, "k", range(10))
    pool.tick(59.9)
    assert pool.stats().reuse_ratio == 0.5
    pool.tick(60.0)
    assert pool.stats().reuse_ratio == 1.0
    intern_all(pool, "l", range(10))
    assert pool.stats().reuse_ratio == 0.5
    pool.tick(200.0)
    assert pool.stats().reuse_ratio == 0.0
    pool.tick(300.0)
    assert isnan(pool.stats().reuse_ratio)


ENTROPIES: list[tuple[str, list[bytes], float]] = [
    ("1 one layout", [b'{"a":1}'] * 8, 0.0),
    ("2 two by halves", [b'{"a":1}', b'{"b":1}'] * 4, 1.0),
    ("3 four by quarters", [b'{"a":1}', b'{"b":1}', b'{"c":1}', b'{"a":1,"b":1}'] * 2, 2.0),
    ("4 three and one", [b'{"a":1}'] * 3 + [b"{}"], -(0.75 * log2(0.75) + 0.25 * log2(0.25))),
    ("5 only the root counts", [b'{"a":{"x%d":1}}' % n for n in range(8)], 0.0),
    ("6 the order of keys is layout", [b'{"a":1,"b":1}', b'{"b":1,"a":1}'], 1.0),
    ("7 roots that are no object are one layout", [b"[1]", b"1", b"null", b'"x"'], 0.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raws", "bits"), [case[1:] for case in ENTROPIES], ids=[case[0] for case in ENTROPIES]
)
def test_entropy_is_that_of_root_layouts(raws: list[bytes], bits: float) -> None:
    """Shannon's, in bits, over documents."""
    decoder = Decoder()
    for raw in raws:
        decoder.decode(raw)
    assert decoder.pool.stats().entropy_bits == pytest.approx(bits)


def test_entropy_covers_the_last_slice_and_the_running_one() -> None:
    """Right after a tick that is the interval that just ended, which the adviser looks at."""
    decoder = Decoder()
    decoder.decode(b'{"a":1}')
    decoder.pool.tick(0.0)
    decoder.decode(b'{"b":1}')
    assert decoder.pool.stats().entropy_bits == 1.0
    decoder.pool.tick(10.0)
    assert decoder.pool.stats().entropy_bits == 0.0
    decoder.pool.tick(20.0)
    assert isnan(decoder.pool.stats().entropy_bits)


def test_entropy_of_a_flood_is_bounded_in_memory() -> None:
    """From the 1,025th layout of a slice on, the rest counts as one."""
    decoder = Decoder()
    for n in range(1500):
        decoder.decode(b'{"k%d":1}' % n)
    expected = 1024 * (1 / 1500) * log2(1500) - (476 / 1500) * log2(476 / 1500)
    assert decoder.pool.stats().entropy_bits == pytest.approx(expected)


def test_any_calls_in_any_order() -> None:
    """Counts are exact, strings equal and bounds kept, whatever comes after what."""
    run_state_machine_as_test(lambda: PoolMachine(Pool, Decoder))
