"""The event log that the reference incident's group writes about the traffic of its capture.

Four workers run `topologies.orders` on the in-memory log, as an offline replay has them, and beside it what a
capture of traffic cannot hold: memory, the collector's pauses, the kill of one of them, and the upgrade: one
after another they are stopped and come back as another version.

The log is a function of the traffic, the settings and the build: a later build may write another, which is
as good. The one that is shipped proves itself (`stream-pool verify`).
"""

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Final

from aiokafka import TopicPartition

from stream_pool.incident import reference as told
from stream_pool.incident.capture_file import CapturedRecord
from stream_pool.incident.captures.traffic import STORY
from stream_pool.incident.orders import START_MS
from stream_pool.incident.quiet import quiet
from stream_pool.incident.reference import PARTITIONS, TOPIC, VICTIM, WORKERS
from stream_pool.incident.reference_findings import EVENTS_TOPIC, SNAPSHOTS_TOPIC
from stream_pool.incident.reference_machines import AtS, machines
from stream_pool.incident.service_times import modelled, working
from stream_pool.settings import variable
from stream_pool.stream.log_reader import raw_record
from stream_pool.testing.app_module import AppModule
from stream_pool.testing.records import Stored, fetched, stored
from stream_pool.testing.simulation import Simulation, simulate

APP = "topologies.orders"

_BEFORE: Final = {"service_version": "3.1.0", "git_commit": "8d0f2c1"}
_AFTER: Final = {"service_version": "3.2.0", "git_commit": "5b9e7a4"}
_UPGRADE_EACH_S: Final = 5.0
_UPGRADED: Final = sorted(WORKERS, key=lambda name: name != VICTIM)
"""In this order. The first of them comes by the detector again, so that it dies as its owner."""


def record_log(traffic: Iterable[CapturedRecord]) -> list[CapturedRecord]:
    """The records of the log and of the snapshots, in the order in which they were written. The settings are
    the environment's, in which the labels of what is deployed are set."""
    log: list[CapturedRecord] = []

    def keep(place: TopicPartition, offset: int, kept: Stored) -> None:
        if place.topic in (EVENTS_TOPIC, SNAPSHOTS_TOPIC):
            record = raw_record(fetched(place.topic, place.partition, offset, kept))
            log.append(CapturedRecord(place.topic, place.partition, record))

    async def tell(sim: Simulation) -> None:
        def at_s() -> float:
            return sim.loop.time() + told.BEGINS_S

        module = AppModule(APP)
        sim.create_topic(TOPIC, PARTITIONS)
        sim.log.on_append.append(keep)
        _deploy(_BEFORE)
        with machines(sim, at_s):
            for name in WORKERS:
                sim.works[name] = working(modelled(), [TOPIC], 1 / STORY.scale)
                sim.start_worker(module.make_app, name)
            upgrade = asyncio.create_task(_upgrade(sim, at_s))
            for captured in traffic:
                await _send(sim, captured)
            await upgrade
            await sim.advance(told.ENDS_S - at_s())
        await asyncio.gather(*(sim.stop(name) for name in WORKERS))

    with quiet():
        simulate(tell, epoch_ms=START_MS)
    return log


def _deploy(labels: Mapping[str, str]) -> None:
    """What workers are that begin from here on."""
    os.environ.update({variable(name): label for name, label in labels.items()})


async def _upgrade(sim: Simulation, at_s: AtS) -> None:
    """Stop each worker and begin it anew, so that all are at the time of the story's upgrade."""
    await sim.advance(told.UPGRADE_S - _UPGRADE_EACH_S * len(WORKERS) - at_s())
    _deploy(_AFTER)
    for name in _UPGRADED:
        begun_s = at_s()
        await sim.stop(name)
        sim.restart(name)
        await sim.advance(begun_s + _UPGRADE_EACH_S - at_s())


async def _send(sim: Simulation, captured: CapturedRecord) -> None:
    """Append a record when its time has come."""
    record = captured.record
    wait_s = (record.timestamp_ms - START_MS) / 1_000 - sim.loop.time()
    if wait_s > 0:
        await sim.advance(wait_s)
    kept = stored(record.value, record.key, record.headers, timestamp=record.timestamp_ms)
    sim.log.append_batch(TopicPartition(captured.topic, captured.partition), [kept])
