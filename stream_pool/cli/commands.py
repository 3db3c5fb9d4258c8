"""The commands of `stream-pool`.

Each command has a file of its own, which imports what is heavy (Faust, aiokafka) only when the command
runs, so that `--help` answers at once. To add one: write the file, and add a line to `COMMANDS`.
"""

from collections.abc import Callable

import typer

from stream_pool.cli.bench import bench
from stream_pool.cli.broker import broker
from stream_pool.cli.capture import capture
from stream_pool.cli.demo.command import demo
from stream_pool.cli.detector import detector
from stream_pool.cli.estimate import estimate
from stream_pool.cli.replay.command import replay
from stream_pool.cli.report import report
from stream_pool.cli.topics import topics
from stream_pool.cli.verify import verify
from stream_pool.cli.worker import worker

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "worker": worker,
    "topics": topics,
    "verify": verify,
    "capture": capture,
    "replay": replay,
    "report": report,
    "estimate": estimate,
    "detector": detector,
    "broker": broker,
    "bench": bench,
}

app = typer.Typer(
    name="stream-pool",
    help="Kafka workers that decode nested JSON through an adaptive pool and say what is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _keep_names() -> None:
    """With a callback Typer keeps the command's name on the command line even where there is only one."""


for name, command in COMMANDS.items():
    app.command(name)(command)
