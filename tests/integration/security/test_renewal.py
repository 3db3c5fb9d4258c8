"""A worker outlives its own proof: tokens and certificates that end, brokers that want to see it again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support import until
from support.ledger import Place
from support.secured import CLIENT_SECRET, USER, unsigned_token
from support.secured_house import House
from support.token_endpoint import TokenEndpoint
from support.worker import WorkerProcess
from trustme import KeyType

from stream_pool import App
from stream_pool.settings import load_settings

pytestmark = pytest.mark.xdist_group("secured Kafka")  # one cluster for all of them

LIFE_S = 4


async def test_tokens_are_renewed_and_their_endpoint_may_be_away(
    house: House, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    """A broker ends a connection with its token. The next one has a new token, and waits for it where the
    endpoint is away; nothing is lost, and no secret and no token is ever shown."""
    lab, topic = house.lab, house.topic
    given: list[str] = []

    def answer() -> dict[str, object]:
        given.append(unsigned_token(USER, LIFE_S + 1))
        return {"access_token": given[-1], "expires_in": LIFE_S}

    endpoint.answer = answer
    worker = house.worker("each_async", house.client(endpoint, tmp_path))
    await worker.ready()
    places = await _produced_until(house, lambda: len(given) >= 4, worker)
    endpoint.stop()
    away = "cannot be asked"
    places += await _produced_until(house, lambda: away in worker.text(), worker)
    endpoint.start()
    await lab.handled(places)
    await lab.committed(topic, {0: places[-1][2] + 1})
    page = await worker.get("/metrics", 200)
    assert await worker.stop() == 0
    assert page is not None
    await house.shows_no_secret(worker, page, given)
    assert {user for user, _ in endpoint.asked} == {f"{USER}:{CLIENT_SECRET}"}


async def test_connections_that_a_broker_ends_are_made_anew(house: House, tmp_path: Path) -> None:
    """With `connections.max.reauth.ms` a broker closes those that do not prove themselves again (KIP-368),
    which the client does not: a worker loses nothing by it, not even its partitions."""
    lab, topic = house.lab, house.topic
    brief = {"broker": f"localhost:{house.kafka.brief_port}", "session_timeout_ms": 30_000}
    worker = house.worker("each_async", house.identity("SCRAM-SHA-512", tmp_path) | brief)
    await worker.ready()
    await worker.says("partitions assigned", group=f"{lab.group}.detector")
    began, assignments = _times_recognized(worker), await worker.metric("stream_pool_rebalances_total")
    places = await _produced_until(house, lambda: _times_recognized(worker) >= began + 10, worker)
    places += await lab.cluster.produce(topic, [{"do": "raise"}])
    await lab.handled(places[:-1])
    await lab.committed(topic, {0: places[-1][2] + 1})
    assert await worker.metric("stream_pool_rebalances_total") == assignments
    assert await worker.stop() == 0


async def test_a_certificate_that_is_renewed_is_shown_by_the_next_connection(
    house: House, tmp_path: Path
) -> None:
    """As a broker sees it: of the first nobody may see the orders, of the second the worker may."""
    settings = house.identity("mutual TLS", tmp_path)
    file = tmp_path / "client.pem"
    given = settings | {"ssl_certfile": file, "ssl_keyfile": "", "ssl_key_password": ""}
    given["broker"] = f"kafka://{given['broker']}"

    def renew(user: str) -> None:
        made = house.kafka.authority.issue_cert("client.test", common_name=user, key_type=KeyType.RSA)
        new = tmp_path / "new"
        made.private_key_and_cert_chain_pem.write_to_path(new)
        new.replace(file)

    async def seen() -> list[str]:
        async with client.admin(timeout_s=30) as admin:
            return list(await admin.partition_counts([house.topic]))

    renew("nobody")
    app = App("g", settings=load_settings(**{name: str(value) for name, value in given.items()}))
    client = app.plant.host.client
    assert await seen() == []
    renew(USER)
    assert await seen() == [house.topic]


async def _produced_until(house: House, holds: Callable[[], bool], worker: WorkerProcess) -> list[Place]:
    """The places of records that were produced, one after the other, until it was so."""
    places: list[Place] = []

    async def so() -> bool:
        places.extend(await house.lab.cluster.produce(house.topic, [{"n": len(places)}]))
        return holds()

    await until(so, worker.told("did not come so far"), 45.0)
    return places


def _times_recognized(worker: WorkerProcess) -> int:
    return worker.text().count(f"Authenticated as {USER}")
