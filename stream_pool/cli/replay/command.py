"""`stream-pool replay`: parses, says what does not fit together, and turns the end into an exit code."""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from stream_pool.cli.given import Given
from stream_pool.cli.outputs import check_log
from stream_pool.cli.replay.options import check_options, is_result
from stream_pool.cli.stopping import Stopping
from stream_pool.cli.worker import configure
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.incident.moments import parse_duration_ms, parse_time_ms
from stream_pool.incident.only import parse_only
from stream_pool.incident.pace import Pace, Times

if TYPE_CHECKING:
    from stream_pool.cli.replay.to_broker import Wanted
    from stream_pool.incident.offline_replay import Offline


class ServiceTimes(StrEnum):
    """Where the time comes from that a record takes offline."""

    MODEL = "model"
    RECORDED = "recorded"
    NONE = "none"


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A capture, or what kcat -J wrote.")],
    to: Annotated[
        str | None,
        typer.Option(help="Replay to this cluster: kafka://host:port, more servers after a comma."),
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Where the records go. Offline: the capture's topic unless told.")
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Times as fast as it was, or max. Default: 1; max where a --rate is.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="At most so many records a second.")] = None,
    max_gap: Annotated[str | None, typer.Option(help="The longest that nothing is sent, such as 5s.")] = None,
    loop: Annotated[int, typer.Option(min=1, help="Replay it so many times.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(help="partition=0,3, key=…, time=FROM..TO: only these.")
    ] = None,
    times: Annotated[Times, typer.Option(help="The timestamps that records carry then.")] = Times.KEEP,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a replay that was interrupted; at least once.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew though one was interrupted: it is all sent again.")
    ] = False,
    state: Annotated[
        Path | None, typer.Option(help="Where it is kept how far a replay is. Default: beside FILE.")
    ] = None,
    i_mean_production: Annotated[
        bool, typer.Option("--i-mean-production", help="Replay to a cluster that nobody has allowed.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Through the app, in memory and virtual time, with no broker.")
    ] = False,
    app: Annotated[
        list[str] | None,
        typer.Option("--app", "-A", help="Offline: the app: a module, or module:name. Two: --compare them."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Offline: write the event log to this file.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=100, help="Offline: so many workers.")] = 1,
    service_times: Annotated[
        ServiceTimes, typer.Option(help="Offline: what a record takes.")
    ] = ServiceTimes.MODEL,
    service_factor: Annotated[
        float, typer.Option(min=0.0, help="Offline: it takes so many times as long.")
    ] = 1.0,
    drain: Annotated[
        str, typer.Option(help="Offline: how long after the last record workers have to commit all.")
    ] = "1d",
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A B", help="Offline, under two files of settings (or results): is B worse?"),
    ] = None,
    margin: Annotated[
        str,
        typer.Option(help="By how much B may be beyond A: lag=10%,drain=30; docs/replay.md has them."),
    ] = "",
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object at the end, nothing else.")] = False,
) -> None:
    """Put the traffic of a capture back: to a broker, or through an app with no broker at all."""
    del sys.argv[1:]  # Faust, when it is imported, would take --loop for its own: the event loop's name
    is_comparison = compare is not None or len(app or ()) > 1
    pace = _pace(speed, rate, max_gap)
    given = Given(context)
    check_options(
        given,
        is_comparison=is_comparison,
        is_of_results=compare is not None and all(map(is_result, compare)),
        is_timed=pace.speed is not None,
        is_stretched=service_times is not ServiceTimes.NONE,
    )
    chosen = parse_only(only or (), lambda text: parse_time_ms(text, time.time_ns() // 1_000_000))
    if is_comparison:
        values: dict[str, object] = {
            "topic": topic,
            "speed": speed,
            "rate": rate,
            "max_gap": max_gap,
            "loop": loop,
            "workers": workers,
            "service_times": service_times,
            "service_factor": service_factor,
            "drain": drain,
        }
        options = [f"{given.flag(name)}={value}" for name, value in values.items() if name in given]
        options += [f"--only={text}" for text in chosen.texts()]
        _compare(file, app or [], compare or (), margin, options, as_json)
    if not offline:
        from stream_pool.cli.replay.to_broker import Wanted

        if topic is None and (to is not None or not dry_run):
            raise MisuseError("say where the records go: --to and --topic, or --offline")
        asked = Wanted(
            file, topic or "", pace, chosen, times, loop, resume, restart, state, i_mean_production
        )
        _to_broker(asked, to, dry_run, config, as_json)
    from stream_pool.incident.offline_replay import Offline

    if not app:
        raise MisuseError("--offline needs an app: -A topologies.orders, or another module")
    if pace.speed is None and pace.rate is None:
        raise MisuseError("--offline needs a --speed or a --rate: virtual time is not waited for anyway")
    drain_s = parse_duration_ms(drain) / 1_000
    wanted = Offline(app[0], "", workers, pace, chosen, loop, None, service_factor, drain_s)
    _offline(file, wanted, topic, service_times, out, config, as_json)


def _compare(
    file: Path, apps: list[str], files: Sequence[Path], margin: str, options: list[str], as_json: bool
) -> NoReturn:
    from stream_pool.cli.replay.compare import asked_sides, played, sides, to_json, to_text
    from stream_pool.incident.comparison import compare, parse_margins

    margins = parse_margins(margin)
    asked = asked_sides(apps, files)
    with Stopping():
        told = played(file, *asked, options)
    compared = compare(*sides(*asked, told), margins)
    print(json.dumps(to_json(compared, told)) if as_json else to_text(compared, told))
    is_fine = compared.proves and not compared.worse and not any(result.get("damage") for result in told)
    raise typer.Exit(ExitCode.OK if is_fine else ExitCode.FINDING)


def _to_broker(
    wanted: "Wanted", to: str | None, dry_run: bool, config: Path | None, as_json: bool
) -> NoReturn:
    from stream_pool.cli.replay.preview import preview
    from stream_pool.cli.replay.preview import to_text as preview_to_text
    from stream_pool.cli.replay.to_broker import exit_code, replay_to_broker, to_json, to_text

    settings = configure({"broker": to, "log_level": "error"}, config)
    if dry_run:
        with Stopping():
            told = preview(wanted, None if to is None else settings)
        print(json.dumps(told) if as_json else preview_to_text(wanted, told))
        raise typer.Exit(ExitCode.OK if told["damage"] is None else ExitCode.FINDING)
    if to is None:
        raise MisuseError("--to says which cluster: it is never taken from the settings")
    with Stopping() as stopping:
        summary, found = replay_to_broker(wanted, settings, stopping)
    print(json.dumps(to_json(wanted, summary, found)) if as_json else to_text(wanted, summary))
    raise typer.Exit(exit_code(summary, stopping))


def _offline(
    file: Path,
    wanted: "Offline",
    topic: str | None,
    service_times: ServiceTimes,
    out: Path | None,
    config: Path | None,
    as_json: bool,
) -> NoReturn:
    from stream_pool.cli.replay.offline import play_offline, to_json
    from stream_pool.cli.replay.render import offline_to_text

    check_log(out)
    configure({"log_level": "error"}, config)
    sys.path.insert(0, str(Path.cwd()))
    with Stopping(), redirect_stdout(sys.stderr):  # handlers print, too
        outcome = play_offline(file, wanted, topic=topic, service_times=service_times, out=out)
    print(json.dumps(to_json(outcome)) if as_json else offline_to_text(outcome))
    is_clean = outcome.played.damage is None and not outcome.played.faults
    raise typer.Exit(ExitCode.OK if is_clean else ExitCode.FINDING)


def _pace(speed: str | None, rate: float | None, max_gap: str | None) -> Pace:
    if rate is not None and not 0 < rate <= 1e9:
        raise MisuseError(f"--rate {rate:g}: must be above 0")
    if speed is None:
        speed = "1" if rate is None else "max"
    times_as_fast: float | None = None
    if speed != "max":
        try:
            times_as_fast = float(speed)
        except ValueError:
            times_as_fast = 0.0
        if not 1e-6 <= times_as_fast <= 1e6:
            raise MisuseError(f"--speed {speed}: must be a number above 0, or max")
    return Pace(times_as_fast, rate, None if max_gap is None else parse_duration_ms(max_gap) / 1_000)
