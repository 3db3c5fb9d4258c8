"""CPU time of decoding, and of writing and converting what was decoded, in this process.

The candidates take turns, block by block within a corpus, so that what slows the machine for a moment slows
all of them alike. What each makes is dropped at once; the collector is as Python sets it, and has just been
through. A round before the first warms all up.
"""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from stream_pool import dumps
from stream_pool.bench.corpus import Corpus
from stream_pool.bench.decode_candidates import Decode, decoder

SLOW = {"json": 4, "stream_pool_twin": 20}
"""Candidates that decode but one in so many of the documents, so that a round does not wait for them."""

BLOCKS = 2
"""Turns of a candidate in a round. With many, each would find the processor's caches full of others' data."""

NEW_EACH_ROUND = {"20 unique keys"}
"""Corpora whose keys never come again: a decoder that had seen them before would make layouts of them."""

WRITTEN_DOCUMENTS = 500
"""Orders that are written and converted: few, as the dicts must be held, and make collections slow."""

Costs = dict[str, dict[str, float]]
"""Microseconds of CPU a document, by what was done, then by candidate."""

Works = dict[str, tuple[Callable[[Any], Any], Sequence[Any]]]
"""What each candidate does, and to what."""


class Speed:
    """Measures a round at a time. `names` are the decoders that are compared."""

    def __init__(self, names: Sequence[str], corpora: Sequence[Corpus]) -> None:
        self._names = names
        self._corpora = corpora
        self._decoders: dict[str, dict[str, Decode]] = {
            corpus.name: {name: decoder(name) for name in names}
            for corpus in corpora
            if corpus.name not in NEW_EACH_ROUND
        }
        self._raws = corpora[0].documents[:WRITTEN_DOCUMENTS]
        ours = decoder("stream_pool")
        self._documents = [ours(raw) for raw in self._raws]
        self._dicts = [orjson.loads(raw) for raw in self._raws]
        self.round(0)

    def round(self, number: int) -> Costs:
        """What each candidate costs; each begins in its turn."""
        costs = {corpus.name: _costs_us(self._decoding(corpus), number) for corpus in self._corpora}
        return costs | {what: _costs_us(works, number) for what, works in self._writing().items()}

    def _decoding(self, corpus: Corpus) -> Works:
        return {
            name: (decode, corpus.documents[:: SLOW.get(name, 1)])
            for name, decode in (self._decoders.get(corpus.name) or self._new_decoders()).items()
        }

    def _new_decoders(self) -> dict[str, Decode]:
        """Decoders that have seen some plain orders and nothing else."""
        decoders = {name: decoder(name) for name in self._names}
        for name, decode in decoders.items():
            for raw in self._raws[:: SLOW.get(name, 1)]:
                decode(raw)
        return decoders

    def _writing(self) -> dict[str, Works]:
        """`dumps` against orjson's of an equal dict; `to_dict` against orjson's dict from the bytes."""
        return {
            "dumps": {"orjson": (orjson.dumps, self._dicts), "stream_pool": (dumps, self._documents)},
            "to_dict": {"orjson": (orjson.loads, self._raws), "stream_pool": (_to_dict, self._documents)},
        }


def _to_dict(document: Any) -> Any:
    return document.to_dict()


def _costs_us(works: Works, number: int) -> dict[str, float]:
    gc.collect()
    spent_s = dict.fromkeys(works, 0.0)
    for block in range(BLOCKS):
        for name in _rotated(list(works), number + block):
            work, things = works[name]
            spent_s[name] += _spent_s(work, things[block::BLOCKS])
    return {name: spent_s[name] / len(things) * 1e6 for name, (_, things) in works.items()}


def _rotated(names: list[str], by: int) -> list[str]:
    first = by % len(names)
    return names[first:] + names[:first]


def _spent_s(work: Callable[[Any], Any], things: Sequence[Any]) -> float:
    began_s = time.process_time()
    for thing in things:
        work(thing)
    return time.process_time() - began_s
