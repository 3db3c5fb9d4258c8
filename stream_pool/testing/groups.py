"""The broker's side of one consumer group: who is in it, which generation, what was committed.

The idea: Kafka's classic protocol, state by state. A join opens a rebalance, which waits for every member to
join again, at most for the longest rebalance timeout among them; the leader hands in the assignment; whoever
is not heard of within its session timeout is out. A commit counts where its member and generation do.

Limits: eager rebalances only, no static members, no delay before a first rebalance. Time is the running
loop's; timers run in a context of their own, so that no frozen worker holds them up.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

Assignment = Sequence[TopicPartition]


class GroupState(Enum):
    """Kafka's names."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"


@dataclass(frozen=True, slots=True)
class Joined:
    """The answer to a join. `members` has each member's topics, for the leader; others get none."""

    member: str
    generation: int
    leader: bool
    members: Mapping[str, Sequence[str]]


class _Member:
    """`deadline_s`: when its session ends, in loop time; None while it waits for a rebalance."""

    __slots__ = (
        "assignment",
        "deadline_s",
        "joining",
        "name",
        "rebalance_timeout_s",
        "session_timeout_s",
        "syncing",
        "topics",
        "watched",
    )

    def __init__(
        self, name: str, topics: Sequence[str], session_timeout_s: float, rebalance_timeout_s: float
    ) -> None:
        self.name = name
        self.topics = topics
        self.session_timeout_s = session_timeout_s
        self.rebalance_timeout_s = rebalance_timeout_s
        self.joining: asyncio.Future[Joined] | None = None
        self.syncing: asyncio.Future[Assignment] | None = None
        self.assignment: Assignment = ()
        self.deadline_s: float | None = None
        self.watched = False


