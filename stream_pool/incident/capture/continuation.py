"""With which options a capture that is there may be gone on with.

| # | option | left out | given |
|---|---|---|---|
| 1 | topic, cluster | | the file's |
| 2 | `--from`, `--to` | the file's | the same time, or the same offset |
| 3 | `--partitions` | the file's | the same |
| 4 | `--events --group` | the file's | the same group |
| 5 | `--redact` | the file has none | the same rules, under the same salt where they use it |

What would have no effect, or would make one file of two captures, is misuse.
"""

from pathlib import Path

from stream_pool.errors import MisuseError
from stream_pool.incident.capture.plan import Wanted
from stream_pool.incident.capture_file import CaptureHeader
from stream_pool.incident.moments import AtOffset, AtTime, Position, iso
from stream_pool.incident.redaction import Redactor
from stream_pool.settings import variable


def check_continues(
    path: Path, there: CaptureHeader, planned: CaptureHeader, wanted: Wanted, redactor: Redactor | None
) -> None:
    """Raises `MisuseError` where `path`, with the header `there`, is not the beginning of this capture."""
    if there.topic != planned.topic:
        raise MisuseError(f"{path} is a capture of {there.topic!r}, not of {planned.topic!r}")
    if there.cluster != planned.cluster:
        raise MisuseError(f"{path} is of cluster {there.cluster}, and this is {planned.cluster}")
    _check_position(path, "--from", wanted.start, there.from_ms, there.from_offset)
    _check_position(path, "--to", wanted.stop, there.to_ms, there.to_offset)
    _check_partitions(path, wanted, there)
    if wanted.events_of not in (None, there.group):
        begun = "without events" if there.group is None else f"with the events of {there.group!r}"
        raise MisuseError(f"{path} was begun {begun}: leave out --events --group {wanted.events_of}")
    _check_redaction(path, there, redactor)


def _check_position(
    path: Path, option: str, wanted: Position | None, there_ms: int | None, there_offset: int | None
) -> None:
    match wanted:
        case None:
            return
        case AtTime(time_ms):
            is_same, told = time_ms == there_ms, iso(time_ms)
        case AtOffset(offset):
            is_same, told = offset == there_offset, str(offset)
    if is_same:
        return
    begun = f"without {option}"
    if there_ms is not None:
        begun = f"{option} {iso(there_ms)}"
    elif there_offset is not None:
        begun = f"{option} {there_offset}"
    raise MisuseError(
        f"{path} was begun {begun}, and not {option} {told}: name the same, or leave {option} out"
    )


def _check_partitions(path: Path, wanted: Wanted, there: CaptureHeader) -> None:
    if wanted.partitions is None or set(wanted.partitions) == set(there.partitions):
        return
    numbers = ",".join(map(str, sorted(there.partitions)))
    raise MisuseError(f"{path} was begun for partitions {numbers}: name the same, or leave --partitions out")


def _check_redaction(path: Path, there: CaptureHeader, redactor: Redactor | None) -> None:
    rules = None if redactor is None else tuple(rule.text for rule in redactor.rules)
    if there.redaction != rules:
        told = "without redaction" if there.redaction is None else "; ".join(there.redaction)
        raise MisuseError(f"{path} was captured {told}: go on with the same")
    if redactor is not None and redactor.uses_salt and there.salt_id != redactor.salt_id:
        raise MisuseError(
            f"the hashes in {path} have another salt, so that equal values would differ from here on: "
            f"set {variable('redaction_salt')} to what it was. One that was made for a capture is gone"
        )
