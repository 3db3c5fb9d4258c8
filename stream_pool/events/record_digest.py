"""A digest of one record of a log as it lies there, so that no byte of it can change unseen.

Every part goes in after its length, and what is absent is told apart from what is empty: two records that
differ anywhere differ in what is hashed.
"""

import hashlib
from collections.abc import Iterable

DIGEST_BYTES = 16


def record_digest(
    offset: int,
    timestamp_ms: int,
    timestamp_type: int,
    key: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
    value: bytes | None,
) -> bytes:
    """BLAKE2b, 16 bytes, over place, times, key, headers in their order, and value."""
    numbers = [offset, timestamp_ms, timestamp_type, _length(key), _length(value)]
    parts = [key or b"", value or b""]
    for name, content in headers:
        encoded = name.encode("utf-8", "surrogatepass")
        numbers += (len(encoded), _length(content))
        parts += (encoded, content or b"")
    told = ",".join(map(str, numbers)) + ";"
    return hashlib.blake2b(told.encode() + b"".join(parts), digest_size=DIGEST_BYTES).digest()


def _length(part: bytes | None) -> int:
    return -1 if part is None else len(part)