class Group:
    """One group. `on_commit` is called with its name, the member and the offsets of every commit that counts.

    Errors are those that the broker answers with; a client makes of them what aiokafka does.
    """

    def __init__(
        self, name: str, on_commit: Callable[[str, str, Mapping[TopicPartition, int]], None]
    ) -> None:
        self.name = name
        self.state = GroupState.EMPTY
        self.generation = 0
        self.offsets: dict[TopicPartition, int] = {}
        self._members: dict[str, _Member] = {}
        self._leader: str | None = None
        self._serial = 0
        self._rebalance_timer: asyncio.TimerHandle | None = None
        self._on_commit = on_commit

    @property
    def members(self) -> dict[str, Assignment]:
        """Every member and what it has, in order of joining."""
        return {name: member.assignment for name, member in self._members.items()}

    def rebalance(self) -> None:
        """Deal the partitions anew, without a reason of the members'."""
        if self._members and self.state is not GroupState.PREPARING:
            self._prepare()

    # --- what members ask

    def join(
        self,
        member: str,
        client_id: str,
        topics: Sequence[str],
        *,
        session_timeout_s: float,
        rebalance_timeout_s: float,
    ) -> "asyncio.Future[Joined]":
        """Take part in the next generation; `member` is "" for who has no name yet. Answered when all are in.

        Raises `UnknownMemberIdError`.
        """
        if member:
            joining = self._known(member)
            same = joining.topics == topics
            joining.topics = topics
        else:
            self._serial += 1
            member, same = f"{client_id}-{self._serial:06}", False
            joining = _Member(member, topics, session_timeout_s, rebalance_timeout_s)
            self._members[member] = joining
        answer: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()
        leads = member == self._leader
        settled = self.state is GroupState.STABLE and not leads
        if same and (settled or self.state is GroupState.COMPLETING):
            answer.set_result(self._joined(joining))  # it missed the answer, the generation is the same
            self._alive(joining)
            return answer
        joining.joining = answer
        joining.deadline_s = None
        if self.state is not GroupState.PREPARING:
            self._prepare()
        self._maybe_complete()
        return answer

    def sync(
        self, member: str, generation: int, assignments: Mapping[str, Assignment] | None
    ) -> "asyncio.Future[Assignment]":
        """Ask for one's assignment; the leader brings all of them. Answered when it has.

        Raises `UnknownMemberIdError`, `IllegalGenerationError`, `RebalanceInProgressError`.
        """
        syncing = self._current(member, generation)
        if self.state is GroupState.PREPARING:
            raise RebalanceInProgressError(self.name)
        self._alive(syncing)
        answer: asyncio.Future[Assignment] = asyncio.get_running_loop().create_future()
        if self.state is GroupState.STABLE:
            answer.set_result(syncing.assignment)
            return answer
        syncing.syncing = answer
        if assignments is not None:
            self._settle(assignments)
        return answer

    def heartbeat(self, member: str, generation: int) -> None:
        """Say that one is alive.

        Raises `UnknownMemberIdError`, `IllegalGenerationError`, `RebalanceInProgressError`.
        """
        alive = self._current(member, generation)
        if alive.joining is None:
            self._alive(alive)
        if self.state is GroupState.PREPARING:
            raise RebalanceInProgressError(self.name)

    def leave(self, member: str) -> None:
        """Be out at once. Raises `UnknownMemberIdError`."""
        self._remove(self._known(member))

    def commit(self, member: str, generation: int, offsets: Mapping[TopicPartition, int]) -> None:
        """Keep these offsets. Of an empty group Kafka takes them from anybody who names no generation.

        Raises `UnknownMemberIdError`, `IllegalGenerationError`, `RebalanceInProgressError`.
        """
        if generation >= 0 or self.state is not GroupState.EMPTY:
            alive = self._current(member, generation)
            if alive.joining is None:
                self._alive(alive)
            if self.state is GroupState.COMPLETING:
                raise RebalanceInProgressError(self.name)
        self.offsets.update(offsets)
        self._on_commit(self.name, member, offsets)

    # --- a rebalance

    def _prepare(self) -> None:
        self.state = GroupState.PREPARING
        for member in self._members.values():
            _fail(member.syncing, RebalanceInProgressError(self.name))
            member.syncing = None
        longest_s = max(member.rebalance_timeout_s for member in self._members.values())
        loop = asyncio.get_running_loop()
        self._rebalance_timer = loop.call_later(longest_s, self._go_on, context=Context())

    def _go_on(self) -> None:
        """Wait no longer for those who have not joined again."""
        if self.state is GroupState.PREPARING:
            for member in list(self._members.values()):
                if member.joining is None:
                    del self._members[member.name]
            self._complete()

    def _maybe_complete(self) -> None:
        if self.state is GroupState.PREPARING and all(
            member.joining is not None for member in self._members.values()
        ):
            self._complete()

    def _complete(self) -> None:
        if self._rebalance_timer is not None:
            self._rebalance_timer.cancel()
            self._rebalance_timer = None
        self.generation += 1
        if not self._members:
            self.state = GroupState.EMPTY
            self._leader = None
            return
        self.state = GroupState.COMPLETING
        if self._leader not in self._members:
            self._leader = next(iter(self._members))
        for member in self._members.values():
            answer, member.joining, member.assignment = member.joining, None, ()
            self._alive(member)
            if answer is not None and not answer.done():
                answer.set_result(self._joined(member))

    def _settle(self, assignments: Mapping[str, Assignment]) -> None:
        self.state = GroupState.STABLE
        for member in self._members.values():
            member.assignment = assignments.get(member.name, ())
            if member.syncing is not None and not member.syncing.done():
                member.syncing.set_result(member.assignment)
            member.syncing = None

    def _joined(self, member: _Member) -> Joined:
        leads = member.name == self._leader
        members = {each.name: each.topics for each in self._members.values()} if leads else {}
        return Joined(member.name, self.generation, leads, members)

    # --- sessions

    def _alive(self, member: _Member) -> None:
        loop = asyncio.get_running_loop()
        member.deadline_s = loop.time() + member.session_timeout_s
        if not member.watched:
            member.watched = True
            loop.call_at(member.deadline_s, self._look, member, context=Context())

    def _look(self, member: _Member) -> None:
        """One timer a member: it looks again where a heartbeat came meanwhile."""
        member.watched = False
        if self._members.get(member.name) is not member or member.deadline_s is None:
            return
        loop = asyncio.get_running_loop()
        if member.deadline_s > loop.time():
            member.watched = True
            loop.call_at(member.deadline_s, self._look, member, context=Context())
        else:
            self._remove(member)

    def _remove(self, member: _Member) -> None:
        del self._members[member.name]
        _fail(member.joining, UnknownMemberIdError(self.name))
        _fail(member.syncing, UnknownMemberIdError(self.name))
        if self.state is GroupState.PREPARING:
            self._maybe_complete()
        elif self._members:
            self._prepare()
        else:
            self.state = GroupState.EMPTY
            self.generation += 1
            self._leader = None

    def _known(self, member: str) -> _Member:
        found = self._members.get(member)
        if found is None:
            raise UnknownMemberIdError(self.name)
        return found

    def _current(self, member: str, generation: int) -> _Member:
        found = self._known(member)
        if generation != self.generation:
            raise IllegalGenerationError(self.name)
        return found


def _fail(answer: "asyncio.Future[Any] | None", error: KafkaError) -> None:
    if answer is not None and not answer.done():
        answer.set_exception(error)
        answer.exception()  # who asked may be gone
