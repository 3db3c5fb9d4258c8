"""Two offline replays of the same traffic, side by side, and whether the second is worse. Pure.

Each measure has a margin: a share of the first side's value, or a number in the measure's own unit, whichever
allows more. The second side is worse where it is beyond by more than that. A value that is not known on
either side is not judged; a drain that never came to its end is later than any that did.

| measure | is | margin |
|---|---|---|
| `stopped` | workers that stopped by themselves | 0 |
| `unread` | records that nobody finished | 0 |
| `errors` | records that could not be done | 0 |
| `anomalies` | anomalies that opened | 0 |
| `p1` | those of them that are of severity P1 | 0 |
| `lag` | the most records behind | 10 % or 100 |
| `drain` | seconds from the last record until all was committed | 10 % or 5 |
| `latency` | 99th percentile from poll to done, in seconds | 25 % or 0.05 |
| `pool` | share of lookups that the pool answered; more is better | 0.01 |
| `memory` | bytes of the largest pool's strings | 10 % or 1 MiB |
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from stream_pool.errors import MisuseError
from stream_pool.incident.offline_figures import AnomalyFigure, Figures

FORMAT: Final = 1
"""Of what `replay --offline --json` prints."""

Standing = Literal["worse", "better", "same", "unknown"]


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the second side may be beyond the first."""

    share: float = 0.0
    number: float = 0.0

    def allows(self, value: float) -> float:
        """How far, from a value."""
        return max(self.share * abs(value), self.number)


MARGINS: Final[Mapping[str, Margin]] = {
    "stopped": Margin(),
    "unread": Margin(),
    "errors": Margin(),
    "anomalies": Margin(),
    "p1": Margin(),
    "lag": Margin(0.10, 100),
    "drain": Margin(0.10, 5.0),
    "latency": Margin(0.25, 0.05),
    "pool": Margin(0.0, 0.01),
    "memory": Margin(0.10, 1 << 20),
}
_MORE_IS_BETTER: Final = frozenset({"pool"})
_NEVER: Final = frozenset({"drain"})
"""Where no value means that it never came to be."""


@dataclass(frozen=True, slots=True)
class Side:
    """One replay: how it is called, what came of it, how many records were to be played, how many of its
    workers stopped, and by what it was made (`capture`, a digest, and `options`; empty: it does not tell)."""

    name: str
    figures: Figures
    records: int
    stopped: int
    workers: int
    capture: str = field(default="", compare=False)
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def proves(self) -> bool:
        """Whether something was finished, and somebody was there to the end."""
        return self.figures.records > 0 and self.stopped < self.workers

    def measure(self, name: str) -> float | None:
        """A measure's value."""
        return _MEASURES[name](self)


