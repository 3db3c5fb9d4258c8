"""CPU time of decoding, and of writing and converting what was decoded, in this process.

The candidates take turns, block by block within a corpus, so that what slows the machine for a moment slows
all of them alike. A round has several turns at each block, and their mean counts: the quickest turn of one
candidate may be from a quiet moment that another never had. What each makes is dropped at once; the collector
is as Python sets it, and has just been through. A round before the first warms all up.
"""

import gc
import itertools
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
"""Of a corpus. With many, a turn would find the processor's caches full of others' data."""

TURNS = 4
"""At each block, of candidates that are not slow, in corpora that may be decoded more than once."""

NEW_EACH_ROUND = {"20 unique keys"}
"""Corpora whose keys never come again: a decoder that had seen them before would make layouts of them."""

WRITTEN_DOCUMENTS = 500
"""Orders that are written and converted: few, as dicts that are held make collections slow."""

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
        self.round(0)

    def round(self, number: int) -> Costs:
        """What each candidate costs; each begins in its turn."""
        costs = {}
        for corpus in self._corpora:
            turns = 1 if corpus.name in NEW_EACH_ROUND else TURNS
            costs[corpus.name] = _costs_us(self._decoding(corpus), number, turns)
        costs["dumps"] = _costs_us(self._writing(), number, TURNS)
        costs["to_dict"] = _costs_us(self._converting(), number, TURNS)
        return costs

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

    def _writing(self) -> Works:
        """`dumps` against orjson's of an equal dict."""
        dicts = [orjson.loads(raw) for raw in self._raws]
        return {"orjson": (orjson.dumps, dicts), "stream_pool": (dumps, self._documents)}

    def _converting(self) -> Works:
        """`to_dict` against orjson's dict from the bytes."""
        return {"orjson": (orjson.loads, self._raws), "stream_pool": (_to_dict, self._documents)}


def _to_dict(document: Any) -> Any:
    return document.to_dict()


def _costs_us(works: Works, number: int, turns: int) -> dict[str, float]:
    gc.collect()
    spent_s = dict.fromkeys(works, 0.0)
    for block, turn in itertools.product(range(BLOCKS), range(turns)):
        for name in _rotated(list(works), number + block + turn):
            if turn == 0 or name not in SLOW:
                work, things = works[name]
                spent_s[name] += _spent_s(work, things[block::BLOCKS])
    return {
        name: spent_s[name] / len(things) / (1 if name in SLOW else turns) * 1e6
        for name, (_, things) in works.items()
    }


def _rotated(names: list[str], by: int) -> list[str]:
    first = by % len(names)
    return names[first:] + names[:first]


def _spent_s(work: Callable[[Any], Any], things: Sequence[Any]) -> float:
    began_s = time.process_time()
    for thing in things:
        work(thing)
    return time.process_time() - began_s
