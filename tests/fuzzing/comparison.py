"""Plays a sequence and holds every outcome against the oracle; beside the twin, against the twin as well.

Looked at are the value with its types, its text, the error with its offset, what a document does as a
mapping, documents that are held while others come and go, and the pool's sums.
"""

import pickle
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fuzzing.faces import Face
from fuzzing.oracle import Accepted, Refused, expected, fingerprint
from fuzzing.sequence import Decode, Disturb, Sequence
from stream_pool.documents.errors import DecodeError

_HELD: Final = 24
_EVERY_WALK: Final = 8
"""One document of so many is also read member by member."""


class Finding(Exception):
    """Two that should agree do not."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"step {step}: {what}")
        self.step = step


@dataclass
class Tally:
    """What was played."""

    cases: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.cases += other.cases
        self.accepted += other.accepted
        self.refused += other.refused


def play(sequence: Sequence, face: Face, beside: Face | None = None) -> Tally:
    """Plays all steps. Raises `Finding` at the first disagreement."""
    return _Play(sequence, face, beside).all()


class _World:
    """A pool, and decoders with it, of one implementation."""

    def __init__(self, sequence: Sequence, face: Face) -> None:
        self.face = face
        self.pool = face.make_pool(sequence)
        self.decoders = [face.make_decoder(self.pool, settings) for settings in sequence.decoders]

    def outcome(self, decoder: int, raw: Any) -> Any:
        """The value, or what was refused and why."""
        try:
            return self.decoders[decoder].decode(raw)
        except DecodeError as error:
            return Refused.of(error)

    def disturb(self, what: str, argument: Any) -> Any:
        return getattr(self.pool, what)(argument)


class _Play:
    def __init__(self, sequence: Sequence, face: Face, beside: Face | None) -> None:
        self._sequence = sequence
        self._world = _World(sequence, face)
        self._twin = None if beside is None else _World(sequence, beside)
        self._held: deque[tuple[int, Any, Any, bytes]] = deque(maxlen=_HELD)
        self._lookups = 0
        self._tally = Tally()
        self._step = 0

    def all(self) -> Tally:
        for step in self._sequence.steps:
            if isinstance(step, Decode):
                self._decode(step.decoder, step.raw)
            else:
                self._disturb(step.what, step.argument)
            self._step += 1
        for at, value, plain, text in self._held:
            self._check(self._world.face.dumps(value) == text, f"the document of step {at} has changed")
            self._check(self._plain(value) == plain, f"the document of step {at} has changed")
        self._check_sums()
        return self._tally

    def _decode(self, decoder: int, raw: Any) -> None:
        due = expected(raw, self._sequence.decoders[decoder])
        got = self._world.outcome(decoder, raw)
        self._tally.cases += 1
        if isinstance(due, Refused):
            self._check(type(got) is Refused and got == due, f"{due} was due, not {got!r}")
            self._tally.refused[due.reason] += 1
        else:
            self._check(type(got) is not Refused, f"{due.text!r} was due, not {got!r}")
            self._check_value(got, due)
            self._tally.accepted += 1
        if self._twin is not None:
            self._check_twins(got, self._twin.outcome(decoder, raw))

    def _check_value(self, value: Any, due: Accepted) -> None:
        plain = self._plain(value)
        self._check(fingerprint(plain) == due.fingerprint, f"{due.plain!r} was due, not {plain!r}")
        text = self._world.face.dumps(value)
        self._check(text == due.text, f"the text {due.text!r} was due, not {text!r}")
        self._lookups += due.members
        self._held.append((self._step, value, plain, text))
        if self._tally.cases % _EVERY_WALK == 0:
            self._walk(value, due.plain)

    def _plain(self, value: Any) -> Any:
        """As dicts and lists. Arrays outside of any object are not deep enough to mind recursion."""
        if type(value) is self._world.face.document:
            document: Any = value
            return document.to_dict()
        return [self._plain(item) for item in value] if type(value) is tuple else value

    def _walk(self, root: Any, plain_root: Any) -> None:
        """Reads everything in a document as its users do."""
        pending = [(root, plain_root)]
        while pending:
            value, plain = pending.pop()
            if type(value) is tuple:
                self._check(len(value) == len(plain), "an array is as long as its list")
                pending.extend(zip(value, plain, strict=True))
            elif isinstance(value, Mapping):
                self._check(list(value) == list(plain), "keys come in their order")
                self._check(len(value) == len(plain), "an object has as many members as its dict")
                self._check([*reversed(value)] == [*reversed(plain)], "keys come in their order from behind")
                self._check("no such key" not in value, "a key that is not there")
                self._check(value.get("no such key", 3) == 3, "a default")
                for key, inner in value.items():
                    self._check_again(value["".join((key[:1], key[1:]))], inner, key)
                    pending.append((inner, plain[key]))
            else:
                self._check(value == plain, f"{plain!r} was due, not {value!r}")
        self._check(hash(root) == hash(root), "a hash stays")
        repr(root)

    def _check_again(self, again: Any, first: Any, key: str) -> None:
        """What is read twice is the same; a scalar or a short array may be made anew each time."""
        if type(first) is self._world.face.document:
            self._check(again is first, f"the object at {key!r}")
        else:
            self._check(type(again) is type(first) and again == first, f"the member {key!r}")

    def _check_twins(self, mine: Any, theirs: Any) -> None:
        if type(mine) is Refused:
            self._check(mine == theirs, f"the twin says {theirs!r}")
            return
        self._check(mine == theirs and theirs == mine, "core and twin are equal")
        self._check(repr(mine)[-2000:] == repr(theirs)[-2000:], f"the twin prints {theirs!r}")
        if isinstance(mine, Mapping):
            again = pickle.loads(pickle.dumps(mine))
            self._check(again == mine and list(again) == list(mine), "a pickle gives it back")

    def _disturb(self, what: str, argument: Any) -> None:
        self._lookups += what == "intern"
        given = self._world.disturb(what, argument)
        self._check(given == (argument if what == "intern" else None), f"{what}({argument!r}) gave {given!r}")
        if self._twin is not None:
            self._twin.disturb(what, argument)

    def _check_sums(self) -> None:
        stats = self._world.pool.stats()
        sums = stats.hits + stats.misses
        self._check(sums == self._lookups, f"{self._lookups} lookups were due, not {sums}: {stats}")
        was_resized = any(
            isinstance(step, Disturb) and step.what == "resize" for step in self._sequence.steps
        )
        self._check(was_resized or stats.size <= stats.capacity, f"over its capacity: {stats}")
        self._check(was_resized or stats.bytes <= self._sequence.bytes_max, f"over its bytes: {stats}")
        self._check(stats.shapes <= max(64, 65536 // 4), f"too many shapes: {stats}")
        if self._twin is not None:
            theirs = self._twin.pool.stats()
            self._check(sums == theirs.hits + theirs.misses, f"the twin counts {theirs}, this {stats}")

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            raise Finding(self._step, what)
