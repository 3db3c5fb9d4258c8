"""Where one consumer begins, where it goes on when the log has its offsets no more, and of which topics its
offsets are: asked of the broker, decided by `positions.py`.

The limits: who is asked may not answer. At an assignment it is asked again for about a minute, however fast
it fails, since nothing can be read before; in the middle whoever found out finds out again.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream_pool.stream.channel import Resume
from stream_pool.stream.client import Consumer
from stream_pool.stream.errors import FORBIDDEN, BrokerUnavailable, forbidden
from stream_pool.stream.positions import Start, go_on_at, starting_positions
from stream_pool.stream.source_options import SourceOptions
from stream_pool.stream.topic_id import TopicId, is_another

log = structlog.get_logger(__name__)

_PATIENCE_S = 57.0
_ANSWER_TIMEOUT_S = 9.0
_AGAIN_S = 0.5
_AGAIN_AT_MOST_S = 5.0


class Whereabouts:
    """The places of one consumer of `group` that reads `topics`.

    An offset counts in one log only, so each partition has the id of the topic that it was begun in. `begun`
    alone changes it, in the same step in which the offset is: neither is ever told with the other's log.
    """

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
        self._read_ids: dict[TopicPartition, TopicId | None] = {}
        self._group = group
        self._consumer = consumer
        self._topics = topics
        self._options = options
        self._from_beginning = from_beginning
        self._resume = resume

    async def begin(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Start]:
        """Where to begin partitions that were just given.

        Raises `OffsetLost`, `BrokerUnavailable`, `AccessDenied`.
        """
        now_s = asyncio.get_running_loop().time
        deadline_s = now_s() + _PATIENCE_S
        attempt = 0
        while (left_s := deadline_s - now_s()) > 0:
            attempt += 1
            try:
                async with asyncio.timeout(min(left_s, _ANSWER_TIMEOUT_S)):
                    ids = await self._consumer.topic_ids(self._topics)
                    return await starting_positions(
                        self._consumer,
                        partitions,
                        ids,
                        self._read_ids,
                        from_beginning=self._from_beginning,
                        resume=self._resume,
                        auto_offset_reset=self._options.auto_offset_reset,
                        on_offset_lost=self._options.on_offset_lost,
                    )
            except FORBIDDEN as error:
                raise forbidden(error) from error
            except (TimeoutError, KafkaError) as error:
                log.warning(
                    "starting offsets not known yet", group=self._group, attempt=attempt, error=repr(error)
                )
                await asyncio.sleep(min(_AGAIN_S * attempt, _AGAIN_AT_MOST_S))
        raise BrokerUnavailable(
            f"group {self._group!r} was given partitions, but did not find out within {_PATIENCE_S:g} s "
            f"where to begin: {attempt} attempts"
        )

    async def go_on(
        self, offsets: Mapping[TopicPartition, int]
    ) -> tuple[Mapping[TopicPartition, int], Mapping[TopicPartition, Start]]:
        """Where to go on, as the log no longer has these offsets to read; and where to begin anew, as the
        offsets so far are of a log that is no more.

        Both are empty where the broker does not say. Raises `OffsetLost`, `AccessDenied`.
        """
        partitions = list(offsets)
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                ids = await self._consumer.topic_ids(self._topics)
                earliest = await self._consumer.beginning_offsets(partitions)
                end = await self._consumer.end_offsets(partitions)
        except FORBIDDEN as error:
            raise forbidden(error) from error
        except (TimeoutError, KafkaError) as error:
            log.warning("offsets kept not known", group=self._group, error=repr(error))
            await asyncio.sleep(_AGAIN_S)
            return {}, {}
        ahead: dict[TopicPartition, int] = {}
        anew: dict[TopicPartition, Start] = {}
        others = self.of_another(partitions, ids)
        for partition, offset in offsets.items():
            position = go_on_at(
                partition,
                offset,
                (earliest[partition], end[partition]),
                self._options.on_offset_lost,
                is_made_anew=partition in others,
            )
            if partition in others or position < offset:
                id_ = ids.get(partition.topic) or self._read_ids.get(partition)
                anew[partition] = Start(position, None, id_)
            else:
                ahead[partition] = position
        return ahead, anew

    def begun(self, starts: Mapping[TopicPartition, Start]) -> None:
        """Note of which topics the offsets of these partitions are from now on."""
        self._read_ids |= {partition: start.topic_id for partition, start in starts.items()}

    def of_another(
        self, partitions: Iterable[TopicPartition], topic_ids: Mapping[str, TopicId | None]
    ) -> Collection[TopicPartition]:
        """Those partitions that were begun in another topic than there is now."""
        read = self._read_ids
        return {p for p in partitions if is_another(read.get(p), topic_ids.get(p.topic))}

    def commits(
        self, offsets: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int | tuple[int, str]]:
        """What to commit: each offset with the id of its topic, where that is known."""
        read = self._read_ids
        return {p: (at, id_.to_commit()) if (id_ := read.get(p)) else at for p, at in offsets.items()}
