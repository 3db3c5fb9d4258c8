"""The public types of documents and pool, as users meet them: mypy checks this file, nobody runs it."""

import copy
import json
from collections.abc import Mapping
from typing import Any, assert_type

import stream_pool
from stream_pool import DecodeError, Decoder, Document, LimitExceeded, Limits, Pool, dumps, loads
from stream_pool.documents import NATIVE, NATIVE_REASON, default, reasons
from stream_pool.errors import StreamPoolError
from stream_pool.pool import Advice, GrowthRule, PoolHistory, PoolStats, PoolWindow, advise

pool = Pool(capacity=4096)
Pool(64, bytes_max=1 << 20, seed=7)
Pool(64, 1 << 20)  # type: ignore[call-arg]  # a bare second number would say nothing
assert_type(pool.intern("skuCode"), str)
assert_type(pool.stats(), PoolStats)
assert_type(pool.stats().reuse_ratio, float)
pool.resize(8192)
pool.tick(10.0)

decoder = Decoder(pool=pool, limits=Limits(depth=64), duplicate_keys="last")
assert_type(decoder.pool, Pool)
assert_type(decoder.limits, Limits)
assert_type(decoder.decode(b"{}"), Any)
decoder.decode(bytearray())
decoder.decode(memoryview(b""))
decoder.decode("{}")
decoder.decode(None)  # type: ignore[arg-type]  # a tombstone is no document
Decoder(pool, Limits(), "error", echo=False)
Decoder(duplicate_keys="first")  # type: ignore[arg-type]  # there are two ways only


def read(document: Document) -> Mapping[str, Any]:
    assert_type(document["order"]["items"], Any)
    assert_type(document.at("order", "items", 0, default=None), Any)
    assert_type(document.to_dict(), dict[str, Any])
    assert_type(hash(document), int)
    assert_type(document | {"a": 1}, dict[Any, Any])
    assert_type({"a": 1} | document, dict[Any, Any])
    assert_type(next(reversed(document)), str)
    assert_type(copy.copy(document), Document)
    Document({"a": 1})  # type: ignore[arg-type]  # it comes from a decoder alone
    document["order"] = 1  # type: ignore[index]  # it is read-only
    json.dumps(document, default=default)
    return document


assert_type(dumps(loads("{}")), bytes)
assert_type(stream_pool.loads(b""), Any)
assert_type(NATIVE, bool)
assert_type(NATIVE_REASON, str)
reason: str = reasons.DEPTH_LIMIT

try:
    loads(b"")
except LimitExceeded as limit:
    assert_type(limit.reason, str)
except DecodeError as error:
    assert_type(error.offset, int)
    as_value_error: ValueError = error
    as_ours: StreamPoolError = error

window = PoolHistory(base_s=60.0).observe(10.0, pool.stats())
assert_type(window, PoolWindow | None)
if window:
    advice = advise(window, 4096, rule=GrowthRule(ceiling=100_000))
    assert_type(advice, Advice)
    pool.resize(advice.capacity)
