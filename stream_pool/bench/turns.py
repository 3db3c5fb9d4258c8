"""CPU time of several works over the same things, taken in turns, so that what slows the machine for a moment
slows all of them alike.

They take turns block by block. Where a block has several turns their mean counts: the quickest turn of one
may be from a quiet moment that another never had. What each makes is dropped at once; the collector is as
Python sets it, and has just been through.
"""

import gc
import itertools
import time
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

BLOCKS = 2
"""With many, a turn would find the processor's caches full of others' data."""

Works = Mapping[str, tuple[Callable[[Any], Any], Sequence[Any]]]
"""What each candidate does, and to what."""


def costs_us(works: Works, number: int, turns: int, once: Container[str] = ()) -> dict[str, float]:
    """Microseconds of CPU a thing, by candidate. Another `number` lets another candidate begin.

    `turns` are those at each block; the candidates in `once` have one all the same.
    """
    gc.collect()
    spent_s = dict.fromkeys(works, 0.0)
    for block, turn in itertools.product(range(BLOCKS), range(turns)):
        for name in _rotated(list(works), number + block + turn):
            if turn == 0 or name not in once:
                work, things = works[name]
                spent_s[name] += _spent_s(work, things[block::BLOCKS])
    return {
        name: spent_s[name] / len(things) / (1 if name in once else turns) * 1e6
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
