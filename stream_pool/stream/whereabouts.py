"""Where one consumer begins, where it goes on when the log has its offsets no more, and of which topics its
offsets are: asked of the broker, decided by `positions.py`.

The limits: who is asked may not answer. At an assignment it is asked again a few times, since nothing can be
read before; in the middle whoever found out finds out again.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream_pool.stream.channel import Resume
from stream_pool.stream.client import Consumer
from stream_pool.stream.errors import BrokerUnavailable
from stream_pool.stream.positions import Start, commit_metadata, go_on_at, starting_positions
from stream_pool.stream.source_options import SourceOptions

log = structlog.get_logger(__name__)

_ATTEMPTS = 6
_ANSWER_TIMEOUT_S = 9.0
_AGAIN_S = 0.5


class Whereabouts:
    """The places of one consumer of `group` that reads `topics`."""

    def __init__(
        self,
        group: str,
        consumer: Consumer,
        topics: Sequence[str],
        options: SourceOptions,
        *,
        from_beginning: bool,
        resume: Resume | None,
    ) -> None:
        self.topic_ids: Mapping[str, str] = {}
        self._group = group
        self._consumer = consumer
        self._topics = topics
        self._options = options
        self._from_beginning = from_beginning
        self._resume = resume

    async def begin(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Start]:
        """Where to begin partitions that were just given. Raises `OffsetLost`, `BrokerUnavailable`."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                    ids = await self._consumer.topic_ids(self._topics)
                    starts = await starting_positions(
                        self._consumer,
                        partitions,
                        ids,
                        self.topic_ids,
                        from_beginning=self._from_beginning,
                        resume=self._resume,
                        auto_offset_reset=self._options.auto_offset_reset,
                        on_offset_lost=self._options.on_offset_lost,
                    )
                self.topic_ids = {**self.topic_ids, **ids}
                return starts
            except (TimeoutError, KafkaError) as error:
                log.warning(
                    "starting offsets not known yet", group=self._group, attempt=attempt, error=repr(error)
                )
                await asyncio.sleep(_AGAIN_S)
        raise BrokerUnavailable(
            f"group {self._group!r} was given partitions, but {_ATTEMPTS} attempts did not find "
            "out where to begin"
        )

    async def go_on(
        self, offsets: Mapping[TopicPartition, int]
    ) -> tuple[Mapping[TopicPartition, int], Collection[TopicPartition]]:
        """Where to go on, as the log no longer has these offsets to read; and those of the partitions whose
        offsets so far are of a log that is no more.

        Both are empty where the broker does not say. Raises `OffsetLost`.
        """
        partitions = list(offsets)
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                ids = await self._consumer.topic_ids(self._topics)
                earliest = await self._consumer.beginning_offsets(partitions)
                end = await self._consumer.end_offsets(partitions)
        except (TimeoutError, KafkaError) as error:
            log.warning("offsets kept not known", group=self._group, error=repr(error))
            await asyncio.sleep(_AGAIN_S)
            return {}, ()
        known = self.topic_ids
        anew = {topic for topic, id_ in ids.items() if id_ and known.get(topic) and known[topic] != id_}
        positions = {
            partition: go_on_at(
                partition,
                offset,
                (earliest[partition], end[partition]),
                self._options.on_offset_lost,
                is_made_anew=partition.topic in anew,
            )
            for partition, offset in offsets.items()
        }
        self.topic_ids = {**known, **{topic: ids[topic] for topic in anew}}
        return positions, [p for p in partitions if p.topic in anew or offsets[p] > end[p]]

    def commits(
        self, offsets: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int | tuple[int, str]]:
        """What to commit: each offset with the id of its topic, where that is known."""
        metadata = {topic: commit_metadata(id_) for topic, id_ in self.topic_ids.items()}
        return {p: (at, told) if (told := metadata.get(p.topic)) else at for p, at in offsets.items()}
