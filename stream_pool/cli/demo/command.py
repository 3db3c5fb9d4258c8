"""`stream-pool demo`: parses, plays, renders, and turns the end into an exit code."""

import asyncio
import json
import logging
import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from stream_pool.cli.outputs import check_log
from stream_pool.errors import ExitCode, MisuseError

INTERRUPTED = 130
TERMINATED = 143
ORDERS = 12_000
BROKER = "auto"


def demo(
    orders: Annotated[int, typer.Option(help="How many orders; the story takes as long.")] = ORDERS,
    broker: Annotated[
        str, typer.Option(help="auto, docker, java, embedded, or the address of a broker.")
    ] = BROKER,
    seed: Annotated[int, typer.Option(help="Other orders, the same story.")] = 0,
    scenario: Annotated[Path | None, typer.Option(help="A scenario file instead of the demo's own.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="The reference incident, without a broker, in virtual time.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="--offline: write the log to this file.")] = None,
    scale: Annotated[
        float | None, typer.Option(help="--offline: a share of its 620,000 orders, from 0.01 to 1.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the most telling screen to this file, as SVG.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object at the end, nothing else.")] = False,
) -> None:
    """Play an incident on a broker of its own: deep orders, a slow gateway, poison, new keys, recovery.

    With --offline, play the reference incident, 47 minutes and 620,000 orders, in memory, and compare the
    times at which it was detected with the story's.

    Exits 0 when every order is accounted for, 1 when one was lost or the worker failed, 3 without a broker.
    Offline 0 when all was found in time and the log proves itself, else 1.
    """
    if offline:
        if (orders, broker, scenario, picture) != (ORDERS, BROKER, None, None):
            raise MisuseError("--orders, --broker, --scenario and --picture are not for --offline")
        _play_offline(1.0 if scale is None else scale, out, seed, as_json)
    if out is not None or scale is not None:
        raise MisuseError("--out and --scale are for --offline")
    try:
        code = asyncio.run(_play(orders, broker, seed, scenario, picture, as_json))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except asyncio.CancelledError:
        code = TERMINATED
    raise typer.Exit(code)


def _play_offline(scale: float, out: Path | None, seed: int, as_json: bool) -> NoReturn:
    from stream_pool.cli.demo.offline import play_offline, progress
    from stream_pool.cli.render_reference import to_json, to_text
    from stream_pool.incident.reference import Story

    check_log(out)
    story = Story(scale)
    with progress(story) as watch:
        outcome = play_offline(story, out=out, seed=seed, watch=watch)
    print(json.dumps(to_json(outcome)) if as_json else to_text(outcome))
    raise typer.Exit(ExitCode.OK if outcome.complete else ExitCode.FINDING)


async def _play(
    orders: int, broker: str, seed: int, scenario: Path | None, picture: Path | None, as_json: bool
) -> int:
    from rich.console import Console

    from stream_pool.cli.demo.picture import Picture
    from stream_pool.cli.demo.run import run_demo
    from stream_pool.cli.demo.stage import line_stage, silent_stage, terminal_stage
    from stream_pool.cli.demo.summary import to_json, to_text
    from stream_pool.incident import bundled_scenario, load_scenario

    _end_on_signals()
    # The clients log what they try again, such as a topic without a leader; what they give up, they raise.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    story = load_scenario(scenario) if scenario else bundled_scenario("demo")
    console = Console()
    stage = silent_stage() if as_json else terminal_stage(console) if console.is_terminal else line_stage()
    with stage as (say, show):
        seen = Picture(show)
        result = await run_demo(story, orders=orders, seed=seed, broker_kind=broker, say=say, show=seen)
    if picture is not None:
        seen.write(picture)
    print(json.dumps(to_json(result)) if as_json else to_text(result))
    return ExitCode.OK if result.complete else ExitCode.FINDING


def _end_on_signals() -> None:
    """Have a hang-up or a termination end the demo as Ctrl-C does: by the way out that cleans up."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
