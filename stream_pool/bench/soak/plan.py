"""Which fault comes when, and to whom: a function of the seed.

Faults come in rounds. A round has every kind once, in an order of its own, so that two rounds differ in
nothing but that order and their victims: that makes them comparable, and the memory of a worker is compared
from round to round. The spared worker is never a victim.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WARM_UP_S = 600.0
ROUNDS_JUDGED = 8
"""Rounds after the warm-up that a trend of memory is judged on, at least."""

SLOW_EVERY_S = 30.0
"""From here on between two faults, workers have the settings that they have in production."""


class Kind(StrEnum):
    """What happens to the group."""

    KILL_WORKER = "kill -9 of a worker"
    FREEZE_WORKER = "a worker frozen"
    RESTART_BROKER = "broker restarted"
    KILL_BROKER = "kill -9 of the broker"
    REBALANCE = "a fourth worker comes and goes"
    POISON_BURST = "poison burst"
    REFUSE_EVENTS = "events topic refused"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when it is due, in seconds from the beginning. `chance` picks its victim, or partition."""

    at_s: float
    kind: Kind
    chance: float

    def pick(self, among: Sequence[str]) -> str:
        """One of them; the same for the same names."""
        return among[int(self.chance * len(among))]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the soak is, how often a fault comes, and what follows from that."""

    duration_s: float
    every_s: float

    @property
    def round_s(self) -> float:
        """How long until every kind has come once."""
        return self.every_s * len(Kind)

    @property
    def warm_up_s(self) -> float:
        """Until then memory is not looked at."""
        return min(WARM_UP_S, self.duration_s / 6)

    @property
    def is_judged(self) -> bool:
        """Whether it is long enough to tell how memory goes."""
        return self.duration_s - self.warm_up_s >= ROUNDS_JUDGED * self.round_s

    @property
    def block_s(self) -> float:
        """What memory is averaged over: a round, or a part of a soak that is too short to be judged."""
        return self.round_s if self.is_judged else (self.duration_s - self.warm_up_s) / ROUNDS_JUDGED

    @property
    def session_timeout_ms(self) -> int:
        """The default of workers, or the least that brokers allow."""
        return 10_000 if self.every_s >= SLOW_EVERY_S else 6_000

    @property
    def interval_s(self) -> float:
        """The default of workers, or a tenth of it."""
        return 10.0 if self.every_s >= SLOW_EVERY_S else 1.0


def plan_faults(pace: Pace, seed: int) -> list[Fault]:
    """All faults of a soak; the last is due a whole interval before its end."""
    chance = random.Random(f"soak {seed}")
    faults: list[Fault] = []
    kinds: list[Kind] = []
    for number in range(int(pace.duration_s / pace.every_s + 1e-9)):
        if not kinds:
            kinds = list(Kind)
            chance.shuffle(kinds)
        faults.append(Fault(number * pace.every_s, kinds.pop(), chance.random()))
    return faults
