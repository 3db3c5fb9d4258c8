"""Sends a scenario's records when they are due, and books what the broker acknowledges."""

import asyncio
import time
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from stream_pool.cli.demo.model import DemoModel
from stream_pool.incident import Phase, Record

BURST_S = 0.01
"""Records due within so short a time go out together: a sleep for each would be late by as much."""


class Traffic:
    """One pass over a scenario, on one topic."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, model: DemoModel) -> None:
        self._producer = producer
        self._topic = topic
        self._model = model
        self._failure: BaseException | None = None

    async def send(self, records: Iterable[Record], phases: Iterable[Phase]) -> None:
        """Send everything and return when all of it is acknowledged.

        Raises `aiokafka.errors.KafkaError` where the broker refused a record for good.
        """
        about = {phase.name: describe(phase) for phase in phases}
        phase = ""
        started = time.monotonic()
        for record in records:
            early_s = record.due_s - (time.monotonic() - started)
            if early_s > 0:
                await asyncio.sleep(max(early_s, BURST_S))
            if record.phase != phase:
                phase = record.phase
                self._model.begin_phase(phase, time.monotonic() - started, about[phase])
            acknowledged = await self._producer.send(
                self._topic, record.value, key=record.key, headers=list(record.headers)
            )
            acknowledged.add_done_callback(self._book)
            if self._failure is not None:
                break
        await self._producer.flush()
        if self._failure is not None:
            raise self._failure

    def _book(self, acknowledged: "asyncio.Future[RecordMetadata]") -> None:
        if acknowledged.cancelled():
            return
        failure = acknowledged.exception()
        if failure is not None:
            self._failure = failure
            return
        metadata = acknowledged.result()
        self._model.sent(metadata.partition, metadata.offset)


def describe(phase: Phase) -> str:
    """What a phase does to the worker, in a few words."""
    words = [f"orders {phase.depth} levels deep"]
    if phase.handler_latency_ms:
        words.append("a slow payment gateway")
    if phase.poison_ratio:
        words.append(f"{phase.poison_ratio:.0%} poison")
    if phase.error_ratio:
        words.append("a handler that fails now and then")
    if phase.unique_keys:
        words.append(f"{phase.unique_keys} keys an order that never come again")
    return ", ".join(words)
