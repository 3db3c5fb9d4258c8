"""Whether anything stays behind: references to what all documents share, and the memory of the process.

A decoder remembers a little of what it saw last, a pool more; both are bounded. So what is counted after a
warm-up must be the same after any number of documents, but for that little.
"""

import gc
import os
import pickle
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final

from fuzzing import faces
from fuzzing.faces import Face
from fuzzing.sequence import Decode, Sequence, Settings, drawn
from stream_pool.documents.errors import DecodeError, LimitExceeded
from stream_pool.incident.orders import OrderGenerator

REFERENCES_LEFT_MAX: Final = 512
"""What sites, echoes and free lists may hold more of one object than after the warm-up."""
GROWTH_MAX_BYTES: Final = 4 << 20
DROPPED_MAX_BYTES: Final = 16 << 20
"""A full pool takes about this much, so one in ten that stayed would be seen."""
_WARM_UP: Final = 20_000
_PROGRESS_S: Final = 10.0


@dataclass(frozen=True)
class Left:
    """What stayed behind after so many documents."""

    documents: int
    references: dict[str, int]
    bytes: int

    @property
    def is_flat(self) -> bool:
        return self.bytes <= GROWTH_MAX_BYTES and all(
            abs(left) <= REFERENCES_LEFT_MAX for left in self.references.values()
        )


def rss_bytes() -> int:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def left_behind(face: Face, documents: int) -> Left:
    """Decodes, reads, writes and drops so many documents, some of them refused, and counts what is left."""
    churn = Churn(face)
    churn.go_on(_WARM_UP)
    counted = churn.references()
    memory = rss_bytes()
    churn.go_on(documents)
    references = {name: count - counted[name] for name, count in churn.references().items()}
    return Left(documents, references, rss_bytes() - memory)


class Churn:
    """One decoder, and documents that come round again among others that do not."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._pool = face.make_pool(Sequence(1024, 8 << 20, 1, (), ()))
        self._decoder = face.make_decoder(self._pool, Settings())
        self._raws = cycle(_mixed())
        first = self._decoder.decode(b'{"churnedKey":"churned-value"}')
        for _ in range(3):
            first = self._decoder.decode(b'{"churnedKey":"churned-value"}')
        [(self._key, self._value)] = first.items()

    def go_on(self, documents: int) -> None:
        told = time.monotonic()
        for n, raw in enumerate(islice(self._raws, documents)):
            try:
                value = self._decoder.decode(raw)
            except DecodeError:
                continue
            self._use(value, n)
            if n % 1024 == 0 and time.monotonic() - told > _PROGRESS_S:
                told = time.monotonic()
                print(f"{n:,} documents, {rss_bytes() >> 10:,} KiB", file=sys.stderr, flush=True)

    def _use(self, value: Any, n: int) -> None:
        """Each way of using a document now and then."""
        if not isinstance(value, Mapping):
            return
        document: Any = value
        use = n % 32
        if use == 0:
            document.to_dict()
        elif use == 1:
            self._face.dumps(document)
        elif use == 2:
            hash(document)
        elif use == 3:
            repr(document)
        elif use == 4:
            document == dict(document)  # noqa: B015
        elif use == 5:
            [document[key] for key in document]
        elif use == 6:
            document.at("no", "such", "path", default=None), document.get("none"), "none" in document
        elif use == 7:
            document | {"a": 1}
        elif use == 8 and n % 64 == 8:
            pickle.loads(pickle.dumps(document))
        elif use == 9:
            self._fail(document)

    def _fail(self, value: Any) -> None:
        """Errors must let go of what they were about."""
        for fault in (lambda: value["none"], lambda: value.at("none"), lambda: self._face.dumps([value])):
            try:
                fault()
            except (LookupError, TypeError):
                continue

    def references(self) -> dict[str, int]:
        gc.collect()
        shared: dict[str, Any] = {
            "None": None,
            "True": True,
            "False": False,
            "0": 0,
            "empty string": "",
            "empty tuple": (),
            "a pooled key": self._key,
            "a pooled value": self._value,
            "Document": self._face.document,
            "DecodeError": DecodeError,
            "LimitExceeded": LimitExceeded,
            "decoder": self._decoder,
            "pool": self._pool,
        }
        return {name: sys.getrefcount(value) for name, value in shared.items()}


def _mixed() -> list[bytes]:
    """Sequences of the fuzzer, 200 orders, and one document that holds what is counted."""
    raws = [
        bytes(step.raw)
        for number in range(60)
        for step in drawn(99, number).steps
        if isinstance(step, Decode) and not isinstance(step.raw, str)
    ]
    generator = OrderGenerator(seed=9)
    raws += [generator.order().value for _ in range(200)]
    raws += [b'{"churnedKey":"churned-value","n":[null,true,false,0,"",[],{}]}'] * 300
    Random(1).shuffle(raws)
    return raws


def dropped(face: Face, rounds: int) -> Iterator[int]:
    """The process's memory each time that a full pool and its decoder were made and dropped."""
    for _ in range(rounds):
        pool = face.make_pool(Sequence(1 << 15, 8 << 20, 1, (), ()))
        decoder = face.make_decoder(pool, Settings())
        held = [decoder.decode(b'{"dropped-key-%d":{"dropped-%d":[%d]}}' % (n, n, n)) for n in range(15_000)]
        del held, decoder, pool
        gc.collect()
        yield rss_bytes()


def held_and_freed(face: Face, documents: int) -> tuple[int, int]:
    """Bytes that so many small documents take, and that are still taken when they are gone."""
    pool = face.make_pool(Sequence(1024, 8 << 20, 1, (), ()))
    decoder = face.make_decoder(pool, Settings())
    raws = [b'{"n":%d,"a":{"b":%d},"c":{}}' % (n + 1000, n) for n in range(1000)]
    before = rss_bytes()
    held = [decoder.decode(raw) for _ in range(documents // len(raws)) for raw in raws]
    full = rss_bytes()
    del held
    gc.collect()
    return full - before, rss_bytes() - before


def run(documents: int, name: str) -> int:
    """For the command line."""
    face = faces.twin() if name == "twin" else faces.core()
    left = left_behind(face, documents)
    references = {what: count for what, count in left.references.items() if count}
    print(f"after {documents:,} documents: {left.bytes >> 10:,} KiB more")
    print(f"references more than before: {references or 'none'}")
    first, *rest = list(dropped(face, 12))[1:]
    print(f"after 11 full pools that were dropped: {(rest[-1] - first) >> 10:,} KiB more")
    held, kept = held_and_freed(face, 200_000)
    print(f"200,000 documents held: {held >> 10:,} KiB; of that, when they are gone: {kept >> 10:,} KiB")
    return int(not left.is_flat or rest[-1] - first > DROPPED_MAX_BYTES or kept > GROWTH_MAX_BYTES)
