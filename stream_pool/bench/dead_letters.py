"""The dead letters of a group, as a bench accounts for them: of which record, why, and with what headers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_pool.bench.ledger import Run
from stream_pool.errors import StreamPoolError

READ_TIMEOUT_S = 60.0


class LettersUnread(StreamPoolError):
    """The broker did not hand out the dead letters in time: nobody can tell what was buried."""

    reason = "bench_letters_unread"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `headers` are the record's own and those that were added."""

    partition: int
    offset: int
    reason: str
    headers: Mapping[str, bytes]

    @property
    def run(self) -> Run:
        """The record as a run of one."""
        return Run(self.partition, self.offset, self.offset + 1)


async def read_dead_letters(servers: str, topic: str) -> list[Letter]:
    """All that the topic has now, repeats included. Raises `LettersUnread` after a minute."""
    try:
        async with (
            asyncio.timeout(READ_TIMEOUT_S),
            AIOKafkaConsumer(bootstrap_servers=servers) as consumer,
        ):
            return await _read(consumer, TopicPartition(topic, 0))
    except TimeoutError:
        raise LettersUnread(f"{topic} was not read within {READ_TIMEOUT_S:g} s") from None


async def _read(consumer: AIOKafkaConsumer, partition: TopicPartition) -> list[Letter]:
    end = (await consumer.end_offsets([partition]))[partition]
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    found: list[Letter] = []
    while await consumer.position(partition) < end:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            found += [_letter(dict(record.headers)) for record in records]
    return found


def _letter(headers: dict[str, bytes]) -> Letter:
    return Letter(
        int(headers["stream-pool.partition"]),
        int(headers["stream-pool.offset"]),
        headers["stream-pool.reason"].decode(),
        headers,
    )
