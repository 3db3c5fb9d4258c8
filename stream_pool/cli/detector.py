"""`stream-pool detector`: detection alone, in a process that reads no orders."""

from pathlib import Path
from typing import Annotated

import typer

from stream_pool.cli.importing import uncollected
from stream_pool.cli.worker import configure
from stream_pool.errors import MisuseError


def detector(
    group: Annotated[
        str, typer.Option("--group", "-g", help="The consumer group to watch; its log is <group>.events.")
    ],
    broker: Annotated[str | None, typer.Option(help="kafka://host:port, more servers after a comma.")] = None,
    web_host: Annotated[str | None, typer.Option(help="Address for /metrics and /health.")] = None,
    web_port: Annotated[int | None, typer.Option(help="Port for /metrics and /health.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
) -> None:
    """Watch a group from a process of its own, which outlives all its workers.

    Every worker carries the same detector. One of them all owns the log at a
    time, the others stand by: run as many as you like. The owner polls the
    group's lag, closes a window every STREAM_POOL_DETECTOR_WINDOW_S, appends
    the anomalies that follow from the log to it, and keeps snapshots of its
    state, from which its successor goes on.

    Thresholds are the STREAM_POOL_DETECTOR_* variables; give all detectors
    of a group the same.

    Exit codes: 0 stopped as asked, 1 fault, 2 wrong setting, 3 no broker,
    4 topic missing, 9 stop deadline passed, 10 the cluster refused it.
    """
    if not group.strip():
        raise MisuseError("--group is empty: name the consumer group to watch")
    settings = configure(
        {
            "broker": broker,
            "web_host": web_host,
            "web_port": web_port,
            "log_level": log_level,
            "detector_enabled": True,
        },
        config,
    )
    with uncollected():
        from stream_pool.stream import App, Worker

    app = App(group, settings=settings, decode=bytes)  # it decodes nothing: there is no pool to keep
    raise typer.Exit(Worker(app).run())
