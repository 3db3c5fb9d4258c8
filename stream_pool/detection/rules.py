"""The rules as data: every threshold, window and severity that the fold judges by.

They are carried in full by `DetectorConfigured`, so that any log can be judged again by the rules of its
time. All are static thresholds. A rule opens after `open_after` windows in a row over its limit and resolves
after `resolve_after` in a row at or below `clear_ratio` times its limit; in between it does neither.
"""

from dataclasses import dataclass
from typing import Annotated

from stream_pool.events import Scalar, Severity
from stream_pool.events.form import Bounds, Count, Quantity, Ratio, form_of

FOLD_VERSION = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of the detector. Ratios are shares in [0, 1].

    `window_s` is the time from one judgement to the next; signals are judged over the last `signal_windows`
    of them, a partition's status over the last `status_windows` commits, one a window. `lag_limit_records`
    holds for the sum over a topic, `error_ratio_limit` and `latency_p99_limit_s` for a topic with at least
    `min_records` records in its window, `memory_limit_bytes` for a worker that stays above it for
    `memory_for_s`. A status of WARN is none below `warn_min_lag_records`: a lag that stays at 2 never falls
    either. What nobody reports on for `expire_after_s` is forgotten, and its anomalies resolved.
    """

    window_s: Annotated[float, Bounds(0.01, 86_400)] = 10.0
    open_after: Annotated[int, Bounds(1)] = 2
    resolve_after: Annotated[int, Bounds(1)] = 3
    clear_ratio: Ratio = 0.8
    expire_after_s: Annotated[float, Bounds(0, 31_536_000)] = 300.0

    lag_limit_records: Count = 50_000
    lag_severity: Severity = "P2"

    allowed_lag_records: Count = 0
    status_windows: Annotated[int, Bounds(3, 1000)] = 10
    stop_severity: Severity = "P1"
    stall_severity: Severity = "P2"
    rewind_severity: Severity = "P2"
    warn_severity: Severity = "P3"
    warn_min_lag_records: Count = 1000

    signal_windows: Annotated[int, Bounds(1, 1000)] = 1
    min_records: Count = 100
    error_ratio_limit: Ratio = 0.05
    error_ratio_severity: Severity = "P2"
    latency_p99_limit_s: Quantity = 1.0
    latency_p99_severity: Severity = "P2"

    memory_limit_bytes: Count = 200_000_000
    memory_for_s: Quantity = 300.0
    memory_severity: Severity = "P1"

    def to_mapping(self) -> dict[str, Scalar]:
        """The rules as in `DetectorConfigured`. Raises EventFormError where one is out of bounds."""
        mapping: dict[str, Scalar] = _FORM.write(self)
        return mapping

    @classmethod
    def from_mapping(cls, mapping: dict[str, Scalar]) -> "Rules":
        """The rules of a log. Unknown ones are ignored, missing ones have their defaults.

        Raises EventFormError where one is out of bounds or of another type.
        """
        rules: Rules = _FORM.read(mapping)
        return rules


_FORM = form_of(Rules)
