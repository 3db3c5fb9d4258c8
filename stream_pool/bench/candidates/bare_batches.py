"""The bare loop of somebody who needs whole batches: all that one fetch gave is decoded, then counted."""

import asyncio

import orjson

from stream_pool.bench.candidates.bare_loop import Fetched, consume
from stream_pool.bench.meter import Job


def decode_all_then_count(fetched: Fetched) -> int:
    """Keep every order of the fetch before the first is counted."""
    orders = [orjson.loads(record.value) for records in fetched.values() for record in records]
    count = 0
    for order in orders:
        order["customer"]["id"]
        count += 1
    return count


if __name__ == "__main__":
    asyncio.run(consume(Job.from_environment(), decode_all_then_count))
