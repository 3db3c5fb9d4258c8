"""The documents that decoders are compared on: seeded, and fixed to the byte by their digests.

All but three are orders of the generator, 17 levels deep: as they come, and with what slows a decoder that
predicts: members that are absent, keys that never come again, white space. The other three are about as
large as an order and have nothing in common with one: floats, escapes, Chinese text. How many keys and
layouts each has: `docs/generator.md`.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from stream_pool.errors import StreamPoolError
from stream_pool.incident import OrderGenerator

SEED = 5
DOCUMENTS = 2_000
HELD_DOCUMENTS = 10_000
WARM_DOCUMENTS = 2_000
"""Orders that a process decodes before it holds others, so that its pool is no part of what they cost."""

UNIQUE_KEYS = 20
FLOATS = 120
TEXTS = 20
WORDS = 12
CHARACTERS = 40

_ESCAPED = ("\n", "\t", '"', "\\", "\u0001", "é", "中", "\U0001f381")


class CorpusDiffers(StreamPoolError):
    """The documents are not those that the figures stand for: the generator has changed."""

    reason = "bench_corpus_differs"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a corpus is made: an endless sequence of documents, how many of them, and the digest of those."""

    make: Callable[[], Iterator[bytes]]
    documents: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents to decode."""

    name: str
    documents: tuple[bytes, ...]

    @property
    def sha256(self) -> str:
        """The digest of all documents, a line feed after each."""
        digest = sha256()
        for document in self.documents:
            digest.update(document + b"\n")
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Census:
    """What a corpus is: means a document, and how many different keys and layouts of objects it has."""

    documents: int
    bytes_a_document: float
    members_a_document: float
    keys: int
    layouts: int


def read_corpus(name: str, *, scale: float = 1.0) -> Corpus:
    """The corpus of that name; with a `scale` under 1, the beginning of it, unchecked.

    Raises `CorpusDiffers` where the whole of it has another digest than it must have.
    """
    recipe = RECIPES[name]
    corpus = Corpus(name, tuple(islice(recipe.make(), round(recipe.documents * scale))))
    if scale == 1 and corpus.sha256 != recipe.sha256:
        raise CorpusDiffers(f"corpus {name} has the digest {corpus.sha256}; it must be {recipe.sha256}")
    return corpus


def census(corpus: Corpus) -> Census:
    """Count a corpus."""
    members = 0
    keys: set[str] = set()
    layouts: set[tuple[str, ...]] = set()

    def count(pairs: list[tuple[str, Any]]) -> None:
        nonlocal members
        layout = tuple(key for key, _ in pairs)
        members += len(layout)
        keys.update(layout)
        layouts.add(layout)

    for document in corpus.documents:
        json.loads(document, object_pairs_hook=count)
    documents = len(corpus.documents)
    size = sum(map(len, corpus.documents))
    return Census(documents, size / documents, members / documents, len(keys), len(layouts))


def _orders(*, unique_keys: int = 0, seed: int = SEED) -> Iterator[bytes]:
    generator = OrderGenerator(seed)
    while True:
        yield generator.order(unique_keys=unique_keys).value


def _sparse(absent_ratio: float) -> Iterator[bytes]:
    draw = random.Random(f"sparse orders {SEED}").random
    for order in _orders():
        yield _compact(_thinned(json.loads(order), lambda: draw() < absent_ratio))


def _thinned(value: Any, drop: Callable[[], bool]) -> Any:
    """The value without those members that are scalars and that `drop` speaks for; it is asked for each."""
    if isinstance(value, list):
        return [_thinned(element, drop) for element in value]
    if isinstance(value, dict):
        return {
            key: _thinned(member, drop)
            for key, member in value.items()
            if isinstance(member, dict | list) or not drop()
        }
    return value


def _spaced() -> Iterator[bytes]:
    for order in _orders():
        yield json.dumps(json.loads(order), ensure_ascii=False).encode()


def _floats() -> Iterator[bytes]:
    draw = random.Random(f"floats {SEED}").random
    while True:
        yield _compact({"samples": [draw() for _ in range(FLOATS)]})


def _escapes() -> Iterator[bytes]:
    bits = random.Random(f"escapes {SEED}").getrandbits
    while True:
        texts = ("".join(f"{bits(20):05x}{_ESCAPED[bits(3)]}" for _ in range(WORDS)) for _ in range(TEXTS))
        yield json.dumps({f"text{number}": text for number, text in enumerate(texts)}).encode()


def _chinese() -> Iterator[bytes]:
    bits = random.Random(f"chinese {SEED}").getrandbits
    while True:
        texts = ("".join(chr(0x4E00 + bits(14)) for _ in range(CHARACTERS)) for _ in range(TEXTS))
        yield _compact({f"text{number}": text for number, text in enumerate(texts)})


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


RECIPES: dict[str, Recipe] = {
    "plain": Recipe(
        _orders,
        DOCUMENTS,
        "655c4fbe134b160a3eb45a46c4a1848e98040c415f1030d92123a157a356a6fd",
    ),
    "5 % absent": Recipe(
        lambda: _sparse(0.05),
        DOCUMENTS,
        "832b47fadf6c7a7c9974ca5e7e7d25609c57da7694364d82507e875bd187dc1c",
    ),
    "20 % absent": Recipe(
        lambda: _sparse(0.2),
        DOCUMENTS,
        "3a505bde6fe18238cee6d369b9a00c134e6a539d9778c4b8da7eb28cf3207795",
    ),
    "20 unique keys": Recipe(
        lambda: _orders(unique_keys=UNIQUE_KEYS),
        DOCUMENTS,
        "f41b95a86690cd7c3101c9053f8a819899ba03e3dd320b706fd2785e90dfc2d5",
    ),
    "spaced": Recipe(
        _spaced,
        DOCUMENTS,
        "56a76a7ea11c3129046e8a91a79b5b360f2f1df8158c4b3a8b8961c6c57cdf4a",
    ),
    "floats": Recipe(
        _floats,
        DOCUMENTS,
        "3a6a7434f803c82f823de01cde8ee69ad3a2f8605f9d8132bf1a56e2141c5011",
    ),
    "escapes": Recipe(
        _escapes,
        DOCUMENTS,
        "0661a8528a7b9abd558770f36e80c11938d71d72e43b22e50897af36bddfaae9",
    ),
    "chinese": Recipe(
        _chinese,
        DOCUMENTS,
        "47d4d0465eb7af017864bbb213a22c6abd8515b67567fae84af80e2d8a451355",
    ),
    "held": Recipe(
        lambda: _orders(seed=SEED + 1),
        WARM_DOCUMENTS + HELD_DOCUMENTS,
        "bedf02c2c4a284aa2acb6f93f42b91b75973bbdb56b6638bb7dac07f6d4dd3d3",
    ),
}
"""The corpora by name, in the order in which they are measured."""
