"""DESIGN 2.3: which records counted, which were reported again, and which nobody ever observed."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from log_script import LogScript, fold_all

from stream_pool.detection import Rules, dump_state, fold, load_state
from stream_pool.detection.account import MAX_TOPICS, Account, Accounts, account, account_by_topic
from stream_pool.events import Latency, LoggedEvent, PartitionSignals, SignalsSampled
from stream_pool.signals import Covered

RULES = Rules(expire_after_s=60.0, min_records=10, open_after=1)

CASES = [
    ("01 one range", [(0, 10)], Account(10, 0, 0)),
    ("02 two in a row", [(0, 10), (10, 15)], Account(15, 0, 0)),
    ("03 the same again", [(0, 10), (0, 10)], Account(10, 10, 0)),
    ("04 three times the same", [(0, 10)] * 3, Account(10, 20, 0)),
    ("05 an overlap", [(0, 10), (6, 16)], Account(16, 4, 0)),
    ("06 a gap", [(0, 10), (13, 20)], Account(17, 0, 3)),
    ("07 a gap that is filled late", [(0, 10), (13, 20), (10, 13)], Account(20, 0, 0)),
    ("08 it does not begin at 0", [(100, 110)], Account(10, 0, 0)),
    ("09 from before its beginning", [(100, 110), (90, 105)], Account(10, 15, 0)),
    ("10 empty ranges", [(5, 5), (5, 5)], Account(0, 0, 0)),
]


def ranged(log: LogScript, start: int, stop: int, incarnation: str = "i", topic: str = "orders") -> None:
    """A report on the records in [start, stop)."""
    records = stop - start
    latency = Latency(((0, records),) if records else (), 0.0, 0.0)
    part = PartitionSignals(topic, 0, start, stop, records, 0, 0, 0, 0, latency)
    log.add(SignalsSampled("w", incarnation, log.next(), 10.0, (part,)))


@pytest.mark.parametrize(("ranges", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_2_3_account_of_ranges(ranges: list[tuple[int, int]], expected: Account) -> None:
    """Every position counts once, whatever is reported how often and in which order."""
    log = LogScript()
    for start, stop in ranges:
        ranged(log, start, stop)
    assert account(fold_all(log.events)[0]) == expected


def test_2_3_restart_and_crash_begin_no_new_account() -> None:
    """A new incarnation that does again what the old one had reported adds repeats, and no records."""
    log = LogScript()
    ranged(log, 0, 100)
    ranged(log, 60, 130, incarnation="j")
    assert account(fold_all(log.events)[0]) == Account(130, 40, 0)


def test_2_3_repeated_event_is_no_repeated_record() -> None:
    """What a producer wrote twice was observed once."""
    log = LogScript()
    ranged(log, 0, 100)
    log.repeat(log.events[-1])
    assert account(fold_all(log.events)[0]) == Account(100, 0, 0)


def test_2_3_account_is_kept_by_topic() -> None:
    """Each topic for itself, and all in sum."""
    log = LogScript()
    ranged(log, 0, 10)
    ranged(log, 0, 20, topic="refunds")
    ranged(log, 25, 30, topic="refunds")
    state, _ = fold_all(log.events)
    assert account_by_topic(state) == {"orders": Account(10, 0, 0), "refunds": Account(25, 0, 5)}
    assert account(state) == Account(35, 0, 5)


def test_2_3_account_outlives_its_partition() -> None:
    """What was counted stays counted. Of a silence so long that the partition was forgotten, nobody knows."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    ranged(log, 0, 10)
    ranged(log, 12, 20)
    log.tick()
    log.tick(70.0)
    state, _ = fold_all(log.events)
    assert (len(state.partitions), account(state)) == (0, Account(18, 0, 2))
    ranged(log, 500, 510)
    assert account(fold_all(log.events)[0]) == Account(28, 0, 2)


