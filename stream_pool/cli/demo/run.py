"""The demo from its broker to its last record, and the end of everything that it started.

The order matters: the worker runs before the first record is sent, so that its lag starts at nothing; it is
stopped as a deployment would stop it (SIGTERM), so that its last words are in the log; and the books are
closed only after the log has been read to its end.
"""

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer

from stream_pool.broker import Broker, Say, start_broker
from stream_pool.broker.process import Kennel, LeashedProcess
from stream_pool.cli.demo.model import DemoModel, View
from stream_pool.cli.demo.plan import DemoPlan, plan_demo
from stream_pool.cli.demo.screen import Setting
from stream_pool.cli.demo.summary import Result
from stream_pool.cli.demo.tail import Tail
from stream_pool.cli.demo.topics import committed_offsets, make_topics, remove_topics
from stream_pool.cli.demo.traffic import Traffic
from stream_pool.cli.demo.worker import WorkerDiedError, check_alive, start_worker
from stream_pool.free_port import free_port
from stream_pool.incident import Scenario

WORKER_BEGINS_WITHIN_S = 30.0
WORKER_CATCHES_UP_WITHIN_S = 20.0
WORKER_STOPS_WITHIN_S = 20.0
FRAME_S = 0.25
SAMPLE_S = 1.0

Show = Callable[[View, Setting], None]


async def run_demo(
    scenario: Scenario, *, orders: int, seed: int, broker_kind: str, say: Say, show: Show
) -> Result:
    """Play the scenario and return how it ended; whatever happens, nothing is left running.

    Raises `StreamPoolError`: `BrokerMissingError`, `BrokerStartError`, `TopicRefusedError`,
    `WorkerDiedError`.
    """
    async with start_broker(broker_kind, say) as broker:
        suffix = f"-demo-{secrets.token_hex(3)}" if broker.kind == "external" else ""
        plan, notice = plan_demo(scenario, orders, seed, suffix)
        if notice:
            say(notice)
        async with _topics(plan, broker), _kennel() as kennel:
            return await _play(plan, broker, kennel, say, show)


async def _play(plan: DemoPlan, broker: Broker, kennel: Kennel, say: Say, show: Show) -> Result:
    model = DemoModel(plan.topic)
    web_port = free_port()
    setting = Setting(
        broker=str(broker),
        metrics_url=f"http://127.0.0.1:{web_port}/metrics",
        scaling=plan.scaling(),
        orders=plan.orders,
        lag_threshold_records=plan.lag_threshold_records,
    )
    tail = Tail(plan, broker.bootstrap_servers, model)
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers,
        client_id="stream-pool-demo-traffic",
        enable_idempotence=broker.is_kafka,
        acks="all",
        linger_ms=5,
    )
    async with contextlib.AsyncExitStack() as stack:
        for client in (tail, producer):
            stack.push_async_callback(client.stop)
            await client.start()
        say("starting the worker")
        worker = await asyncio.to_thread(
            start_worker, kennel, plan.worker_environment(broker.bootstrap_servers, web_port)
        )
        async with _background(tail.follow()) as following:
            await _until(lambda: model.worker_has_begun, worker, WORKER_BEGINS_WITHIN_S)
            if not model.worker_has_begun:
                raise WorkerDiedError(
                    f"the worker did not begin within {WORKER_BEGINS_WITHIN_S:g} s:\n{worker.log_tail()}"
                )
            took_s = await _story(
                plan, model, producer, (worker, following), lambda at_s: show(model.view(at_s), setting)
            )
        say("stopping the worker")
        exit_code = await _stop(worker)
        await tail.read_to_end()
        for partition, offset in (await committed_offsets(plan, broker.bootstrap_servers)).items():
            model.committed(partition, offset)
    view = model.view(took_s)
    return Result(
        str(broker), plan.orders, model.account(), view, took_s, model.processed_per_s_max, exit_code
    )


async def _story(
    plan: DemoPlan,
    model: DemoModel,
    producer: AIOKafkaProducer,
    reader: tuple[LeashedProcess, "asyncio.Task[None]"],
    frame: Callable[[float], None],
) -> float:
    """Send the traffic, show it, wait until the worker has caught up; seconds until it had."""
    worker, following = reader
    model.start(time.time_ns() // 1_000_000)
    started = time.monotonic()
    sampled_s = caught_up_s = 0.0
    traffic = Traffic(producer, plan.topic, model)
    async with _background(
        traffic.send(plan.scenario.records(plan.orders, plan.seed), plan.scenario.phases)
    ) as sending:
        deadline_s = plan.scenario.duration_s + WORKER_CATCHES_UP_WITHIN_S
        while (at_s := time.monotonic() - started) < deadline_s:
            for task in (sending, following):
                if task.done():
                    task.result()
            check_alive(worker)
            if at_s - sampled_s >= SAMPLE_S:
                model.sample(at_s)
                sampled_s = at_s
            frame(at_s)
            if sending.done() and model.account().settled:
                caught_up_s = caught_up_s or at_s
                if not model.open_anomalies:
                    break
            await asyncio.sleep(FRAME_S)
        else:
            caught_up_s = caught_up_s or at_s
    return caught_up_s


async def _until(condition: Callable[[], bool], worker: LeashedProcess, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        check_alive(worker)
        await asyncio.sleep(FRAME_S)


async def _stop(worker: LeashedProcess) -> int:
    worker.signal(signal.SIGTERM)
    try:
        return await asyncio.to_thread(worker.wait, WORKER_STOPS_WITHIN_S)
    except TimeoutError:
        raise WorkerDiedError(
            f"the worker did not stop within {WORKER_STOPS_WITHIN_S:g} s:\n{worker.log_tail()}"
        ) from None


@asynccontextmanager
async def _topics(plan: DemoPlan, broker: Broker) -> AsyncIterator[None]:
    await make_topics(plan, broker.bootstrap_servers, append_time=broker.is_kafka)
    try:
        yield
    finally:
        if plan.suffix:
            await remove_topics(plan, broker.bootstrap_servers)


@asynccontextmanager
async def _kennel() -> AsyncIterator[Kennel]:
    kennel = Kennel("demo")
    try:
        yield kennel
    finally:
        await asyncio.to_thread(kennel.close)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
