"""What follows from the figures: whether the pool is worth it, why not, and what to set. Pure.

**Verdict**, the first that applies; *time* is that of the quickest other decoder here, of ours:

    1  fewer than 100 documents                                         TOO_FEW
    2  the compiled core is not in use                                  NO_CORE
    3  the interval of time holds both 1 and 1.25                       UNSURE
    4  time of at least 1.25                                            WORTH_IT
    5  documents held take half the bytes or less, and time over 0.9    WHERE_HELD
    6  else                                                             NOT_WORTH_IT

**Limits**: the largest that was met times a margin, rounded up to a power of two (depth as it is), at least a
floor, and never over the default: a sample has not seen the largest document.

    8 for document_bytes, string_bytes, keys and items; 4 for key_bytes and number_digits; 2 for depth

**Capacity**: the smallest of those tried, from the default on, whose hit ratio is within a point of the best.
Hits are of keys alone, and short values share the table, so less than the default is not advised.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from stream_pool.documents import Limits
from stream_pool.incident.estimate.extent import Extent
from stream_pool.incident.estimate.measure import OURS, Measured
from stream_pool.incident.estimate.profile import Profile
from stream_pool.pool.pool import CAPACITY_DEFAULT

DOCUMENTS_MIN = 100
WORTH_RATIO = 1.25
HELD_RATIO = 0.5
HELD_TIME_MIN = 0.9
CAPACITY_WITHIN = 0.01

MANY_MISSES = 0.1
MANY_BYTES = 0.25
MUCH_WHITE_SPACE = 0.1

MARGINS = {
    "document_bytes": (8, 64 << 10),
    "depth": (2, 16),
    "keys": (8, 1 << 10),
    "items": (8, 1 << 10),
    "key_bytes": (4, 128),
    "string_bytes": (8, 16 << 10),
    "number_digits": (4, 64),
}
"""By limit: the margin, and the floor."""


class Kind(StrEnum):
    """What the pool would do."""

    WORTH_IT = "worth_it"
    WHERE_HELD = "where_held"
    NOT_WORTH_IT = "not_worth_it"
    UNSURE = "unsure"
    NO_CORE = "no_core"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is worth it. `gain` is the share of the quickest peer's time that would be saved; it is
    below 0 where ours takes longer, None where nothing was timed. `why` says what in the documents stands
    against it, whatever the verdict."""

    kind: Kind
    gain: float | None
    against: str | None
    why: tuple[str, ...]


def verdict(profile: Profile, measured: Measured | None, *, native: bool) -> Verdict:
    """Judge by the rules above."""
    if measured is None or profile.accepted < DOCUMENTS_MIN or not measured.speed:
        return Verdict(Kind.TOO_FEW, None, None, ())
    against = measured.quickest
    time = measured.speed[against]
    gain = 1 - 1 / time.value
    if not native:
        return Verdict(Kind.NO_CORE, gain, against, ())
    why = tuple(_against(profile))
    if time.low <= 1 and time.high >= WORTH_RATIO:
        return Verdict(Kind.UNSURE, gain, against, why)
    if time.value >= WORTH_RATIO:
        return Verdict(Kind.WORTH_IT, gain, against, why)
    held = held_ratio(measured)
    if held is not None and held <= HELD_RATIO and time.value >= HELD_TIME_MIN:
        return Verdict(Kind.WHERE_HELD, gain, against, why)
    return Verdict(Kind.NOT_WORTH_IT, gain, against, why)


def held_ratio(measured: Measured) -> float | None:
    """Bytes of a document held by us, of what the thriftiest peer takes; None where none was weighed."""
    ours = measured.costs[OURS].held_bytes
    peers = [cost.held_bytes for name, cost in measured.costs.items() if name != OURS]
    weighed = [held for held in peers if held]
    return None if ours is None or not weighed else ours / min(weighed)


def capacity(profile: Profile) -> int:
    """The capacity to begin with."""
    enough = (profile.best.hit_ratio or 0.0) - CAPACITY_WITHIN
    return next(
        (
            figures.capacity
            for figures in profile.capacities
            if figures.capacity >= CAPACITY_DEFAULT and (figures.hit_ratio or 0.0) >= enough
        ),
        CAPACITY_DEFAULT,
    )


def limits(profile: Profile) -> Limits:
    """The limits to set."""
    return Limits(**{field.name: _limit(field.name, profile.largest) for field in fields(Limits)})


def limits_over(profile: Profile) -> Mapping[str, int]:
    """What would have to be raised, and to what at least, to take what is only over a default limit."""
    if profile.over is None:
        return {}
    default = Limits()
    return {
        field.name: getattr(profile.over, field.name)
        for field in fields(default)
        if getattr(profile.over, field.name) > getattr(default, field.name)
    }


def _limit(name: str, largest: Extent) -> int:
    margin, floor = MARGINS[name]
    wanted: int = getattr(largest, name) * margin
    if name != "depth":
        wanted = 1 << max(0, wanted - 1).bit_length()
    default: int = getattr(Limits(), name)
    return min(default, max(floor, wanted))


def _against(profile: Profile) -> Iterator[str]:
    """What keeps a pool from helping, the heaviest first."""
    if not profile.lookups:
        yield "the documents have no keys, so there is nothing to pool"
    best = profile.best.hit_ratio
    if best is not None and 1 - best >= MANY_MISSES:
        worst = max(profile.paths, key=lambda cost: cost.misses)
        is_there = worst.misses * 2 >= profile.at(profile.booked_capacity).misses
        yield (
            f"{1 - best:.0%} of the keys are not found even in a pool of {profile.capacities[-1].capacity:,}"
            f"{f', most of them at {worst.path}' if is_there else ''}: keys that do not come again"
        )
    shares = {
        "numbers in arrays, which are never shared": profile.bytes.numbers_in_arrays,
        "strings too long for the pool": profile.bytes.long_strings,
    }
    for what, size in sorted(shares.items(), key=lambda share: -share[1]):
        if size >= MANY_BYTES * profile.accepted_bytes:
            yield f"{size / profile.accepted_bytes:.0%} of the bytes are {what}"
    if profile.bytes.white_space >= MUCH_WHITE_SPACE * profile.accepted_bytes:
        share = profile.bytes.white_space / profile.accepted_bytes
        yield f"{share:.0%} of the bytes are white space, which makes keys slower to expect"
