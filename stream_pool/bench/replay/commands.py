"""The commands that are measured, with what they must have come to, and their arguments for a meter."""

from pathlib import Path

from stream_pool.bench.client import BenchClientError, Program
from stream_pool.bench.command import Ended, run_command

METERED = "stream_pool.bench.candidates.metered_command"


def capture_arguments(servers: str, topic: str, out: Path) -> tuple[str, ...]:
    """`stream-pool capture` of a whole topic."""
    return ("capture", "--topic", topic, "--out", str(out), "--broker", f"kafka://{servers}")


def replay_arguments(servers: str, capture: Path, topic: str, speed: str = "max") -> tuple[str, ...]:
    """`stream-pool replay` onto a topic of the very cluster that was captured, times kept."""
    target = ("--to", f"kafka://{servers}", "--topic", topic)
    return ("replay", str(capture), *target, "--speed", speed, "--i-mean-production")


def metered(arguments: tuple[str, ...]) -> Program:
    """A command as a client program that comes to marks."""
    return Program((METERED, *arguments), {})


def capture(servers: str, topic: str, out: Path) -> Ended:
    """Capture a whole topic. Raises `BenchClientError` where not all of it was."""
    return run_command(*capture_arguments(servers, topic, out))


def replay(servers: str, capture: Path, topic: str, speed: str = "max") -> Ended:
    """Replay a capture. Raises `BenchClientError` where not all of it was."""
    ended = run_command(*replay_arguments(servers, capture, topic, speed))
    if not ended.told["complete"]:
        raise BenchClientError(f"{capture} was not replayed to its end: {ended.told}")
    return ended
