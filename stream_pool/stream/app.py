"""The app: a `faust.App` whose agents read whole batches from our own consumers.

    app = stream_pool.App("order-processor-v3", broker="kafka://localhost:9092")

    @app.each("orders")
    def handle(order): ...

Everything of Faust's that does not touch its consumer works as ever: the web server, timers, tasks, agents
on plain channels, `topic.send`. An agent or a table on a Kafka topic is refused at the start, since Faust's
consumer is off. Creating an app connects to nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import faust
import structlog
from faust.types.topics import TopicT
from mode.utils.objects import canonshortname

from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError, StreamPoolError
from stream_pool.free_port import free_port
from stream_pool.pool import Pool
from stream_pool.pool._implementation import ASKED_FOR, NATIVE, REASON
from stream_pool.settings import Settings, load_settings, variable, with_broker
from stream_pool.stream.boot import Boot
from stream_pool.stream.channel import BatchChannel, BatchQueue, OnError
from stream_pool.stream.each import Each, Handler
from stream_pool.stream.errors import HandlerFailed
from stream_pool.stream.guard import guarded
from stream_pool.stream.handler_thread import HandlerThread
from stream_pool.stream.host import host_of
from stream_pool.stream.no_creation import send_to_what_is_there
from stream_pool.stream.plant import Plant
from stream_pool.stream.security import security_of_app
from stream_pool.stream.web import add_pages

log = structlog.get_logger(__name__)

_SEND_TIMEOUT_S = 30.0  # of topic.send; Faust's own is 20 minutes
_FLUSH_TIMEOUT_S = 1.0


class App(faust.App):
    """A worker's app. `id` is the consumer group of its agents, and names its own topics.

    `broker` is used where neither `STREAM_POOL_BROKER` nor `settings` names one. `pool` is used instead of
    one by the settings; `decode` replaces the JSON decoder by any function from a value's bytes to a
    document. Further options are Faust's; its `broker_credentials` (or `ssl_context`) serve all clients of
    the app, unless the settings have a security of their own.
    """

    BootStrategy = Boot
    mundane_level = "debug"

    def __init__(
        self,
        id: str,  # noqa: A002  # Faust's own name for it
        *,
        broker: str | None = None,
        settings: Settings | None = None,
        pool: Pool | None = None,
        decode: Callable[[bytes], Any] | None = None,
        **options: Any,
    ) -> None:
        settings = load_settings() if settings is None else settings
        if broker is not None and "broker" not in settings.model_fields_set:
            settings = with_broker(settings, broker)
        self.settings = settings
        self.fault: StreamPoolError | None = None
        self.on_fault: Callable[[], None] | None = None
        self.batch_channels: list[BatchChannel] = []
        self.handler_threads: list[HandlerThread] = []
        security = security_of_app(settings, options, SystemClock())
        super().__init__(
            id,
            **{
                "broker": [f"kafka://{server}" for server in settings.bootstrap_servers],
                "store": "memory://",
                "topic_disable_leader": True,
                "stream_wait_empty": False,
                "autodiscover": False,
                "producer_request_timeout": _SEND_TIMEOUT_S,
                "web_bind": settings.web_host,
                "web_host": settings.web_host,
                "web_port": settings.web_port or _free_port(settings.web_host),
                **options,
                "broker_credentials": security.credentials,
            },
        )
        self.plant = Plant(
            id,
            settings,
            self.batch_channels,
            host=host_of(settings, security),
            pool=pool,
            decode=decode,
            fail=self.fail,
        )
        add_pages(self)
        if settings.detector_enabled:
            self._declare_detector()

    @property
    def pool(self) -> Pool | None:
        """The pool that keys are interned in; None where the decoder in use has none."""
        return self.plant.pool

    def each(
        self,
        *topics: str,
        on_error: OnError = "dead_letter",
        retries: int = 2,
        group: str | None = None,
        objects_only: bool = True,
        in_thread: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a handler, sync or async, that is called for each record of `topics`.

        A handler that raises is called again `retries` times, with a jittered pause between, then
        `on_error` says what becomes of the record: `dead_letter`, `stop` (the worker, with the record
        uncommitted), or `skip` (logged and counted). A handler that returns `Rejected(reason)` sends the
        record to the dead letters at once. A value that cannot be decoded goes there in any case; so do
        tombstones and roots that are no objects, unless `objects_only` is off. `group` gives the agent a
        consumer group of its own. `in_thread` runs a sync handler that blocks (a driver without asyncio) in
        a thread of its own, one record at a time still, so that heartbeats and health checks go on
        meanwhile; it costs some 100 µs a record. A thread cannot be interrupted: one that is stuck ends with
        the process, at the stop deadline. The handler is returned as it was.
        """
        _check_on_error(on_error)
        if retries < 0:
            raise MisuseError(f"retries is {retries}: 0 or more is allowed")

        def declare(handler: Handler) -> Handler:
            each = Each(
                handler, on_error=on_error, retries=retries, objects_only=objects_only, in_thread=in_thread
            )
            if each.thread is not None:
                self.handler_threads.append(each.thread)
            channel = self.batches(*topics, group=group, objects_only=objects_only)
            channel.one_by_one = True

            async def run(batches: Any) -> None:
                async for batch in batches:
                    await each.run(batch, self.plant.runtime)

            run.__name__ = getattr(handler, "__name__", "handler")
            run.__qualname__ = each.name
            run.__module__ = getattr(handler, "__module__", __name__)
            run.__doc__ = handler.__doc__
            self.agent(channel)(run)
            return handler

        return declare

    def batches(
        self,
        *topics: str,
        on_error: OnError = "stop",
        group: str | None = None,
        objects_only: bool = True,
        from_beginning: bool = False,
    ) -> BatchChannel:
        """A channel of whole batches of `topics`, for one `@app.agent`.

        A batch is done when the agent asks for the next one. When the agent raises, `on_error` says what
        becomes of the batch: `stop`, `dead_letter` or `skip`. `from_beginning` reads the topics anew after
        every assignment and commits nothing: for state that is folded from a log.
        """
        _check_on_error(on_error)
        if not topics:
            raise MisuseError("no topic was named")
        queue = BatchQueue(lambda claim: self.plant.batch(claim, objects_only=objects_only))
        return BatchChannel(
            self,
            topics=topics,
            group=group or self.conf.id,
            on_error=on_error,
            from_beginning=from_beginning,
            queue=queue,
        )

    def agent(self, channel: Any = None, **options: Any) -> Any:
        """Declare a Faust agent; on `app.batches(...)`, one that reads Kafka."""
        if not isinstance(channel, BatchChannel):
            return super().agent(channel, **options)
        if options.get("concurrency", 1) != 1:
            raise MisuseError(
                "an agent on batches has concurrency 1, or a partition would lose its order: add partitions"
            )
        if channel in self.batch_channels:
            raise MisuseError("each agent needs an app.batches(...) of its own")
        self.batch_channels.append(channel)
        declare = super().agent

        def named(fun: Any) -> Any:
            return declare(channel, **{"name": self._free_name(fun), **options})(guarded(fun, channel, self))

        return named

    def fail(self, fault: StreamPoolError) -> None:
        """Stop the worker with `fault`, the first of which decides the exit code."""
        if self.fault is not None:
            return
        self.fault = fault
        handler_error = fault.handler_error if isinstance(fault, HandlerFailed) else None
        if handler_error is None:
            log.critical("worker stops", reason=fault.reason, error=str(fault))
        else:
            log.critical("worker stops", reason=fault.reason, error=str(fault), handler_error=handler_error)
        if self.on_fault is not None:
            self.on_fault()
        else:
            self.add_future(self.crash(fault))

    async def on_start(self) -> None:
        """Refuse what cannot work, then see that the broker and the topics are there.

        Raises `MisuseError`, `BrokerUnavailable`, `TopicMissing`.
        """
        await super().on_start()
        _tell_implementation()
        self._refuse_kafka_agents()
        self.flow_control.resume()
        await self.plant.prepare()

    def _free_name(self, fun: Any) -> str:
        """Faust knows agents by name: of two with the same one, the first would never run, unsaid."""
        name: str = canonshortname(fun)
        namesakes = sum(other == name or other.startswith(f"{name}-") for other in self.agents)
        return f"{name}-{namesakes + 1}" if namesakes else name

    def _declare_detector(self) -> None:
        plant = self.plant
        channel = BatchChannel(
            self,
            topics=(plant.events_topic,),
            group=plant.detector_group,
            on_error="skip",
            from_beginning=True,
            resume=lambda *where: plant.detector.resume(*where),
            queue=BatchQueue(plant.observed_batch),
        )

        async def detector(batches: Any) -> None:
            await plant.detector.read(batches)

        self.agent(channel)(detector)

    def _refuse_kafka_agents(self) -> None:
        on_topics = [agent.name for agent in self.agents.values() if isinstance(agent.channel, TopicT)]
        if on_topics:
            raise MisuseError(
                f"agent {', '.join(on_topics)} reads a Kafka topic, but this app's Faust consumer is off: "
                "declare it with @app.each(topic) or @app.agent(app.batches(topic))"
            )
        if self.tables.data:
            raise MisuseError(
                f"table {', '.join(self.tables.data)} needs Faust's consumer, which is off in this app: "
                "keep state in your handler (app.each, app.batches), or use a faust.App"
            )

    def _create_directories(self) -> None:
        """No store on disk, no directories."""

    def _new_producer(self) -> Any:
        producer = super()._new_producer()
        send_to_what_is_there(producer)
        return producer

    async def _producer_flush(self, logger: Any) -> None:
        if self._producer is None:
            return
        try:
            await asyncio.wait_for(self._producer.flush(), _FLUSH_TIMEOUT_S)
        except TimeoutError:
            log.warning("messages of topic.send were not flushed in time")


def _free_port(host: str) -> int:
    """Faust takes no 0."""
    try:
        return free_port(host)
    except OSError as error:
        raise MisuseError(f"{variable('web_host')}={host} is no address of this machine: {error}") from None


def _tell_implementation() -> None:
    """One line of what decodes: a warning where it is the twin, which is slower, and nobody asked for it."""
    if NATIVE:
        log.info("documents are decoded by the compiled core")
    elif REASON == ASKED_FOR:
        log.info("documents are decoded by the Python twin", reason=REASON)
    else:
        log.warning("documents are decoded by the Python twin", reason=REASON)


def _check_on_error(on_error: str) -> None:
    if on_error not in ("dead_letter", "stop", "skip"):
        raise MisuseError(f"on_error is {on_error!r}: dead_letter, stop and skip are allowed")
