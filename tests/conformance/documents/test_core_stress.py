"""The compiled core where it could break: code that breaks in, threads, forks, depth, and what stays behind.

Longer forms of the last are behind `scripts/fuzz_decode`: `--leaks`, `--valgrind`.
"""

import gc
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stream_pool.documents.errors import DecodeError
from stream_pool.documents.limits import Limits
from stream_pool.telemetry.memory import MemoryProbe

native: Any = pytest.importorskip(
    "stream_pool._native", reason="the compiled core is not built", exc_type=ImportError
)

TESTS = Path(__file__).parents[2]
DEEPEST = 1024
# From 3.12 on Python itself needs more to free the plain dicts of so many levels.
STACK_BYTES = (64 if sys.version_info < (3, 12) else 256) << 10
LEAK_DOCUMENTS = 200_000


def order(n: int) -> dict[str, Any]:
    """A document of 10 members in an array-rich layout, of which n picks one of some.

    The long array is a tuple too large for the ones that Python keeps, so on 3.11 it may start a collection.
    """
    return {
        "id": n,
        f"k{n % 30}": [{"sku": f"s{n % 7}", "tags": ["CONFIRMED", [n, [n]]]}, {}],
        "c": {"g": 1.5, "é": "€" * (n % 3)},
        "last": [[], [[None, True]]],
        "status": "CONFIRMED",
        "long": [n] * 40,
    }


MEMBERS = 10


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# Code that breaks in.


def _decode(decoder: Any, n: int) -> int:
    assert decoder.decode(b'{"id":%d,"f%d":[{"g":[1]}]}' % (n, n % 40)).to_dict()["id"] == n
    return 3


def _decode_the_same(decoder: Any, n: int) -> int:
    assert decoder.decode(encoded(order(n % 5))).to_dict() == order(n % 5)
    return MEMBERS


def _refuse(decoder: Any, n: int) -> int:
    with pytest.raises(DecodeError):
        decoder.decode(b'{"id":[{"g":1},{"g":2,"x%d":' % n)
    return 0


def _resize(decoder: Any, n: int) -> int:
    decoder.pool.resize(1 + n % 64)
    return 0


def _intern(decoder: Any, n: int) -> int:
    assert decoder.pool.intern(f"i{n % 50}") == f"i{n % 50}"
    return 1


def _look(decoder: Any, n: int) -> int:
    assert decoder.pool.stats().size >= 0
    decoder.pool.tick(float(n))
    return 0


def _pickle(decoder: Any, n: int) -> int:
    document = native.Decoder().decode(b'{"p":[{"q":%d}]}' % n)
    assert pickle.loads(pickle.dumps(document)) == document
    return 0


BREAKING_IN: list[tuple[str, Callable[[Any, int], int]]] = [
    ("1 decodes another", _decode),
    ("2 decodes the like", _decode_the_same),
    ("3 decodes what is refused", _refuse),
    ("4 resizes the pool", _resize),
    ("5 interns", _intern),
    ("6 reads the figures", _look),
    ("7 pickles", _pickle),
]  # fmt: skip


@pytest.mark.usefixtures("eager_collector")
@pytest.mark.parametrize("break_in", [case[1] for case in BREAKING_IN], ids=[case[0] for case in BREAKING_IN])
def test_a_finalizer_may_use_decoder_and_pool_in_the_middle_of_a_decode(
    break_in: Callable[[Any, int], int],
) -> None:
    """Documents are right, and every lookup is counted, its own too."""
    decoder = native.Decoder(native.Pool(32))
    lookups = inside = calls = 0
    is_decoding = False

    class Cyclic:
        def __init__(self) -> None:
            self.self = self

        def __del__(self) -> None:
            nonlocal lookups, inside, calls
            inside += is_decoding
            calls += 1
            lookups += break_in(decoder, calls)

    for n in range(150):
        raw = encoded(order(n % 50))
        Cyclic()
        is_decoding = True
        document = decoder.decode(raw)
        is_decoding = False
        lookups += MEMBERS
        assert document.to_dict() == order(n % 50)
    gc.collect()
    stats = decoder.pool.stats()
    assert calls == 150
    assert stats.hits + stats.misses == lookups
    if sys.version_info < (3, 12):  # later ones collect between two steps of Python code only
        assert inside


