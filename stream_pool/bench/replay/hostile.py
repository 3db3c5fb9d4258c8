"""Records that nobody would send and that a topic takes all the same, seeded.

Keys, values and headers are absent, empty, text, nearly text, and binary; text looks like a capture's own
lines; header names are empty, come twice, and are those that a replay adds. Many records have the same time,
some an earlier one than those before them. Partitions are of very different length.
"""

import random
from collections.abc import Iterator

from stream_pool.bench.fill import Message
from stream_pool.incident.orders import START_MS, OrderGenerator
from stream_pool.incident.replay import REPLAY_HEADER

PARTITIONS = 6
SEED = 11
SAME_TIME = 40
"""Records in a row with one timestamp."""
DATED_BACK_EVERY = 97
LARGE_EVERY = 2_000
LARGE_BYTES = 100_000
ORDER_EVERY = 8
HEADERS_AT_MOST = 4

CONTENTS = (
    *(None, b"", b"\x00", b" ", b"\n", b"null", b"{}", b"[1e400]", b'"\\', b"\\u0000", b"\x7f\x1b[2J"),
    *(b'{"base64":"AA=="}', b'{"records":1}', b'{"partition":0,"lost":[0,9],"why":""}', b"base64:AA=="),
    *("ключ".encode(), "\u2028\u2029\ufeff\uffff".encode(), "\U0001f381\u0301".encode()),
    # No UTF-8: cut off, a surrogate, overlong, beyond the last character, a byte order mark of another form.
    *(b"\xff\xfe", b"abc\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xfe\xff\x00{"),
)
NAMES = ("", "h", "h", "H", " ", "\x00", "\n", '"', "ключ", "\U0001f381", "traceparent", REPLAY_HEADER)


def hostile_records(count: int) -> Iterator[Message]:
    """So many, the same every time."""
    chance = random.Random(f"hostile records {SEED}")
    orders = OrderGenerator(SEED)
    for number in range(count):
        at_ms = START_MS + number // SAME_TIME
        if number % DATED_BACK_EVERY == DATED_BACK_EVERY - 1:
            at_ms -= chance.randrange(START_MS)
        value = _content(chance)
        if number % ORDER_EVERY == 0:
            value = orders.order().value
        elif number % LARGE_EVERY == 1:
            value = chance.randbytes(LARGE_BYTES)
        headers = tuple(
            (chance.choice(NAMES), _content(chance)) for _ in range(chance.randrange(HEADERS_AT_MOST + 1))
        )
        yield Message(int(chance.random() ** 2 * PARTITIONS), _content(chance), value, at_ms, headers)


def _content(chance: random.Random) -> bytes | None:
    """One of the known ones, or bytes that nobody has seen."""
    if chance.random() < 0.5:
        return chance.choice(CONTENTS)
    return chance.randbytes(chance.randrange(64))
