"""A process that holds decoded orders: what that costs in time, in memory and in collections.

Always a fresh one, and a small one: what a collection costs depends on all that a process holds. It decodes
some other orders first, so that its pool is filled, imports are done and the allocator has its first pages.
It answers one question:

- `fill`: CPU time of decoding orders into a list, the collector as Python sets it; then how many more objects
  the collector tracks, without asking it to look first; then how long one full collection takes.
- `weigh`: growth of resident memory (`/proc/self/statm`) over decoding orders whose bytes are not kept. All
  that is held counts: records, arrays, strings, numbers, half filled pages, what the pool still grows by.
- `collect`: how much longer a full collection takes for many documents held than before. A list of anything
  is walked at each collection, a tuple is not, once nothing in it is tracked. So documents are held in a
  tuple and in a list, and as many bytes objects in a list tell what a list costs whatever it holds.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stream_pool.bench.decode_candidates import Decode, decoder
from stream_pool.telemetry.memory import MemoryProbe

FEW_COLLECTIONS = 3
COLLECTIONS = 20
REPEATS = 10
"""How often `collect` decodes the orders, to hold that many times as many."""

Answer = dict[str, float]


def answer(question: str, candidate: str, path: Path, warm: int) -> Answer:
    """Of this process, about the orders in a file, one a line, of which the first `warm` are not held."""
    decode = decoder(candidate)
    with path.open("rb") as lines:
        orders = (line[:-1] for line in lines)
        for raw in islice(orders, warm):
            decode(raw)
        return _QUESTIONS[question](decode, orders)


def _fill(decode: Decode, orders: Iterator[bytes]) -> Answer:
    raws = list(orders)
    held: list[Any] = []
    gc.collect()
    tracked = len(gc.get_objects())
    began_s = time.process_time()
    held.extend(map(decode, raws))
    spent_s = time.process_time() - began_s
    tracked = len(gc.get_objects()) - tracked
    return {
        "us": spent_s / len(held) * 1e6,
        "tracked": tracked,
        "collect_ms": _collection_ms(FEW_COLLECTIONS),
    }


def _weigh(decode: Decode, orders: Iterator[bytes]) -> Answer:
    probe = MemoryProbe()
    held: list[Any] = []
    raw_bytes = 0
    gc.collect()
    before = probe.sample().rss_bytes or 0
    for raw in orders:
        raw_bytes += len(raw)
        held.append(decode(raw))
    grown = (probe.sample().rss_bytes or 0) - before
    return {"bytes": grown / len(held), "raw_bytes": raw_bytes / len(held)}


def _collect(decode: Decode, orders: Iterator[bytes]) -> Answer:
    raws = tuple(orders) * REPEATS
    empty_ms = _collection_ms()
    documents = list(map(decode, raws))
    list_ms = _collection_ms() - empty_ms
    untracked = tuple(documents)
    documents.clear()
    tuple_ms = _collection_ms() - empty_ms
    del untracked
    copies = [bytes(memoryview(raw)) for raw in raws]
    bytes_ms = _collection_ms() - empty_ms
    return {"documents": len(copies), "list_ms": list_ms, "tuple_ms": tuple_ms, "bytes_ms": bytes_ms}


def _collection_ms(times: int = COLLECTIONS) -> float:
    """The quickest of several: the first also does away with what came before, and a machine is not quiet."""
    return min(_one_collection_ms() for _ in range(times))


def _one_collection_ms() -> float:
    began_s = time.process_time()
    gc.collect()
    return (time.process_time() - began_s) * 1e3


_QUESTIONS = {"fill": _fill, "weigh": _weigh, "collect": _collect}

if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