def test_2_3_polls_keep_the_account_of_a_quiet_partition() -> None:
    """While somebody says that the partition is there, a gap in its reports is known, however long."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    ranged(log, 0, 10)
    for _ in range(30):
        log.lag(0, committed=10)
        log.tick()
    ranged(log, 14, 20)
    assert account(fold_all(log.events)[0]) == Account(16, 0, 4)


def test_2_3_topic_made_anew_begins_a_new_account() -> None:
    """Three polls in a row and over two windows say that its records are gone; one or two may be late."""
    log = LogScript()
    ranged(log, 0, 1000)
    for _ in range(2):
        log.lag(0, committed=5)
        log.tick()
    log.lag(0, committed=1000)
    for _ in range(2):
        log.lag(0, committed=5)
        log.tick()
    ranged(log, 0, 5)
    assert account(fold_all(log.events)[0]) == Account(1000, 5, 0)
    log.lag(0, committed=5)
    ranged(log, 5, 10)
    assert account(fold_all(log.events)[0]) == Account(1005, 5, 0)


def test_2_3_what_comes_late_all_at_once_begins_no_account() -> None:
    """A worker that was cut off from the log writes its old polls when it is back; the topic is as it was."""
    log = LogScript()
    ranged(log, 0, 1000)
    for _ in range(20):
        log.lag(0, committed=5)
    ranged(log, 1000, 1010)
    assert account(fold_all(log.events)[0]) == Account(1010, 0, 0)


def test_2_3_evidence_says_what_was_not_observed() -> None:
    """An anomaly of a window with a gap in it says so; of one without there is no word."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    log.signals(100, errors=50, bucket=140, seconds=500.0)
    log.signals(100, errors=50, bucket=140, seconds=500.0, start=130)
    log.tick()
    found = fold_all(log.events)[1]
    assert {each.event.rule: each.event.evidence["unobserved"] for each in found} == {
        "error_ratio": 30,
        "latency_p99": 30,
    }


def test_accounts_of_many_topics_are_bounded() -> None:
    """Of too many topics the first lose their names, not their records."""
    accounts = Accounts()
    for number in range(MAX_TOPICS + 7):
        accounts.add(f"topic-{number}", Covered(2, 1, 3))
    assert len(accounts.topics) == MAX_TOPICS
    assert accounts.others == Account(14, 7, 21)


class Accounting(RuleBasedStateMachine):
    """Workers that process, report, crash before they report, and do again what was not committed; beside
    them, as the model, the plain set of positions that any report covered."""

    def __init__(self) -> None:
        super().__init__()
        self.log = LogScript()
        self.log.configure(RULES)
        self.log.tick()
        self.state, _ = fold_all(self.log.events)
        self.covered: set[int] = set()
        self.reported = self.window = self.position = self.committed = self.unreported = 0
        self.begin = self.end = 0
        self.life = 0
        self.reports: list[LoggedEvent] = []

    def take(self) -> None:
        self.state, _ = fold(self.state, self.log.events[-1])

    def report(self, start: int, stop: int) -> None:
        if not self.reports:
            self.begin = start
        ranged(self.log, start, stop, f"i{self.life}")
        self.reports.append(self.log.events[-1])
        self.take()
        positions = set(range(max(start, self.begin), stop))
        self.reported += stop - start
        self.window += len(positions - self.covered)
        self.covered |= positions
        self.end = max(self.end, stop)

    @rule(records=st.integers(0, 20))
    def process(self, records: int) -> None:
        self.position += records

    @rule()
    def report_and_commit(self) -> None:
        self.report(self.unreported, self.position)
        self.unreported = self.committed = self.position

    @rule()
    def report_alone(self) -> None:
        self.report(self.unreported, self.position)
        self.unreported = self.position

    @rule()
    def commit_alone(self) -> None:
        self.committed = self.position

    @rule()
    def crash(self) -> None:
        """The next life begins at the last commit: before what was reported, or behind it."""
        self.life += 1
        self.position = self.unreported = self.committed

    @precondition(lambda self: self.reports)
    @rule(back=st.integers(0, 30), length=st.integers(0, 30))
    def another_report_late(self, back: int, length: int) -> None:
        start = max(0, self.end - back)
        self.report(start, start + length)

    @precondition(lambda self: self.reports)
    @rule(which=st.integers(0, 5))
    def repeat_an_event(self, which: int) -> None:
        """The producer wrote one of the latest twice."""
        event = self.reports[-1 - which % len(self.reports)]
        self.log.repeat(event)
        self.take()

    @rule()
    def poll(self) -> None:
        self.log.lag(0, committed=self.end)
        self.take()

    @rule()
    def restart_the_detector(self) -> None:
        self.state = load_state(dump_state(self.state))

    @rule()
    def close_the_window(self) -> None:
        self.log.lag(0, committed=self.end)
        self.take()
        self.log.tick()
        self.take()
        self.window = 0

    @invariant()
    def account_is_that_of_the_set(self) -> None:
        found = account(self.state)
        assert found.counted == len(self.covered)
        assert found.repeated == self.reported - len(self.covered)
        assert found.counted + found.unobserved == (self.end - self.begin if self.reports else 0)

    @invariant()
    def window_counts_each_record_once(self) -> None:
        views = [view for _, view in self.state.topics.items()]
        assert sum(view.window.filling.records for view in views) == self.window

    @invariant()
    def snapshot_is_of_the_log(self) -> None:
        assert load_state(dump_state(self.state)) == self.state


TestAccounting = Accounting.TestCase
TestAccounting.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
