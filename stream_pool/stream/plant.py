"""What an app is made of.

Every part built from settings once, as plain values, and handed to those that need it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import orjson
from aiokafka import TopicPartition

from stream_pool.documents import Decoder, Limits
from stream_pool.errors import StreamPoolError
from stream_pool.pool import GrowthRule, Pool
from stream_pool.settings import Settings
from stream_pool.stream.batch import Batch
from stream_pool.stream.budget import DeadLetterBudget
from stream_pool.stream.channel import BatchChannel
from stream_pool.stream.counters import Counters
from stream_pool.stream.detector import Detector
from stream_pool.stream.host import Host
from stream_pool.stream.intake import Intake
from stream_pool.stream.lag_poller import LagPoller
from stream_pool.stream.offsets import Claim
from stream_pool.stream.outlet import Outlet
from stream_pool.stream.recorder import Recorder
from stream_pool.stream.runtime import Runtime
from stream_pool.stream.snapshot_store import SnapshotStore
from stream_pool.stream.source import Source
from stream_pool.stream.source_options import SourceOptions
from stream_pool.stream.topic_plan import Plan, plan_of
from stream_pool.stream.topics import (
    DEAD_LETTERS_CONFIG,
    EVENTS_CONFIG,
    SNAPSHOTS_CONFIG,
    ensure_side_topic,
    require_topics,
    wait_for_topic,
)
from stream_pool.stream.unreadable import UnreadableHeader, UnreadableRecord


class Plant:
    """The parts of one app. Making it connects to nothing; `prepare` has the first word with the broker.

    `channels` is the app's own list, which grows as agents are declared.
    """

    def __init__(
        self,
        group: str,
        settings: Settings,
        channels: Sequence[BatchChannel],
        *,
        host: Host,
        pool: Pool | None,
        decode: Callable[[bytes], Any] | None,
        fail: Callable[[StreamPoolError], None],
    ) -> None:
        self.group = group
        self.channels = channels
        self.settings = settings
        self.host = host
        self.clock = host.clock
        self.fail = fail
        self.started_at_ms = host.clock.now_ms()
        self.events_topic = f"{group}.events"
        self.detector_group = f"{group}.detector"
        self.dead_letters_topic = f"{group}.dead-letters"
        self.snapshots_topic = f"{group}.snapshots"
        self.counters = Counters()
        self.pool, self.decode = _decoding(settings, pool, decode)
        self.outlet = Outlet(
            client=host.client,
            group=group,
            identity=host.identity,
            events_topic=self.events_topic,
            dead_letters_topic=self.dead_letters_topic,
            event_buffer=settings.event_buffer,
            clock=host.clock,
        )

    @cached_property
    def intake(self) -> Intake:
        """The consumers of the agents that were declared. Made once the app boots."""
        settings = self.settings
        return Intake(
            self.channels,
            client=self.host.client,
            consumer_options={
                "max_partition_fetch_bytes": settings.max_partition_fetch_bytes,
                "session_timeout_ms": settings.session_timeout_ms,
                "heartbeat_interval_ms": settings.session_timeout_ms // 3,
                "rebalance_timeout_ms": settings.rebalance_timeout_ms,
                "metadata_max_age_ms": settings.metadata_max_age_ms,
                **({"group_instance_id": settings.group_instance_id} if settings.group_instance_id else {}),
            },
            source_options=SourceOptions(
                poll_timeout_ms=settings.poll_timeout_ms,
                max_poll_records=settings.max_poll_records,
                buffer_records=settings.buffer_records,
                buffer_bytes=settings.buffer_bytes,
                commit_interval_s=settings.commit_interval_s,
                drain_timeout_s=settings.drain_timeout_s,
                auto_offset_reset=settings.auto_offset_reset,
                on_offset_lost=settings.on_offset_lost,
                topic_max_age_s=settings.metadata_max_age_ms / 1_000,
                topic_missing_timeout_s=settings.topic_missing_timeout_s,
            ),
            counters=self.counters,
            observer_group=self.detector_group,
            clock=self.clock,
            fail=self.fail,
            bury=self.bury,
            observer_hands_back=lambda partitions: self.detector.hand_back(partitions),
        )

    @cached_property
    def recorder(self) -> Recorder:
        """What writes the log."""
        settings = self.settings
        rule = GrowthRule(floor=settings.pool_capacity_min, ceiling=settings.pool_capacity_max)
        return Recorder(
            group=self.group,
            intake=self.intake,
            outlet=self.outlet,
            counters=self.counters,
            pool=self.pool,
            growth_rule=rule if settings.pool_adaptive else None,
            pool_base_s=settings.pool_base_window_s,
            client=self.host.client,
            interval_s=settings.interval_s,
            clock=self.clock,
            gc_probe=self.host.gc_probe,
            memory_probe=self.host.memory_probe,
            build=settings.build_info,
        )

    @cached_property
    def runtime(self) -> Runtime:
        """What the agents work with. Made once the outlet has started."""
        settings = self.settings
        budget = DeadLetterBudget(
            settings.dead_letter_budget_ratio,
            settings.dead_letter_budget_min_records,
            settings.dead_letter_budget_window_s,
        )
        return self._runtime(self.counters, budget)

    @cached_property
    def observer_runtime(self) -> Runtime:
        """What the detector's agent works with: nothing that it reads counts as orders."""
        return self._runtime(Counters(), DeadLetterBudget())

    def _runtime(self, counters: Counters, budget: DeadLetterBudget) -> Runtime:
        settings = self.settings
        return Runtime(
            decode=self.decode,
            clock=self.clock,
            counters=counters,
            letters=self.outlet.letters,
            budget=budget,
            fail=self.fail,
            yield_interval_s=settings.yield_interval_ms / 1_000,
            random=self.host.random,
            stop_on_wire_format=settings.on_wire_format == "stop",
            work=self.host.work,
        )

    @property
    def source(self) -> Source | None:
        """The consumer of the app's own group; None where every agent has another."""
        return self.intake.sources.get(self.group)

    def batch(self, claim: Claim, *, objects_only: bool) -> Batch:
        """The batch of a claim that an agent begins."""
        return Batch(claim, self.runtime, objects_only=objects_only)

    def observed_batch(self, claim: Claim) -> Batch:
        """The batch of a claim that the detector begins."""
        return Batch(claim, self.observer_runtime)

    async def bury(self, record: UnreadableRecord, error: UnreadableHeader) -> None:
        """Write the dead letter of a record that no agent can get. Raises as `Batch.settle` does."""
        counters = self.counters.of(record.topic, record.partition)
        counters.dead_letter(error.reason)
        await self.outlet.letters.write(record, error.reason, error)
        counters.settle(dead_letters=1)
        self.runtime.spend(1, 1)

    def plan(self) -> Plan:
        """What the app needs on the cluster, with all agents that are declared by now."""
        return plan_of(
            read=(topic for channel in self.channels for topic in channel.topics),
            groups=(self.group, self.detector_group, *(channel.group for channel in self.channels)),
            events=self.events_topic,
            snapshots=self.snapshots_topic,
            dead_letters=self.dead_letters_topic,
        )

    async def prepare(self) -> None:
        """See that the broker and the topics that are read are there, and create our own.

        Raises `BrokerUnavailable`, `TopicMissing`.
        """
        own = {
            self.events_topic: EVENTS_CONFIG,
            self.snapshots_topic: SNAPSHOTS_CONFIG,
            self.dead_letters_topic: DEAD_LETTERS_CONFIG,
        }
        read = {topic for channel in self.channels for topic in channel.topics} - own.keys()
        async with self.host.client.admin(timeout_s=self.settings.connect_timeout_s) as admin:
            if read:
                await require_topics(admin, sorted(read))
            for topic, config in own.items():
                await ensure_side_topic(admin, topic, config)
            await wait_for_topic(admin, self.events_topic, partitions=1)
            await wait_for_topic(admin, self.snapshots_topic, partitions=1)
            await wait_for_topic(admin, self.dead_letters_topic, partitions=0)

    @cached_property
    def detector(self) -> Detector:
        """The owner of the event log, or one that stands by to be."""
        return Detector(
            group=self.group,
            events_topic=self.events_topic,
            rules=self.settings.rules,
            topics=lambda: self.source.topics if self.source is not None else [],
            source=lambda: self.intake.sources.get(self.detector_group),
            writer=lambda: self.outlet.writer,
            poller=LagPoller(
                self.group,
                self.host.client.observer("detector"),
                interval_s=self.settings.detector_window_s,
                clock=self.clock,
            ),
            snapshots=SnapshotStore(
                self.snapshots_topic,
                TopicPartition(self.events_topic, 0),
                client=self.host.client,
                clock=self.clock,
            ),
            snapshot_interval_s=self.settings.detector_snapshot_interval_s,
            clock=self.clock,
        )


def _decoding(
    settings: Settings, pool: Pool | None, decode: Callable[[bytes], Any] | None
) -> tuple[Pool | None, Callable[[Any], Any]]:
    if decode is not None:
        return pool, decode
    if settings.decoder == "orjson":
        return None, orjson.loads
    pool = Pool(settings.pool_capacity) if pool is None else pool
    limits = Limits(**{name: getattr(settings, f"limit_{name}") for name in Limits.__dataclass_fields__})
    return pool, Decoder(pool, limits, settings.duplicate_keys).decode
