"""What an app needs on the cluster, and what is said where it is not so."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin import NewTopic

from stream_pool import App
from stream_pool.settings import Settings
from stream_pool.stream.client import FoundTopic
from stream_pool.stream.kafka_admin import _KafkaAdmin
from stream_pool.stream.topic_plan import Access, Plan, acl_commands, create_commands, plan_of

EVENTS = FoundTopic(
    1,
    3,
    {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete"} | {"retention.ms": "100000000"},
)
SNAPSHOTS = FoundTopic(1, 3, {**EVENTS.config, "retention.ms": "100000001"})
LETTERS = FoundTopic(1, 3, {"cleanup.policy": "delete", "retention.ms": "100000000"})
ORDERS = FoundTopic(64, 3, {"min.insync.replicas": "2", "cleanup.policy": "compact"})
GOOD = {"orders": ORDERS, "g.events": EVENTS, "g.snapshots": SNAPSHOTS, "g.dead-letters": LETTERS}


def plan() -> Plan:
    """Of an app that reads `orders` in the group `g`."""
    return plan_of(
        read=["orders", "g.events"],
        groups=["g", "g.detector", "g"],
        events="g.events",
        snapshots="g.snapshots",
        dead_letters="g.dead-letters",
    )


def changed(topic: FoundTopic, **config: str) -> FoundTopic:
    return FoundTopic(
        topic.partitions, topic.replicas, topic.config | {k.replace("_", "."): v for k, v in config.items()}
    )


PROBLEMS: list[Any] = [
    pytest.param({}, [], id="1 all as it must be"),
    pytest.param(
        {"orders": None}, ["'orders' does not exist, or may not be seen by this user: create it"], id="2"
    ),
    pytest.param(
        {"g.events": None}, ["'g.events' does not exist", "--create makes it"], id="3 own and missing"
    ),
    pytest.param({"g.events": FoundTopic(2, 3, EVENTS.config)}, ["has 2 partitions and must have 1"], id="4"),
    pytest.param({"g.dead-letters": FoundTopic(9, 3, LETTERS.config)}, [], id="5 letters are no log"),
    pytest.param(
        {"g.events": changed(EVENTS, message_timestamp_type="CreateTime")},
        ["has message.timestamp.type=CreateTime and must have message.timestamp.type=LogAppendTime"],
        id="6 not the broker's clock",
    ),
    pytest.param(
        {"g.dead-letters": changed(LETTERS, cleanup_policy="compact")}, ["has cleanup.policy=compact"], id="7"
    ),
    pytest.param(
        {"g.snapshots": changed(SNAPSHOTS, retention_ms="100000000")}, ["longer than 'g.events'"], id="8"
    ),
    pytest.param({"g.snapshots": changed(SNAPSHOTS, retention_ms="-1")}, [], id="9 kept for ever"),
    pytest.param({"g.events": changed(EVENTS, retention_ms="-1")}, [], id="10 so are the events"),
    pytest.param({"orders": FoundTopic(1, 1, {})}, ["has 1 replicas and should have 3"], id="11 one replica"),
    pytest.param(
        {"orders": changed(ORDERS, min_insync_replicas="4")}, ["can never be written"], id="12 no quorum"
    ),
    pytest.param(
        {"g.dead-letters": changed(LETTERS, min_insync_replicas="1")},
        ["has min.insync.replicas=1 and should have min.insync.replicas=2", "kafka-configs.sh --alter"],
        id="13 acknowledged by one broker",
    ),
    pytest.param({"g.dead-letters": changed(LETTERS, min_insync_replicas="3")}, [], id="14 by all of them"),
    pytest.param({"orders": changed(ORDERS, min_insync_replicas="1")}, [], id="15 its owner's to decide"),
    pytest.param(
        {"g.dead-letters": changed(LETTERS, retention_ms="3600000")},
        ["keeps its records for 1 h and must for 24"],
        id="16 letters that are gone by the morning",
    ),
    pytest.param({"g.dead-letters": changed(LETTERS, retention_ms="86400000")}, [], id="17 a day is enough"),
    pytest.param(
        {"g.events": changed(EVENTS, max_message_bytes="100")},
        ["takes messages of 100 bytes at most and must take 1,048,588"],
        id="18 too small for events",
    ),
    pytest.param(
        {"orders": changed(ORDERS, max_message_bytes="8000000")},
        ["'g.dead-letters' takes messages of 1,048,588 bytes at most and must take 8,000,000"],
        id="19 letters hold what is read",
    ),
    pytest.param({"orders": changed(ORDERS, max_message_bytes="1000")}, [], id="20 smaller orders"),
]


@pytest.mark.parametrize(("differing", "words"), PROBLEMS)
def test_problems(differing: dict[str, FoundTopic | None], words: list[str]) -> None:
    """One sentence for each topic that differs from the good ones, with what to do."""
    found = {name: topic for name, topic in (GOOD | differing).items() if topic is not None}
    problems = plan().problems(found, 5)
    assert len(problems) == (1 if words else 0), problems
    assert all(word in problem for word in words for problem in problems)


def test_a_small_cluster_needs_no_more_replicas_than_brokers() -> None:
    """A node for development has one."""
    alone = {
        name: FoundTopic(topic.partitions, 1, {**topic.config, "min.insync.replicas": "1"})
        for name, topic in GOOD.items()
    }
    assert plan().problems(alone, 1) == []


async def test_printed_and_created_topics_are_the_same() -> None:
    """On three brokers: what one of the two ways leaves out is found when a broker dies."""
    made: list[NewTopic] = []

    class Client:
        async def describe_cluster(self) -> dict[str, Any]:
            return {"brokers": [{}, {}, {}]}

        async def create_topics(self, topics: list[NewTopic]) -> Any:
            made.extend(topics)
            return SimpleNamespace(topic_errors=[(topic.name, 0) for topic in topics])

    for topic in plan().topics:
        if topic.is_own:
            admin = _KafkaAdmin(Client())
            await admin.create_topic(topic.name, partitions=topic.partitions, config=topic.config)
    for topic, command in zip(made, create_commands(plan(), ["k:1"]), strict=True):
        words = command.split()
        configs = dict(words[n + 1].split("=") for n, word in enumerate(words) if word == "--config")
        assert words[words.index("--topic") + 1] == topic.name
        assert words[words.index("--replication-factor") + 1] == str(topic.replication_factor)
        assert configs == topic.topic_configs
        assert configs["min.insync.replicas"] == "2"


def test_the_plan() -> None:
    """Topics that are read come first; own ones are not read twice; each group once."""
    made = plan()
    assert [(topic.name, topic.is_own) for topic in made.topics] == [
        ("orders", False),
        ("g.events", True),
        ("g.snapshots", True),
        ("g.dead-letters", True),
    ]
    assert made.access == (
        Access("topic", "orders", ("READ",)),
        Access("topic", "g.events", ("READ", "WRITE")),
        Access("topic", "g.snapshots", ("READ", "WRITE")),
        Access("topic", "g.dead-letters", ("WRITE",)),
        Access("group", "g", ("READ",)),
        Access("group", "g.detector", ("READ",)),
    )


def test_commands_can_be_pasted() -> None:
    """Whatever a group is called."""
    odd = plan_of(read=[], groups=["a b';"], events="e", snapshots="s", dead_letters="d")
    (*_, grant) = acl_commands(odd, "User:CN=a, O=b", ["k:1", "l:2"])
    assert grant == (
        "kafka-acls.sh --bootstrap-server k:1,l:2 --add --allow-principal 'User:CN=a, O=b'"
        " --operation Read --group 'a b'\"'\"';' --resource-pattern-type literal"
    )
    assert create_commands(odd, ["k:1"])[2] == (
        "kafka-topics.sh --bootstrap-server k:1 --create --if-not-exists --topic d --partitions 1"
        " --replication-factor 3 --config min.insync.replicas=2 --config cleanup.policy=delete"
        " --config retention.ms=2592000000"
    )


def test_tools_are_told_how_to_log_in() -> None:
    """On a cluster that asks."""
    login = "--command-config admin.properties"
    for command in [
        *acl_commands(plan(), "User:u", ["k:1"], login),
        *create_commands(plan(), ["k:1"], login),
    ]:
        assert f"--bootstrap-server k:1 {login} --" in command


def test_an_app_plans_for_all_its_agents() -> None:
    """With the group of an agent that has one of its own."""
    app = App("g", settings=Settings())
    app.each("orders", "returns")(lambda order: None)
    app.each("audit", group="auditors")(lambda order: None)
    made = app.plant.plan()
    assert [topic.name for topic in made.topics if not topic.is_own] == ["audit", "orders", "returns"]
    groups = [access.name for access in made.access if access.resource == "group"]
    assert groups == ["auditors", "g", "g.detector"]
