"""All consumers of one app.

One source a group, started after the agents that they feed, and stopped before them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from mode import Service

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError, StreamPoolError
from stream_pool.stream.channel import BatchChannel
from stream_pool.stream.client import Client
from stream_pool.stream.counters import Counters
from stream_pool.stream.source import Source, SourceOptions
from stream_pool.stream.unreadable import Bury

log = structlog.get_logger(__name__)


class Intake(Service):
    """Owns the sources. They stop side by side, so that the deadline is one drain and not their sum.

    What ends the source of `observer_group` is logged, and stops no orders.
    """

    mundane_level = "debug"

    def __init__(
        self,
        channels: Sequence[BatchChannel],
        *,
        client: Client,
        consumer_options: Mapping[str, Any],
        source_options: SourceOptions,
        counters: Counters,
        observer_group: str,
        clock: Clock,
        fail: Callable[[StreamPoolError], None],
        bury: Bury,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._channels = channels
        self._client = client
        self._consumer_options = consumer_options
        self._source_options = source_options
        self._counters = counters
        self._observer_group = observer_group
        self._clock = clock
        self._fail = fail
        self._bury = bury
        self.sources: dict[str, Source] = {}

    async def on_start(self) -> None:
        by_group: dict[str, list[BatchChannel]] = {}
        for channel in self._channels:
            by_group.setdefault(channel.group, []).append(channel)
        for group, channels in by_group.items():
            if len({channel.from_beginning for channel in channels}) > 1:
                raise MisuseError(
                    f"group {group!r} has agents that begin anew and agents that resume: give them two groups"
                )
            observes = group == self._observer_group
            source = Source(
                group,
                self._client.consumer(group, self._consumer_options),
                channels,
                replace(self._source_options, on_offset_lost="earliest")
                if observes
                else self._source_options,
                Counters() if observes else self._counters,
                clock=self._clock,
                fail=_log_fault if observes else self._fail,
                bury=self._bury,
            )
            self.sources[group] = source
            await source.start()

    async def on_stop(self) -> None:
        await asyncio.gather(*(source.stop() for source in self.sources.values()))


def _log_fault(fault: StreamPoolError) -> None:
    log.error("detection ends in this process", reason=fault.reason, error=str(fault))
