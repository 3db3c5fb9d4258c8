"""Rules, applied to records."""

from collections.abc import Sequence
from hashlib import blake2b

from stream_pool.incident.redaction.document import NotJsonError, rewrite
from stream_pool.incident.redaction.leaves import Leaves
from stream_pool.incident.redaction.paths import Paths
from stream_pool.incident.redaction.rules import Action, Rule

SALT_BYTES_MIN = 16
_SALT_BYTES_MAX = 64
_QUOTING_HEADERS = {"stream-pool.message", "stream-pool.stack"}
"""Headers of a dead letter that quote values: exceptions do, and no path finds them there."""

Headers = Sequence[tuple[str, bytes | None]]


class Redactor:
    """Redacts records by rules under one salt, of 16 bytes or more.

    Where a rule is for values, the message and the stack in a dead letter's headers are masked, unless a rule
    names them. `matches` counts, for each rule, the places that it named; `unreadable` the values that were
    replaced whole because they are no JSON.
    """

    def __init__(self, rules: Sequence[Rule], salt: bytes) -> None:
        assert len(salt) >= SALT_BYTES_MIN, "a short salt is found by trying"
        if len(salt) > _SALT_BYTES_MAX:
            salt = blake2b(salt).digest()
        self.rules = tuple(rules)
        self.matches = [0] * len(self.rules)
        self.unreadable = 0
        self.salt_id = blake2b(b"salt", key=salt, digest_size=4).hexdigest()
        """Tells one salt from another, and nothing else of it."""
        self._leaves = Leaves(salt)
        self._in_values = [number for number, rule in enumerate(rules) if rule.part == "value"]
        self._paths = Paths([self.rules[number] for number in self._in_values])
        self._of_keys = [number for number, rule in enumerate(rules) if rule.part == "key"]
        self._of_headers = [number for number, rule in enumerate(rules) if rule.part == "header"]

    @property
    def uses_salt(self) -> bool:
        """Whether something may be hashed: by a rule, or as a value that is no JSON."""
        return bool(self._in_values) or any(rule.action == Action.HASH for rule in self.rules)

    @property
    def idle(self) -> tuple[Rule, ...]:
        """The rules that have named nothing so far."""
        return tuple(rule for rule, count in zip(self.rules, self.matches, strict=True) if not count)

    def key(self, key: bytes | None) -> bytes | None:
        """What stands for a key."""
        return key if not self._of_keys else self._content(key, self._of_keys)

    def headers(self, headers: Headers) -> Headers:
        """What stands for headers: their number, order and names stay."""
        if not self._of_headers and not self._in_values:
            return headers
        return [(name, self._header(name, content)) for name, content in headers]

    def value(self, value: bytes | None) -> bytes | None:
        """What stands for a value."""
        if not value or not self._in_values:
            return value
        root = self._paths.root()
        if root.action == Action.DROP:
            self._matched(root.rules)
            return None
        try:
            return rewrite(value.decode(), root, self._leaves.token, self._matched).encode()
        except (UnicodeDecodeError, NotJsonError):
            self.unreadable += 1
            return f"redacted, no JSON: {len(value)} bytes, {self._leaves.hash(value)}".encode()

    def _matched(self, rules: tuple[int, ...]) -> None:
        for rule in rules:
            self.matches[self._in_values[rule]] += 1

    def _header(self, name: str, content: bytes | None) -> bytes | None:
        rules = self._rules_of(name)
        if not rules and self._in_values and name.lower() in _QUOTING_HEADERS:
            return self._leaves.content(content, Action.MASK)
        return self._content(content, rules)

    def _rules_of(self, header: str) -> list[int]:
        name = header.lower()
        return [number for number in self._of_headers if self.rules[number].header in (name, "*")]

    def _content(self, content: bytes | None, rules: list[int]) -> bytes | None:
        for number in rules:
            self.matches[number] += 1
        action = max((self.rules[number].action for number in rules), default=None)
        return content if action is None else self._leaves.content(content, action)
