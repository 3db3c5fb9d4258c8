"""How long a look into a document takes, against the same look into a dict that orjson made.

*Hot* is one order, again and again. *Cold* is each of thousands once, in random order, after other data has
pushed them out of the processor's caches: what a handler meets that keeps a batch, or a cache, of orders. A
round is the mean of several turns, one candidate after the other, so that what slows the machine slows both.
It runs in a process of its own, since the dicts make every collection in it a slow one.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from timeit import Timer
from typing import Any

from stream_pool.bench.decode_candidates import decoder

LOOKS = {
    "four levels": 'document["extensions"]["partner"]["contract"]["level"]',
    "in": '"currency" in document; "refund" in document',
    "get": 'document.get("currency"); document.get("refund")',
}
"""What is timed, as one: members that are there, and for the last two also one that is not."""

TURNS = 8
HOT_LOOKS = 20_000
UNROLLED = 10
CACHES_BYTES = 64 << 20

Costs = dict[str, dict[str, list[float]]]
"""Seconds a look, one a round, by look, then by candidate."""


def measure(path: Path, rounds: int) -> Costs:
    """Look into the orders of a file, one a line."""
    raws = path.read_bytes().splitlines()
    order = random.Random(0).sample(range(len(raws)), len(raws))
    held = {name: _decoded(name, raws, order) for name in ("stream_pool", "orjson")}
    caches = bytearray(CACHES_BYTES)
    costs: Costs = {}
    for number in range(rounds):
        for look, statement in LOOKS.items():
            hot, cold = costs.setdefault(f"{look}, hot", {}), costs.setdefault(f"{look}, cold", {})
            hot_s, cold_s = dict.fromkeys(held, 0.0), dict.fromkeys(held, 0.0)
            for turn in range(TURNS):
                names = sorted(held, reverse=bool((number + turn) % 2))
                for name in names:
                    hot_s[name] += _hot_s(statement, held[name][0])
                for name in names:
                    cold_s[name] += _cold_s(statement, held[name], caches)
            for name in held:
                hot.setdefault(name, []).append(hot_s[name] / TURNS)
                cold.setdefault(name, []).append(cold_s[name] / TURNS)
    return costs


def _decoded(name: str, raws: Sequence[bytes], order: Sequence[int]) -> list[Any]:
    """The orders, decoded one after the other and then put into another order."""
    documents = list(map(decoder(name), raws))
    return [documents[at] for at in order]


def _hot_s(statement: str, document: Any) -> float:
    timer = Timer("\n".join([statement] * UNROLLED), "document = one", time.process_time, {"one": document})
    return timer.timeit(HOT_LOOKS // UNROLLED) / HOT_LOOKS


def _cold_s(statement: str, documents: list[Any], caches: bytearray) -> float:
    """Other data goes through the caches first, outside of what is timed."""
    look = f"for document in documents: {statement}"
    timer = Timer(look, "caches.count(1)", time.process_time, {"documents": documents, "caches": caches})
    return timer.timeit(1) / len(documents)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
