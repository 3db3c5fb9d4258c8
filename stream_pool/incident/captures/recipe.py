"""`python -m stream_pool.incident.captures.recipe OUT`: makes the reference incident's capture.

Traffic first, then the log that four workers write about it under `reference.toml`, both merged by time. A
name that ends in `.zst` is packed tightly, in one frame, since payloads repeat further apart than the frames
of `stream-pool capture` are long.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from heapq import merge
from pathlib import Path

from stream_pool.incident import reference as told
from stream_pool.incident.capture_file import CapturedRecord, CaptureHeader, CaptureWriter
from stream_pool.incident.capture_file.zstd import zstd
from stream_pool.incident.captures import reference_settings
from stream_pool.incident.captures.recording import record_log
from stream_pool.incident.captures.traffic import reference_traffic
from stream_pool.incident.orders import START_MS
from stream_pool.incident.reference import GROUP, PARTITIONS, TOPIC
from stream_pool.settings import CONFIG_FILE

_PACKED_TIGHTLY: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 19,
    zstd.CompressionParameter.window_log: 23,
    zstd.CompressionParameter.checksum_flag: 1,
}


def make_reference(out: Path) -> None:
    """Write the capture. The environment's settings are those of `reference.toml` from here on."""
    for name in [name for name in os.environ if name.startswith("STREAM_POOL_")]:
        del os.environ[name]
    os.environ[CONFIG_FILE] = str(reference_settings())
    traffic = list(reference_traffic())
    log = record_log(traffic)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "reference.ndjson"
        with CaptureWriter(plain, _header([*traffic, *log])) as writer:
            for captured in merge(traffic, log, key=lambda captured: captured.record.timestamp_ms):
                writer.write(captured)
        with plain.open("rb") as source, out.open("wb") as target:
            if out.suffix == ".zst":
                with zstd.ZstdFile(target, "wb", options=_PACKED_TIGHTLY) as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
            else:
                shutil.copyfileobj(source, target)


def _header(records: Iterable[CapturedRecord]) -> CaptureHeader:
    ranges: dict[str, dict[int, tuple[int, int]]] = {}
    for captured in records:
        partitions = ranges.setdefault(captured.topic, {})
        begin, _ = partitions.get(captured.partition, (captured.record.offset, 0))
        partitions[captured.partition] = (begin, captured.record.offset + 1)
    return CaptureHeader(
        cluster=None,
        topic=TOPIC,
        partitions=ranges.pop(TOPIC),
        partition_count=PARTITIONS,
        from_ms=None,
        to_ms=None,
        captured_at_ms=START_MS + int((told.ENDS_S - told.BEGINS_S) * 1_000),
        group=GROUP,
        others=ranges,
    )


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 1:
        sys.exit("usage: python -m stream_pool.incident.captures.recipe OUT")
    make_reference(Path(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
