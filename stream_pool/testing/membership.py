"""A consumer's side of its group, with aiokafka's gates.

The idea: one task keeps the member in the group, as aiokafka's coordination routine does. Before it joins
again it calls `on_partitions_revoked`, with heartbeats going on; after the leader's word it calls
`on_partitions_assigned`, without heartbeats. All requests of a member go over one connection, one after the
other, so that its commits stay in order and wait behind a join.

A commit that its caller has given up is still on its way, and counts when it arrives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import structlog
from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    InvalidCommitOffsetSizeError,
    KafkaError,
    RebalanceInProgressError,
    RequestTimedOutError,
    UnknownMemberIdError,
)

from stream_pool.testing.assignment import Places
from stream_pool.testing.groups import Assignment, Group, Joined
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.wire import REQUEST_TIMEOUT_S, Wire

T = TypeVar("T")

log = structlog.get_logger(__name__)

_BACKOFF_S = 0.1
_FENCED = (UnknownMemberIdError, IllegalGenerationError)


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """aiokafka's names and defaults, as far as they mean anything here."""

    max_partition_fetch_bytes: int = 2**20
    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 3_000
    rebalance_timeout_ms: int | None = None
    metadata_max_age_ms: int = 300_000
    partition_assignment_strategy: Sequence[type[AbstractPartitionAssignor]] = (RoundRobinPartitionAssignor,)


