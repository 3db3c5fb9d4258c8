"""Whether the worker lives, and whether it is ready, as two pure functions of a few facts.

Live is what a restart would mend: a crash, or an event loop that no longer turns, which shows as a page that
does not answer. Ready is whether orders move: the worker was given its place in its group and has not been
without one for long, its topics are there, the broker answers, no pause outlasts its patience, and it is not
on its way out. A broker that is away makes a worker unready and never dead: a restart would not bring it
back. An event log that cannot be written is neither, since the log never stops the orders.
"""

from dataclasses import dataclass
from typing import Any

HTTP_OK = 200
HTTP_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What is judged. Times are monotonic seconds; `*_at_s` None means never.

    `joined` says that every group has given its first assignment, which may be of no partitions;
    `unassigned_since_s` is since when one of them has taken it back. `paused_since_s` is when the longest
    pause of fetching now in force began. `topics_away` are not there.
    """

    now_s: float
    crashed: bool
    stopping: bool
    joined: bool
    broker_answered_at_s: float | None
    paused_since_s: float | None
    unassigned_since_s: float | None = None
    topics_away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """For how long each may last before it counts, in seconds."""

    broker_silent_s: float = 30.0
    unassigned_s: float = 30.0
    paused_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict: healthy where there is no reason against it. Each reason is a slug and a sentence."""

    reasons: tuple[tuple[str, str], ...]

    @property
    def healthy(self) -> bool:
        return not self.reasons

    @property
    def http_status(self) -> int:
        """200 or 503: what a probe looks at."""
        return HTTP_OK if self.healthy else HTTP_UNAVAILABLE

    def body(self) -> dict[str, Any]:
        """What a person reads, as JSON."""
        return {
            "status": "pass" if self.healthy else "fail",
            "reasons": [{"reason": slug, "detail": detail} for slug, detail in self.reasons],
        }


def live(facts: HealthFacts) -> Health:
    """Whether the process is worth keeping."""
    reasons = []
    if facts.crashed:
        reasons.append(("crashed", "a service of the worker crashed"))
    return Health(tuple(reasons))


def ready(facts: HealthFacts, limits: HealthLimits) -> Health:
    """Whether orders move through this worker."""
    reasons = list(live(facts).reasons)
    if facts.stopping:
        reasons.append(("stopping", "the worker is on its way out"))
    if not facts.joined:
        reasons.append(("not_assigned", "the group has given no assignment yet"))
    elif (
        facts.unassigned_since_s is not None
        and (unassigned_s := facts.now_s - facts.unassigned_since_s) > limits.unassigned_s
    ):
        reasons.append(("not_assigned", f"without an assignment for {unassigned_s:.1f} s"))
    if facts.topics_away:
        reasons.append(("topic_missing", f"not there: {', '.join(facts.topics_away)}"))
    if facts.broker_answered_at_s is None:
        reasons.append(("broker_silent", "the broker has not answered yet"))
    elif (silent_s := facts.now_s - facts.broker_answered_at_s) > limits.broker_silent_s:
        reasons.append(("broker_silent", f"the broker last answered {silent_s:.1f} s ago"))
    if (
        facts.paused_since_s is not None
        and (paused_s := facts.now_s - facts.paused_since_s) > limits.paused_s
    ):
        reasons.append(
            ("paused", f"fetching has been paused for {paused_s:.1f} s: the handlers do not keep up")
        )
    return Health(tuple(reasons))
