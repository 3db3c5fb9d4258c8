"""What an app needs on the cluster: its topics, as they must be, and the access that its workers must have.

Pure: the plan is made from names, and compared with what a broker shows. `stream-pool topics` prints, creates
and checks by it, and the integration test of a secured cluster grants exactly what is in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from stream_pool.stream.client import FoundTopic
from stream_pool.stream.topics import (
    DEAD_LETTERS_CONFIG,
    EVENTS_CONFIG,
    REPLICAS_AT_MOST,
    SNAPSHOTS_CONFIG,
    safe_config,
)

_FOREVER = float("inf")
_HOUR_MS = 3_600_000
_LEAST_KEPT_MS = 24 * _HOUR_MS
_MESSAGE_BYTES = 1_048_588  # what a topic takes where nothing else is said


@dataclass(frozen=True, slots=True)
class PlannedTopic:
    """One topic. `config` is what it must be created with; `partitions` 0: as many as its owner wants."""

    name: str
    why: str
    is_own: bool
    partitions: int
    config: Mapping[str, str]
    outlives: str | None = None
    """The topic that must lose its records before this one does."""


@dataclass(frozen=True, slots=True)
class Access:
    """Operations on one resource, by Kafka's names. READ and WRITE include DESCRIBE."""

    resource: str
    """`topic` or `group`."""
    name: str
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All topics, those that are read first, and all access."""

    topics: tuple[PlannedTopic, ...]
    access: tuple[Access, ...]

    def problems(self, found: Mapping[str, FoundTopic], brokers: int) -> list[str]:
        """What is not as it must be, one sentence each, with what to do."""
        read = [found[topic.name] for topic in self.topics if not topic.is_own and topic.name in found]
        largest = max(map(_message_bytes, read), default=_MESSAGE_BYTES)
        return [
            f"topic {topic.name!r} {problem}"
            for topic in self.topics
            for problem in _problems(topic, found, brokers, largest)
        ]


def plan_of(
    *, read: Iterable[str], groups: Iterable[str], events: str, snapshots: str, dead_letters: str
) -> Plan:
    """The plan of an app that reads these topics in these groups, and writes its three own topics."""
    own = (
        PlannedTopic(events, "the event log: one order, one clock", True, 1, _kept(EVENTS_CONFIG)),
        PlannedTopic(snapshots, "states of the detector", True, 1, _kept(SNAPSHOTS_CONFIG), events),
        PlannedTopic(dead_letters, "records that could not be done", True, 1, _kept(DEAD_LETTERS_CONFIG)),
    )
    names = {topic.name for topic in own}
    read = sorted(set(read) - names)
    orders = tuple(PlannedTopic(name, "read by the app", False, 0, {}) for name in read)
    access = (
        *(Access("topic", name, ("READ",)) for name in read),
        Access("topic", events, ("READ", "WRITE")),
        Access("topic", snapshots, ("READ", "WRITE")),
        Access("topic", dead_letters, ("WRITE",)),
        *(Access("group", group, ("READ",)) for group in sorted(set(groups))),
    )
    return Plan((*orders, *own), access)


def acl_commands(plan: Plan, principal: str, servers: Sequence[str], login: str = "") -> list[str]:
    """Kafka's own command line for each grant: all that a worker needs where its topics are there. `login` is
    what the tools need on a secured cluster, such as `--command-config FILE`."""
    tool = f"{_tool('kafka-acls.sh', servers, login)} --add --allow-principal {quote(principal)}"
    return [
        " ".join(
            [
                tool,
                *(f"--operation {operation.title()}" for operation in access.operations),
                f"--{access.resource} {quote(access.name)} --resource-pattern-type literal",
            ]
        )
        for access in plan.access
    ]


def create_commands(plan: Plan, servers: Sequence[str], login: str = "") -> list[str]:
    """Kafka's own command line for each of the app's own topics, on a cluster of three brokers or more."""
    tool = f"{_tool('kafka-topics.sh', servers, login)} --create"
    safe = safe_config(REPLICAS_AT_MOST)
    return [
        " ".join(
            [
                f"{tool} --if-not-exists --topic {quote(topic.name)}",
                f"--partitions {topic.partitions} --replication-factor {REPLICAS_AT_MOST}",
                *(f"--config {name}={value}" for name, value in (safe | dict(topic.config)).items()),
            ]
        )
        for topic in plan.topics
        if topic.is_own
    ]


def _tool(name: str, servers: Sequence[str], login: str) -> str:
    return " ".join(filter(None, [name, "--bootstrap-server", ",".join(servers), login]))


def _kept(config: Mapping[str, str]) -> dict[str, str]:
    return {"cleanup.policy": "delete", **config}


def _problems(
    topic: PlannedTopic, found: Mapping[str, FoundTopic], brokers: int, largest: int
) -> Iterator[str]:
    there = found.get(topic.name)
    if there is None:
        way = "--create makes it" if topic.is_own else "create it: no worker creates a topic that it reads"
        yield f"does not exist, or may not be seen by this user: {way}"
        return
    replicas = min(brokers, REPLICAS_AT_MOST)
    if there.replicas < replicas:
        way = "kafka-reassign-partitions.sh adds them"
        yield f"has {there.replicas} replicas and should have {replicas}: {way}"
    if int(there.config.get("min.insync.replicas", "1")) > there.replicas:
        yield "can never be written: its min.insync.replicas is above the number of its replicas"
    if topic.is_own:
        yield from _unsafe(there)
        yield from _own_problems(topic, there, found, largest)


def _unsafe(there: FoundTopic) -> Iterator[str]:
    for name, least in safe_config(min(there.replicas, REPLICAS_AT_MOST)).items():
        has = there.config.get(name, least)
        if int(has) < int(least):
            way = "a broker that dies may take the only copy with it. kafka-configs.sh --alter changes it"
            yield f"has {name}={has} and should have {name}={least}: {way}"


def _own_problems(
    topic: PlannedTopic, there: FoundTopic, found: Mapping[str, FoundTopic], largest: int
) -> Iterator[str]:
    is_log = "message.timestamp.type" in topic.config
    if is_log and there.partitions != topic.partitions:
        way = "it is one log, so delete it and create it anew"
        yield f"has {there.partitions} partitions and must have {topic.partitions}: {way}"
    for name in ("message.timestamp.type", "cleanup.policy"):
        wanted, has = topic.config.get(name), there.config.get(name)
        if wanted is not None and has is not None and has != wanted:
            yield f"has {name}={has} and must have {name}={wanted}: kafka-configs.sh --alter changes it"
    if (kept_ms := _retention_ms(there)) < _LEAST_KEPT_MS:
        way = "what is gone by the morning nobody can look at or replay. Raise its retention.ms"
        kept, least_kept = kept_ms / _HOUR_MS, _LEAST_KEPT_MS / _HOUR_MS
        yield f"keeps its records for {kept:.3g} h and must for {least_kept:g}: {way}"
    least = _MESSAGE_BYTES if is_log else max(_MESSAGE_BYTES, largest)  # a letter holds its record
    if (takes := _message_bytes(there)) < least:
        way = "raise its max.message.bytes"
        yield f"takes messages of {takes:,} bytes at most and must take {least:,}: {way}"
    events = None if topic.outlives is None else found.get(topic.outlives)
    if events is not None and _retention_ms(there) <= _retention_ms(events) < _FOREVER:
        yield f"must keep its records longer than {topic.outlives!r}: raise its retention.ms"


def _message_bytes(topic: FoundTopic) -> int:
    return int(topic.config.get("max.message.bytes", _MESSAGE_BYTES))


def _retention_ms(topic: FoundTopic) -> float:
    kept_ms = int(topic.config.get("retention.ms", -1))
    return _FOREVER if kept_ms < 0 else kept_ms
