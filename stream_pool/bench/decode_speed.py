"""CPU time of decoding, and of writing and converting what was decoded, in this process.

The candidates take turns, corpus by corpus. What each makes is dropped at once; the collector is as Python
sets it, and has just been through. A pass of everything before the first round warms all up.
"""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from stream_pool import dumps
from stream_pool.bench.corpus import Corpus
from stream_pool.bench.decode_candidates import Decode, decoder

SLOW = {"stream_pool_twin": 10}
"""Candidates that decode but one in so many of the documents, so that a round does not wait for them."""

WRITTEN_DOCUMENTS = 500
"""Orders that are written and converted: few, as the dicts must be held, and make collections slow."""

Costs = dict[str, dict[str, float]]
"""Microseconds of CPU a document, by what was done, then by candidate."""


class Speed:
    """Measures a round at a time. `names` are the decoders that are compared."""

    def __init__(self, names: Sequence[str], corpora: Sequence[Corpus]) -> None:
        self._corpora = corpora
        self._decoders: dict[str, dict[str, Decode]] = {
            corpus.name: {name: decoder(name) for name in names} for corpus in corpora
        }
        self._raws = corpora[0].documents[:WRITTEN_DOCUMENTS]
        ours = decoder("stream_pool")
        self._documents = [ours(raw) for raw in self._raws]
        self._dicts = [orjson.loads(raw) for raw in self._raws]
        self.round(0)

    def round(self, number: int) -> Costs:
        """What each candidate costs; the order of the candidates goes the other way in every second round."""
        backwards = bool(number % 2)
        costs = {corpus.name: self._decoding(corpus, backwards) for corpus in self._corpora}
        return costs | self._writing(backwards)

    def _decoding(self, corpus: Corpus, backwards: bool) -> dict[str, float]:
        decoders = list(self._decoders[corpus.name].items())
        return {
            name: _cost_us(decode, corpus.documents[:: SLOW.get(name, 1)])
            for name, decode in (reversed(decoders) if backwards else decoders)
        }

    def _writing(self, backwards: bool) -> Costs:
        """`dumps` against orjson's of an equal dict, `to_dict` against orjson making it from the bytes."""
        costs: Costs = {"dumps": {}, "to_dict": {}}
        works: list[tuple[str, str, Callable[[Any], Any], Sequence[Any]]] = [
            ("dumps", "orjson", orjson.dumps, self._dicts),
            ("dumps", "stream_pool", dumps, self._documents),
            ("to_dict", "orjson", orjson.loads, self._raws),
            ("to_dict", "stream_pool", _to_dict, self._documents),
        ]
        for what, name, work, things in reversed(works) if backwards else works:
            costs[what][name] = _cost_us(work, things)
        return costs


def _to_dict(document: Any) -> Any:
    return document.to_dict()


def _cost_us(work: Callable[[Any], Any], things: Sequence[Any]) -> float:
    gc.collect()
    began_s = time.process_time()
    for thing in things:
        work(thing)
    return (time.process_time() - began_s) / len(things) * 1e6
