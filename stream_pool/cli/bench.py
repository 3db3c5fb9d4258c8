"""`stream-pool bench`: what the project says about its own cost and its own end, measured where you are."""

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from stream_pool.errors import ExitCode

if TYPE_CHECKING:
    from stream_pool.bench import Report

LEAST_ROUNDS = 2
FILE_WIDTH = 160
"""Characters of a line where tables go to a file or a pipe, which have no width of their own."""


class BenchName(StrEnum):
    """What can be measured."""

    DECODE = "decode"
    STREAM = "stream"
    STOP = "stop"
    RECOVERY = "recovery"
    BROKERS = "brokers"
    DEPLOY = "deploy"
    SOAK = "soak"
    VERIFY = "verify"
    OFFLINE = "offline"
    REPLAY = "replay"


def bench(
    name: Annotated[
        BenchName,
        typer.Argument(
            help="decode: an order decoded, held and read. stream: cost a record. stop: SIGTERM under load. "
            "recovery: kill -9 of the detector. brokers: kill -9 of one of three brokers. "
            "deploy: three workers replaced one by one. soak: an hour at half load, a fault every 30 s. "
            "verify: the fold, and a day of a log. "
            "offline: the reference incident, twice. "
            "replay: captures and replays, their cost and whether all comes back."
        ),
    ],
    broker: Annotated[
        str,
        typer.Option(
            help="auto, docker, java, embedded, or an address. stop, brokers and soak have their own; "
            "decode, verify and offline need none."
        ),
    ] = "auto",
    rounds: Annotated[
        int | None,
        typer.Option(
            min=LEAST_ROUNDS,
            help="Rounds (decode, stream, verify, replay, 10; deploy, 3) or tries of each kind (stop, 20).",
        ),
    ] = None,
    records: Annotated[
        int | None,
        typer.Option(
            min=1_000,
            help="What a fast candidate drains in a round (stream, 200,000), or a turn (replay, 60,000).",
        ),
    ] = None,
    backlog: Annotated[
        int | None, typer.Option(min=60_000, help="Orders written beforehand (stream 500,000, stop 200,000).")
    ] = None,
    kills: Annotated[
        int | None, typer.Option(min=1, help="How many kills (recovery, 20; brokers, 5).")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            help="Of the moments (recovery) or of the order (brokers) in which it kills; "
            "of orders, faults and victims (soak)."
        ),
    ] = 1,
    minutes: Annotated[float, typer.Option(min=1, help="soak: how long.")] = 60,
    every: Annotated[
        float,
        typer.Option(min=8, help="soak: seconds between two faults; under 30, intervals are short too."),
    ] = 30,
    rate: Annotated[
        float, typer.Option(min=300, help="soak: records a second at most, should half load be more.")
    ] = 5_000,
    only: Annotated[
        str | None,
        typer.Option(
            help="replay: these figures, of capture,replay,memory,round-trip,pace,offline,live,page."
        ),
    ] = None,
    gigabytes: Annotated[
        float, typer.Option(min=0.01, help="replay: of values in the capture whose memory is watched.")
    ] = 2.0,
    hostile: Annotated[int, typer.Option(min=100, help="replay: records of the round trip.")] = 1_000_000,
    as_json: Annotated[
        bool, typer.Option("--json", help="One object at the end instead of a table.")
    ] = False,
) -> None:
    """Measure, and compare with the bars. Progress goes to standard error.

    Exits 0 when every bar holds, 1 when one does not, 2 for decode without the compiled core, 3 without a
    broker.
    """
    from stream_pool.bench import (
        bench_brokers,
        bench_decode,
        bench_deploy,
        bench_recovery,
        bench_replay,
        bench_soak,
        bench_stop,
        bench_stream,
    )
    from stream_pool.bench.offline import bench_offline
    from stream_pool.bench.verify import bench_verify
    from stream_pool.broker import Broker, JavaBroker, JavaCluster, choose_broker

    if name is BenchName.DECODE:
        _tell(bench_decode(rounds=rounds or 10, say=_say), as_json)
    if name is BenchName.VERIFY:
        _tell(bench_verify(rounds=rounds or 10, say=_say), as_json)
    if name is BenchName.OFFLINE:
        _tell(bench_offline(say=_say), as_json)
    freezable, cluster = JavaBroker(_say), JavaCluster(say=_say)
    own: dict[BenchName, Broker] = {
        BenchName.STOP: freezable,
        BenchName.SOAK: freezable,
        BenchName.BROKERS: cluster,
    }
    chosen = own.get(name) or choose_broker(broker, _say)
    try:
        chosen.start()
        if name is BenchName.STREAM:
            report = bench_stream(
                chosen, rounds=rounds or 10, records=records or 200_000, backlog=backlog or 500_000, say=_say
            )
        elif name is BenchName.REPLAY:
            report = bench_replay(
                chosen,
                rounds=rounds or 10,
                records=records or 60_000,
                gigabytes=gigabytes,
                hostile=hostile,
                only=only.split(",") if only else (),
                say=_say,
            )
        elif name is BenchName.RECOVERY:
            report = bench_recovery(chosen, kills=kills or 20, seed=seed, say=_say)
        elif name is BenchName.BROKERS:
            report = bench_brokers(cluster, kills=kills or 5, seed=seed, say=_say)
        elif name is BenchName.DEPLOY:
            report = bench_deploy(chosen, rounds=rounds or 3, say=_say)
        elif name is BenchName.SOAK:
            report = bench_soak(freezable, minutes=minutes, every_s=every, rate=rate, seed=seed, say=_say)
        else:
            report = bench_stop(freezable, tries=rounds or 20, backlog=backlog or 200_000, say=_say)
    finally:
        chosen.stop()
    _tell(report, as_json)


def _tell(report: "Report", as_json: bool) -> NoReturn:
    from rich.console import Console

    from stream_pool.cli.render_bench import render

    if as_json:
        print(json.dumps(report.to_json()))
    else:
        console = Console()
        render(report, console if console.is_terminal else Console(width=FILE_WIDTH))
    raise typer.Exit(ExitCode.OK if report.holds else ExitCode.FINDING)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
