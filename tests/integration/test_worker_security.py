"""A worker on a cluster that wants to know who asks: every way of proving it, just the planned rights."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka_topics import Topics
from support import Lab
from support.secured import KEY_PASSWORD, PASSWORD, USER, SecuredKafka, unsigned_token
from support.waiting import until

pytestmark = pytest.mark.xdist_group("secured Kafka")  # one cluster for all of them

PLANTED = (PASSWORD, KEY_PASSWORD)
NEEDED = ("orders", "events", "snapshots", "dead-letters", "group", "detector's group")
"""The lines of the plan. For each there is a user who has all but that."""


@dataclass(frozen=True, slots=True)
class House:
    """The cluster, and a laboratory that comes by the plain listener, where it may do everything."""

    kafka: SecuredKafka
    lab: Lab
    topic: str


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """One cluster for all of them."""
    own = SecuredKafka(tmp_path_factory.mktemp("keys"))
    try:
        if (missing := own.missing()) is not None:
            pytest.skip(f"needs an Apache Kafka of its own, and so {missing}")
        own.start()
        yield own
    finally:
        own.stop()


@pytest.fixture(scope="module")
def house(secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Topics made by `stream-pool topics --create`, access granted by what its `--print` printed."""
    lab = Lab(Topics(secured.bootstrap_servers), tmp_path_factory.mktemp("lab"))
    topic = asyncio.run(lab.topics.create())
    _ended(lab, topic, "--create")
    assert _ended(lab, topic, "--check") == ["all 4 topics are as they must be"]
    printed = _ended(lab, topic, "--print", "--principal", "User:somebody")
    grants = [line for line in printed if line.startswith("kafka-acls.sh ")]
    assert len(grants) == len(NEEDED)
    users = [_without(what) for what in NEEDED]
    secured.allow(
        grant.replace(
            "--allow-principal User:somebody",
            " ".join(f"--allow-principal 'User:{user}'" for user in [USER, *users[:at], *users[at + 1 :]]),
        )
        for at, grant in enumerate(grants)
    )
    yield House(secured, lab, topic)
    lab.close()


def _ended(lab: Lab, topic: str, *arguments: str) -> list[str]:
    """What `stream-pool topics` prints for the app on this topic; it must end with 0."""
    command = ("stream_pool.cli.main", "topics", "-A", "each_async", *arguments)
    run = lab.worker("", topic, command=command, name=f"topics{arguments[0]}")
    assert run.process.wait(60) == 0, run.text()
    return run.text().splitlines()


def _without(what: str) -> str:
    return f"without {what}".replace("'", "").replace(" ", "-")


def _identity(way: str, kafka: SecuredKafka, directory: Path, user: str = USER) -> dict[str, Any]:
    """The settings of one way to prove who the worker is."""
    trust = {"ssl_cafile": kafka.cafile}
    if way == "mutual TLS":
        return trust | {
            "broker": f"localhost:{kafka.mtls_port}",
            "security_protocol": "SSL",
            "ssl_certfile": kafka.certfile,
            "ssl_keyfile": kafka.keyfile,
            "ssl_key_password": KEY_PASSWORD,
        }
    sasl = trust | {
        "broker": f"localhost:{kafka.sasl_port}",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": way,
    }
    if way == "OAUTHBEARER":
        (directory / "token").write_text(unsigned_token(user))
        return sasl | {"sasl_oauth_token_file": directory / "token"}
    (directory / "password").write_text(f"{PASSWORD}\n")
    return sasl | {"sasl_username": user, "sasl_password_file": directory / "password"}


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "mutual TLS"])
async def test_every_client_proves_who_it_is(way: str, house: House, tmp_path: Path) -> None:
    """Orders, commits, dead letters, events, lag and detection, with exactly the planned access; and nothing
    that anybody can read has a secret in it."""
    lab, topic = house.lab, house.topic
    orders = [*({"n": number} for number in range(20)), {"do": "raise", "way": way}]
    places = await lab.cluster.produce(topic, orders)
    worker = lab.worker(
        "each_async",
        topic,
        name=way.replace(" ", "-"),
        options={"retries": 0},
        detector_enabled=True,
        detector_window_s=0.3,
        log_level="debug",
        **_identity(way, house.kafka, tmp_path),
    )
    await worker.ready()
    await lab.handled(places[:20])
    await lab.committed(topic, {0: places[20][2] + 1})
    letters = await lab.cluster.read(lab.dead_letters_topic)
    assert letters[-1].value == b'{"do":"raise","way":"%b"}' % way.encode()
    await worker.shows(0, "stream_pool_lag_records", topic=topic, partition="0")
    kinds = {"detector.configured", "clock.ticked", "lag.sampled", "signals.sampled"}

    async def all_are_logged() -> bool:
        logged = {each.event.TYPE for each in await lab.events()}
        return kinds <= {kind.removeprefix("stream-pool.").removesuffix(".v1") for kind in logged}

    await until(all_are_logged, worker.told("did not write every kind of event"))
    page = await worker.get("/metrics", 200)
    assert await worker.stop() == 0
    records = await lab.cluster.read(lab.events_topic) + letters
    written = b"".join(record.value + repr(record.headers).encode() for record in records).decode()
    assert page is not None
    token = [(tmp_path / "token").read_text()] if way == "OAUTHBEARER" else []
    for secret in [*PLANTED, *token]:
        assert secret not in worker.text()
        assert secret not in page
        assert secret not in written


WRONG = [
    pytest.param({"sasl_mechanism": "PLAIN"}, "SaslAuthenticationFailed", id="1 password of PLAIN"),
    pytest.param({"sasl_mechanism": "SCRAM-SHA-512"}, "SaslAuthenticationFailed", id="2 password of SCRAM"),
    pytest.param({"ssl_cafile": ""}, "CERTIFICATE_VERIFY_FAILED", id="3 an authority that nobody trusts"),
]


@pytest.mark.parametrize(("changed", "words"), WRONG)
async def test_who_is_not_recognized_is_told_at_once(
    changed: dict[str, str], words: str, house: House, tmp_path: Path
) -> None:
    """Its own exit code: no waiting makes it right. The message has the cause and not the secret."""
    settings = _identity("PLAIN", house.kafka, tmp_path) | changed
    (tmp_path / "password").write_text("wr0ng-and-planted")
    worker = house.lab.worker("each_async", house.topic, connect_timeout_s=60, **settings)
    assert await worker.exited() == 10
    (line,) = worker.said("worker stops", reason="access_denied")
    assert words in line["error"]
    assert "wr0ng-and-planted" not in worker.text()


@pytest.mark.parametrize("what", NEEDED)
async def test_every_planned_access_is_needed(what: str, house: House, tmp_path: Path) -> None:
    """Without one line of the plan it ends at once, and says what it was about: with 4 without the orders,
    which then look as if they were not there, else with 10."""
    lab = house.lab
    about = {
        "orders": house.topic,
        "events": lab.events_topic,
        "snapshots": lab.snapshots_topic,
        "dead-letters": lab.dead_letters_topic,
        "group": f"'{lab.group}'",
        "detector's group": f"'{lab.group}.detector'",
    }
    user = _without(what)
    settings = _identity("OAUTHBEARER", house.kafka, tmp_path, user)
    worker = lab.worker(
        "each_async", house.topic, name=user, detector_enabled=True, connect_timeout_s=60, **settings
    )
    assert await worker.exited() == (4 if what == "orders" else 10)
    (line,) = worker.said("worker stops")
    assert about[what] in line["error"]
