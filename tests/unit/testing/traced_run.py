"""A run with much in it that could differ from process to process; prints its digest. For test_loop.py.

Arguments: how many objects to make first (so that addresses differ), and the collector: on, off or often.
"""

import asyncio
import contextvars
import gc
import random
import sys
from collections.abc import AsyncIterator

from stream_pool.testing import WORKER, VirtualLoop, run
from stream_pool.testing.trace import TraceDigest


async def numbers(chance: random.Random) -> AsyncIterator[int]:
    try:
        for number in range(chance.randrange(3, 9)):
            await asyncio.sleep(chance.choice([0, 0.5, 1]))
            yield number
    finally:
        await asyncio.sleep(0.25)


async def child(chance: random.Random) -> None:
    try:
        await asyncio.sleep(chance.randrange(4))
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(chance.choice([0, 1]))


async def work(chance: random.Random, queue: asyncio.Queue[int]) -> None:
    while True:
        async for number in numbers(chance):
            queue.put_nowait(number)
            if number == 4:
                break
        waits = {asyncio.create_task(asyncio.sleep(chance.randrange(3))) for _ in range(5)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        futures = {asyncio.get_running_loop().create_future() for _ in range(5)}
        for future in futures:
            future.add_done_callback(lambda done: queue.put_nowait(done.result()))
        for at, future in enumerate(futures):
            asyncio.get_running_loop().call_later(chance.randrange(2), future.set_result, at)
        try:
            async with asyncio.timeout(2.5), asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(child(chance))
        except TimeoutError:
            pass


async def main(trace: TraceDigest) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.trace = trace
    queue: asyncio.Queue[int] = asyncio.Queue()
    workers = []
    for tag in ("a", "b", "c"):
        context = contextvars.copy_context()
        context.run(WORKER.set, tag)
        workers.append(loop.create_task(work(random.Random(tag), queue), context=context))
    for tag in ("a", "b"):
        await asyncio.sleep(20)
        loop.freeze(tag)
        await asyncio.sleep(5)
        loop.thaw(tag)
    loop.kill("c")
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task() and task not in workers and task.get_name().endswith("7"):
            task.cancel()
    await asyncio.sleep(20)


if __name__ == "__main__":
    ballast = [[at] for at in range(int(sys.argv[1]))]
    if sys.argv[2] == "off":
        gc.disable()
    elif sys.argv[2] == "often":
        gc.set_threshold(50, 2, 2)
    digest = TraceDigest()
    run(main(digest))
    print(digest.hex(), digest.callbacks)
