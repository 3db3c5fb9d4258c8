"""The offset tracker: a committed position never jumps over a record that is not done."""

import pytest
from aiokafka import TopicPartition
from fakes import ORDERS, records
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stream_pool.stream.offsets import Claim, Delivery, OffsetTracker

OTHER = TopicPartition("orders", 1)


class Watch:
    """A tracker and what it calls back."""

    def __init__(self) -> None:
        self.finished: list[Delivery] = []
        self.releases = 0
        self.tracker = OffsetTracker(self.finished.append, self._release)

    def _release(self) -> None:
        self.releases += 1

    def deliver(self, *offsets: int, claims: int = 1) -> list[Claim]:
        found = self.tracker.deliver(ORDERS, records(*offsets), 0.0, claims)
        assert found is not None
        return found


def done(claim: Claim, count: int | None = None) -> None:
    """The owner works `count` records off and lets go."""
    assert claim.begin()
    claim.advance(len(claim.delivery.records) if count is None else count)
    claim.release()


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch.tracker.assign(ORDERS, 10, 10)
    return watch


def test_01_nothing_done_is_the_start(watch: Watch) -> None:
    """Delivered and not done: the position stays where the partition was assigned."""
    watch.deliver(10, 11, 12)
    assert watch.tracker.positions() == {ORDERS: 10}
    assert watch.tracker.uncommitted() == {}


def test_02_done_is_the_end(watch: Watch) -> None:
    """A finished delivery moves the position behind its last record, over holes in the offsets."""
    done(watch.deliver(10, 11, 15)[0])
    assert watch.tracker.positions() == {ORDERS: 16}
    assert watch.tracker.uncommitted() == {ORDERS: 16}
    assert len(watch.finished) == 1


def test_03_later_work_waits_for_earlier(watch: Watch) -> None:
    """A delivery that is done before the one ahead of it commits nothing yet."""
    first, second = watch.deliver(10, 11)[0], watch.deliver(12, 13)[0]
    done(second)
    assert watch.tracker.positions() == {ORDERS: 10}
    done(first)
    assert watch.tracker.positions() == {ORDERS: 14}


def test_04_part_of_a_delivery_counts(watch: Watch) -> None:
    """Inside the first unfinished delivery the position is the first record that is not done."""
    claim = watch.deliver(10, 13, 17)[0]
    claim.begin()
    claim.advance(2)
    assert watch.tracker.positions() == {ORDERS: 17}
    claim.advance(3)
    assert watch.tracker.positions() == {ORDERS: 18}, "done but not released yet"


def test_05_every_agent_has_to_be_done(watch: Watch) -> None:
    """With two agents on a topic the slower one decides."""
    fast, slow = watch.deliver(10, 11, 12, claims=2)
    done(fast)
    assert watch.tracker.positions() == {ORDERS: 10}
    slow.begin()
    slow.advance(1)
    assert watch.tracker.positions() == {ORDERS: 11}
    slow.advance(3)
    slow.release()
    assert watch.tracker.positions() == {ORDERS: 13}


def test_06_a_drained_partition_takes_nothing(watch: Watch) -> None:
    """After a drop the tracker refuses to add: what would be committed behind it was never handled."""
    watch.tracker.drain([ORDERS])
    assert watch.tracker.deliver(ORDERS, records(10), 0.0, 1) is None
    assert watch.tracker.deliver(OTHER, records(0), 0.0, 1) is None, "nor one that was never assigned"


def test_07_a_dropped_claim_is_not_begun(watch: Watch) -> None:
    """What waits in a queue while its partition is taken away is not worked on."""
    claim = watch.deliver(10, 11)[0]
    watch.tracker.drain([ORDERS])
    assert not claim.begin()
    assert not watch.tracker.held([ORDERS])


def test_08_begun_work_counts_up_to_where_it_left_off(watch: Watch) -> None:
    """A drain is over when the owner lets go; what it had done until then is committed."""
    claim = watch.deliver(10, 11, 12)[0]
    claim.begin()
    watch.tracker.drain([ORDERS])
    assert claim.dropped
    assert watch.tracker.held([ORDERS])
    claim.advance(2)
    claim.release()
    assert not watch.tracker.held([ORDERS])
    assert watch.tracker.uncommitted([ORDERS]) == {ORDERS: 12}


