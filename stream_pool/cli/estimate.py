"""`stream-pool estimate`: what the pool would do for payloads of one's own."""

import asyncio
import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_pool.cli.damage import damage_json
from stream_pool.cli.file_or_topic import OF_A_TOPIC, source_of
from stream_pool.cli.given import Given
from stream_pool.cli.outputs import check_page
from stream_pool.cli.progress import progress
from stream_pool.errors import ExitCode, MisuseError

if TYPE_CHECKING:
    from stream_pool.incident.capture_file import CaptureDamaged
    from stream_pool.incident.estimate import Estimate, Estimator, TopicSample

STANDARD_INPUT = "-"
SAMPLE_MAX = 10_000_000
_TELL_EVERY = 100


def estimate(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|TOPIC",
            help="A capture, what kcat -J writes, lines of JSON, a folder of .json files, -; or a topic.",
        ),
    ],
    sample: Annotated[int, typer.Option(min=1, max=SAMPLE_MAX, help="Documents at most.")] = 10_000,
    spread: Annotated[
        bool, typer.Option("--spread", help="Of a topic: evenly over all that it keeps, not the newest.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=2, max=1_000, help="How often each decoder is timed.")] = 10,
    broker: Annotated[
        str | None, typer.Option(help="kafka://host:port, more servers after a comma; for a topic.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings; for a topic.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page, too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object instead of lines.")] = False,
) -> None:
    """Measure what the pool would do for your own payloads, and say whether it is worth it.

    Time and memory against json, orjson and jiter (where it is installed), hit ratios by capacity, what is in
    the documents and what of it costs most, limits and settings. A topic is read from outside every group:
    nothing is committed.

    Exits 0 whatever the verdict, 1 where a file breaks off (what stood before is estimated), 2 on misuse or
    without a document, 3 without a broker, 4 without the topic.
    """
    from stream_pool.cli.render_estimate import to_json, to_text
    from stream_pool.incident.estimate import Estimator

    if html is not None and not html.parent.is_dir():
        raise MisuseError(f"{html} cannot be written: there is no folder {html.parent}")
    check_page(html)
    estimator = Estimator()
    damage = None
    if source == STANDARD_INPUT or (found := source_of(source)).is_file:
        Given(context).refuse("spread", "broker", "config", because=OF_A_TOPIC)
        told, damage = _take_file(source, sample, estimator)
    else:
        with found.told():
            topic = _topic_sample(found.name, sample, spread, broker, config)
            told = asyncio.run(take_topic(topic, estimator))
    if damage is not None and not estimator.seen:
        raise damage
    if not estimator.seen:
        raise MisuseError(f"{told}: there is no document to estimate from")
    with progress(sys.stderr, "measuring", "steps") as tell:
        made = estimator.finish(told, watch=lambda done, total: tell(done, total, done), rounds=rounds)
    if html is not None:
        _write(html, made)
    object_ = to_json(made) | {"damage": damage_json(damage)}
    print(json.dumps(object_) if as_json else to_text(made))
    if damage is not None:
        print(f"stream-pool: {damage}", file=sys.stderr)
        raise typer.Exit(ExitCode.FINDING)


def _take_file(source: str, sample: int, estimator: "Estimator") -> "tuple[str, CaptureDamaged | None]":
    """What was read, in words, and where it broke off."""
    from stream_pool.incident.capture_file import CaptureDamaged
    from stream_pool.incident.estimate.payloads import PayloadsOnStandardInput, payloads_at

    payloads = (
        PayloadsOnStandardInput(sys.stdin.buffer) if source == STANDARD_INPUT else payloads_at(Path(source))
    )
    damage = None
    with progress(sys.stderr, "reading", "documents") as tell:
        try:
            for payload in islice(payloads, sample):
                estimator.take(payload)
                if estimator.seen % _TELL_EVERY == 0:
                    tell(estimator.seen, sample, estimator.seen)
        except CaptureDamaged as error:
            damage = error
    name = "" if source == STANDARD_INPUT else f"{source}: "
    part = ""
    if estimator.seen == sample and payloads.size_bytes and payloads.read_bytes < payloads.size_bytes:
        part = f", about {payloads.read_bytes / payloads.size_bytes:.0%} of it"
    return f"{name}{payloads.what}{part}", damage


def _topic_sample(
    topic: str, sample: int, spread: bool, broker: str | None, config: Path | None
) -> "TopicSample":
    from stream_pool.cli.connection import connected_client
    from stream_pool.cli.worker import configure
    from stream_pool.incident.estimate import TopicSample

    settings = configure({"broker": broker, "log_level": "error"}, config)
    client = connected_client(settings, "stream-pool-estimate")
    return TopicSample(client, topic, sample, is_spread=spread, timeout_s=settings.connect_timeout_s)


async def take_topic(topic: "TopicSample", estimator: "Estimator") -> str:
    """Take a sample in; says what was read, in words. Raises what `TopicSample` raises."""
    await topic.open()
    with progress(sys.stderr, "reading", "documents") as tell:
        async for payload in topic.payloads():
            estimator.take(payload)
            if estimator.seen % _TELL_EVERY == 0:
                tell(estimator.seen, topic.planned, estimator.seen)
    which = "evenly over" if topic.is_spread else "the newest of"
    return f"topic {topic.name}: {which} {topic.kept:,} records{_times(topic)}"


def _times(topic: "TopicSample") -> str:
    from stream_pool.incident.moments import iso

    if topic.first_ms is None or topic.last_ms is None:
        return ""
    return f", of {iso(topic.first_ms)} to {iso(topic.last_ms)}"


def _write(path: Path, made: "Estimate") -> None:
    from stream_pool.cli.render_estimate_page import to_html

    try:
        path.write_text(to_html(made), encoding="utf-8")
    except OSError as error:
        raise MisuseError(f"{path} cannot be written: {error}") from error
