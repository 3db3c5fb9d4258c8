"""How long the modelled order service takes over an order, and when its payment gateway refuses one.

The idea: under a virtual clock nothing takes time but what sleeps. So the handler of a simulated order
service sleeps what the real one would have worked: a fixed number of seconds by the order's bytes and by its
nesting, and a wait for the gateway. The numbers are chosen, not measured; they stand in `ServiceTimes`.

Sleeps are saved up to `SLEEP_S`, since every sleep costs the simulation a timer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SLEEP_S: Final = 0.03
"""What an order takes is slept together with that of those before it, once it comes to this."""


_NO_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[^]\[{}"]+', re.DOTALL)
_PLAIN = bytes(set(range(256)) - set(b'{}[]"'))
_OPENING = frozenset(b"{[")


class GatewayRefused(Exception):
    """The payment gateway had no connection left for an order."""


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Seconds an order takes. The share that grows with the square of the depth is the upgrade's doing: each
    level of nesting is visited once for every level above it."""

    base_s: float = 0.0024
    per_byte_s: float = 1.0e-6
    per_square_level_s: float = 30.0e-6

    def of(self, value: bytes) -> float:
        """What an order of these bytes takes, in seconds."""
        return self.base_s + self.per_byte_s * len(value) + self.per_square_level_s * nesting(value) ** 2


def nesting(value: bytes) -> int:
    """The levels of a JSON text that is well formed; the root container is 1."""
    if b"\\" not in value:
        value = value.translate(None, _PLAIN)  # a tenth of it is left for the expression
    depth = deepest = 0
    for byte in _NO_BRACKET.sub(b"", value):
        if byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


class OrderService:
    """One worker's order service: `seconds` for each order, and whether it fails.

    `now_s` is a clock; `gateway` says of a moment how long an order waits for the gateway, in seconds, and
    what share of orders it refuses. `pace` stretches all times, for runs with fewer orders. Refusals are
    spread evenly rather than drawn.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        gateway: Callable[[float], tuple[float, float]],
        *,
        times: ServiceTimes | None = None,
        pace: float = 1.0,
    ) -> None:
        self._now_s = now_s
        self._gateway = gateway
        self._times = times or ServiceTimes()
        self._pace = pace
        self._taken_s: dict[bytes, float] = {}
        self._refusals = 0.5
        self._owed_s = 0.0

    def take(self, value: bytes) -> tuple[float, bool]:
        """Begin an order: the seconds to sleep now (often 0), and whether the gateway refuses it."""
        taken_s = self._taken_s.get(value)
        if taken_s is None:
            taken_s = self._taken_s[value] = self._times.of(value)
        wait_s, refused_ratio = self._gateway(self._now_s())
        self._owed_s += (taken_s + wait_s) * self._pace
        self._refusals += refused_ratio
        refused = self._refusals >= 1.0
        if refused:
            self._refusals -= 1.0
        if self._owed_s < SLEEP_S:
            return 0.0, refused
        sleep_s, self._owed_s = self._owed_s, 0.0
        return sleep_s, refused
