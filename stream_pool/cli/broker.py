"""`stream-pool broker`: a broker to try things on, for as long as the command runs."""

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer


def broker(
    kind: Annotated[
        str,
        typer.Argument(
            help="auto (the best that this machine can give), docker, java, embedded, or an address"
        ),
    ] = "auto",
) -> None:
    """Start a broker, print its address, and stop it on Ctrl-C.

    The address is the only line on standard output; what is going on is told on standard error.
    """
    from stream_pool.broker import choose_broker

    chosen = choose_broker(kind, _say)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        chosen.start()
        _say(f"{chosen}; Ctrl-C stops it")
        print(chosen.bootstrap_servers, flush=True)
        signal.pause()
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        chosen.stop()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