def test_09_a_late_owner_changes_nothing(watch: Watch) -> None:
    """A claim of a forgotten partition that is advanced later moves no assignment, old or new."""
    claim = watch.deliver(10, 11)[0]
    claim.begin()
    watch.tracker.forget([ORDERS])
    watch.tracker.assign(ORDERS, 10, 10)
    claim.advance(2)
    claim.release()
    assert watch.tracker.positions() == {ORDERS: 10}
    assert watch.tracker.in_flight("orders") == (0, 0)


def test_10_in_flight_counts_by_topic(watch: Watch) -> None:
    """Records and bytes between poll and done, over all partitions of a topic."""
    watch.tracker.assign(OTHER, 0, 0)
    first = watch.deliver(10, 11)[0]
    watch.tracker.deliver(OTHER, records(0), 0.0, 1)
    each = len(records(0)[0].value or b"")
    assert watch.tracker.in_flight("orders") == (3, 3 * each)
    done(first)
    assert watch.tracker.in_flight("orders") == (1, each)
    watch.tracker.forget([OTHER])
    assert watch.tracker.in_flight("orders") == (0, 0)


def test_11_committed_is_remembered(watch: Watch) -> None:
    """A position that the broker acknowledged is not committed again until it moves."""
    done(watch.deliver(10)[0])
    watch.tracker.committed({ORDERS: 11, OTHER: 5})
    assert watch.tracker.uncommitted() == {}
    assert watch.tracker.progress()[ORDERS].committed == 11


class Rebalancing(RuleBasedStateMachine):
    """Deliveries, work, drains and reassignments in any order, against a ledger of what was handled."""

    @initialize(agents=st.integers(1, 3), gaps=st.lists(st.integers(1, 3), min_size=8, max_size=8))
    def begin(self, agents: int, gaps: list[int]) -> None:
        self.agents = agents
        self.log = [sum(gaps[:n]) for n in range(8)]
        self.read_to = 0
        self.tracker = OffsetTracker(lambda _: None, lambda: None)
        self.tracker.assign(ORDERS, 0, 0)
        self.assigned = True
        self.drained = False
        self.claims: list[list[Claim]] = [[] for _ in range(agents)]
        self.handled: list[set[int]] = [set() for _ in range(agents)]
        self.delivered: set[int] = set()
        self.committed = 0

    @precondition(lambda self: self.assigned)
    @rule(count=st.integers(1, 4))
    def deliver(self, count: int) -> None:
        offsets = [offset for offset in self.log if offset >= self.read_to][:count]
        if not offsets:
            return
        self.read_to = offsets[-1] + 1
        claims = self.tracker.deliver(ORDERS, records(*offsets), 0.0, self.agents)
        assert (claims is None) == self.drained
        self.delivered |= set(offsets) if claims else set()
        for agent, claim in enumerate(claims or ()):
            self.claims[agent].append(claim)

    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        agent = data.draw(st.integers(0, self.agents - 1))
        if not self.claims[agent]:
            return
        claim = self.claims[agent][0]
        if not claim.held and not claim.begin():
            self.claims[agent].pop(0).release()
            return
        count = data.draw(st.integers(claim.count, len(claim.delivery.records)))
        self.handled[agent] |= {record.offset for record in claim.delivery.records[:count]}
        claim.advance(count)
        if claim.done or claim.dropped:
            self.claims[agent].pop(0).release()

    @precondition(lambda self: self.assigned)
    @rule()
    def commit(self) -> None:
        offsets = self.tracker.uncommitted()
        self.tracker.committed(offsets)
        self.committed = max(self.committed, offsets.get(ORDERS, 0))

    @precondition(lambda self: self.assigned)
    @rule()
    def drain(self) -> None:
        self.tracker.drain([ORDERS])
        self.drained = True

    @precondition(lambda self: self.assigned)
    @rule()
    def revoke(self) -> None:
        self.commit()
        self.tracker.forget([ORDERS])
        self.assigned = self.drained = False

    @precondition(lambda self: not self.assigned)
    @rule()
    def reassign(self) -> None:
        self.tracker.assign(ORDERS, self.committed, self.committed)
        self.read_to = self.committed
        self.assigned = True

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every record that was ever delivered before a committable position was handled by every agent."""
        if not self.assigned:
            return
        position = self.tracker.positions()[ORDERS]
        assert position >= self.committed
        for handled in self.handled:
            assert not {offset for offset in self.delivered if offset < position} - handled

    @invariant()
    def the_buffer_is_what_is_delivered(self) -> None:
        log = self.tracker._logs.get(ORDERS)
        expected = sum(len(delivery.records) for delivery in log.deliveries) if log else 0
        assert self.tracker.in_flight("orders")[0] == expected


TestRebalancing = Rebalancing.TestCase
TestRebalancing.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
