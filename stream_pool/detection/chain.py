"""A running digest of the log: one value that stands for every record from `since` to `folded_to`.

The detector writes it into the log with each tick, so whoever folds the same records can tell that not one
byte of them has changed. It proves nothing about records before `since`, and nothing against somebody who
writes the log anew: there is no secret in it.
"""

import hashlib
from dataclasses import dataclass

from stream_pool.events import LoggedEvent
from stream_pool.events.record_digest import DIGEST_BYTES


@dataclass(slots=True)
class Chain:
    """The digest of the records folded so far; it begins empty.

    `since` is the offset of the first of them, None before it; `folded_to` the offset at which the next
    record is expected. `last` is the digest of the last record alone: a log that has another one there is
    another log.
    """

    since: int | None = None
    folded_to: int = 0
    digest: bytes = bytes(DIGEST_BYTES)
    last: bytes = b""

    def add(self, logged: LoggedEvent) -> None:
        """Takes in the next record, whatever it holds."""
        if self.since is None:
            self.since = logged.offset
        self.folded_to = logged.offset + 1
        self.last = logged.digest
        self.digest = chained(self.digest, logged.digest)

    @property
    def hex(self) -> str:
        """The digest as it stands in an event."""
        return self.digest.hex()


def chained(digest: bytes, record: bytes) -> bytes:
    """The chain's digest after one more record, of which `record` is the digest."""
    return hashlib.blake2b(digest + record, digest_size=DIGEST_BYTES).digest()
