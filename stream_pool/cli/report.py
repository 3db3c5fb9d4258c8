"""`stream-pool report`: an event log as the page that an incident review starts from."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_pool.cli.file_or_topic import OF_A_TOPIC, Source, source_of
from stream_pool.cli.given import Given
from stream_pool.cli.outputs import check_page
from stream_pool.cli.progress import progress
from stream_pool.errors import ExitCode, MisuseError

if TYPE_CHECKING:
    from stream_pool.incident.report import LetterBook, Story
    from stream_pool.incident.report.reading import Tell
    from stream_pool.settings import Settings
    from stream_pool.stream.client import Client

_TELL_EVERY = 500


def report(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="LOG|TOPIC",
            help="A log file, a capture with its events, or <group>.events on a broker (or topic:NAME).",
        ),
    ],
    html: Annotated[
        Path | None, typer.Option(help="Write one page that needs nothing else (extra: ui).")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one object.")] = False,
    dead_letters: Annotated[
        str | None, typer.Option(metavar="TOPIC|FILE", help="Tell of these dead letters by reason, too.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Dead letters in full, not their form alone.")
    ] = False,
    broker: Annotated[
        str | None, typer.Option(help="kafka://host:port, more servers after a comma; for a topic.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings; for a topic.")] = None,
) -> None:
    """Tell an event log as a story: what happened, when it was seen, what came of it.

    A verdict in one sentence, the anomalies with their evidence, lag, golden signals, pool, memory and
    collector as charts, time to detect against the static limits, workers and partitions, what changed. Every
    number names the events that it rests on. The log is taken as it is; `stream-pool verify` proves it.

    Exits 0, 1 where a file is damaged (the report tells what stood before), 2 on misuse, without an event or
    without plotly for --html, 3 without a broker, 4 without the topic.
    """
    if html is None and not markdown and not as_json:
        raise MisuseError("say what to write: --html FILE, --markdown or --json")
    if markdown and as_json:
        raise MisuseError("--markdown and --json both go to standard output: choose one")
    if show_values and dead_letters is None:
        raise MisuseError("--show-values goes with --dead-letters")
    check_page(html)
    from stream_pool.incident.report import headline, plotly_script, to_data, to_markdown

    plotly = None if html is None else plotly_script()
    settings = None
    log = source_of(source)
    letters = None if dead_letters is None else source_of(dead_letters)
    if not log.is_file or (letters is not None and not letters.is_file):
        settings = _settings(broker, config)
    else:
        Given(context).refuse("broker", "config", because=OF_A_TOPIC)
    with progress(sys.stderr, "reading", "events") as tell:
        story = _story(log, settings, tell)
    if letters is not None:
        with progress(sys.stderr, "reading dead letters", "letters") as tell:
            story = _with_letters(story, letters, show_values, settings, tell)
    if html is not None and plotly is not None:
        size_bytes = _write(html, story, plotly)
        told = sys.stderr if markdown or as_json else sys.stdout
        print(f"{headline(story).text}\n\n{html}: {size_bytes / 1e6:.1f} MB", file=told)
    if markdown:
        print(to_markdown(story), end="")
    elif as_json:
        print(to_data(story).decode())
    if story.extent.damage is not None:
        print(f"stream-pool: {source} is damaged: {story.extent.damage}", file=sys.stderr)
        raise typer.Exit(ExitCode.FINDING)


def _settings(broker: str | None, config: Path | None) -> "Settings":
    from stream_pool.cli.worker import configure

    return configure({"broker": broker, "log_level": "error"}, config)


def _story(source: Source, settings: "Settings | None", tell: "Tell") -> "Story":
    if source.is_file:
        from stream_pool.incident.report import story_of

        return story_of(source.path, tell)
    from stream_pool.cli.connection import connected_client

    assert settings is not None, "a topic was named"
    client = connected_client(settings, "stream-pool-report")
    with source.told():
        return asyncio.run(topic_story(client, source.name, settings.connect_timeout_s, tell))


async def topic_story(client: "Client", topic: str, timeout_s: float, tell: "Tell") -> "Story":
    """The story of a log on a broker. Raises what `LogReader.open` and `records` raise."""
    from stream_pool.events import read_raw
    from stream_pool.incident.report import Collector
    from stream_pool.stream.log_reader import LogReader

    reader = LogReader(client, topic, timeout_s=timeout_s)
    await reader.open()
    collector = Collector()
    async for record in reader.records():
        collector.take(read_raw(record))
        if collector.events % _TELL_EVERY == 0:
            first = reader.first_offset
            tell(record.offset - first, reader.end_offset - first, collector.events)
    return collector.story(topic, reader.group)


def _with_letters(
    story: "Story", source: Source, show_values: bool, settings: "Settings | None", tell: "Tell"
) -> "Story":
    from stream_pool.incident.report import LetterBook, in_full, take_letters
    from stream_pool.incident.report.letters import form_of

    name = source.path.name if source.is_file else source.name
    book = LetterBook(name, in_full if show_values else form_of(), redacted=not show_values)
    extent = story.extent
    if source.is_file:
        if (damage := take_letters(source.path, book, tell)) is not None:
            told = f"{name}: {damage}"
            extent = replace(extent, damage=f"{extent.damage}; {told}" if extent.damage else told)
    else:
        from stream_pool.cli.connection import connected_client

        assert settings is not None, "a topic was named"
        client = connected_client(settings, "stream-pool-report")
        with source.told():
            asyncio.run(take_topic_letters(client, source.name, settings.connect_timeout_s, book, tell))
    return replace(story, extent=extent, letters=book.letters())


async def take_topic_letters(
    client: "Client", topic: str, timeout_s: float, book: "LetterBook", tell: "Tell"
) -> None:
    """Take every letter of a topic in, as far as it goes now.

    Raises `TopicMissing`, `OffsetLost`, `BrokerUnavailable`.
    """
    from stream_pool.stream.errors import not_found
    from stream_pool.stream.log_reader import as_ours, raw_record

    async with client.admin(timeout_s=timeout_s) as admin:
        if topic not in await admin.partition_counts([topic]):
            raise not_found(topic)
    with as_ours(topic):
        observer = client.observer("report")
        await observer.start()
        try:
            partitions = await observer.partitions_of([topic])
            first = await observer.beginning_offsets(partitions)
            end = await observer.end_offsets(partitions)
        finally:
            await observer.stop()
        total, taken = sum(end[place] - first[place] for place in partitions), 0
        for place in partitions:
            async for records in client.records(place, first[place], end[place]):
                for record in records:
                    book.take(topic, place.partition, raw_record(record))
                taken += len(records)
                tell(taken, total, taken)


def _write(path: Path, story: "Story", plotly: str) -> int:
    from importlib.metadata import version

    from stream_pool.incident.report import to_html

    page = to_html(story, plotly, version("stream-pool")).encode()
    try:
        path.write_bytes(page)
    except OSError as error:
        raise MisuseError(f"{path} cannot be written: {error}") from error
    return len(page)
