"""How long a look into a document takes, against the same look into a dict that orjson made.

*Hot* is one order, again and again. *Cold* is each of thousands once, in random order, after other data has
pushed them out of the processor's caches: what a handler meets that keeps a batch, or a cache, of orders.
It runs in a process of its own, since the dicts make every collection in it a slow one.
"""

import json
import random
import sys
import time
from pathlib import Path
from timeit import Timer
from typing import Any

from stream_pool.bench.decode_candidates import decoder

LOOKS = {
    "four levels": 'document["extensions"]["partner"]["contract"]["level"]',
    "in": '"currency" in document; "refund" in document',
    "get": 'document.get("currency"); document.get("refund")',
}
"""What is timed: members that are there, and for the last two also one that is not."""

HOT_LOOKS = 50_000
UNROLLED = 10
CACHES_BYTES = 64 << 20

Costs = dict[str, list[float]]
"""Seconds a round, by candidate."""


def _measure(path: Path, rounds: int) -> dict[str, Costs]:
    raws = path.read_bytes().splitlines()
    kinds = {name: list(map(decoder(name), raws)) for name in ("stream_pool", "orjson")}
    order = random.Random(0).sample(range(len(raws)), len(raws))
    shuffled = {name: [held[at] for at in order] for name, held in kinds.items()}
    caches = bytearray(CACHES_BYTES)
    costs: dict[str, Costs] = {}
    for number in range(rounds):
        for look, statement in LOOKS.items():
            for name in sorted(kinds, reverse=bool(number % 2)):
                hot = _hot_s(statement, kinds[name][0])
                costs.setdefault(f"{look}, hot", {}).setdefault(name, []).append(hot)
                caches.count(1)
                cold = _cold_s(statement, shuffled[name])
                costs.setdefault(f"{look}, cold", {}).setdefault(name, []).append(cold)
    return costs


def _hot_s(statement: str, document: Any) -> float:
    timer = Timer("\n".join([statement] * UNROLLED), "document = one", time.process_time, {"one": document})
    return timer.timeit(HOT_LOOKS // UNROLLED) / HOT_LOOKS


def _cold_s(statement: str, documents: list[Any]) -> float:
    timer = Timer(
        f"for document in documents: {statement}", "pass", time.process_time, {"documents": documents}
    )
    return timer.timeit(1) / len(documents)


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), int(sys.argv[2]))))
