"""The pass over a sample: its figures are the pools' and the documents' own, and its memory is bounded."""

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_pool.documents import Decoder, LimitExceeded, Limits
from stream_pool.incident.estimate import census, misses, path_tree
from stream_pool.incident.estimate.census import Census
from stream_pool.incident.estimate.misses import MissLedger
from stream_pool.incident.estimate.path_tree import ELSEWHERE, NODES_MAX
from stream_pool.incident.estimate.profile import PathCost, Profile
from stream_pool.incident.estimate.profiler import SEED, Profiler
from stream_pool.pool import Pool

KEYS = st.sampled_from(["id", "sku", "a b", "é", "", "*", 'quo"te', "back\\slash", "\n", "k" * 70])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A value as some writer may spell it."""
    value = draw(VALUES)
    spelled = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 0, 2])))
    return spelled.encode()


def profile(raws: Iterable[bytes | None], **options: Any) -> Profile:
    profiler = Profiler(**options)
    for number, raw in enumerate(raws):
        profiler.take(f"line {number}", raw)
    return profiler.profile()


def dumped(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def costs(made: Profile) -> dict[str, PathCost]:
    return {cost.path: cost for cost in made.paths}


@settings(deadline=None)
@given(st.lists(documents(), max_size=12), st.sampled_from([1, 3, 4_096]))
def test_sums_are_the_pools_own(raws: list[bytes], capacity: int) -> None:
    """Lookups, hits and misses are those of a decoder that met the documents by itself, and the misses by
    path add up to them; a pool of one entry evicts all the time."""
    pool = Pool(capacity, seed=SEED)
    decoder = Decoder(pool=pool)
    for raw in raws:
        decoder.decode(raw)
    told = pool.stats()
    made = profile(raws, capacities=[capacity, 64])
    figures = made.at(capacity)
    assert (figures.hits, figures.misses, figures.evictions) == (told.hits, told.misses, told.evictions)
    assert made.lookups == told.hits + told.misses == members(raws)
    booked = made.at(made.booked_capacity)
    assert sum(cost.misses for cost in made.paths) == booked.misses


def members(raws: Iterable[bytes]) -> int:
    counted = 0

    def pairs(found: list[tuple[str, Any]]) -> None:
        nonlocal counted
        counted += len(found)

    for raw in raws:
        json.loads(raw, object_pairs_hook=pairs)
    return counted


@settings(deadline=None)
@given(st.lists(documents(), max_size=12))
def test_every_byte_is_told_once(raws: list[bytes]) -> None:
    """By kind; and by path, but for white space."""
    made = profile(raws)
    assert sum(asdict(made.bytes).values()) == made.accepted_bytes == sum(map(len, raws))
    assert sum(cost.bytes for cost in made.paths) + made.bytes.white_space == made.accepted_bytes


@settings(deadline=None)
@given(st.lists(documents(), min_size=1, max_size=6))
def test_the_largest_met_is_what_limits_measure(raws: list[bytes]) -> None:
    """Limits of exactly that take every document; one less of any refuses one."""
    made = profile(raws)
    met = asdict(made.largest) | {"number_digits": max(1, made.largest.number_digits)}
    for raw in raws:
        Decoder(limits=Limits(**met)).decode(raw)
    for field in fields(Limits):
        if met[field.name] == (field.name == "number_digits"):
            continue
        limits = Limits(**met | {field.name: met[field.name] - 1})
        assert any(is_over(raw, limits) for raw in raws), field.name


def is_over(raw: bytes, limits: Limits) -> bool:
    try:
        Decoder(limits=limits).decode(raw)
    except LimitExceeded:
        return True
    return False


def test_a_path_has_its_own_bytes_values_and_misses() -> None:
    """A container has brackets and commas, a member its key and colon; a key misses where it came first."""
    made = costs(profile(dumped({"a": [1, 1, 22], "b": {"a": "x"}}, {"b": {"a": "y"}})))
    told = {path: (cost.number, cost.bytes, cost.misses, cost.values.number) for path, cost in made.items()}
    assert told == {
        "$": (2, len("{,}{}"), 0, 0),
        "a": (1, len('"a":[,,]'), 1, 0),
        "a[]": (3, len("1122"), 0, 2),
        "b": (2, len('"b":{}"b":{}'), 1, 0),
        "b.a": (2, len('"a":"x""a":"y"'), 0, 2),
    }


def test_paths_are_told_by_words_and_quoted_where_they_are_none() -> None:
    """A star that is a key is not the star that stands for many."""
    made = profile(dumped([{"a b": {"*": 1}}], {"x-1": {"é.": 2}}, 3))
    assert {cost.path for cost in made.paths} == {
        "$",
        "$[]",
        '$[]["a b"]',
        '$[]["a b"]["*"]',
        "x-1",
        'x-1["é."]',
    }
    assert made.not_objects == 2


def test_keys_that_are_identifiers_are_told_together() -> None:
    """What is in them too; what comes in every document keeps its name."""
    made = profile(dumped(*({"id": n, "by_id": {f"k{n}": {"price": n % 3}}} for n in range(2_000))))
    told = costs(made)
    rest = told["by_id.*"]
    assert rest.number == 2_000
    assert rest.misses == 2_000
    assert rest.keys is not None
    assert rest.keys.number == pytest.approx(2_000, rel=5 * rest.keys.error_ratio)
    assert told["by_id.*.price"].number == 2_000
    assert told["by_id.*.price"].values.number == 3
    assert told["id"].number == 2_000
    assert len(told) == 5


def test_wide_objects_keep_their_names() -> None:
    """Three hundred keys in each object are not too many, where they are the same."""
    made = costs(profile(dumped(*({f"field{n}": n for n in range(300)} for _ in range(40)))))
    assert all(made[f"field{n}"].number == 40 for n in range(300))


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a short flood fills everything."""
    monkeypatch.setattr(census, "FINGERPRINTS_MAX", 500)
    monkeypatch.setattr(misses, "KEYS_KEPT", 500)
    monkeypatch.setattr(path_tree, "NODES_MAX", 200)


