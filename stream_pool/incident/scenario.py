"""An incident as a short script: phases of traffic, played for any number of orders.

A scenario is a TOML file (`scenarios/demo.toml` is the one of the demo) written for a nominal number of
`orders`. Asking for another number keeps the story and its length, so the rate follows the number; and it
keeps the time that handling takes in all, so the worker falls behind by the same number of seconds. With
fewer orders each slow one takes longer; with more of them fewer are slow, since a sleep cannot be shortened
at will, and fewer fail, since each failure costs its retries.

Poison, failures and slow orders are spread evenly rather than drawn: a ratio of 2 % is exactly 2 of every
100, and every kind of poison gets its turn.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Final

from stream_pool.errors import MisuseError
from stream_pool.incident.orders import DEPTH_MAX, DEPTH_MIN, START_MS, Headers, Order, OrderGenerator
from stream_pool.incident.poison import POISONS

LATENCY_HEADER: Final = "simulated-latency-us"
ERROR_HEADER: Final = "simulated-error"


class ScenarioError(MisuseError):
    """A scenario that cannot be played; the message names file, phase, field, value and what is allowed."""

    reason = "scenario"


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a scenario; `share` is its part of all orders, spread evenly over `duration_s`."""

    name: str
    share: float
    duration_s: float
    depth: int
    unique_keys: int = 0
    poison_ratio: float = 0.0
    error_ratio: float = 0.0
    handler_latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to the topic, and when: `due_s` seconds after the scenario's first record.

    `kind` is `order`, `error` (an order whose handling fails) or the name of a poison; `value` is None for a
    tombstone. `timestamp_ms` belongs to the scenario's own calendar, which starts at `START_MS`.
    """

    key: bytes
    value: bytes | None
    headers: Headers
    timestamp_ms: int
    due_s: float
    phase: str
    kind: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """Phases in order, for a nominal number of orders. `load_scenario` and `bundled_scenario` make one."""

    name: str
    orders: int
    phases: tuple[Phase, ...]

    @property
    def duration_s(self) -> float:
        """How long the traffic lasts, whatever the number of orders."""
        return sum(phase.duration_s for phase in self.phases)

    def records(self, orders: int, seed: int = 0) -> Iterator[Record]:
        """Exactly `orders` records, phase after phase, due at times that never go back.

        Raises `MisuseError` where there are so few that a phase has none.
        """
        counts = self.orders_by_phase(orders)
        if min(counts) < 1:
            raise MisuseError(f"{orders} orders are too few for the {len(counts)} phases of {self.name!r}")
        return self._play(orders, counts, seed)

    def orders_by_phase(self, orders: int) -> tuple[int, ...]:
        """How `orders` divide: rounded so that they sum up, the same way every time."""
        shares = sum(phase.share for phase in self.phases)
        bounds, reached = [0], 0.0
        for phase in self.phases:
            reached += phase.share
            bounds.append(round(orders * reached / shares))
        return tuple(after - before for before, after in pairwise(bounds))

    def _play(self, orders: int, counts: tuple[int, ...], seed: int) -> Iterator[Record]:
        generator = OrderGenerator(seed)
        scale = self.orders / orders
        spread = _Spread(rarity=min(1.0, scale), stretch=max(1.0, scale))
        begins_s = 0.0
        for phase, count in zip(self.phases, counts, strict=True):
            for index in range(count):
                due_s = begins_s + phase.duration_s * index / count
                timestamp_ms = START_MS + int(due_s * 1_000)
                order = generator.order(phase.depth, phase.unique_keys, timestamp_ms)
                yield spread.record(order, phase, timestamp_ms, due_s)
            begins_s += phase.duration_s


class _Spread:
    """Turns orders into records, putting trouble in at even distances (carried over from phase to phase).

    `rarity` is the share of the slow and failing orders of a phase that are left when there are more orders
    than nominal, `stretch` the factor on latencies when there are fewer.
    """

    def __init__(self, rarity: float, stretch: float) -> None:
        self._rarity = rarity
        self._stretch = stretch
        self._slow = 0.0
        self._poison = 0.0
        self._error = 0.0
        self._poisons_made = 0

    def record(self, order: Order, phase: Phase, timestamp_ms: int, due_s: float) -> Record:
        """The record of an order, with whatever it is the turn of."""
        value: bytes | None = order.value
        headers, kind = order.headers, "order"
        if phase.handler_latency_ms:
            self._slow += self._rarity
            if self._slow >= 1.0:
                self._slow -= 1.0
                latency_us = round(phase.handler_latency_ms * 1_000 * self._stretch)
                headers = (*headers, (LATENCY_HEADER, b"%d" % latency_us))
        self._poison += phase.poison_ratio
        self._error += phase.error_ratio * self._rarity
        if self._poison >= 1.0:
            self._poison -= 1.0
            kind = tuple(POISONS)[self._poisons_made % len(POISONS)]
            self._poisons_made += 1
            value = POISONS[kind](order.value)
        elif self._error >= 1.0:
            self._error -= 1.0
            kind = "error"
            headers = (*headers, (ERROR_HEADER, b"payment_gateway_timeout"))
        return Record(order.key, value, headers, timestamp_ms, due_s, phase.name, kind)


def bundled_scenario(name: str) -> Scenario:
    """A scenario that comes with the package. Raises `ScenarioError` where there is none of that name."""
    folder = resources.files("stream_pool.incident") / "scenarios"
    names = sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )
    if name not in names:
        raise ScenarioError(f"no scenario is called {name!r}; there are: {', '.join(names)}")
    return parse_scenario((folder / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario file. Raises `ScenarioError` where it cannot be read or played."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, file: str) -> Scenario:
    """Turns a scenario file's text into a `Scenario`; `file` is for messages. Raises `ScenarioError`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{file}: not TOML: {error}") from error
    _refuse_unknown(table, {"name", "orders", "phases"}, file)
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise ScenarioError(f"{file}: name = {name!r}: must be a word or two")
    orders = _number(table, "orders", (1, 1_000_000_000), file, whole=True)
    phases = table.get("phases")
    if not isinstance(phases, list) or not phases:
        raise ScenarioError(f"{file}: phases: at least one [[phases]] table is needed")
    parsed = tuple(_phase(entry, f"{file}: phase {index + 1}") for index, entry in enumerate(phases))
    return Scenario(name, int(orders), parsed)


