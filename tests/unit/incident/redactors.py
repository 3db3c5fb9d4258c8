"""Redactors for tests."""

from stream_pool.incident.redaction import Redactor, parse_rules

SALT = b"sixteen bytes it" * 2


def redactor(*rules: str, salt: bytes = SALT) -> Redactor:
    """A redactor by these rules."""
    return Redactor(parse_rules(rules), salt)


def redacted(document: str, *rules: str) -> str:
    """What stands for a value."""
    value = redactor(*rules).value(document.encode())
    assert value is not None
    return value.decode()


def hash_of(text: str) -> str:
    """What stands for a text."""
    return (redactor("key: hash").key(text.encode()) or b"").decode()