def flood(serial: Iterator[int], documents: int) -> Iterator[bytes]:
    """Documents of 26 members, half of which have a key that no other has."""
    for _ in range(documents):
        unique = {
            f"k{next(serial)}": {f"k{next(serial)}": [{f"k{next(serial)}": next(serial)}]} for _ in "abcd"
        }
        yield json.dumps({f"k{next(serial)}": unique, "fixed": unique}).encode()


@pytest.mark.usefixtures("small_bounds")
def test_a_flood_of_unique_keys_does_not_grow_memory() -> None:
    """Once everything is full; the pools have bounds and tests of their own."""
    serial = count()
    counting, ledger = Census(), MissLedger()

    def traced_after(documents: int) -> int:
        for raw in flood(serial, documents):
            ledger.book(counting.take(raw).keys, 13)
            counting.tree.tidy()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        full_bytes = traced_after(200)
        assert traced_after(200) < full_bytes + 50_000
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small_bounds")
def test_a_flood_of_unique_keys_is_told_in_full() -> None:
    """In as many paths as there may be, and with the sums that it has."""
    made = profile(flood(count(), 450), capacities=[256])
    assert len(made.paths) <= 2 * 200 + 1
    assert sum(cost.misses for cost in made.paths) == made.capacities[0].misses
    assert sum(cost.bytes for cost in made.paths) + made.bytes.white_space == made.accepted_bytes
    assert made.keys.number == pytest.approx(made.lookups / 2, rel=5 * made.keys.error_ratio)


def test_one_document_may_have_more_keys_than_there_are_paths() -> None:
    """Those that come once are told together; so are paths that come when the tree is full."""
    wide = {f"k{n}": n for n in range(5_000)}
    bushy = {f"k{n}": {f"j{m}": 1 for m in range(9)} for n in range(500)}
    made = profile(dumped({"wide": wide, "bushy": bushy}))
    told = costs(made)
    assert len(told) <= NODES_MAX + 2
    assert told["wide.*"].number == 5_000
    assert told[ELSEWHERE].number > 0
    assert sum(cost.number for cost in told.values()) == 1 + made.lookups
    assert sum(cost.misses for cost in told.values()) == made.at(4_096).misses


def test_what_is_refused_is_counted_by_reason_with_its_first_place() -> None:
    """And goes nowhere else."""
    made = profile(
        [b"{}", b"[1", b"nul", None, b'{"a":1,"a":2}', b"\0\0\0\0\1abc", b"[2", b"[[[["],
        limits=Limits(depth=3),
    )
    told = {each.reason: (each.number, each.place, each.offset) for each in made.refused}
    assert told == {
        "unexpected_end": (3, "line 1", 2),
        "tombstone": (1, "line 3", None),
        "duplicate_key": (1, "line 4", 7),
        "confluent_wire_format": (1, "line 5", 0),
        "depth_limit": (1, "line 7", 3),
    }
    assert made.refused[0].reason == "unexpected_end"
    assert (made.seen, made.accepted, made.accepted_bytes) == (8, 1, 2)
    assert made.over is None


def test_what_is_only_over_a_limit_says_how_far() -> None:
    """It is measured, and counts for nothing else."""
    made = profile([b"[[[[1234567]]]]", b"[1]"], limits=Limits(depth=3, number_digits=5))
    assert made.over is not None
    assert (made.over.depth, made.over.number_digits) == (4, 7)
    assert made.largest.depth == 1
    assert made.accepted == 1


def test_the_deepest_document_is_walked() -> None:
    """1,024 levels, whatever the interpreter's own bound."""
    raw = b'{"a":[' * 512 + b"1" + b"]}" * 512
    made = profile([raw], limits=Limits(depth=1_024))
    assert made.largest.depth == 1_024
    assert made.largest.keys == made.largest.items == 512


def test_equal_strings_are_one_however_they_are_escaped() -> None:
    """Keys and values, as the pool sees them."""
    made = profile([rb'{"caf\u00e9":"\u0041"}', '{"café":"A"}'.encode()])
    assert (made.keys.number, made.layouts.number, made.short_strings.number) == (1, 1, 1)
    assert made.at(4_096).misses == 1


def test_a_short_string_is_what_a_pool_may_hold() -> None:
    """64 bytes of UTF-8, however many were written."""
    made = profile([json.dumps(["é" * 32, "é" * 33, "a" * 64, "a" * 65]).encode()])
    assert made.short_strings_met == 2


def test_nothing_is_an_estimate_too() -> None:
    """No document, no figure but zeros."""
    made = profile([])
    assert (made.seen, made.accepted, made.lookups, made.paths) == (0, 0, 0, ())
    assert made.best.hit_ratio is None
