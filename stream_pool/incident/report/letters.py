"""Dead letters by reason, each with a sample that tells the form of its value and not what is in it.

A letter that was written twice (its acknowledgement was lost) counts once, as long as the two are not too far
apart. What an exception says may quote the value that it failed on: it is shown where values are.
"""

import os
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.redaction import Redactor, parse_rules
from stream_pool.incident.redaction.redactor import SALT_BYTES_MIN
from stream_pool.incident.report.story import Letter, Letters, Reason

MAX_REASONS = 50
MAX_REMEMBERED = 100_000
SHOWN_CHARACTERS = 400

_PREFIX = "stream-pool."
_NO_REASON = "no reason given"

Show = Callable[[bytes], str]
"""A value as it may be shown."""


@dataclass(slots=True)
class _Reason:
    sample: Letter
    first_ms: int
    last_ms: int
    last_place: str
    count: int = 0


@dataclass(slots=True)
class LetterBook:
    """Takes the letters of a dead-letter topic. `show` says what of a value may be seen; `redacted` whether
    that is less than all."""

    source: str
    show: Show
    redacted: bool = True
    reasons: dict[str, _Reason] = field(default_factory=dict)
    count: int = 0
    repeated: int = 0
    left_out: int = 0
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def take(self, topic: str, partition: int, record: RawRecord) -> None:
        """One more letter."""
        told = {name: _text(value) for name, value in record.headers if name.startswith(_PREFIX)}
        place = f"{topic}/{partition}/{record.offset}"
        parts = [told.get(_PREFIX + part) for part in ("topic", "partition", "offset")]
        of = "/".join(part for part in parts if part) or place
        if of in self._seen:
            self.repeated += 1
            return
        self._seen[of] = None
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        self.count += 1
        name = told.get(_PREFIX + "reason") or _NO_REASON
        reason = self.reasons.get(name)
        if reason is None:
            if len(self.reasons) >= MAX_REASONS:
                self.left_out += 1
                return
            sample = self._letter(place, of, record, told)
            reason = self.reasons[name] = _Reason(sample, record.timestamp_ms, record.timestamp_ms, place)
        reason.count += 1
        reason.last_ms, reason.last_place = max(reason.last_ms, record.timestamp_ms), place

    def letters(self) -> Letters:
        """What has come so far."""
        ranked = Counter({name: reason.count for name, reason in self.reasons.items()}).most_common()
        reasons = tuple(
            Reason(name, count, kept.first_ms, kept.last_ms, kept.last_place, kept.sample)
            for name, count in ranked
            for kept in (self.reasons[name],)
        )
        return Letters(self.source, self.count, self.repeated, reasons, self.left_out, self.redacted)

    def _letter(self, place: str, of: str, record: RawRecord, told: dict[str, str]) -> Letter:
        value = "no value" if record.value is None else self.show(record.value)
        if len(value) > SHOWN_CHARACTERS:
            value = value[:SHOWN_CHARACTERS] + " …"
        return Letter(
            place,
            of,
            record.timestamp_ms,
            told.get(_PREFIX + "exception"),
            told.get(_PREFIX + "error-offset"),
            None if self.redacted else told.get(_PREFIX + "message"),
            value,
            len(record.value or b""),
        )


def in_full(value: bytes) -> str:
    """A value as it is."""
    return _text(value)


def form_of() -> Show:
    """Shows the form of a value: its members' names, and how long each text and number is. Of what is no JSON
    it tells the length, and a hash under a salt of this call."""
    redactor = Redactor(parse_rules(["value: keep-shape"]), os.urandom(SALT_BYTES_MIN))
    return lambda value: _text(redactor.value(value))


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "backslashreplace")
