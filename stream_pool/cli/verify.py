"""`stream-pool verify`: does a log follow from itself, to the byte?"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_pool.cli.file_or_topic import OF_A_TOPIC, Source, source_of
from stream_pool.cli.given import Given
from stream_pool.cli.progress import Tell, progress
from stream_pool.errors import ExitCode, MisuseError

if TYPE_CHECKING:
    from stream_pool.cli.render_verify import Outcome
    from stream_pool.detection.verification import Verifier
    from stream_pool.stream.log_reader import LogReader

_TELL_EVERY = 500


def verify(
    context: typer.Context,
    log: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC|FILE", help="<group>.events (or topic:NAME), a log file, or a capture."
        ),
    ],
    broker: Annotated[
        str | None, typer.Option(help="kafka://host:port, more servers after a comma; for a topic.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object at the end instead of lines.")] = False,
) -> None:
    """Fold a log with the rules that are in it, and compare every anomaly, tick and snapshot byte for byte.

    Of a capture the file's own counts and sum are verified, and the log that --events took with it.

    Exits 0 when all is identical or there is nothing to verify, 1 at the first difference or where a file is
    damaged, 2 when the log is none or of a fold that this version does not have, 3 without a broker, 4
    without the topic.
    """
    from stream_pool.cli.render_verify import to_json, to_text
    from stream_pool.detection.verdict import UnknownFold, Verified
    from stream_pool.settings import refuse_unknown

    refuse_unknown(os.environ)
    source = source_of(log)
    if source.is_file:
        Given(context).refuse("broker", because=OF_A_TOPIC)
        _verify_capture(source.path, as_json)
    with progress(sys.stderr, "verifying", "events") as tell:
        outcome = verify_file(source.path, tell) if source.is_file else _verify_topic(source, broker, tell)
    print(json.dumps(to_json(outcome)) if as_json else to_text(outcome))
    verdict = outcome.verdict
    if isinstance(verdict, UnknownFold):
        raise typer.Exit(ExitCode.MISUSE)
    is_identical = isinstance(verdict, Verified) and outcome.damage is None
    raise typer.Exit(ExitCode.OK if is_identical else ExitCode.FINDING)


def _verify_capture(path: Path, as_json: bool) -> None:
    """Verify a capture, and end; where it is none, do nothing."""
    from stream_pool.cli import verify_capture

    capture = verify_capture.capture_at(path)
    if capture is None:
        return
    with progress(sys.stderr, "verifying", "records") as tell:
        proved = verify_capture.prove(capture, tell)
    print(json.dumps(verify_capture.to_json(proved)) if as_json else verify_capture.to_text(proved))
    raise typer.Exit(proved.exit_code)


def verify_file(path: Path, tell: Tell) -> "Outcome":
    """Verify a log file. Raises `LogFileUnreadable`, `MisuseError`."""
    from stream_pool.cli.render_verify import Outcome
    from stream_pool.detection.snapshots_kept import SnapshotsKept
    from stream_pool.detection.verification import Verifier
    from stream_pool.incident.log_file import LogFileDamaged, read_log_file

    log = read_log_file(path)
    snapshots = SnapshotsKept()
    try:
        for topic, record in log:
            if topic == f"{log.header.group}.snapshots":
                snapshots.take(record)
    except LogFileDamaged:  # it is met, and told, again
        pass
    verifier = Verifier(log.header.group, snapshots.whole, snapshots.damaged, snapshots.strays)
    taken = 0
    try:
        for topic, record in log:
            if topic != log.header.topic:
                continue
            if (found := verifier.take(record)) is not None:
                return Outcome(str(path), found)
            taken += 1
            if taken % _TELL_EVERY == 0:
                tell(log.read_bytes, log.size_bytes, taken)
    except LogFileDamaged as damaged:
        return Outcome(str(path), verifier.so_far(), damaged)
    return _outcome(str(path), verifier)


def _verify_topic(topic: Source, broker: str | None, tell: Tell) -> "Outcome":
    from stream_pool.cli.connection import connected_client
    from stream_pool.settings import load_settings
    from stream_pool.stream.log_reader import LogReader
    from stream_pool.telemetry import configure_logging

    configure_logging("error")  # standard output is the verdict's, and what fails is said in one line
    settings = load_settings() if broker is None else load_settings(broker=broker)
    client = connected_client(settings, "stream-pool-verify")
    reader = LogReader(client, topic.name, timeout_s=settings.connect_timeout_s)
    with topic.told():
        return asyncio.run(verify_log(topic.name, reader, tell))


async def verify_log(name: str, reader: "LogReader", tell: Tell) -> "Outcome":
    """Verify the log on a broker. Raises what `LogReader.open` and `records` raise."""
    from stream_pool.cli.render_verify import Outcome
    from stream_pool.detection.verification import Verifier

    await reader.open()
    snapshots = reader.snapshots
    verifier = Verifier(reader.group, snapshots.whole, snapshots.damaged, snapshots.strays)
    taken = 0
    async for record in reader.records():
        if (found := verifier.take(record)) is not None:
            return Outcome(name, found)
        taken += 1
        if taken % _TELL_EVERY == 0:
            first = reader.first_offset
            tell(record.offset - first, reader.end_offset - first, taken)
    return _outcome(name, verifier, reader.end_offset)


def _outcome(name: str, verifier: "Verifier", end_offset: int | None = None) -> "Outcome":
    from stream_pool.cli.render_verify import Outcome
    from stream_pool.detection.verdict import Verified

    verdict = verifier.finish(end_offset)
    if isinstance(verdict, Verified) and 0 < verdict.events <= verdict.unknown + verdict.malformed:
        raise MisuseError(f"{name} is no log of stream-pool: of {verdict.events} records none is its event")
    return Outcome(name, verdict)