def test_a_foreign_eq_may_take_away_what_it_is_compared_with() -> None:
    """The comparison keeps what it still needs."""
    decoder = native.Decoder()
    mappings: list[dict[str, Any]] = []

    class Thief:
        def __eq__(self, other: object) -> bool:
            for mapping in mappings:
                mapping.clear()
            gc.collect()
            decoder.decode(encoded(order(1)))
            return True

        __hash__ = None  # type: ignore[assignment]

    for position in range(4):
        inner: dict[str, Any] = {f"long-key-{n}": f"long-value-{n}" for n in range(4)}
        outer: dict[str, Any] = {"a": inner, "z": {"y": "value-" + str(position)}}
        document = decoder.decode(encoded(outer))
        inner[f"long-key-{position}"] = Thief()
        mappings[:] = [inner, outer, outer["z"]]
        del inner
        assert (document == outer) in (True, False)
        assert document["z"]["y"] == f"value-{position}"


def test_a_foreign_mapping_may_decode_while_it_is_read() -> None:
    """Its `items` runs any code."""
    decoder = native.Decoder()

    class Foreign(Mapping[str, Any]):
        def __init__(self, members: dict[str, Any]) -> None:
            self._members = members

        def __getitem__(self, key: str) -> Any:
            assert decoder.decode(encoded(order(2))).to_dict() == order(2)
            return self._members[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self._members)

        def __len__(self) -> int:
            return len(self._members)

    document = decoder.decode(b'{"a":{"b":"x"},"c":[1]}')
    assert document == Foreign({"a": Foreign({"b": "x"}), "c": (1,)})
    assert Foreign({"c": (1,), "a": Foreign({"b": "x"})}) == document
    assert document != Foreign({"a": Foreign({"b": "y"}), "c": (1,)})


def test_views_and_iterators_outlive_whom_they_came_from() -> None:
    """They hold their document, and a document needs neither decoder nor pool."""
    decoder = native.Decoder(native.Pool(1))
    document = decoder.decode(encoded(order(3)))
    parts = [iter(document), reversed(document), iter(document.items()), document.values(), document["c"]]
    del document, decoder
    other = native.Decoder(native.Pool(1))
    for n in range(300):
        other.decode(encoded(order(n)))
    assert list(parts[0]) == list(order(3))
    assert list(parts[1]) == list(reversed(order(3)))
    assert [key for key, _ in parts[2]] == list(order(3))
    assert next(iter(parts[3])) == 3
    assert parts[4].to_dict() == order(3)["c"]


# Threads and forks.


@pytest.fixture
def hasty_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_switches")
def test_four_threads_may_share_a_decoder() -> None:
    """Every document is right and every lookup is counted, among refusals and resizing."""
    decoder = native.Decoder(native.Pool(64))
    barrier = threading.Barrier(4)

    def work(worker: int) -> int:
        barrier.wait()
        lookups = 0
        for n in range(400):
            value = order(n * (worker + 1))
            lookups += MEMBERS
            assert decoder.decode(encoded(value)).to_dict() == value
            if n % 5 == worker:
                with pytest.raises(DecodeError):
                    decoder.decode(encoded(value)[:-3])
            if n % 50 == 0:
                decoder.pool.resize(1 + n % 64)
                decoder.pool.intern("same")
                lookups += 1
        return lookups

    with ThreadPoolExecutor(4) as threads:
        lookups = sum(threads.map(work, range(4)))
    stats = decoder.pool.stats()
    assert stats.hits + stats.misses == lookups


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_decodes_on() -> None:
    """With the decoder, pool and documents that it was born with."""
    decoder = native.Decoder(native.Pool(64))
    held = []
    for n in range(300):
        held.append(decoder.decode(encoded(order(n % 60))))
        if n % 100 == 50:
            child = os.fork()
            if not child:
                _decode_on_and_exit(decoder, held)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
    assert all(document.to_dict() == order(n % 60) for n, document in enumerate(held))


