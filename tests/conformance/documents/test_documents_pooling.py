"""A decoder and its pool: keys, short values and layouts exist once, and counts are exact."""

import gc
import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool import DecodeError, Decoder, Limits, Pool

pytestmark = pytest.mark.usefixtures("implementation")


def fresh(text: str) -> bytes:
    """A one-member object whose key and value are this text."""
    return json.dumps({text: text}).encode()


def members(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(members, value.values()))
    return sum(map(members, value)) if isinstance(value, list) else 0


COUNTS: list[tuple[str, list[bytes], int, int]] = [
    ("1 no object, no lookup", [b"[1,2]", b'"a"'], 0, 0),
    ("2 an empty object", [b"{}"], 0, 0),
    ("3 new keys miss", [b'{"a":1,"b":2}'], 0, 2),
    ("4 the same keys hit", [b'{"a":1,"b":2}'] * 2, 2, 2),
    ("5 in any layout", [b'{"a":1,"b":2}', b'{"b":1,"c":2}'], 1, 3),
    ("6 each object's members count", [b'{"a":[{"a":1},{"a":{"b":2}}]}'], 2, 2),
    ("7 a reused layout counts a hit a key", [b'{"a":1,"b":2}'] * 10, 18, 2),
    ("8 values count nothing", [b'{"a":"x"}'] * 9, 8, 1),
    ("9 a key that was pooled as a value hits", [b'["currency","currency"]', b'{"currency":1}'], 1, 0),
    ("10 an escaped key is the same key", [b'{"a":1}', rb'{"\u0061":1}'], 1, 1),
    ("11 a long key", [b'{"%s":1}' % (b"k" * 1024)] * 2, 1, 1),
    ("12 an empty key", [b'{"":1}', b'{"":""}'], 1, 1),
    ("13 keys near their limit", [rb'{"%s\n":{"b":1}}' % (b"k" * 1000)], 0, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raws", "hits", "misses"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS]
)
def test_each_member_is_one_lookup(raws: list[bytes], hits: int, misses: int) -> None:
    """Hits and misses count the keys of all objects, and nothing else."""
    decoder = Decoder()
    for raw in raws:
        decoder.decode(raw)
    stats = decoder.pool.stats()
    assert (stats.hits, stats.misses) == (hits, misses)


@given(st.lists(st.dictionaries(st.sampled_from("abcdefg"), st.recursive(
    st.integers() | st.text(max_size=2), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=1), inner, max_size=3)), max_size=4), max_size=6),
    st.integers(1, 40))  # fmt: skip
def test_the_sum_of_hits_and_misses_is_the_number_of_members(values: list[Any], capacity: int) -> None:
    """Whatever the documents and however small the pool."""
    decoder = Decoder(pool=Pool(capacity))
    accepted = 0
    for value in values:
        try:
            decoder.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except DecodeError:
            continue
        accepted += members(value)
    stats = decoder.pool.stats()
    assert stats.hits + stats.misses == accepted
    assert stats.size <= capacity


def test_duplicates_that_are_allowed_count_each() -> None:
    """With `duplicate_keys="last"` every member as written is a lookup."""
    decoder = Decoder(duplicate_keys="last")
    decoder.decode(b'{"a":1,"b":1,"a":2}')
    stats = decoder.pool.stats()
    assert (stats.hits, stats.misses) == (1, 2)


@pytest.mark.parametrize("raw", [b'{"a":1,"b":', b'{"a":{"b":1},"a":1}', b'{"a":1}x', b'{"a":{"b":[1e999]}}'])
def test_a_refused_document_counts_nothing(raw: bytes) -> None:
    """Only what was accepted is in the figures."""
    decoder = Decoder()
    with pytest.raises(DecodeError):
        decoder.decode(raw)
    stats = decoder.pool.stats()
    assert (stats.hits, stats.misses) == (0, 0)
    assert math.isnan(stats.reuse_ratio)
    assert math.isnan(stats.entropy_bits)


def test_a_key_exists_once() -> None:
    """In every document of every decoder of a pool, in whatever layout, and by `intern`."""
    pool = Pool()
    first = Decoder(pool=pool).decode(fresh("warehouse-key"))
    second = Decoder(pool=pool, limits=Limits(depth=8)).decode(b'{"x":[{"warehouse-key":1,"y":2}]}')
    [key] = first
    assert next(iter(second["x"][0])) is key
    assert pool.intern("".join(["warehouse", "-key"])) is key


def test_a_short_value_exists_once_from_its_second_sighting() -> None:
    """In objects, in arrays and at the root; a value that equals a key is that key."""
    decoder = Decoder()
    for _ in range(2):
        decoder.decode(b'{"s":"CONFIRMED-VALUE"}')
    one = decoder.decode(b'{"s":"CONFIRMED-VALUE"}')["s"]
    assert decoder.decode(b'["CONFIRMED-VALUE"]')[0] is one
    assert decoder.decode(b'"CONFIRMED-VALUE"') is one
    [key] = decoder.decode(b'{"CONFIRMED-VALUE":1}')
    assert key is one


