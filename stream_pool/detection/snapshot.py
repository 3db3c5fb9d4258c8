"""A state of the fold as bytes, and back: equal states give equal bytes, in whatever process.

JSON, with the version of this form and of the fold. It is taken only whole and only by the fold that wrote
it: what another version remembers may mean something else. Bytes that were damaged but still read as a state
are not told apart here; whoever stores them keeps a digest beside.
"""

import json

from stream_pool.detection.plain import plain_of
from stream_pool.detection.rules import FOLD_VERSION
from stream_pool.detection.state import State
from stream_pool.errors import StreamPoolError

SNAPSHOT_VERSION = 1

_STATE = plain_of(State)


class SnapshotUnreadable(StreamPoolError):
    """Bytes that are no state of this fold.

    `reason` is `snapshot_malformed`, `snapshot_version_unknown` (another form of snapshots) or
    `fold_version_unknown` (a state of another fold).
    """

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


def dump_state(state: State) -> bytes:
    """The one dump of a state; `load_state` gives an equal state back."""
    return _text({"snapshot": SNAPSHOT_VERSION, "fold": FOLD_VERSION, "state": _STATE.write(state)})


def load_state(data: bytes) -> State:
    """The state of a dump. Raises SnapshotUnreadable where `data` is not exactly what `dump_state` gives."""
    try:
        whole = json.loads(data)
        versions = whole["snapshot"], whole["fold"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise _malformed(error) from error
    _expect("snapshot_version_unknown", "form", versions[0], SNAPSHOT_VERSION)
    _expect("fold_version_unknown", "fold", versions[1], FOLD_VERSION)
    try:
        state: State = _STATE.read(whole["state"])
    except (ValueError, TypeError, LookupError, StreamPoolError) as error:
        raise _malformed(error) from error
    if dump_state(state) != data:
        raise SnapshotUnreadable("snapshot_malformed", "not as a snapshot is written")
    return state


def _text(whole: object) -> bytes:
    return json.dumps(whole, separators=(",", ":")).encode()


def _expect(reason: str, what: str, found: object, known: int) -> None:
    if type(found) is not int:
        raise SnapshotUnreadable("snapshot_malformed", f"the version of the {what} is no number")
    if found != known:
        raise SnapshotUnreadable(reason, f"the {what} is of version {found}, this one knows {known}")


def _malformed(error: Exception) -> SnapshotUnreadable:
    return SnapshotUnreadable("snapshot_malformed", f"not a snapshot: {error!r}"[:200])
