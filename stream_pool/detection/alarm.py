"""When a rule's readings become an anomaly, and when they cease to be one: hysteresis in windows and in
level.

    reading   closed                        open
    BREACH    count; at open_after: open    start counting anew
    BETWEEN   start counting anew           start counting anew
    CLEAR     start counting anew           count; at resolve_after: resolve
    GONE      start counting anew           resolve
"""

from dataclasses import dataclass, field
from enum import Enum

from stream_pool.events import AnomalyOpened, Scalar, Severity


class Level(Enum):
    """Where a reading stands: over the limit, under the lower one, between them, or nowhere any more."""

    BREACH = "breach"
    BETWEEN = "between"
    CLEAR = "clear"
    GONE = "gone"


class Step(Enum):
    """What an alarm does at a reading."""

    NONE = "none"
    OPEN = "open"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule applied to a subject in one window; `value` is None where nothing was measured."""

    rule: str
    subject: str
    severity: Severity
    level: Level
    value: float | None
    expected_high: float | None
    evidence: dict[str, Scalar] = field(default_factory=dict)


@dataclass(slots=True)
class Alarm:
    """One rule on one subject: the anomaly that is open, and `windows` in a row that speak for a change."""

    windows: int = 0
    opened: AnomalyOpened | None = None

    def step(self, level: Level, open_after: int, resolve_after: int) -> Step:
        """Counts a window's reading, and says what follows from it."""
        if self.opened is None:
            wanted, after, step = Level.BREACH, open_after, Step.OPEN
        else:
            wanted, after, step = Level.CLEAR, resolve_after, Step.RESOLVE
        self.windows = self.windows + 1 if level is wanted else 0
        is_due = self.windows >= after or (level is Level.GONE and step is Step.RESOLVE)
        if not is_due:
            return Step.NONE
        self.windows = 0
        return step

    @property
    def is_idle(self) -> bool:
        """Nothing open, nothing counted: it need not be kept."""
        return self.opened is None and not self.windows
