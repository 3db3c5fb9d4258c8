"""The compiled core against its Python twin: the same values, errors, texts and sums, in any sequence.

What a decoder predicts rests on what it saw before, so each example is a sequence of documents through one
pool. `scripts/fuzz_decode` plays millions of longer ones.
"""

import sys
from collections.abc import Iterator

import pytest
from fuzzing import comparison, faces, grammar, sequence
from fuzzing.minimise import allow_deep_oracles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_pool.documents.limits import Limits

pytest.importorskip("stream_pool._native", reason="the compiled core is not built", exc_type=ImportError)

EXAMPLES = 600
RANDOM_SEQUENCES = 200

SCALARS = [
    b"1",
    b"1.0",
    b"true",
    b'"a"',
    b'"b"',
    b"{}",
    b"[]",
    *grammar.STRINGS,
    *grammar.NUMBERS,
    *grammar.LITERALS,
]

# By their places: so the strategies print short.
scalars = st.integers(0, len(SCALARS) - 1).map(lambda place: SCALARS[place])
keys = st.integers(0, len(grammar.KEYS) - 1).map(lambda place: grammar.KEYS[place])


def objects(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    members = st.lists(st.tuples(keys, inner), max_size=5, unique_by=lambda member: member[0])
    return members.map(lambda pairs: b"{" + b",".join([key + b":" + value for key, value in pairs]) + b"}")


def arrays(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(inner, max_size=4).map(lambda items: b"[" + b",".join(items) + b"]")


documents = st.recursive(scalars, lambda inner: objects(inner) | arrays(inner), max_leaves=12)
limits = st.builds(
    Limits,
    document_bytes=st.sampled_from([0, 20, 100, 16 << 20]),
    depth=st.sampled_from([0, 1, 2, 3, 64, 1024]),
    keys=st.sampled_from([0, 1, 3, 100_000]),
    items=st.sampled_from([0, 1, 3, 1_000_000]),
    key_bytes=st.sampled_from([0, 1, 3, 1024]),
    string_bytes=st.sampled_from([0, 1, 6, 8 << 20]),
    number_digits=st.sampled_from([1, 3, 18, 1000, 4300]),
)
decoders = st.builds(
    sequence.Settings,
    limits=st.just(Limits()) | limits,
    duplicate_keys=st.sampled_from(["error", "last"]),
    echo=st.booleans(),
)


@st.composite
def sequences(draw: st.DrawFn) -> sequence.Sequence:
    """Few documents, each several times, whole and with a few bytes changed, among calls of the pool's."""
    chosen = draw(st.lists(decoders, min_size=1, max_size=2))
    bases = draw(st.lists(objects(documents) | documents, min_size=1, max_size=4))
    steps: list[sequence.Step] = []
    for base, decoder, change in draw(
        st.lists(
            st.tuples(st.sampled_from(bases), st.integers(0, len(chosen) - 1), changes()),
            min_size=1,
            max_size=20,
        )
    ):
        if isinstance(change, sequence.Disturb):
            steps.append(change)
        else:
            at, gone, new = change
            steps.append(sequence.Decode(decoder, base[:at] + new + base[at + gone :]))
    return sequence.Sequence(
        capacity=draw(st.sampled_from([1, 2, 8, 64, 4096])),
        bytes_max=draw(st.sampled_from([1, 40, 8 << 20])),
        pool_seed=draw(st.integers(0, 3)),
        decoders=tuple(chosen),
        steps=tuple(steps),
    )


def changes() -> st.SearchStrategy[sequence.Disturb | tuple[int, int, bytes]]:
    """Where, how many bytes go, and what comes there; most often nothing; now and then a call instead."""
    pieces = st.binary(max_size=2) | st.sampled_from(
        [b'"a":1,', b'"', b",", b"\\", b"\\ud83d", b" ", b"[", b"}"]
    )
    return (
        st.just((0, 0, b""))
        | st.tuples(st.integers(0, 60), st.integers(0, 4), pieces)
        | st.sampled_from([1, 3, 4096]).map(lambda capacity: sequence.Disturb("resize", capacity))
        | st.sampled_from(["a", "new"]).map(lambda string: sequence.Disturb("intern", string))
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sequences())
def test_small_sequences(drawn: sequence.Sequence) -> None:
    """Of documents that share keys and layouts, good, broken and over their limits."""
    comparison.play(drawn, faces.core(), faces.twin())


@pytest.fixture
def deep_oracles() -> Iterator[None]:
    """The standard library recurses a level each, and some documents have more levels than that."""
    before = sys.getrecursionlimit()
    allow_deep_oracles()
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("deep_oracles")
def test_random_sequences() -> None:
    """The first of the fuzzer's own, so that a change is met here before it is met there."""
    for number in range(RANDOM_SEQUENCES):
        beside = faces.twin() if number % 4 == 0 else None
        comparison.play(sequence.drawn(0, number), faces.core(), beside)
