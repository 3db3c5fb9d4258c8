"""`stream-pool worker`: run an app until it is asked to stop."""

import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from stream_pool.cli.importing import uncollected
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.settings import CONFIG_FILE, load_settings, refuse_unknown, shown, variable

if TYPE_CHECKING:
    from stream_pool.settings import Settings
    from stream_pool.stream import App


def worker(
    app: Annotated[
        str, typer.Option("--app", "-A", help="The app: a module, or module:name, such as topologies.orders.")
    ],
    broker: Annotated[str | None, typer.Option(help="kafka://host:port, more servers after a comma.")] = None,
    web_host: Annotated[str | None, typer.Option(help="Address for /metrics and /health.")] = None,
    web_port: Annotated[int | None, typer.Option(help="Port for /metrics and /health.")] = None,
    decoder: Annotated[str | None, typer.Option(help="stream_pool or orjson.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw the worker on this terminal; its log shows there.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print every setting, secrets masked, and end.")
    ] = False,
) -> None:
    """Run a worker.

    Options stand above the STREAM_POOL_* variables, those above the file of --config or
    STREAM_POOL_CONFIG_FILE. docs/settings.md explains them.

    Exit codes: 0 stopped as asked, 1 fault, 2 wrong setting or app, 3 no broker, 4 topic missing, 5 a
    handler failed under on_error="stop", 6 dead-letter budget, 7 committed offset deleted by retention, or
    its topic made anew, 8 dead letter refused, 9 stop deadline passed, 10 the cluster refused the worker.
    """
    options = {
        "broker": broker,
        "web_host": web_host,
        "web_port": web_port,
        "decoder": decoder,
        "log_level": log_level,
    }
    if watch and not print_config:
        raise typer.Exit(_run_watched(app, options, config))
    settings = configure(options, config)
    if print_config:
        print(json.dumps(shown(settings), indent=2))
        raise typer.Exit(ExitCode.OK)
    raise typer.Exit(_run(app))


def configure(
    given: Mapping[str, object], config: Path | None = None, log: TextIO | None = None
) -> "Settings":
    """Settings and logging of a worker's process: the options that were `given` above the environment, that
    above the file `config`. `log` is where people read its lines, if not on standard error.

    Raises `MisuseError`.
    """
    if config is not None:
        os.environ[CONFIG_FILE] = str(config)
    for name, value in given.items():
        if value is not None:
            os.environ[variable(name)] = str(value)
    refuse_unknown(os.environ)
    settings = load_settings()
    with uncollected():
        from stream_pool.telemetry import configure_logging

        configure_logging(settings.log_level, settings.log_format if log is None else "console", log)
    return settings


def app_here(path: str) -> "App":
    """The app that a command line names, in modules of the working directory too. Raises `MisuseError`."""
    sys.path.insert(0, str(Path.cwd()))
    with uncollected():
        from stream_pool.stream import find_app

        return find_app(path)


def _run_watched(path: str, options: Mapping[str, object], config: Path | None) -> ExitCode:
    from rich.console import Console

    from stream_pool.cli.watch.live import LastLines, Watch, show_cursor
    from stream_pool.stream import Worker

    console = Console()
    if not console.is_terminal:
        raise MisuseError("--watch draws on a terminal, and standard output is none")
    log = LastLines()
    configure(options, config, log)
    app = app_here(path)
    worker = Worker(app, Watch(app, log, console))
    worker.on_leave = partial(show_cursor, console)
    code = worker.run()
    if code != ExitCode.OK:  # the end may have come before the first screen, or between two
        print("\n".join(log.lines()), file=sys.stderr)
    return code


def _run(path: str) -> ExitCode:
    app = app_here(path)
    from stream_pool.stream import Worker

    return Worker(app).run()