_MEASURES: Final[Mapping[str, Callable[[Side], float | None]]] = {
    "stopped": lambda side: side.stopped,
    "unread": lambda side: max(0, side.records - side.figures.records),
    "errors": lambda side: side.figures.errors,
    "anomalies": lambda side: len(side.figures.anomalies),
    "p1": lambda side: sum(anomaly.severity == "P1" for anomaly in side.figures.anomalies),
    "lag": lambda side: side.figures.lag_peak_records,
    "drain": lambda side: side.figures.drain_s,
    "latency": lambda side: side.figures.latency_p99_s,
    "pool": lambda side: side.figures.pool_hit_ratio,
    "memory": lambda side: side.figures.pool_bytes_peak,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measure on both sides, and by how much the second might have been beyond the first."""

    measure: str
    a: float | None
    b: float | None
    allowed: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class AnomalyRow:
    """One rule on one subject: how often it opened on either side, and when at first, in seconds."""

    rule: str
    subject: str
    a_count: int
    b_count: int
    a_opened_s: float | None
    b_opened_s: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, measure by measure. `outcomes` has every outcome with its records on either side."""

    a: Side
    b: Side
    rows: tuple[Row, ...]
    outcomes: tuple[tuple[str, int, int], ...]
    anomalies: tuple[AnomalyRow, ...]

    @property
    def proves(self) -> bool:
        """Whether either side came to an end: two that did nothing are alike, and say nothing of a change."""
        return self.a.proves or self.b.proves

    @property
    def worse(self) -> list[str]:
        """The measures by which the second side is worse."""
        return [row.measure for row in self.rows if row.standing == "worse"]


def compare(a: Side, b: Side, margins: Mapping[str, Margin] = MARGINS) -> Comparison:
    """The sides, compared."""
    rows = tuple(_row(name, a.measure(name), b.measure(name), margins[name]) for name in MARGINS)
    outcomes = dict.fromkeys([*a.figures.outcomes, *b.figures.outcomes])
    told = tuple(
        (name, a.figures.outcomes.get(name, 0), b.figures.outcomes.get(name, 0)) for name in outcomes
    )
    return Comparison(a, b, rows, told, _anomalies(a.figures.anomalies, b.figures.anomalies))


def parse_margins(text: str) -> dict[str, Margin]:
    """`lag=10%,drain=30`: these margins, and the others as they are. Raises `MisuseError`."""
    margins = dict(MARGINS)
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name not in MARGINS:
            raise MisuseError(f"--margin {part!r}: there are {', '.join(MARGINS)}")
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0 <= number < math.inf:
            raise MisuseError(f"--margin {part!r}: must be a number, or a percentage, from 0")
        margins[name] = Margin(share=number / 100) if value.endswith("%") else Margin(number=number)
    return margins


def side_of(name: str, told: Mapping[str, Any]) -> Side:
    """A side from what `replay --offline --json` printed. Raises `MisuseError` for anything else."""
    try:
        if told["stream_pool_replay"] != FORMAT:
            raise ValueError("it is of another version")
        return Side(
            name,
            Figures.of_json(told["figures"]),
            told["records_wanted"],
            len(told["faults"]),
            told["workers"],
            told.get("capture", ""),
            told.get("options", {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MisuseError(f"{name} is no result of replay --offline --json: {error!r}") from error


def check_same_traffic(a: Side, b: Side) -> None:
    """Raises `MisuseError` where there is nothing to compare by, or what was played differs. A build that did
    not tell of something yet is not held to it."""
    if not a.records and not b.records:
        raise MisuseError("no record was to be replayed: there is nothing to compare by")
    differing: dict[str, tuple[object, object]] = {}
    if a.capture and b.capture:
        differing["capture"] = (a.capture, b.capture)
    differing |= {name: (a.options[name], b.options[name]) for name in a.options if name in b.options}
    for name, (ours, theirs) in differing.items():
        if ours != theirs:
            raise MisuseError(f"{name} is {ours!r} for {a.name}, and {theirs!r} for {b.name}: not comparable")
    if a.records != b.records:
        raise MisuseError(
            f"{a.name} is of {a.records:,} records, and {b.name} of {b.records:,}: not of the same traffic"
        )


def _row(name: str, a: float | None, b: float | None, margin: Margin) -> Row:
    if name in _NEVER:
        a_value, b_value = (math.inf if value is None else value for value in (a, b))
    elif a is None or b is None:
        return Row(name, a, b, 0.0, "unknown")
    else:
        a_value, b_value = a, b
    if a_value == b_value:
        return Row(name, a, b, 0.0, "same")
    allowed = 0.0 if math.isinf(a_value) else margin.allows(a_value)
    beyond = a_value - b_value if name in _MORE_IS_BETTER else b_value - a_value
    standing: Standing = "worse" if beyond > allowed else "better" if -beyond > allowed else "same"
    return Row(name, a, b, allowed, standing)


def _anomalies(a: list[AnomalyFigure], b: list[AnomalyFigure]) -> tuple[AnomalyRow, ...]:
    rows: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for number, side in enumerate((a, b)):
        for anomaly in side:
            rows.setdefault((anomaly.rule, anomaly.subject), ([], []))[number].append(anomaly.opened_s)
    return tuple(
        AnomalyRow(rule, subject, len(ours), len(theirs), min(ours, default=None), min(theirs, default=None))
        for (rule, subject), (ours, theirs) in rows.items()
    )
