"""`stream-pool replay FILE --offline`: through the production app, in memory."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from stream_pool.bench.meter import peak_rss_bytes
from stream_pool.cli.damage import damage_json
from stream_pool.cli.progress import progress
from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import capture_by_time
from stream_pool.incident.comparison import FORMAT
from stream_pool.incident.log_file import LogFileWriter
from stream_pool.incident.offline_replay import Offline, Played, play
from stream_pool.incident.replay_state import capture_digest
from stream_pool.incident.service_times import Seconds, modelled
from stream_pool.incident.survey import Survey, survey
from stream_pool.stream.app import App


@dataclass(frozen=True, slots=True)
class Outcome:
    """A capture that was played through `app` in `took_s`; `peak_bytes`: the most that this process took."""

    file: Path
    app: str
    topic: str
    workers: int
    service_times: str
    surveyed: Survey
    played: Played
    took_s: float
    peak_bytes: int
    out: Path | None
    digest: str
    offline: Offline

    @property
    def loops(self) -> int:
        return self.offline.loops

    @property
    def options(self) -> dict[str, Any]:
        """What has to be the same for two results to be comparable."""
        offline = self.offline
        return {
            "workers": offline.workers,
            "service_times": self.service_times,
            "service_factor": offline.factor,
            **asdict(offline.pace),
            "loop": offline.loops,
            "only": list(offline.only.texts()),
            "drain_s": offline.drain_s,
        }

    @property
    def speed(self) -> float | None:
        """The capture's own time as a multiple of what everything took.

        None where every worker stopped with a fault: how much of that time they read nobody can say.
        """
        if len(self.played.faults) == self.workers:
            return None
        return self.surveyed.span_s / self.took_s


def play_offline(
    file: Path, wanted: Offline, *, topic: str | None, service_times: str, out: Path | None
) -> Outcome:
    """Survey the capture, play it as `wanted`, write its log. The topic is the capture's unless told, and
    what a record takes is as `service_times` says.

    Raises `CaptureUnreadable`, `MisuseError`, and what kept the workers from starting.
    """
    began_s = time.perf_counter()
    capture = capture_by_time(file)
    with progress(sys.stderr, "reading", "records") as tell:
        surveyed = survey(capture, wanted.only, tell)
    offline = replace(
        wanted,
        topic=topic or capture.header.topic,
        seconds=_seconds(service_times, surveyed, file),
    )
    span_s = max(1, int(surveyed.span_s * offline.loops))
    with _log(out) as (found, write), progress(sys.stderr, "replaying", "records") as tell:

        def watch(at_s: float, records: int, _behind: int) -> None:
            tell(min(int(at_s), span_s), span_s, records)

        played = play(capture, offline, surveyed, found=found, take=write, watch=watch)
    return Outcome(
        file=file,
        app=offline.app,
        topic=offline.topic,
        workers=offline.workers,
        service_times=service_times,
        surveyed=surveyed,
        played=played,
        took_s=time.perf_counter() - began_s,
        peak_bytes=peak_rss_bytes(),
        out=out,
        digest=capture_digest(file),
        offline=offline,
    )


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The object that `--json` prints, and which `--compare` takes for a side."""
    surveyed, played = outcome.surveyed, outcome.played
    return {
        "stream_pool_replay": FORMAT,
        "file": str(outcome.file),
        "capture": outcome.digest,
        "options": outcome.options,
        "app": outcome.app,
        "topic": outcome.topic,
        "group": played.group,
        "workers": outcome.workers,
        "service_times": outcome.service_times,
        "records": played.records,
        "records_wanted": surveyed.records * outcome.loops,
        "left_out": surveyed.left_out,
        "other_topics": surveyed.others,
        **surveyed.missing.to_json(),
        "bytes": surveyed.bytes,
        "span_s": surveyed.span_s,
        "virtual_s": round(played.virtual_s, 3),
        "took_s": round(outcome.took_s, 2),
        "real_time_factor": None if outcome.speed is None else round(outcome.speed, 1),
        "process_peak_bytes": outcome.peak_bytes,
        "figures": played.figures.to_json(),
        "faults": [
            {"worker": fault.worker, "reason": fault.reason, "message": fault.message}
            for fault in played.faults
        ],
        "damage": damage_json(played.damage),
        "out": None if outcome.out is None else str(outcome.out),
    }


def _seconds(service_times: str, surveyed: Survey, file: Path) -> Seconds | None:
    match service_times:
        case "model":
            return modelled()
        case "none":
            return None
        case "recorded" if not surveyed.recorded:
            raise MisuseError(
                f"{file} says nothing of what its records took: it was captured without --events, or "
                "its group wrote no signals.sampled. --service-times model needs none"
            )
        case _:
            return surveyed.recorded.seconds


@contextmanager
def _log(
    out: Path | None,
) -> Iterator[tuple[Callable[[App], None], Callable[[str, RawRecord], None]]]:
    """What writes the log, once the app is known: whose it is, says the app."""
    with ExitStack() as closing:
        writer: LogFileWriter | None = None
        topics: tuple[str, ...] = ()

        def found(app: App) -> None:
            nonlocal writer, topics
            if out is None:
                return
            plant = app.plant
            topics = (plant.events_topic, plant.snapshots_topic)
            try:
                writer = closing.enter_context(
                    LogFileWriter(out, topic=plant.events_topic, group=plant.group)
                )
            except OSError as error:
                raise MisuseError(f"{out} cannot be written: {error}") from error

        def write(topic: str, record: RawRecord) -> None:
            if writer is not None and topic in topics:
                writer.write(record, topic)

        yield found, write
