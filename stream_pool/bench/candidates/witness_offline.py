"""A capture through the witness, in memory: calls go where a worker's go, the log and letters to a file."""

import sys
from pathlib import Path

from stream_pool.bench.meter import Job
from stream_pool.incident.capture_file import Capture
from stream_pool.incident.log_file import LogFileWriter
from stream_pool.incident.offline_replay import Offline, play
from stream_pool.incident.survey import survey

WITNESS = "stream_pool.bench.candidates.witness_app"


def replay(job: Job, path: Path, out: Path) -> None:
    """Play the capture at `path`, and write every record that its worker wrote to `out`."""
    capture = Capture(path)
    offline = Offline(WITNESS, job.topic)
    surveyed = survey(capture, offline.only, lambda *_: None)
    with LogFileWriter(out, topic=f"{job.group}.events", group=job.group) as writer:
        played = play(
            capture,
            offline,
            surveyed,
            found=lambda _: None,
            take=lambda topic, record: writer.write(record, topic),
            watch=lambda *_: None,
        )
    if played.faults:
        sys.exit(f"the worker stopped: {played.faults}")


if __name__ == "__main__":
    replay(Job.from_environment(), Path(sys.argv[1]), Path(sys.argv[2]))
