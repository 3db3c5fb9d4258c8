"""CPU time of decoding, and of writing and converting what was decoded, in this process.

The candidates take turns, block by block within a corpus (`turns.py`). A round before the first warms all up.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from stream_pool import dumps
from stream_pool.bench.corpus import Corpus
from stream_pool.bench.decode_candidates import Decode, decoder
from stream_pool.bench.turns import Works, costs_us

SLOW = {"json": 4, "stream_pool_twin": 20}
"""Candidates that decode but one in so many of the documents, so that a round does not wait for them."""

TURNS = 4
"""At each block, of candidates that are not slow, in corpora that may be decoded more than once."""

NEW_EACH_ROUND = {"20 unique keys"}
"""Corpora whose keys never come again: a decoder that had seen them before would make layouts of them."""

WRITTEN_DOCUMENTS = 500
"""Orders that are written and converted: few, as dicts that are held make collections slow."""

Costs = dict[str, dict[str, float]]
"""Microseconds of CPU a document, by what was done, then by candidate."""


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
            costs[corpus.name] = costs_us(self._decoding(corpus), number, turns, SLOW)
        costs["dumps"] = costs_us(self._writing(), number, TURNS)
        costs["to_dict"] = costs_us(self._converting(), number, TURNS)
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
