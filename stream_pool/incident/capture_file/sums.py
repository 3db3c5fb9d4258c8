"""What the last line of a capture must say: the number of records, and the sum of every byte before it."""

from collections.abc import Iterator
from hashlib import sha256

from stream_pool.incident.capture_file.errors import CaptureDamaged
from stream_pool.incident.capture_file.form import TRAILER_BEGINS, Counts, trailer_line
from stream_pool.incident.capture_file.lines import Lines


class Sums:
    """What the trailer of a capture must say, from the lines before it."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self.digest = sha256()
        self.taken = b""
        """What was added to the sum last."""
        self._line = 1
        self._trailer: bytes | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the trailer has been met."""
        return self._trailer is not None

    def take(self, lines: Lines) -> Iterator[tuple[int, bytes]]:
        """The records and lost ranges among the next lines, with their numbers.

        Raises `CaptureDamaged` where something stands behind the trailer.
        """
        self.taken = _before_trailer(lines.content)
        self.digest.update(self.taken)
        for number, line in enumerate(lines.split(), lines.first):
            if self._trailer is not None:
                raise CaptureDamaged(number, "something stands behind the last line")
            self._line = number + 1
            if line.startswith(TRAILER_BEGINS):
                self._trailer = line + b"\n"
            elif number > 1:
                yield number, line

    def count(self, topic: str, partition: int) -> None:
        """Count a record."""
        try:
            self.counts[topic][partition] += 1
        except KeyError:
            self.counts.setdefault(topic, {})[partition] = 1

    def end(self) -> bool:
        """Hold the trailer against the lines: whether the capture is whole.

        Raises `CaptureDamaged` where it says other than they do, or is not there.
        """
        if self._trailer is None:
            problem = "the file ends without its last line: it was cut off here"
            raise CaptureDamaged(self._line, problem, is_cut_off=True)
        digest = self.digest.hexdigest()
        for is_whole in (True, False):
            if self._trailer == trailer_line(self.counts, digest, is_whole=is_whole):
                return is_whole
        wanted, found = trailer_line(self.counts, digest), self._trailer
        raise CaptureDamaged(
            self._line - 1,
            f"the lines before are not those that were written: they come to {wanted.decode().strip()}, "
            f"and the file says {found.decode('utf-8', 'replace').strip()}",
        )


def _before_trailer(content: bytes) -> bytes:
    if content.startswith(TRAILER_BEGINS):
        return b""
    newline = content.find(b"\n" + TRAILER_BEGINS)
    return content if newline < 0 else content[: newline + 1]