_ALLOWED: Final[dict[str, tuple[float, float]]] = {
    "share": (1e-6, 1e6),
    "duration_s": (0.1, 86_400),
    "depth": (DEPTH_MIN, DEPTH_MAX),
    "unique_keys": (0, 1_000),
    "poison_ratio": (0, 1),
    "error_ratio": (0, 1),
    "handler_latency_ms": (0, 60_000),
}
_REQUIRED: Final = ("share", "duration_s", "depth")
_WHOLE: Final = ("depth", "unique_keys")


def _phase(entry: object, where: str) -> Phase:
    if not isinstance(entry, dict):
        raise ScenarioError(f"{where}: {entry!r}: must be a [[phases]] table")
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise ScenarioError(f"{where}: name = {name!r}: must be a word or two")
    where = f"{where} ({name})"
    _refuse_unknown(entry, {field.name for field in fields(Phase)}, where)
    numbers = {
        field: _number(entry, field, allowed, where, whole=field in _WHOLE)
        for field, allowed in _ALLOWED.items()
        if field in entry or field in _REQUIRED
    }
    return Phase(name=name, **numbers)  # type: ignore[arg-type]  # _number made whole ones of those that are int


def _number(
    table: dict[str, object], field: str, allowed: tuple[float, float], where: str, *, whole: bool
) -> float:
    value = table.get(field)
    kind = "a whole number" if whole else "a number"
    low, high = allowed
    right_kind = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not right_kind or not low <= value <= high:  # type: ignore[operator]  # right_kind says that it is a number
        raise ScenarioError(f"{where}: {field} = {value!r}: must be {kind} from {low:g} to {high:g}")
    return value  # type: ignore[return-value]  # the check above


def _refuse_unknown(table: dict[str, object], known: set[str], where: str) -> None:
    for field in table:
        if field not in known:
            raise ScenarioError(f"{where}: {field}: unknown; allowed are {', '.join(sorted(known))}")
