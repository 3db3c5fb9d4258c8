"""A simulation for a plain test function: each call does its work and comes back, and time stands still
between them.

    def test_every_order_is_done(simulation: World) -> None:
        simulation.start_worker("topologies.orders")
        simulation.produce("orders", [{"sku": "a"}, {"sku": "b"}])
        simulation.advance(5)
        assert simulation.committed("orders") == [2]

The limits are those of `Simulation`, which is there for stories that wait for several things at once.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from types import ModuleType, TracebackType
from typing import Any, TypeVar

import orjson

from stream_pool.detection.verdict import Verdict
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.events import Anomaly, LoggedEvent
from stream_pool.stream.app import App
from stream_pool.testing.app_module import AppModule
from stream_pool.testing.dead_letter import DeadLetter, read_dead_letters
from stream_pool.testing.faults import Fault, Kind
from stream_pool.testing.loop import VirtualLoop
from stream_pool.testing.simulation import Simulation, dispose_quietly
from stream_pool.testing.virtual_time import virtual_time
from stream_pool.testing.worker import SimWorker

T = TypeVar("T")
Value = bytes | str | dict[str, Any] | list[Any] | None

_START_LIMIT_S = 60.0
_TYPES = "stream-pool."


class World:
    """A context manager. `group` is that of the first worker's app, where a method is not told another.

    All chance comes from `seed`; `latency_s` is about what every request to the log takes.
    """

    def __init__(self, *, seed: int = 0, latency_s: float = 0.002) -> None:
        self._seed = seed
        self._latency_s = latency_s
        self._closing = ExitStack()
        self._modules: dict[str, AppModule] = {}
        self._group: str | None = None

    def __enter__(self) -> "World":
        _refuse_loop()
        self._closing.enter_context(virtual_time())
        self._loop = VirtualLoop()
        self._closing.callback(dispose_quietly, self._loop)
        self.simulation = self._do(lambda: Simulation(seed=self._seed, latency_s=self._latency_s))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    # --- workers

    def start_worker(
        self, app: str | Callable[[], App], name: str = "worker", *, wait: bool = True, faust: bool = False
    ) -> SimWorker:
        """Begin a life of worker `name`, and wait until it runs.

        `app` is a module with an app in it, such as `topologies.orders`, or makes one. Topics that the app
        reads are created with one partition where they do not exist. `faust` runs the whole Faust app and not
        its parts alone. Raises what kept it from starting.
        """
        make = self._maker(app, name)
        worker = self._do(lambda: self.simulation.start_worker(make, name, faust=faust))
        return self._started(worker) if wait else worker

    def restart(self, name: str = "worker", *, wait: bool = True) -> SimWorker:
        """Begin the next life of a worker that ended."""
        worker = self._do(lambda: self.simulation.restart(name))
        return self._started(worker) if wait else worker

    def stop(self, name: str = "worker") -> ExitCode | None:
        """Ask a worker to stop, wait until it has, and return its exit code."""
        self._run(self.simulation.stop(name))
        return self.simulation.worker(name).exit_code

    def kill(self, name: str = "worker") -> None:
        """End a worker at once, as `kill -9` does."""
        self._do(lambda: self.simulation.kill(name))

    def freeze(self, name: str = "worker") -> None:
        """Hold a worker, as SIGSTOP does."""
        self._do(lambda: self.simulation.freeze(name))

    def thaw(self, name: str = "worker") -> None:
        """Let a frozen worker go on."""
        self._do(lambda: self.simulation.thaw(name))

    def module(self, name: str = "worker") -> ModuleType:
        """The module that a worker's app was made in, with its own globals, in its latest life."""
        found = self._modules[name].module
        if found is None:
            raise MisuseError(f"the app of worker {name!r} was not made yet")
        return found

    # --- time

    def advance(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        self._run(self.simulation.advance(seconds))

    def run_until(self, condition: Callable[[], bool], *, limit_s: float = 60.0) -> None:
        """Let time pass until `condition` holds. Raises `TimeoutError` where that takes over `limit_s`."""
        self._run(self.simulation.run_until(condition, limit_s=limit_s))

    # --- the log

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic, with Kafka's own names in `config`."""
        self._do(lambda: self.simulation.create_topic(name, partitions, config))

    def produce(
        self,
        topic: str,
        values: Sequence[Value],
        *,
        partition: int | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        """Append records at this moment; a dict or a list becomes JSON, None is a tombstone.

        Without `partition` the key chooses it, or turns are taken.
        """
        raw = [_raw(value) for value in values]
        self._do(lambda: self.simulation.produce(topic, raw, partition=partition, key=key, headers=headers))

    def fault(
        self,
        kind: Kind,
        *,
        topic: str | None = None,
        worker: str | None = None,
        group: str | None = None,
        times: int | None = None,
        for_s: float | None = None,
        seconds: float = 0.0,
    ) -> Fault:
        """Begin a fault of the log, as `stream_pool.testing.faults` names them.

        It ends after `times` deeds, after `for_s` seconds, or with `end()` of what is returned; `topic`,
        `worker` and `group` say whom it meets. `seconds` is how long a slow one takes. Raises `MisuseError`
        for one that could never happen.
        """
        faults = self.simulation.faults
        return self._do(
            lambda: faults.add(
                kind, topic=topic, worker=worker, group=group, times=times, for_s=for_s, seconds=seconds
            )
        )

    def committed(self, topic: str, group: str | None = None) -> list[int | None]:
        """What the group has committed of each partition of a topic; None: nothing yet."""
        return self.simulation.committed(group or self.group, topic)

    def behind(self, topic: str, group: str | None = None) -> int:
        """Records of a topic that the group has not committed."""
        return self.simulation.behind(group or self.group, topic)

    def dead_letters(self, group: str | None = None) -> list[DeadLetter]:
        """The dead letters of the group's workers, by where their records stood."""
        return read_dead_letters(self.simulation.dead_letters(group or self.group))

    def events(self, kind: str = "", group: str | None = None) -> list[LoggedEvent]:
        """The group's event log; with `kind`, such as `anomaly.opened` or `anomaly`, only those."""
        logged = self.simulation.events(group or self.group)
        begin = f"{_TYPES}{kind}." if kind else ""
        return [each for each in logged if getattr(each.event, "TYPE", "").startswith(begin)]

    def anomalies(self, group: str | None = None) -> list[Anomaly]:
        """The anomalies in the group's event log, repeats left out."""
        return self.simulation.anomalies(group or self.group)

    def verify(self, group: str | None = None) -> Verdict:
        """Whether the group's event log is what follows from it, as `stream-pool verify` would say.

        Raises `MisuseError` where the log has no event yet: nothing would have been verified.
        """
        group = group or self.group
        if not self.simulation.events(group):
            raise MisuseError(f"the log of group {group!r} has no event: there is nothing to verify")
        return self.simulation.verify(group)

    @property
    def group(self) -> str:
        """The first worker's consumer group. Raises `MisuseError` before there is one."""
        if self._group is None:
            raise MisuseError("no worker has started yet: start one, or name the group")
        return self._group

    def _maker(self, app: str | Callable[[], App], name: str) -> Callable[[], App]:
        if isinstance(app, str):
            self._modules[name] = module = AppModule(app)
            made = module.make_app
        else:
            made = app

        def make() -> App:
            new = made()
            self._group = self._group or str(new.conf.id)
            log = self.simulation.log
            own = {new.plant.events_topic, new.plant.dead_letters_topic, new.plant.snapshots_topic}
            for topic in sorted({topic for channel in new.batch_channels for topic in channel.topics} - own):
                if log.partition_count(topic) is None:
                    log.create_topic(topic, 1, None)
            return new

        return make

    def _started(self, worker: SimWorker) -> SimWorker:
        limit_s = _START_LIMIT_S
        self.run_until(lambda: worker.started.is_set() or worker.ended.is_set(), limit_s=limit_s)
        if worker.ended.is_set() and worker.fault is not None:
            raise worker.fault
        return worker

    def _do(self, what: Callable[[], T]) -> T:
        async def do() -> T:
            return what()

        return self._run(do())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            _refuse_loop()
        except MisuseError:
            work.close()
            raise
        return self._loop.run_until_complete(work)


def _refuse_loop() -> None:
    if asyncio._get_running_loop() is not None:
        raise MisuseError("a world has a loop of its own: use it in a plain test function, without async")


def _raw(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else orjson.dumps(value)
