"""Which topics of a consumer are not fetched for the moment, since their agents are behind."""

from collections.abc import Collection

from aiokafka import TopicPartition

from stream_pool.clock import Clock
from stream_pool.stream.client import Consumer
from stream_pool.stream.offsets import OffsetTracker
from stream_pool.stream.source_options import SourceOptions


class Pressure:
    """Pauses the topics whose buffers are full; resumes those that are half empty again.

    `paused_since_s`: since when each of them is paused, monotonic.
    """

    def __init__(
        self,
        consumer: Consumer,
        tracker: OffsetTracker,
        topics: Collection[str],
        options: SourceOptions,
        clock: Clock,
    ) -> None:
        self.paused_since_s: dict[str, float] = {}
        self._consumer = consumer
        self._tracker = tracker
        self._topics = topics
        self._options = options
        self._clock = clock

    def apply(self) -> None:
        """Look at what is in flight of each topic."""
        options = self._options
        for topic in self._topics:
            records, size_bytes = self._tracker.in_flight(topic)
            if topic not in self.paused_since_s:
                if records >= options.buffer_records or size_bytes >= options.buffer_bytes:
                    self._consumer.pause(*self._partitions_of(topic))
                    self.paused_since_s[topic] = self._clock.monotonic()
            elif records <= options.buffer_records // 2 and size_bytes <= options.buffer_bytes // 2:
                self._consumer.resume(*self._partitions_of(topic))
                del self.paused_since_s[topic]

    def begin_anew(self) -> None:
        """After an assignment, with which the client has forgotten what was paused."""
        self.paused_since_s.clear()
        self.apply()

    def _partitions_of(self, topic: str) -> list[TopicPartition]:
        return [partition for partition in self._tracker.partitions() if partition.topic == topic]
