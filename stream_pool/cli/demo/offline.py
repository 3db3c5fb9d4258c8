"""`stream-pool demo --offline`: the reference incident without a broker, under a virtual clock."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from stream_pool.cli.render_reference import Outcome
from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.log_file import LogFileWriter
from stream_pool.incident.reference import BEGINS_S, GROUP, MIN_SCALE, Story
from stream_pool.incident.reference_findings import EVENTS_TOPIC, SNAPSHOTS_TOPIC, Findings
from stream_pool.incident.reference_run import Watch, play
from stream_pool.testing.clock import EPOCH_MS
from stream_pool.words import clock

LINE_EVERY_S = 300.0
DRAW_EVERY_S = 0.25

Say = Callable[[str], None]


def play_offline(story: Story, *, out: Path | None, seed: int, watch: Watch) -> Outcome:
    """Play the story, and verify its log; a log that is asked for is written as it grows.

    Raises `MisuseError` where the scale is out of bounds or the file cannot be written.
    """
    if not MIN_SCALE <= story.scale <= 1:
        raise MisuseError(f"scale is {story.scale:g}: from {MIN_SCALE:g} to 1 is allowed")
    findings = Findings(story, EPOCH_MS)
    began_s = time.perf_counter()
    with _writer(out) as writer:

        def take(topic: str, record: RawRecord) -> None:
            findings.take(topic, record)
            if writer is not None and topic in (EVENTS_TOPIC, SNAPSHOTS_TOPIC):
                writer.write(record, topic)

        played = play(story, take=take, watch=watch, seed=seed)
    took_s = time.perf_counter() - began_s
    return Outcome(story, played, findings, findings.verify(), took_s, out)


@contextmanager
def _writer(out: Path | None) -> Iterator[LogFileWriter | None]:
    if out is None:
        with nullcontext() as nothing:
            yield nothing
        return
    try:
        writer = LogFileWriter(out, topic=EVENTS_TOPIC, group=GROUP)
    except OSError as error:
        raise MisuseError(f"{out} cannot be written: {error}") from error
    with writer:
        yield writer


@contextmanager
def progress(story: Story) -> Iterator[Watch]:
    """How far the story is and how fast, on standard error: a bar on a terminal, lines elsewhere."""
    began_s = time.perf_counter()

    def line(at_s: float, handled: int) -> str:
        took_s = time.perf_counter() - began_s
        speed = (at_s - BEGINS_S) / took_s if took_s else 0.0
        return f"{clock(at_s)}  {handled:,} orders, {handled / took_s:,.0f} a second, {speed:.1f} x real time"

    if not sys.stderr.isatty():
        next_line_s = BEGINS_S

        def tell(at_s: float, handled: int) -> None:
            nonlocal next_line_s
            if at_s >= next_line_s:
                next_line_s += LINE_EVERY_S
                print(line(at_s, handled), file=sys.stderr, flush=True)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[line]}"))
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=story.until_s - BEGINS_S, line="")
        drawn_s = 0.0

        def draw(at_s: float, handled: int) -> None:
            nonlocal drawn_s
            if (now_s := time.perf_counter()) - drawn_s > DRAW_EVERY_S:
                drawn_s = now_s
                bar.update(task, completed=at_s - BEGINS_S, line=line(at_s, handled))

        yield draw
