"""Captures to replay: a scenario's records, or a few by hand, in a file."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from aiokafka.partitioner import murmur2

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident import bundled_scenario
from stream_pool.incident.capture_file import CapturedRecord, CaptureHeader, CaptureWriter

FIRST_OFFSET = 100
START_MS = 1_767_225_600_000


def captured(
    partition: int,
    offset: int,
    at_ms: int = START_MS,
    value: bytes | None = b'{"sku": "a"}',
    *,
    key: bytes | None = None,
    topic: str = "orders",
    headers: Iterable[tuple[str, bytes | None]] = (),
) -> CapturedRecord:
    """One record of a capture."""
    return CapturedRecord(topic, partition, RawRecord(offset, at_ms, 0, key, tuple(headers), value))


def write_capture(
    path: Path,
    records: Iterable[CapturedRecord],
    *,
    topic: str = "orders",
    cluster: str | None = "captured",
    partitions: Mapping[int, tuple[int, int]] | None = None,
    partition_count: int | None = None,
    group: str | None = None,
    others: Mapping[str, Mapping[int, tuple[int, int]]] | None = None,
) -> Path:
    """A capture of these records; its header has the ranges that they come to, unless told."""
    told = list(records)
    if partitions is None:
        ranges: dict[int, tuple[int, int]] = {}
        for each in told:
            if each.topic == topic:
                begin, _ = ranges.get(each.partition, (each.record.offset, 0))
                ranges[each.partition] = (begin, each.record.offset + 1)
        partitions = ranges
    header = CaptureHeader(
        cluster,
        topic,
        partitions,
        None,
        None,
        START_MS,
        group=group,
        others=others or {},
        partition_count=partition_count,
    )
    with CaptureWriter(path, header) as writer:
        for each in told:
            writer.write(each)
    return path


def scenario_capture(path: Path, orders: int, partitions: int = 4) -> Path:
    """The demo's incident as a capture: 36 seconds, deep orders, a slow gateway, poison."""
    ends = [FIRST_OFFSET] * partitions
    records = []
    for record in bundled_scenario("demo").records(orders):
        partition = (murmur2(record.key) & 0x7FFFFFFF) % partitions
        records.append(
            captured(
                partition,
                ends[partition],
                record.timestamp_ms,
                record.value,
                key=record.key,
                headers=record.headers,
            )
        )
        ends[partition] += 1
    return write_capture(path, records)
