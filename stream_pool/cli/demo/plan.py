"""How large the demo is, and what is scaled so that an incident of 47 minutes fits into one.

In production an interval is 10 s, the lag threshold 50,000 records and the base of the pool's growth the
minute before. The demo plays with a tenth of those times and a lag threshold that its traffic can pass;
every such value is a setting of the worker, and is told.
"""

from dataclasses import dataclass
from typing import Final

from stream_pool.incident import Scenario

ORDERS_MIN: Final = 2_000
ORDERS_MAX: Final = 40_000

GROUP: Final = "order-processor-v3"
PARTITIONS: Final = 4

INTERVAL_S: Final = 1.0
POOL_BASE_WINDOW_S: Final = 6.0
ERROR_RATIO_THRESHOLD: Final = 0.02
ERROR_MIN_RECORDS: Final = 20
MEMORY_FOR_S: Final = 30.0
SHARE_OF_ORDERS_THAT_IS_LAG: Final = 0.04


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A scenario at a size, on topics of its own: `suffix` keeps apart runs that share a broker."""

    scenario: Scenario
    orders: int
    seed: int
    suffix: str

    @property
    def topic(self) -> str:
        return f"orders{self.suffix}"

    @property
    def group(self) -> str:
        return f"{GROUP}{self.suffix}"

    @property
    def events_topic(self) -> str:
        return f"{self.group}.events"

    @property
    def snapshots_topic(self) -> str:
        return f"{self.group}.snapshots"

    @property
    def dead_letters_topic(self) -> str:
        return f"{self.group}.dead-letters"

    @property
    def lag_threshold_records(self) -> int:
        """What the lag of the topic has to pass, in records: 4 % of all orders."""
        return round(self.orders * SHARE_OF_ORDERS_THAT_IS_LAG)

    def worker_environment(self, bootstrap_servers: str, web_port: int) -> dict[str, str]:
        """The worker's settings, as variables of its environment."""
        settings = {
            "broker": f"kafka://{bootstrap_servers}",
            "web_port": web_port,
            "log_format": "console",
            "session_timeout_ms": 6_000,
            "interval_s": INTERVAL_S,
            "commit_interval_s": INTERVAL_S / 2,
            "pool_base_window_s": POOL_BASE_WINDOW_S,
            "detector_window_s": INTERVAL_S,
            "detector_lag_threshold_records": self.lag_threshold_records,
            "detector_error_ratio_threshold": ERROR_RATIO_THRESHOLD,
            "detector_error_min_records": ERROR_MIN_RECORDS,
            "detector_memory_for_s": MEMORY_FOR_S,
        }
        variables = {f"STREAM_POOL_{name.upper()}": str(value) for name, value in settings.items()}
        return {**variables, "ORDERS_TOPIC": self.topic, "ORDERS_GROUP": self.group}

    def scaling(self) -> str:
        """What is scaled, in a sentence."""
        return (
            f"scaled down for the demo: intervals and windows of {INTERVAL_S:g} s instead of 10 s, "
            f"the pool's base over {POOL_BASE_WINDOW_S:g} s instead of 60 s, "
            f"lag threshold {self.lag_threshold_records:,} records instead of 50,000, "
            f"errors {ERROR_RATIO_THRESHOLD:.0%} of {ERROR_MIN_RECORDS} or more records instead of 5% of 100"
        )


def plan_demo(scenario: Scenario, orders: int, seed: int, suffix: str) -> tuple[DemoPlan, str | None]:
    """The plan for so many orders, and a sentence where the number had to be changed."""
    possible = min(max(orders, ORDERS_MIN), ORDERS_MAX)
    notice = None
    if possible != orders:
        notice = (
            f"{orders:,} orders asked for; playing {possible:,}: the story takes {scenario.duration_s:g} s, "
            f"which wants {ORDERS_MIN:,} to {ORDERS_MAX:,} orders"
        )
    return DemoPlan(scenario, possible, seed, suffix), notice
