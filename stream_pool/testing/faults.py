"""What goes wrong between workers and their log, by script.

The idea: one object for all clients of a log. A script adds faults, each for a kind of deed, a topic, a
worker, a group, a number of times or a span of time; the clients ask before and after what they do. Latency
is a fault like the others: `latency_s` is about what a request takes, drawn anew each time from the client's
own random numbers, so that the same seed gives the same ways.

| kind | what the worker sees |
|---|---|
| `write_fails` | `KafkaTimeoutError`, and nothing was written |
| `write_answer_lost` | `KafkaTimeoutError`, and it was written |
| `write_repeated` | an answer, and it was written twice, as by a retry inside the client |
| `read_late` | what it reads comes `seconds` later; of a topic: all that it reads together with it |
| `commit_refused` | an error that no retry mends, and nothing was committed |
| `commit_answer_lost` | no answer, and it was committed |
| `topic_refused` | `TopicAuthorizationFailedError` for reading and writing |
| `topic_slow` | every write and read of the topic takes `seconds` longer |
| `broker_away` | nothing is answered; sessions end as they would |

A fault of commits may be for one group, one of writes, reads or topics for one topic, each for one worker:
`one/2` is its second life, `one` all of them.
"""

import asyncio
import math
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from stream_pool.errors import MisuseError

Kind = Literal[
    "write_fails",
    "write_answer_lost",
    "write_repeated",
    "read_late",
    "commit_refused",
    "commit_answer_lost",
    "topic_refused",
    "topic_slow",
    "broker_away",
]

_OF_COMMITS = ("commit_refused", "commit_answer_lost")
_OF_TOPICS = tuple(kind for kind in get_args(Kind) if kind not in (*_OF_COMMITS, "broker_away"))
_LONG_WAY_ONE_IN = 40
_LONG_WAY = 6.0


@dataclass(slots=True)
class Fault:
    """One fault. None matches all. `times` are left, until `until_s` in loop time; `seconds`: its length."""

    kind: Kind
    topic: str | None = None
    worker: str | None = None
    group: str | None = None
    times: float = math.inf
    until_s: float = math.inf
    seconds: float = 0.0

    def end(self) -> None:
        """Let it be over."""
        self.times = 0

    def hits(self, topic: str | None, worker: str | None, group: str | None) -> bool:
        """Whether it is meant for such a deed."""
        name = (worker or "").rpartition("/")[0]
        return (
            (self.topic is None or self.topic == topic)
            and (self.worker is None or self.worker in (worker, name))
            and (self.group is None or self.group == group)
        )


class Faults:
    """The script of one log. `latency_s`: what one request takes about, there and back; 0: no time at all."""

    def __init__(self, *, latency_s: float = 0.0) -> None:
        self.latency_s = latency_s
        self._faults: list[Fault] = []

    def add(
        self,
        kind: Kind,
        *,
        topic: str | None = None,
        worker: str | None = None,
        group: str | None = None,
        times: int | None = None,
        for_s: float | None = None,
        seconds: float = 0.0,
    ) -> Fault:
        """Begin a fault: it ends after `times` deeds, after `for_s` seconds, when it is told to, or never.

        Raises `MisuseError` for one that could never happen.
        """
        if kind not in get_args(Kind):
            raise MisuseError(f"no fault is called {kind!r}: there are {', '.join(get_args(Kind))}")
        if topic is not None and kind not in _OF_TOPICS:
            raise MisuseError(f"{kind} is not of a topic, and would never happen")
        if group is not None and kind not in _OF_COMMITS:
            raise MisuseError(f"{kind} is not of a group, and would never happen")
        fault = Fault(
            kind,
            topic,
            worker,
            group,
            math.inf if times is None else times,
            math.inf if for_s is None else asyncio.get_running_loop().time() + for_s,
            seconds,
        )
        self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """End every fault; the ways stay as long as they are."""
        for fault in self._faults:
            fault.end()
        self._faults.clear()

    def find(
        self, kind: Kind, *, topic: str | None = None, worker: str | None = None, group: str | None = None
    ) -> Fault | None:
        """The first fault of a kind that is meant for such a deed now; it counts as one of its times."""
        if not self._faults:
            return None
        now_s = asyncio.get_running_loop().time()
        self._faults = [fault for fault in self._faults if fault.times > 0 and fault.until_s > now_s]
        for fault in self._faults:
            if fault.kind == kind and fault.hits(topic, worker, group):
                fault.times -= 1
                return fault
        return None

    def draw_s(self, random: Random) -> float:
        """How long one way takes, there or back: now and then several times as long as usual."""
        if not self.latency_s:
            return 0.0
        way_s = self.latency_s / 2 * random.uniform(0.4, 1.6)
        return way_s * _LONG_WAY if random.random() * _LONG_WAY_ONE_IN < 1 else way_s
