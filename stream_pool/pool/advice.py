"""When to change a pool's capacity: the incident's own rule, as a pure function that resizes nothing.

The rule: *grow when qps > base_qps * (1 + alpha) and entropy < threshold*. As it was written it counted
single keys, and 17 keys used once each already have 4.1 bits, so it would never act. Here

    rate    = key lookups a second in the interval
    base    = max(mean rate of the minute before the interval, 1,000 a second)
    rise    = rate / base - 1
    entropy = - sum over root layouts i in the interval of p_i * log2(p_i), in bits

and the advice is

    rise > 0.3 and entropy < 2.1     grow: by 40 % up to a rise of 0.8, by 75 % above, to the ceiling at most
    unused for the minute and longer shrink: by 10 %, to twice the strings held and the floor at least
    else                             keep

A pool is unused when it holds at most half of what it may and had to evict nothing.
"""

from dataclasses import dataclass
from math import isnan
from typing import Literal

from stream_pool.errors import MisuseError

Kind = Literal["keep", "grow", "shrink"]


@dataclass(frozen=True, slots=True)
class PoolWindow:
    """What the adviser looks at: one interval, and the time before it that it is compared with."""

    interval_s: float
    lookups_per_s: float
    """Key lookups a second in the interval."""
    base_lookups_per_s: float
    """Mean of the base period before the interval; NaN while less than that was seen."""
    entropy_bits: float
    """Of the root layouts in the interval; NaN when no document was decoded."""
    size: int
    """Strings in the pool at the interval's end."""
    evictions: int
    """In the interval and the base period."""


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """The figures of the rule. Raises `MisuseError` where the floor is under 1 or over the ceiling."""

    alpha: float = 0.3
    entropy_threshold_bits: float = 2.1
    base_min_lookups_per_s: float = 1_000.0
    sharp_rise: float = 0.8
    growth: float = 0.40
    sharp_growth: float = 0.75
    shrinkage: float = 0.10
    floor: int = 1_024
    ceiling: int = 65_536

    def __post_init__(self) -> None:
        if not 1 <= self.floor <= self.ceiling:
            raise MisuseError(f"pool: floor {self.floor} must be from 1 to the ceiling, {self.ceiling}")


@dataclass(frozen=True, slots=True)
class Advice:
    """The capacity that the pool should have from now on, and why."""

    capacity: int
    kind: Kind
    reason: str


def advise(window: PoolWindow, capacity: int, *, rule: GrowthRule = GrowthRule()) -> Advice:
    """What to do with a pool of this capacity after this window."""
    growth, reason = _growth(window, rule)
    if growth:
        grown = min(rule.ceiling, round(capacity * (1 + growth)))
        return Advice(grown, "grow", reason) if grown > capacity else Advice(capacity, "keep", "at_ceiling")
    if _is_unused(window, capacity):
        shrunk = max(rule.floor, 2 * window.size, round(capacity * (1 - rule.shrinkage)))
        return (
            Advice(shrunk, "shrink", "unused") if shrunk < capacity else Advice(capacity, "keep", "at_floor")
        )
    return Advice(capacity, "keep", reason)


def _growth(window: PoolWindow, rule: GrowthRule) -> tuple[float, str]:
    """The share to grow by, 0 for none, and why."""
    if isnan(window.base_lookups_per_s):
        return 0.0, "base_unknown"
    base = max(window.base_lookups_per_s, rule.base_min_lookups_per_s)
    if not window.lookups_per_s > base * (1 + rule.alpha):
        return 0.0, "rate_steady"
    if not window.entropy_bits < rule.entropy_threshold_bits:
        return 0.0, "layouts_diverse"
    if window.lookups_per_s > base * (1 + rule.sharp_rise):
        return rule.sharp_growth, "rate_rose_sharply"
    return rule.growth, "rate_rose"


def _is_unused(window: PoolWindow, capacity: int) -> bool:
    return not isnan(window.base_lookups_per_s) and not window.evictions and 2 * window.size <= capacity
