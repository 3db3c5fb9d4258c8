"""Which records of a capture are replayed: `partition=0,3`, `key=C-17`, `time=FROM..TO`. Pure.

What is asked for by one name is a choice (partition 0 or 3, this key or that), and all names must agree. A
key is text, or `base64:…`; a time range holds its beginning and not its end, and either may be left out.
Several stand in one text behind commas (`partition=0,3,key=C-17`); a comma that no name follows belongs to
the value, so that keys may hold some.
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.moments import iso

_NAMES: Final = ("partition", "key", "time")
_NEXT = re.compile(rf",(?=(?:{'|'.join(_NAMES)})=)")
_BASE64: Final = "base64:"


@dataclass(frozen=True, slots=True)
class Only:
    """A choice of records; an empty one takes them all. Times are Unix ms, from the first to before the
    second; None: unbounded."""

    partitions: frozenset[int] = frozenset()
    keys: frozenset[bytes] = frozenset()
    times: tuple[tuple[int | None, int | None], ...] = ()

    def takes(self, partition: int, record: RawRecord) -> bool:
        """Whether the record is one of them."""
        if self.partitions and partition not in self.partitions:
            return False
        if self.keys and record.key not in self.keys:
            return False
        at_ms = record.timestamp_ms
        return not self.times or any(
            (from_ms is None or at_ms >= from_ms) and (to_ms is None or at_ms < to_ms)
            for from_ms, to_ms in self.times
        )

    def texts(self) -> tuple[str, ...]:
        """The choice in its one form, of which `parse_only` makes an equal one at any later time."""
        texts = [f"key={_key_text(key)}" for key in sorted(self.keys)]
        if self.partitions:
            texts.insert(0, f"partition={','.join(map(str, sorted(self.partitions)))}")
        return (*texts, *(f"time={'..'.join(map(_time_text, times))}" for times in self.times))


def parse_only(texts: Iterable[str], time_ms: Callable[[str], int]) -> Only:
    """The choice that the texts describe; `time_ms` reads one time. Raises `MisuseError`."""
    partitions: set[int] = set()
    keys: set[bytes] = set()
    times: list[tuple[int | None, int | None]] = []
    for text in texts:
        for part in _NEXT.split(text):
            name, equals, value = part.partition("=")
            if not equals or name not in _NAMES:
                raise MisuseError(f"--only {part!r}: partition=…, key=… and time=FROM..TO are allowed")
            match name:
                case "partition":
                    partitions.update(_partitions(value))
                case "key":
                    keys.add(_key(value))
                case "time":
                    times.append(_range(value, time_ms))
    return Only(frozenset(partitions), frozenset(keys), tuple(times))


def _partitions(value: str) -> Iterable[int]:
    numbers = value.split(",")
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise MisuseError(f"--only partition={value}: must be numbers with commas between them")
    return map(int, numbers)


def _key(value: str) -> bytes:
    if not value.startswith(_BASE64):
        return value.encode()
    try:
        return base64.b64decode(value.removeprefix(_BASE64), validate=True)
    except ValueError as error:
        raise MisuseError(f"--only key={value}: no base64: {error}") from None


def _key_text(key: bytes) -> str:
    """A key as `_key` reads it again."""
    try:
        text = key.decode()
    except UnicodeDecodeError:
        text = _BASE64
    if text.startswith(_BASE64) or not text.isprintable() or _NEXT.search(text):
        return _BASE64 + base64.b64encode(key).decode()
    return text


def _time_text(time_ms: int | None) -> str:
    return "" if time_ms is None else iso(time_ms)


def _range(value: str, time_ms: Callable[[str], int]) -> tuple[int | None, int | None]:
    begin, dots, end = value.partition("..")
    if not dots or not (begin or end):
        raise MisuseError(f"--only time={value}: must be FROM..TO, of which one may be left out")
    from_ms, to_ms = (time_ms(text) if text else None for text in (begin, end))
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise MisuseError(f"--only time={value}: ends before it begins")
    return from_ms, to_ms