def _decode_on_and_exit(decoder: Any, held: list[Any]) -> None:
    code = 1
    try:
        right = all(decoder.decode(encoded(order(n))).to_dict() == order(n) for n in range(100))
        right &= all(document.to_dict() == order(n % 60) for n, document in enumerate(held))
        held.clear()
        code = 0 if right else 2
    finally:
        os._exit(code)


# Depth.

DEEP: list[tuple[str, bytes]] = [
    ("1 objects", b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1)),
    ("2 arrays in an object", b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}"),
    ("3 both by turns", b'{"a":[' * (DEEPEST // 2) + b"]}" * (DEEPEST // 2)),
    ("4 beside others", b'{"b":1,"a":[0,' * (DEEPEST // 2 - 1) + b"[{}]" + b"]}" * (DEEPEST // 2 - 1)),
]  # fmt: skip


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("implementation", ["core"], indirect=True)  # pickles come back as its, too
@pytest.mark.parametrize("raw", [case[1] for case in DEEP], ids=[case[0] for case in DEEP])
def test_the_deepest_document_needs_little_stack(raw: bytes) -> None:
    """All that can be done with 1,024 levels is done in a thread that has little more than nothing."""
    decoder = native.Decoder(limits=Limits(depth=DEEPEST))
    pickle.loads(pickle.dumps(decoder.decode(raw)))  # what is imported for it needs more stack than that
    done: list[str] = []

    def work() -> None:
        one, other = decoder.decode(raw), native.Decoder(limits=Limits(depth=DEEPEST)).decode(raw)
        done.append("decoded")
        assert one == other
        assert hash(one) == hash(other)
        done.append("compared")
        assert native.dumps(one) == raw
        assert len(repr(one)) < 200
        done.append("written")
        assert native.dumps(pickle.loads(pickle.dumps(one))) == raw
        done.append("pickled")
        plain = one.to_dict()
        assert (one == plain) is (b"[" not in raw)
        done.append("converted")
        with pytest.raises(DecodeError):
            decoder.decode(raw[:-1])
        del one, other, plain
        done.append("freed")

    before = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert done == ["decoded", "compared", "written", "pickled", "converted", "freed"]


def test_a_wide_and_deep_tree_is_freed_whole() -> None:
    """Thousands of containers that wait to be freed at once."""
    level = b"{}"
    for n in range(200):
        level = b'{"a":[%s,%s],"n":%d}' % (level, b",".join([b'{"x":[{}]}'] * 20), n)
    decoder = native.Decoder(limits=Limits(depth=DEEPEST))
    for _ in range(20):
        document = decoder.decode(level)
        while document:
            document = document.at("a", 0, default=None)


# What stays behind.


def test_nothing_stays_behind() -> None:
    """References and memory are flat over many documents, dropped pools and documents that were held."""
    ended = subprocess.run(
        [sys.executable, "-m", "fuzzing", "--leaks", str(LEAK_DOCUMENTS)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


HOSTILE_LAYOUTS = 256
HOSTILE_KEYS = 256
HOSTILE_GROWTH_BYTES_MAX = 32 << 20
HOSTILE: list[tuple[str, bytes]] = [
    ("1 a text to remember behind each key", b'"pooled text"'),
    ("2 arrays of arrays of them", b'["pooled text",["pooled text",["pooled text",["pooled text"]]]]'),
]


@pytest.mark.parametrize("value", [case[1] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_what_shapes_remember_is_bounded(value: bytes) -> None:
    """However many sites ask: the widest layouts in a pool that is full of them."""
    decoder = native.Decoder(pool=native.Pool(4 * HOSTILE_LAYOUTS))
    probe = MemoryProbe()
    before = probe.sample().rss_bytes
    for layout in range(HOSTILE_LAYOUTS):
        members = [b'"%d_%d":%s' % (layout, key, value) for key in range(HOSTILE_KEYS)]
        for _ in range(6):
            decoder.decode(b"{%s}" % b",".join(members))
    grown = probe.sample().rss_bytes
    assert decoder.pool.stats().shapes == HOSTILE_LAYOUTS
    assert (grown or 0) - (before or 0) < HOSTILE_GROWTH_BYTES_MAX
