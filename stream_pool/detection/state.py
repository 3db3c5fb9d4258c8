"""Everything that the fold remembers: plain values, bounded, comparable, and the same after pickling.

Bounds: 10,000 partitions, 1,000 topics and 1,000 workers touched lately (`Rules.expire_after_s`), the
sequences of `Repeats`, an alarm for each open anomaly or breach under way of these, 10,000 alarms taken over
from epochs that were not ours, and 10,000 conclusions that the log does not have yet. Accounts are kept of
1,000 topics, and of all others in one.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from stream_pool.detection.account import Accounts
from stream_pool.detection.alarm import Alarm
from stream_pool.detection.chain import Chain
from stream_pool.detection.conclusion import Conclusion
from stream_pool.detection.lately import Lately
from stream_pool.detection.log_clock import LogClock
from stream_pool.detection.repeats import Repeats
from stream_pool.detection.rules import Rules
from stream_pool.detection.views import PartitionView, TopicView, WorkerView
from stream_pool.events import AnomalyOpened

MAX_PENDING = 10_000
MAX_ALARMS = 10_000


@dataclass(slots=True)
class State:
    """The fold's state after some prefix of the log; it begins empty.

    `chain` says which records these were, and stands for their bytes. `rules` is None until a
    `DetectorConfigured` of this fold's version was met: observations are taken in by the default rules until
    then, but nothing is concluded. `clock_ms` is the log's time by `clock`, `closed_ms` that of the last tick
    that closed a window. `pending` holds conclusions that the log does not have yet, by id, oldest first.
    `counts` tells events by what became of them: `taken`, `repeated`, `unknown`, `malformed`, and `lost` by
    their writers; `accounts` tells records.
    """

    chain: Chain = field(default_factory=Chain)
    clock: LogClock = field(default_factory=LogClock)
    closed_ms: int | None = None
    rules: Rules | None = None
    repeats: Repeats = field(default_factory=Repeats)
    partitions: Lately[tuple[str, int], PartitionView] = field(default_factory=lambda: Lately(10_000))
    topics: Lately[str, TopicView] = field(default_factory=lambda: Lately(1_000))
    workers: Lately[str, WorkerView] = field(default_factory=lambda: Lately(1_000))
    accounts: Accounts = field(default_factory=Accounts)
    alarms: dict[tuple[str, str], Alarm] = field(default_factory=dict)
    pending: OrderedDict[str, Conclusion] = field(default_factory=OrderedDict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def clock_ms(self) -> int:
        """The log's time, Unix epoch; 0 while it is not known."""
        return self.clock.now_ms


def open_anomalies(state: State) -> tuple[AnomalyOpened, ...]:
    """The anomalies that are open, by rule and subject."""
    return tuple(
        alarm.opened
        for _, alarm in sorted(state.alarms.items(), key=lambda item: item[0])
        if alarm.opened is not None
    )


def missing(state: State) -> tuple[Conclusion, ...]:
    """What follows from the log but does not stand in it, oldest first.

    After folding a log to its end, an owner appends exactly these; from then on, what each fold returns.
    """
    return tuple(state.pending.values())
