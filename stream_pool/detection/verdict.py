"""What a verification comes to: identical, different, or judged by rules that this version does not have."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import orjson

from stream_pool.detection.account import Account
from stream_pool.events import EncodedEvent
from stream_pool.events.raw_record import RawRecord

Version: TypeAlias = tuple[tuple[str, bytes | None], ...]
"""One side of a difference, part by part: a message's key, headers and value, or members of a state."""

_MEMBERS_SHOWN = 5


class Kind(StrEnum):
    """What can differ between a log and what follows from it."""

    ORDER = "offsets_not_rising"
    CONTENT = "anomaly_differs"
    WITHOUT_CAUSE = "anomaly_without_cause"
    MISSING = "anomaly_missing"
    REPEAT = "repeat_differs"
    CHAIN = "log_differs"
    STATE = "snapshot_differs"
    SNAPSHOT_DAMAGED = "snapshot_damaged"
    REFOLD = "refold_differs"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where the log is not what follows from it. A side is None where there is nothing."""

    offset: int
    kind: Kind
    problem: str
    expected: Version | None = None
    found: Version | None = None


@dataclass(frozen=True, slots=True)
class UnknownFold:
    """An epoch of a fold that this version does not have: what it concluded cannot be checked here."""

    offset: int
    fold_version: int


@dataclass(frozen=True, slots=True)
class Verified:
    """All that could be checked is identical.

    `events` are the records folded, from `from_offset` on (None: there are none): offset 0, the oldest kept,
    or the oldest snapshot's (`from_snapshot`). `anomalies` counts each once, `repeats` what stands in the log
    again. `unwritten` conclusions are too young to be missed. Of `ticks_met`, `ticks` vouch for every byte
    from `proven_from` (None: none does) to before `proven_to`; for what came after the last of them nothing
    vouches yet. Where no tick was met, no detector has run over the log, and nothing follows from it.
    `unchecked` counts, by name, what could not be compared: ticks, snapshots and anomalies that rest on more
    than this log holds.
    """

    events: int
    anomalies: int
    repeats: int
    epochs: int
    snapshots: int
    unwritten: int
    unknown: int
    malformed: int
    ticks: int
    ticks_met: int
    from_offset: int | None
    to_offset: int | None
    from_snapshot: bool
    refolded_from: int | None
    proven_from: int | None
    proven_to: int | None
    account: Account
    unchecked: Mapping[str, int]


Verdict: TypeAlias = Verified | Difference | UnknownFold


def version_of(message: EncodedEvent | RawRecord) -> Version:
    """A message as one side of a difference."""
    return (("key", message.key), *message.headers, ("value", message.value))


def states_apart(expected: bytes, found: bytes) -> tuple[Version, Version]:
    """The first members in which two dumps of a state differ, on either side."""
    apart: list[tuple[str, Any, Any]] = []
    _walk("", _loaded(expected), _loaded(found), apart)
    shown = apart[:_MEMBERS_SHOWN]
    return (
        tuple((path, _dumped(one)) for path, one, _ in shown),
        tuple((path, _dumped(other)) for path, _, other in shown),
    )


class _Absent:
    """Stands for a member that one side does not have."""


def _walk(path: str, one: Any, other: Any, apart: list[tuple[str, Any, Any]]) -> None:
    if len(apart) >= _MEMBERS_SHOWN or (type(one) is type(other) and one == other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            _walk(f"{path}.{name}".lstrip("."), one.get(name, _Absent), other.get(name, _Absent), apart)
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            left, right = (each[index] if index < len(each) else _Absent for each in (one, other))
            _walk(f"{path}[{index}]", left, right, apart)
    else:
        apart.append((path or "state", one, other))


def _loaded(dump: bytes) -> Any:
    try:
        return orjson.loads(dump)
    except orjson.JSONDecodeError:
        return dump.decode("utf-8", "replace")


def _dumped(member: Any) -> bytes | None:
    return None if member is _Absent else orjson.dumps(member)
