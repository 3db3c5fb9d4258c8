"""A worker on a cluster that wants to know who asks: every way of proving it, and just the planned rights."""

from pathlib import Path

import pytest
from support import Produced, until
from support.acls import grant
from support.secured import KEY_PASSWORD, PASSWORD, USER, unsigned_token
from support.secured_house import NEEDED, House, user_without
from support.worker import WorkerProcess

pytestmark = pytest.mark.xdist_group("secured Kafka")  # one cluster for all of them

SETTINGS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "mutual TLS"]
OBJECTS = ["SCRAM-SHA-256", "OAUTHBEARER", "mutual TLS"]


@pytest.mark.parametrize("way", SETTINGS)
async def test_every_client_proves_who_it_is(way: str, house: House, tmp_path: Path) -> None:
    """Orders, commits, dead letters, events, lag and detection, with exactly the planned access; and nothing
    that anybody can read has a secret in it."""
    settings = house.identity(way, tmp_path)
    worker = house.worker("each_async", settings)
    await _whole_run(house, worker, tokens=_tokens(tmp_path))


@pytest.mark.parametrize("way", OBJECTS)
async def test_fausts_own_credentials_serve_every_client(way: str, house: House, tmp_path: Path) -> None:
    """The same by its objects in the app, and Faust's own producer with them (`topic.send`)."""
    lab, kafka = house.lab, house.kafka
    out = await lab.topics.create("out")
    line = "kafka-acls.sh --bootstrap-server any --add --operation Write --resource-pattern-type literal"
    await grant(kafka.bootstrap_servers, [f"{line} --allow-principal User:{USER} --topic {out}"])
    token = unsigned_token(USER)
    files = {"cafile": kafka.cafile, "certfile": kafka.certfile, "keyfile": kafka.keyfile}
    secrets = {"user": USER, "password": PASSWORD, "key_password": KEY_PASSWORD, "token": token}
    port = kafka.mtls_port if way == "mutual TLS" else kafka.sasl_port
    worker = house.worker(
        "faust_identity",
        {"broker": f"localhost:{port}"},
        options={"way": way, "out": out, **files, **secrets},
    )
    handled = await _whole_run(house, worker, tokens=[token])
    sent = await lab.cluster.read(out, len(handled))
    assert {record.value for record in sent} == {b"order %d" % offset for offset in handled}


@pytest.fixture(scope="module")
def denied(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, WorkerProcess]:
    """Workers that lack one line of the plan each, all started at once: most of their time is their start."""
    more = {"log_level": "info", "connect_timeout_s": 60}
    return {
        what: house.worker(
            "each_async",
            house.identity("OAUTHBEARER", tmp_path_factory.mktemp("denied"), user_without(what)) | more,
        )
        for what in NEEDED
    }


@pytest.mark.parametrize("what", NEEDED)
async def test_every_planned_access_is_needed(
    what: str, denied: dict[str, WorkerProcess], house: House
) -> None:
    """Without one line of the plan it ends at once, and says what it was about: with 4 without the orders,
    which then look as if they were not there, else with 10."""
    lab, worker = house.lab, denied[what]
    about = {
        "orders": house.topic,
        "events": lab.events_topic,
        "snapshots": lab.snapshots_topic,
        "dead-letters": lab.dead_letters_topic,
        "group": f"'{lab.group}'",
        "detector's group": f"'{lab.group}.detector'",
    }
    assert await worker.exited(timeout_s=150) == (4 if what == "orders" else 10)
    (line,) = worker.said("worker stops")
    assert about[what] in line["error"]
    assert "Traceback" not in worker.text()


async def _whole_run(house: House, worker: WorkerProcess, tokens: list[str]) -> list[int]:
    """Fail where it does not do all that a worker does. The offsets of what was handled."""
    lab, topic = house.lab, house.topic
    logged_before = len(await lab.events())
    poison = Produced({"do": "raise", "by": worker.name})
    places = await lab.cluster.produce(topic, [*({"n": number} for number in range(20)), poison])
    await worker.ready()
    await lab.handled(places[:20])
    await lab.committed(topic, {0: places[20][2] + 1})
    letters = await lab.cluster.read(lab.dead_letters_topic)
    assert letters[-1].value == poison.raw
    await worker.shows(0, "stream_pool_lag_records", topic=topic, partition="0")
    kinds = {"clock.ticked", "lag.sampled", "signals.sampled"}

    async def all_are_logged() -> bool:
        new = (await lab.events())[logged_before:]
        return kinds <= {each.event.TYPE.removeprefix("stream-pool.").removesuffix(".v1") for each in new}

    await until(all_are_logged, worker.told("did not write every kind of event"))
    page = await worker.get("/metrics", 200)
    assert page is not None
    assert await worker.stop() == 0
    await house.shows_no_secret(worker, page, tokens)
    return [offset for _, _, offset in places[:20]]


def _tokens(directory: Path) -> list[str]:
    file = directory / "token"
    return [file.read_text()] if file.exists() else []
