"""Where a member of a group stands in its partitions: positions, pauses, and who waits for a position."""

import asyncio
from collections.abc import Iterable

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError


class _Place:
    """`position` is None until it was sought, or read from what the group has committed."""

    __slots__ = ("paused", "position", "waiting")

    def __init__(self) -> None:
        self.position: int | None = None
        self.paused = False
        self.waiting: list[asyncio.Future[None]] = []

    def tell(self) -> None:
        for waiter in self.waiting:
            if not waiter.done():
                waiter.set_result(None)
        self.waiting.clear()


class Places:
    """One assignment, in order of topic and partition."""

    def __init__(self, partitions: Iterable[TopicPartition]) -> None:
        self._places = {partition: _Place() for partition in sorted(partitions)}

    def __contains__(self, partition: object) -> bool:
        return partition in self._places

    @property
    def partitions(self) -> list[TopicPartition]:
        return list(self._places)

    def place(self, partition: TopicPartition) -> _Place:
        """Raises `IllegalStateError`, as aiokafka does where a partition is not assigned."""
        found = self._places.get(partition)
        if found is None:
            raise IllegalStateError(f"No current assignment for partition {partition}")
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Stand at an offset."""
        place = self.place(partition)
        place.position = offset
        place.tell()

    async def moved(self, partition: TopicPartition) -> None:
        """Wait until a position is known, or this assignment is over."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.place(partition).waiting.append(waiter)
        await waiter

    def end(self) -> None:
        """Another assignment has taken over: nobody needs to wait for this one's positions."""
        for place in self._places.values():
            place.tell()