VALUES: list[tuple[str, str, bool]] = [
    ("1 at 64 bytes", "v" * 64, True),
    ("2 over 64 bytes", "v" * 65, False),
    ("3 at 64 bytes of UTF-8", "é" * 32, True),
    ("4 over 64 bytes of UTF-8", "é" * 33, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "is_pooled"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES]
)
def test_only_short_values_are_pooled(value: str, is_pooled: bool) -> None:
    """64 bytes of UTF-8 are short, one more is not."""
    decoder = Decoder()
    raw = json.dumps([value], ensure_ascii=False).encode()
    seen = [decoder.decode(raw)[0] for _ in range(4)]
    assert (seen[2] is seen[3]) is is_pooled
    assert decoder.pool.stats().size == is_pooled


def test_values_seen_once_take_no_room() -> None:
    """A stream of ids neither fills the pool nor pushes out a key."""
    decoder = Decoder(pool=Pool(8))
    for n in range(20_000):
        decoder.decode(b'{"id":"ord-%d"}' % n)
    stats = decoder.pool.stats()
    assert (stats.misses, stats.evictions) == (1, 0)


def test_layouts_are_shared_from_their_second_sighting() -> None:
    """A flood of layouts that come once shares none, and leaves those that come again."""
    decoder = Decoder()
    for n in range(3000):
        decoder.decode(b'{"a":1,"b":2}')
        decoder.decode(b'{"k%d":1,"a":2}' % n)
    assert decoder.pool.stats().shapes == 1


def test_the_pool_recovers_from_a_flood() -> None:
    """After a flood of keys and layouts, each shown twice, plain traffic hits as before; bounds hold."""
    decoder = Decoder(pool=Pool(256))
    plain = b'{"id":1,"items":[{"sku":"a","quantity":2}],"customer":{"name":"x"}}'
    for n in range(5000):
        flood = b'{"k%d":{"l%d":1,"m%d":2}}' % (n, n, n)
        decoder.decode(flood)
        decoder.decode(flood)
        if n % 100 == 0:
            stats = decoder.pool.stats()
            assert stats.size <= 256
            assert stats.shapes <= 64
    for _ in range(3):
        decoder.decode(plain)
    before = decoder.pool.stats()
    for _ in range(100):
        decoder.decode(plain)
    after = decoder.pool.stats()
    assert after.misses == before.misses
    assert after.hits == before.hits + 600


def test_an_evicted_string_lives_on_in_its_documents() -> None:
    """Eviction takes nothing from anybody."""
    decoder = Decoder(pool=Pool(2))
    kept = decoder.decode(b'{"first-key":"first-value"}')
    for n in range(100):
        decoder.decode(b'{"k%d":1}' % n)
    assert kept == {"first-key": "first-value"}
    assert decoder.pool.stats().evictions == 99


def test_decoders_with_other_limits_may_share_a_pool() -> None:
    """A layout that one decoder let in is no way round the limits of another."""
    pool = Pool()
    raw = b'{"abcdef":1}'
    for _ in range(3):
        Decoder(pool=pool).decode(raw)
    with pytest.raises(DecodeError, match="key_bytes_limit at byte 1"):
        Decoder(pool=pool, limits=Limits(key_bytes=5)).decode(raw)


def test_the_default_decoders_have_pools_of_their_own() -> None:
    """Two decoders share only what they are given."""
    one, other = Decoder(), Decoder()
    one.decode(b'{"a":1}')
    assert one.pool is not other.pool
    assert other.pool.stats().misses == 0


def test_threads_may_share_a_decoder() -> None:
    """Under contention every document is right and every lookup is counted."""
    decoder = Decoder(pool=Pool(64))
    rounds = 150
    barrier = threading.Barrier(4)

    def work(worker: int) -> int:
        barrier.wait()
        lookups = 0
        for n in range(rounds):
            value = {f"k{n % 90}": [{"id": n, f"w{worker}": {"x": "CONFIRMED"}}], "same": f"v{n % 7}"}
            assert decoder.decode(json.dumps(value).encode()).to_dict() == value
            decoder.pool.intern("same")
            decoder.pool.resize(40 + n % 30)
            decoder.pool.tick(float(n))
            lookups += members(value) + 1
        return lookups

    with ThreadPoolExecutor(4) as threads:
        lookups = sum(threads.map(work, range(4)))
    stats = decoder.pool.stats()
    assert stats.hits + stats.misses == lookups
    assert stats.size <= stats.capacity


@pytest.mark.usefixtures("eager_collector")
def test_the_collector_may_decode_in_the_middle_of_a_decode() -> None:
    """A finalizer that decodes through the same decoder disturbs neither documents nor counts."""
    decoder = Decoder(pool=Pool(16))
    numbers = count()
    finalized = 0

    class Cyclic:
        def __init__(self) -> None:
            self.self = self

        def __del__(self) -> None:
            nonlocal finalized
            number = next(numbers)
            assert decoder.decode(b'{"f%d":{"g":1}}' % number) == {f"f{number}": {"g": 1}}
            finalized += 1

    for n in range(200):
        Cyclic()
        value = {f"k{n % 30}": {"a": [{"b": n}]}, "c": {"g": "CONFIRMED"}}
        assert decoder.decode(json.dumps(value).encode()).to_dict() == value
    gc.collect()
    stats = decoder.pool.stats()
    assert finalized == 200
    assert stats.hits + stats.misses == 200 * 5 + 200 * 2
