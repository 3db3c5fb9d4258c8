"""From payloads to an estimate: the pass over them, then what is measured on the first of them.

Memory is bounded by the profile's own bounds, and by the documents that are kept to be timed.
"""

from dataclasses import dataclass

from stream_pool.documents import NATIVE, NATIVE_REASON
from stream_pool.incident.estimate.advice import Verdict, verdict
from stream_pool.incident.estimate.measure import ROUNDS, Measured, Watch, measure
from stream_pool.incident.estimate.payloads import Payload
from stream_pool.incident.estimate.profile import Profile
from stream_pool.incident.estimate.profiler import Profiler

TIMED_DOCUMENTS_MAX = 10_000
TIMED_BYTES_MAX = 32 << 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the pool would do for these payloads. `source` says what they are, `native_reason` why the
    compiled core was not there to be measured ("" where it was)."""

    source: str
    profile: Profile
    measured: Measured | None
    verdict: Verdict
    native_reason: str


class Estimator:
    """Takes payloads, and ends in an estimate."""

    def __init__(self) -> None:
        self._profiler = Profiler()
        self._timed: list[bytes] = []
        self._timed_bytes = 0

    @property
    def seen(self) -> int:
        """Values taken so far."""
        return self._profiler.seen

    def take(self, payload: Payload) -> None:
        """Take one in."""
        raw = payload.value
        if not self._profiler.take(payload.place, raw) or raw is None:
            return
        is_room = len(self._timed) < TIMED_DOCUMENTS_MAX and self._timed_bytes + len(raw) <= TIMED_BYTES_MAX
        if is_room:
            self._timed.append(raw)
            self._timed_bytes += len(raw)

    def finish(self, source: str, *, watch: Watch, rounds: int = ROUNDS) -> Estimate:
        """Measure, and judge. Raises `BenchClientError` where a process that measures fails."""
        profile = self._profiler.profile()
        measured = measure(self._timed, rounds=rounds, watch=watch)
        judged = verdict(profile, measured, native=NATIVE)
        return Estimate(source, profile, measured, judged, NATIVE_REASON)
