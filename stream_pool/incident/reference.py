"""The reference incident as data: what happened when, and how the simulation is set up to have it happen.

The story (seconds count from T+00:00, when lag passed two million):

| when | what |
|---|---|
| T-05:00 | four workers begin, ten seconds before the traffic: orders 6 levels deep, 220 a second |
| T-04:00 | the upgrade is out, and orders come 17 levels deep, faster than anybody reads them |
| T+00:00 | 2,000,000 records behind, where the threshold is 50,000 |
| T+01:22 | the payment gateway's connections begin to run out |
| T+03:22 | they have: errors up 3,700 %, from 0.316 % to 12 % |
| T+11:45 | one worker at 99.2 % of its memory; after twelve seconds it is killed, after ten more it is back |
| T+47:00 | the end: 620,000 orders since T+00:00 |

What the story does not tell was chosen: how the two million came (evenly, in four minutes: at 220 a second it
would have taken hours), that the gateway took two minutes to run dry, that memory rose evenly from the
upgrade on. A person's times are the story's; by how much the detector was earlier depends on these choices,
which are told in `docs/incident-reference.md`.
"""

from dataclasses import dataclass
from typing import Final

from stream_pool.settings import Settings

GROUP: Final = "order-processor-v3"
TOPIC: Final = "orders"
PARTITIONS: Final = 12
WORKERS: Final = tuple(f"order-processor-{number}" for number in range(1, 5))

BEGINS_S: Final = -300.0
TRAFFIC_S: Final = -290.0
UPGRADE_S: Final = -240.0
LAG_STORY_S: Final = 0.0
GATEWAY_FROM_S: Final = 82.0
ERRORS_STORY_S: Final = 202.0
MEMORY_STORY_S: Final = 705.0
KILLED_S: Final = 717.0
BACK_S: Final = 727.0
ENDS_S: Final = 2_820.0

ORDERS: Final = 620_000
BACKLOG: Final = 2_000_000
SHALLOW: Final = 6
DEEP: Final = 17
CALM_RATE: Final = 220.0
INCIDENT_RATE: Final = 230.0

GATEWAY_WAIT_S: Final = 0.0048
CALM_ERRORS: Final = 0.00316
ERRORS: Final = 0.12

VICTIM: Final = WORKERS[1]
"""Of the four it is the one that owns the detector, which another has to take over from a snapshot."""

MEMORY_LIMIT: Final = 512 << 20
MEMORY_CALM: Final = 150_000_000
MEMORY_FULL: Final = 0.992

MIN_SCALE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Story:
    """The incident at `scale` (1: in full), as far as `until_s`.

    A smaller scale has as many minutes and fewer orders, which take longer in proportion, smaller buffers
    and a smaller lag threshold, so that lag, latency and ratios run the same curves.
    """

    scale: float = 1.0
    until_s: float = ENDS_S

    @property
    def orders(self) -> int:
        """Orders handled from T+00:00 to the end, in the story."""
        return round(ORDERS * self.scale)

    @property
    def backlog(self) -> int:
        """Records behind at T+00:00."""
        return round(BACKLOG * self.scale)

    @property
    def settings(self) -> Settings:
        """The workers' settings: defaults, whatever the environment says, but for two.

        With 4,000 records in flight a worker that does 55 a second would hold each for over a minute; the
        service of the story kept 99 % within 8.4 s, so it had some 450.
        """
        defaults = {name: field.default for name, field in Settings.model_fields.items()}
        threshold = defaults["detector_lag_threshold_records"]
        chosen = {
            "buffer_records": max(4, int(455 * self.scale)),
            "max_poll_records": max(1, int(46 * self.scale)),
            "detector_lag_threshold_records": max(1, round(threshold * self.scale)),
            "detector_error_min_records": max(1, round(100 * self.scale)),
        }
        return Settings(**defaults | chosen)

    def due(self, at_s: float) -> float:
        """Records a second that producers send, but for the two million."""
        if at_s < TRAFFIC_S:
            return 0.0
        return self.scale * (CALM_RATE if at_s < LAG_STORY_S else INCIDENT_RATE)


def gateway(at_s: float) -> tuple[float, float]:
    """How long an order waits for the payment gateway at a moment, and what share of orders it refuses."""
    dry = _part(at_s, GATEWAY_FROM_S, ERRORS_STORY_S)
    return GATEWAY_WAIT_S * dry, CALM_ERRORS + (ERRORS - CALM_ERRORS) * dry


def memory_bytes(worker: str, at_s: float) -> int:
    """The resident memory of a worker at a moment."""
    if worker != VICTIM or at_s >= KILLED_S:
        return MEMORY_CALM
    full = int(MEMORY_LIMIT * MEMORY_FULL)
    return MEMORY_CALM + int((full - MEMORY_CALM) * _part(at_s, UPGRADE_S, MEMORY_STORY_S))


def pause_s(worker: str, at_s: float) -> float:
    """How long the collector held a worker up in the interval that ends at a moment, once."""
    return 0.02 + 1.2 * (memory_bytes(worker, at_s) - MEMORY_CALM) / MEMORY_LIMIT


def _part(at_s: float, begins_s: float, ends_s: float) -> float:
    """How much of a stretch of time is over, from 0 to 1."""
    return min(1.0, max(0.0, (at_s - begins_s) / (ends_s - begins_s)))