class Membership:
    """One member of one group: `start`, then it stays in until `stop`.

    `places` is the latest assignment (None before the first), `reassigning` says that another is on its way.
    `on_assigned` is called when it is there, before the listener hears of it.
    """

    def __init__(
        self,
        kafka: MemoryLog,
        group: Group,
        client_id: str,
        wire: Wire,
        options: ConsumerOptions,
        on_assigned: Callable[[Places | None, Places], None],
    ) -> None:
        self.places: Places | None = None
        self.reassigning = True
        self._kafka = kafka
        self._group = group
        self._client_id = client_id
        self._wire = wire
        self._options = options
        self._on_assigned = on_assigned
        self._topics: list[str] = []
        self._listener: Any = None
        self._member = ""
        self._generation = -1
        self._rejoin = True
        self._closing = False
        self._changed = asyncio.Event()
        self._connection = asyncio.Lock()
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None

    def start(self, topics: Sequence[str], listener: Any) -> None:
        """Begin to join."""
        self._topics, self._listener = sorted(topics), listener
        self._task = asyncio.create_task(self._coordinate())

    async def stop(self) -> None:
        """Let a rebalance in hand end, then leave the group."""
        self._closing = True
        self._changed.set()
        if self._task is not None:
            await self._task
        await self._stop_heart()
        if self._generation > 0:
            try:
                await self._ask(lambda: self._group.leave(self._member))
            except KafkaError as error:
                log.debug("the group was not left", group=self._group.name, error=repr(error))
        self._reset()

    async def assigned(self) -> None:
        """Wait for the next assignment."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, trying again as aiokafka does. Raises `CommitFailedError`, `KafkaError`."""
        while True:
            try:
                await asyncio.shield(asyncio.ensure_future(self._commit_once(offsets)))
            except (*_FENCED, RebalanceInProgressError) as error:
                raise CommitFailedError(repr(error)) from error
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(_BACKOFF_S)
            else:
                return

    async def committed(self, partition: TopicPartition) -> int | None:
        """What the group has committed, trying until the broker answers."""
        while True:
            try:
                return await self._ask(lambda: self._group.offsets.get(partition))
            except KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(_BACKOFF_S)

    def known_commit(self, partition: TopicPartition) -> int | None:
        """The same without a way there: what aiokafka has asked for by itself since the assignment."""
        return self._group.offsets.get(partition)

    # --- in the group

    async def _coordinate(self) -> None:
        prepared = False
        while not self._closing:
            if self._rejoin:
                if not prepared:
                    await self._prepare()
                    prepared = True
                await self._stop_heart()
                if not await self._join():
                    await asyncio.sleep(_BACKOFF_S)
                    continue
                prepared = False
                continue
            self._changed.clear()
            await self._changed.wait()

    async def _prepare(self) -> None:
        self.reassigning = True
        revoked = [] if self.places is None else self.places.partitions
        await self._tell("on_partitions_revoked", revoked)

    async def _join(self) -> bool:
        options = self._options
        session_timeout_s = options.session_timeout_ms / 1_000
        try:
            joined = await self._wait_for(
                lambda: self._group.join(
                    self._member,
                    self._client_id,
                    self._topics,
                    session_timeout_s=session_timeout_s,
                    rebalance_timeout_s=(options.rebalance_timeout_ms or options.session_timeout_ms) / 1_000,
                )
            )
            self._member, self._generation = joined.member, joined.generation
            assignments = self._deal(joined) if joined.leader else None
            self._rejoin = False
            partitions = await self._wait_for(
                lambda: self._group.sync(joined.member, joined.generation, assignments)
            )
        except _FENCED:
            self._reset()
            return False
        except KafkaError as error:
            log.debug("not joined, trying again", group=self._group.name, error=repr(error))
            self._rejoin = True
            return False
        await self._take(partitions)
        return True

    async def _take(self, partitions: Assignment) -> None:
        before, self.places = self.places, Places(partitions)
        if before is not None:
            before.end()
        self.reassigning = False
        self._on_assigned(before, self.places)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
        self._heart = asyncio.create_task(self._beat())
        await self._tell("on_partitions_assigned", self.places.partitions)

    def _deal(self, joined: Joined) -> dict[str, list[TopicPartition]]:
        """The leader's part, by aiokafka's own assignor."""
        (assignor, *_) = self._options.partition_assignment_strategy
        members = {member: assignor.metadata(set(topics)) for member, topics in joined.members.items()}
        dealt = assignor.assign(cast("Any", _Cluster(self._kafka)), members)
        return {member: sorted(assignment.partitions()) for member, assignment in dealt.items()}

    async def _tell(self, what: str, partitions: list[TopicPartition]) -> None:
        if self._listener is None:
            return
        try:
            await getattr(self._listener, what)(partitions)
        except Exception as error:
            log.exception("the rebalance listener failed", called=what, error=repr(error))

    # --- alive

    async def _beat(self) -> None:
        interval_s = self._options.heartbeat_interval_ms / 1_000
        sleep_s = interval_s
        loop = asyncio.get_running_loop()
        while self._member:
            await asyncio.sleep(sleep_s)
            began_s = loop.time()
            try:
                await self._ask(lambda: self._group.heartbeat(self._member, self._generation))
            except RebalanceInProgressError:
                self._join_again()
            except _FENCED:
                self._reset()
                return
            except KafkaError:
                sleep_s = _BACKOFF_S
                continue
            sleep_s = max(0.0, interval_s - (loop.time() - began_s))

    async def _stop_heart(self) -> None:
        heart, self._heart = self._heart, None
        if heart is not None and not heart.done():
            heart.cancel()
            await asyncio.wait([heart])

    def _reset(self) -> None:
        """The broker does not know this member, or not in this generation: begin anew."""
        self._member, self._generation = "", -1
        self._join_again()

    def _join_again(self) -> None:
        self._rejoin = True
        self._changed.set()

    # --- requests

    async def _commit_once(self, offsets: Mapping[TopicPartition, int]) -> None:
        about = {"worker": self._wire.worker, "group": self._group.name}
        member, generation = self._member, self._generation
        try:
            if self._wire.faults.find("commit_refused", **about) is not None:
                await self._ask(lambda: None)
                raise InvalidCommitOffsetSizeError(self._group.name)
            await self._ask(lambda: self._group.commit(member, generation, offsets))
        except _FENCED:
            self._reset()
            raise
        except RebalanceInProgressError:
            self._join_again()
            raise
        if self._wire.faults.find("commit_answer_lost", **about) is not None:
            await asyncio.sleep(REQUEST_TIMEOUT_S)
            raise RequestTimedOutError(self._group.name)

    async def _ask(self, deed: Callable[[], T]) -> T:
        """One request, its deed and its answer; the next may leave before the answer is there."""
        due_s = self._wire.due_s()
        async with self._connection:
            await self._wire.arrive(due_s)
            result = deed()
        await self._wire.way()
        return result

    async def _wait_for(self, deed: Callable[[], Awaitable[T]]) -> T:
        """The same, where the answer takes its time, and holds up what comes behind."""
        async with self._connection:
            await self._wire.way()
            result = await deed()
            await self._wire.way()
            return result


class _Cluster:
    """What an assignor asks of aiokafka's cluster."""

    def __init__(self, kafka: MemoryLog) -> None:
        self._kafka = kafka

    def partitions_for_topic(self, topic: str) -> list[int] | None:
        count = self._kafka.partition_count(topic)
        return None if count is None else list(range(count))
