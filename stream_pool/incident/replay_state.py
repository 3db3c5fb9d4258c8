"""How far a replay is, in a small file: what lets it go on where it was interrupted.

It is written after records were acknowledged, and counts those of the replay's own order before which nothing
is missing. What was acknowledged behind them is sent again: at least once. The file goes when all is sent.
"""

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from stream_pool.errors import MisuseError
from stream_pool.incident.moments import iso

FORMAT: Final = 1
_HEAD_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class ReplayState:
    """`acknowledged` records of the capture, over all passes, are on the topic.

    `capture` is a digest of the file's beginning, `only` and `times` the options by which it was read: a
    replay goes on by the same ones. `began_ms` is the time of day at which it began at first.
    """

    capture: str
    cluster: str
    topic: str
    only: tuple[str, ...]
    times: str
    began_ms: int
    acknowledged: int = 0

    def with_acknowledged(self, acknowledged: int) -> "ReplayState":
        """The same replay, so far on."""
        return replace(self, acknowledged=acknowledged)


def state_path(capture: Path, topic: str) -> Path:
    """Where the state of a replay of a capture to a topic is kept unless told."""
    return capture.with_name(f"{capture.name}.{topic}.replay-state")


def capture_digest(path: Path) -> str:
    """What tells one capture from another; one that is added to keeps it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest()


def write_state(path: Path, state: ReplayState) -> None:
    """Put it in the place of the one before, in one step; nothing waits for the disk.

    Raises `MisuseError` where that cannot be.
    """
    beside = path.with_name(f"{path.name}.new")
    told = {"stream_pool_replay_state": FORMAT, **asdict(state)}
    try:
        beside.write_bytes(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
        beside.replace(path)
    except OSError as error:
        raise MisuseError(f"{path} cannot be written: {error}. --state says where it may be") from error


def read_state(path: Path) -> ReplayState:
    """The state that a replay left. Raises `MisuseError` where there is none, or none of this version."""
    try:
        told: Any = orjson.loads(path.read_bytes())
        if told.pop("stream_pool_replay_state") != FORMAT:
            raise ValueError("it is of another version")
        return ReplayState(**told | {"only": tuple(told["only"])})
    except FileNotFoundError:
        raise MisuseError(
            f"there is no {path}: nothing was interrupted, or it is elsewhere (--state)"
        ) from None
    except OSError as error:
        raise MisuseError(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MisuseError(f"{path} is no state of a replay: {error}") from error


def begun(path: Path, wanted: ReplayState, *, resume: bool, restart: bool) -> ReplayState:
    """The state to begin with: what was left at `path` where it is to `resume`, else `wanted`, the new one.

    Raises `MisuseError` where something is there that is no state, and where an earlier replay stopped
    half-way and nobody said whether to go on or to `restart`: all that it sent would be sent twice.
    """
    if resume:
        return resumed(read_state(path), wanted, path)
    if path.exists():
        found = read_state(path)
        if found.acknowledged and not restart:
            raise MisuseError(
                f"a replay of this, begun {iso(found.began_ms)}, stopped behind record "
                f"{found.acknowledged:,} ({path}): --resume goes on with it, --restart begins anew and sends "
                "all again"
            )
    return wanted


def resumed(found: ReplayState, wanted: ReplayState, path: Path) -> ReplayState:
    """The state to go on from. Raises `MisuseError` where it is of another replay than the one wanted."""
    for name in ("capture", "cluster", "topic", "only", "times"):
        if (before := getattr(found, name)) != (now := getattr(wanted, name)):
            raise MisuseError(
                f"{path} is of a replay with another {name}: it was {before!r}, and now it is {now!r}"
            )
    return found
