"""`stream-pool capture`: traffic off a topic, into a file that other tools read."""

import asyncio
import errno
import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_pool.allocator import keep_freed_memory
from stream_pool.cli.given import Given
from stream_pool.cli.progress import progress
from stream_pool.cli.stopping import Stopping
from stream_pool.cli.worker import configure
from stream_pool.errors import ExitCode, MisuseError, StreamPoolError

_COLLECT = (50_000, 20, 50)
"""Records make no cycles: looking for some every 700 of them costs a tenth of all."""

if TYPE_CHECKING:
    from stream_pool.incident.capture import Captured, CaptureJob, CaptureRun, Wanted
    from stream_pool.incident.redaction import Redactor
    from stream_pool.settings import Settings


def capture(
    context: typer.Context,
    topic: Annotated[str, typer.Option(help="The topic to read.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write: packed where it ends in .zst or .gz.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="An offset, or a time: 2026-01-01T14:30Z, Unix ms, -15m.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="The same; it is no longer part of it.")] = None,
    partitions: Annotated[str | None, typer.Option(help="Such as 0,3. Default: all.")] = None,
    events: Annotated[
        bool, typer.Option("--events", help="Take the event log and snapshots of --group, too.")
    ] = False,
    group: Annotated[str | None, typer.Option("--group", "-g", help="The group of --events.")] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(help="A rule, order.customer.*: hash, or a file of rules. As often as need be."),
    ] = None,
    preview: Annotated[
        int | None, typer.Option(min=1, max=1_000, help="Show so many records redacted; write nothing.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the file ends; begin it where there is none.")
    ] = False,
    broker: Annotated[str | None, typer.Option(help="kafka://host:port, more servers after a comma.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object at the end instead of lines.")] = False,
) -> None:
    """Take the records of a topic into a file, one a line of JSON.

    Reads from outside every group and commits nothing. What is captured is
    fixed at the start: up to --to, or to where the topic ends then.

    Redaction: PATH: ACTION, where the action is drop, mask, hash or
    keep-shape; also key: ACTION and header.NAME: ACTION. See
    docs/incident-tools.md. Hashes are salted with STREAM_POOL_REDACTION_SALT,
    or with a salt that is made for the capture and forgotten.

    Exit codes: 0 captured, 1 some offsets were gone before they could be
    read or the file cannot be written, 2 misuse or a file that another
    capture is writing, 3 no broker, 4 topic missing, 10 access denied, 130
    stopped by Ctrl-C or 143 by SIGTERM: the file is whole up to there, and
    --resume goes on, unless hashes have a salt that was made for it.
    """
    from stream_pool.cli.connection import connected_client
    from stream_pool.cli.render_capture import Outcome, preview_json, preview_text, to_json, to_text, warnings
    from stream_pool.clock import SystemClock
    from stream_pool.incident.capture import CaptureJob

    if preview is not None:
        Given(context).refuse("out", "resume", because="--preview writes nothing")
    settings = configure({"broker": broker, "log_level": "error"}, config)
    wanted = _wanted(topic, from_, to, partitions, group, events)
    redactor = _redactor(redact or [], settings)
    job = CaptureJob(
        connected_client(settings, "stream-pool-capture"),
        wanted,
        SystemClock(),
        redactor,
        settings.connect_timeout_s,
    )
    with Stopping() as stopping:
        if preview is not None:
            if redactor is None:
                raise MisuseError("--preview shows what --redact does: give some rules")
            records = asyncio.run(job.preview(preview))
            print(json.dumps(preview_json(records, redactor)) if as_json else preview_text(records, redactor))
            raise typer.Exit(ExitCode.OK)
        if out is None:
            raise MisuseError("--out names the file to write")
        goes_on = redactor is None or not redactor.uses_salt or _is_salt_given(settings)
        captured = _captured(job, out, resume, stopping, goes_on)
    outcome = Outcome(captured, redactor, goes_on)
    print(json.dumps(to_json(outcome)) if as_json else to_text(outcome))
    for warning in warnings(outcome):
        print(warning, file=sys.stderr)
    if not captured.is_whole:
        raise typer.Exit(stopping.exit_code)
    raise typer.Exit(ExitCode.FINDING if captured.lost else ExitCode.OK)


def _captured(job: "CaptureJob", out: Path, resume: bool, stopping: Stopping, goes_on: bool) -> "Captured":
    """The capture, to its end or to where it was told to stop."""
    from stream_pool.cli.render_capture import made_up_salt

    keep_freed_memory()
    gc.freeze()  # a block of records at hand makes the collector look at everything else again and again
    gc.set_threshold(*_COLLECT)
    has_begun = False
    with ExitStack() as running, progress(sys.stderr, "capturing", "records") as tell:

        def begun(run: "CaptureRun") -> None:
            nonlocal has_begun
            has_begun = True
            running.enter_context(stopping.by(run.stop))

        try:
            return asyncio.run(replace(job, begun=begun, watch=tell).to_file(out, resume=resume))
        except (StreamPoolError, KeyboardInterrupt):
            if has_begun:
                on = "--resume goes on with it" if goes_on else made_up_salt()
                print(f"what was captured is in {out}, and {on}", file=sys.stderr)
            raise


def _wanted(
    topic: str, from_: str | None, to: str | None, partitions: str | None, group: str | None, events: bool
) -> "Wanted":
    from stream_pool.clock import SystemClock
    from stream_pool.incident.capture import Wanted
    from stream_pool.incident.moments import parse_position

    if events and not group:
        raise MisuseError("--events needs --group: whose event log?")
    if group and not events:
        raise MisuseError("--group goes with --events")
    now_ms = SystemClock().now_ms()
    chosen = None
    if partitions is not None:
        numbers = partitions.split(",")
        if not all(number.isascii() and number.isdigit() for number in numbers):
            raise MisuseError(f"--partitions {partitions}: numbers with commas between them, such as 0,3")
        chosen = [int(number) for number in numbers]
    return Wanted(
        topic,
        None if from_ is None else parse_position(from_, now_ms),
        None if to is None else parse_position(to, now_ms),
        chosen,
        group if events else None,
    )


def _redactor(given: Sequence[str], settings: "Settings") -> "Redactor | None":
    from stream_pool.incident.redaction import Redactor, parse_rules
    from stream_pool.incident.redaction.redactor import SALT_BYTES_MIN
    from stream_pool.settings import variable

    rules = parse_rules(line for text in given for line in _lines_of_rules(text))
    if not rules:
        if given:
            raise MisuseError("--redact gives no rule: nothing would be redacted")
        return None
    salt = settings.redaction_salt.get_secret_value().encode()
    if salt and len(salt) < SALT_BYTES_MIN:
        raise MisuseError(f"{variable('redaction_salt')} is too short: {SALT_BYTES_MIN} bytes or more")
    return Redactor(rules, salt or os.urandom(SALT_BYTES_MIN * 2))


def _is_salt_given(settings: "Settings") -> bool:
    return bool(settings.redaction_salt.get_secret_value())


def _lines_of_rules(text: str) -> list[str]:
    """The lines of the file that `text` names, else itself."""
    try:
        return Path(text).read_text().splitlines() if Path(text).is_file() else [text]
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            return [text]  # a rule may be longer than any file's name
        raise MisuseError(f"--redact {text}: {error}") from error
