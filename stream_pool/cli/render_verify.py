"""What a verification came to, as lines for a person and as one object for a program."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from stream_pool.cli.damage import damage_json
from stream_pool.detection import FOLD_VERSION
from stream_pool.detection.verdict import Difference, UnknownFold, Verdict, Verified, Version
from stream_pool.incident.json_bytes import text_or_base64
from stream_pool.incident.log_file import LogFileDamaged

_UNCHECKED = {
    "skipped_events": "events before the oldest snapshot, with which the check began",
    "ticks": "ticks with nothing to hold them against: taken as given, or of too long ago",
    "snapshots": "snapshots of another version, beginning or log",
    "snapshots_ahead": "snapshots ahead of the log's end",
    "snapshot_records": "records of the snapshots topic that make no snapshot",
    "anomalies": "anomalies that rest on events which are gone",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on the log `source`; `damage` where the file could not be read to its end."""

    source: str
    verdict: Verdict
    damage: LogFileDamaged | None = None


def to_text(outcome: Outcome) -> str:
    """The lines that the command prints."""
    verdict = outcome.verdict
    if isinstance(verdict, UnknownFold):
        return (
            f"not verified: offset {verdict.offset} of {outcome.source} opens an epoch of fold version "
            f"{verdict.fold_version}, and this version has {FOLD_VERSION}: "
            "install the stream-pool that wrote this log"
        )
    if isinstance(verdict, Difference):
        return "\n".join(_difference(outcome.source, verdict))
    if outcome.damage is not None:
        head = [f"damaged: {outcome.source}, {outcome.damage}", _standing(verdict, " up to there")]
    else:
        head = [_standing(verdict)]
    return "\n".join([*head, *(f"  {name:<10} {told}" for name, told in _lines(verdict))])


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The object that `--json` prints."""
    verdict = outcome.verdict
    told: dict[str, Any] = {"source": outcome.source}
    if isinstance(verdict, UnknownFold):
        return told | {"verdict": "unknown_fold"} | asdict(verdict)
    if isinstance(verdict, Difference):
        return told | {
            "verdict": "different",
            "offset": verdict.offset,
            "kind": str(verdict.kind),
            "problem": verdict.problem,
            "expected": _parts(verdict.expected),
            "found": _parts(verdict.found),
        }
    if outcome.damage is not None:
        told |= {"verdict": "damaged", "damage": damage_json(outcome.damage)}
    else:
        told |= {"verdict": _word(verdict)}
    return told | {**asdict(verdict), "unchecked": dict(verdict.unchecked)}


def _word(verified: Verified) -> str:
    """Identical is what a detector has had its say in: all else would be, too."""
    if not verified.events:
        return "nothing_to_verify"
    return "identical" if verified.ticks_met else "no_detector"


def _standing(verified: Verified, up_to: str = "") -> str:
    match _word(verified):
        case "nothing_to_verify":
            behind = " behind the oldest snapshot" if verified.from_snapshot else ""
            return f"nothing to verify{up_to}: no event{behind}"
        case "no_detector":
            return (
                f"no conclusions to verify{up_to}: {verified.events:,} events without a tick, "
                "no detector has run over them"
            )
    return (
        f"identical{up_to}: {verified.events:,} events, {verified.anomalies:,} anomalies, "
        f"{verified.repeats:,} repeats"
    )


def _lines(verified: Verified) -> Iterator[tuple[str, str]]:
    if verified.events:
        yield from _checked(verified)
    for name, count in verified.unchecked.items():
        if count:
            yield "unchecked", f"{count:,} {_UNCHECKED[name]}"


def _checked(verified: Verified) -> Iterator[tuple[str, str]]:
    if verified.from_offset is not None and verified.to_offset is not None:
        begin = "from its beginning"
        if verified.from_snapshot:
            begin = "from the oldest snapshot in it"
        elif verified.from_offset > 0:
            begin = "from the oldest event kept, without a snapshot"
        yield "log", f"offsets {verified.from_offset:,} to {verified.to_offset - 1:,}, {begin}"
    account = verified.account
    yield (
        "records",
        f"{account.counted:,} counted, {account.repeated:,} reported again, "
        f"{account.unobserved:,} never observed",
    )
    yield "epochs", f"{verified.epochs:,}"
    if verified.proven_to is not None:
        begin = f"from offset {verified.proven_from:,} to " if verified.proven_from else ""
        yield "ticks", f"{verified.ticks:,} vouch for every byte {begin}before offset {verified.proven_to:,}"
    else:
        yield "ticks", "none vouches for the bytes of this log"
    again = ""
    if verified.refolded_from is not None:
        again = f"; folded on from offset {verified.refolded_from:,} to the same end"
    yield "snapshots", f"{verified.snapshots:,} as folded{again}"
    if verified.unwritten:
        yield "unwritten", f"{verified.unwritten:,} anomalies follow and are not written yet"
    if verified.unknown or verified.malformed:
        yield "skipped", f"{verified.unknown:,} of unknown types, {verified.malformed:,} malformed"


def _difference(source: str, difference: Difference) -> Iterator[str]:
    yield f"different: {source}, offset {difference.offset}: {difference.kind}: {difference.problem}"
    if difference.expected is None and difference.found is None:
        return
    if difference.found is None or difference.expected is None:
        side, parts = (
            ("expected", difference.expected) if difference.found is None else ("found", difference.found)
        )
        other = "found" if side == "expected" else "expected"
        yield f"  {other}: nothing"
        yield f"  {side}:"
        for name, content in parts or ():
            yield f"    {name}: {_readable(content)}"
        return
    absent = ("(nothing)", None)
    for one, other_part in zip_longest(difference.expected, difference.found, fillvalue=absent):
        if one == other_part:
            continue
        name = one[0] if one[0] == other_part[0] else f"{one[0]} / {other_part[0]}"
        yield f"  {name}{_first_byte(one[1], other_part[1])}"
        yield f"    expected: {_readable(one[1])}"
        yield f"    found:    {_readable(other_part[1])}"


def _first_byte(one: bytes | None, other: bytes | None) -> str:
    for place, (left, right) in enumerate(zip(one or b"", other or b"", strict=False)):
        if left != right:
            return f", byte {place}: {left:#04x} expected, {right:#04x} found"
    return ""


def _readable(content: bytes | None) -> str:
    return "(none)" if content is None else content.decode("utf-8", "backslashreplace")


def _parts(version: Version | None) -> list[list[Any]] | None:
    return None if version is None else [[name, text_or_base64(content)] for name, content in version]
