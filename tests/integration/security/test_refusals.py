"""What is said where a cluster and a worker do not take each other for who they say: soon, and clearly."""

import asyncio
import logging
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from support import until
from support.secured import CLIENT_SECRET, KEY_PASSWORD, PASSWORD, USER, SecuredKafka, unsigned_token
from support.secured_house import House, forms_of
from support.token_endpoint import TokenEndpoint

from stream_pool import App
from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.settings import load_settings

pytestmark = pytest.mark.xdist_group("secured Kafka")  # one cluster for all of them

CONNECT_S = 1.5
"""How long a case tries that waits for better times."""
AT_ONCE_S = 20.0
"""And one that must not wait: never so long, if the machine is not very busy."""
HANG_UP_S = 5.0
"""After either, for what is still open; it takes a second at most, on a machine with nothing else to do."""
WRONG = "wr0ng-and-planted"
SECRETS = forms_of(PASSWORD, KEY_PASSWORD, CLIENT_SECRET, WRONG)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
DENIED, UNAVAILABLE, MISUSE = ExitCode.ACCESS_DENIED, ExitCode.BROKER_UNAVAILABLE, ExitCode.MISUSE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case finds what it gets wrong."""

    kafka: SecuredKafka
    endpoint: TokenEndpoint
    directory: Path
    impostors: dict[str, int]
    """Ports of servers by the fault of their certificates."""

    def right(self, way: str, house: House) -> dict[str, Any]:
        """The settings that are right, before a case changes them."""
        match way:
            case "plain text":
                return {}
            case "client":
                return house.client(self.endpoint, self.directory)
        return house.identity(way, self.directory)

    def file(self, name: str, content: str) -> Path:
        path = self.directory / name
        path.write_text(content)
        return path

    def client(self, authority: trustme.CA, **fault: Any) -> dict[str, Any]:
        """The settings of a client's certificate by this authority, its key in the same file."""
        made = authority.issue_cert("client.test", common_name=USER, key_type=trustme.KeyType.RSA, **fault)
        file = self.directory / "client.pem"
        made.private_key_and_cert_chain_pem.write_to_path(file)
        return {"ssl_certfile": file, "ssl_keyfile": "", "ssl_key_password": ""}


@pytest.fixture
async def place(house: House, endpoint: TokenEndpoint, tmp_path: Path) -> AsyncIterator[Place]:
    """All of it."""
    authority = house.kafka.authority
    async with (
        _listening(authority.issue_cert("localhost", not_after=YESTERDAY)) as expired,
        _listening(authority.issue_cert("elsewhere.test")) as another,
    ):
        ports = {"expired": expired, "another name": another}
        yield Place(house.kafka, endpoint, tmp_path, ports)


@asynccontextmanager
async def _listening(certificate: trustme.LeafCert) -> AsyncIterator[int]:
    """The port of a server with this certificate that says nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    async with await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
    ) as it:
        yield it.sockets[0].getsockname()[1]


def _at(port: int) -> dict[str, Any]:
    return {"broker": f"localhost:{port}"}


Change = Callable[[Place], dict[str, Any]]
CASES: list[Any] = [
    pytest.param(
        "PLAIN",
        lambda p: {"sasl_password_file": p.file("w", WRONG)},
        DENIED,
        "STREAM_POOL_SASL_",
        id="1 another password of PLAIN",
    ),
    pytest.param(
        "SCRAM-SHA-512",
        lambda p: {"sasl_password_file": p.file("w", WRONG)},
        DENIED,
        "STREAM_POOL_SASL_",
        id="2 another password of SCRAM",
    ),
    pytest.param(
        "SCRAM-SHA-256",
        lambda p: {"sasl_username": "nobody"},
        DENIED,
        "STREAM_POOL_SASL_",
        id="3 nobody's name",
    ),
    pytest.param(
        "PLAIN",
        lambda p: _at(p.kafka.brief_port),
        DENIED,
        "STREAM_POOL_SASL_MECHANISM",
        id="4 a mechanism that is not offered",
    ),
    pytest.param(
        "OAUTHBEARER",
        lambda p: {"sasl_oauth_token_file": p.file("t", unsigned_token(USER, -60))},
        DENIED,
        "invalid_token",
        id="5 a token that has ended",
    ),
    pytest.param(
        "OAUTHBEARER",
        lambda p: {"sasl_oauth_token_file": p.directory / "gone"},
        UNAVAILABLE,
        "no token for the broker was had",
        id="6 no token file",
    ),
    pytest.param(
        "client",
        lambda p: _answers(p.endpoint, 401),
        DENIED,
        "STREAM_POOL_SASL_OAUTH_CLIENT_ID",
        id="7 a client whom the endpoint refuses",
    ),
    pytest.param(
        "client",
        lambda p: _answers(p.endpoint, 503),
        UNAVAILABLE,
        "answered 503",
        id="8 an endpoint in trouble",
    ),
    pytest.param(
        "client",
        lambda p: p.endpoint.stop() or {},
        UNAVAILABLE,
        "no token for the broker was had",
        id="9 nobody at the endpoint",
    ),
    pytest.param(
        "PLAIN",
        lambda p: {"ssl_cafile": ""},
        DENIED,
        "STREAM_POOL_SSL_CAFILE",
        id="10 an authority that nobody trusts",
    ),
    pytest.param(
        "PLAIN",
        lambda p: _at(p.impostors["expired"]),
        DENIED,
        "has expired",
        id="11 a broker whose certificate has expired",
    ),
    pytest.param(
        "PLAIN",
        lambda p: _at(p.impostors["another name"]),
        DENIED,
        "STREAM_POOL_SSL_CHECK_HOSTNAME",
        id="12 a broker of another name",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: {"ssl_certfile": "", "ssl_keyfile": "", "ssl_key_password": ""},
        DENIED,
        "STREAM_POOL_SSL_CERTFILE",
        id="13 no certificate of ours",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: p.client(trustme.CA()),
        DENIED,
        "STREAM_POOL_SSL_CERTFILE",
        id="14 ours by a strange authority",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: p.client(p.kafka.authority, not_after=YESTERDAY),
        DENIED,
        "STREAM_POOL_SSL_CERTFILE",
        id="15 ours has expired",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: {"ssl_key_password": WRONG},
        MISUSE,
        "STREAM_POOL_SSL_KEY_PASSWORD is not",
        id="16 another password of our key",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: {"ssl_keyfile": p.directory / "gone"},
        MISUSE,
        "STREAM_POOL_SSL_KEYFILE",
        id="17 our key is not there",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: _at(p.kafka.sasl_port),
        UNAVAILABLE,
        "STREAM_POOL_SECURITY_PROTOCOL",
        id="18 TLS alone where SASL is wanted",
    ),
    pytest.param(
        "mutual TLS",
        lambda p: {"broker": p.kafka.bootstrap_servers},
        UNAVAILABLE,
        "STREAM_POOL_SECURITY_PROTOCOL",
        id="19 TLS where none is spoken",
    ),
    pytest.param(
        "plain text",
        lambda p: _at(p.kafka.sasl_port),
        UNAVAILABLE,
        "STREAM_POOL_SECURITY_PROTOCOL",
        id="20 plain text where TLS is spoken",
    ),
]


@pytest.mark.parametrize(("way", "change", "code", "words"), CASES)
async def test_a_refusal_names_what_to_look_at(
    way: str,
    change: Change,
    code: ExitCode,
    words: str,
    place: Place,
    house: House,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With its exit code, within the time to connect, and with no secret in the error, what is beneath it, or
    any log."""
    caplog.set_level(logging.DEBUG)
    given = {name: str(value) for name, value in {**place.right(way, house), **change(place)}.items()}
    timeout_s = CONNECT_S if code is UNAVAILABLE else AT_ONCE_S
    with pytest.raises(StreamPoolError) as caught:
        await asyncio.wait_for(_come_in(given, timeout_s), timeout_s + HANG_UP_S)
    await until(_all_is_closed, "connections stay open")
    error = caught.value
    assert (error.exit_code, words in str(error)) == (code, True), error
    told = "".join([*traceback.format_exception(error), repr(error), caplog.text])
    assert not [secret for secret in SECRETS if secret in told]


async def _come_in(given: dict[str, Any], timeout_s: float) -> None:
    settings = load_settings(**given | {"broker": f"kafka://{given['broker']}"})
    app = App("g", settings=settings)
    async with app.plant.host.client.admin(timeout_s=timeout_s):
        pass


def _all_is_closed() -> bool:
    """TLS says goodbye, which the client does not wait for; a loop that ends meanwhile leaves a warning."""
    transports: Any = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]  # no public way
    return all(each._sock is None for each in list(transports.values()))


def _answers(endpoint: TokenEndpoint, status: int) -> dict[str, Any]:
    endpoint.status = status
    endpoint.answer = {"error": CLIENT_SECRET}
    return {}


PROCESSES = [
    pytest.param("PLAIN", {"sasl_username": "nobody"}, 10, id="1 not recognized"),
    pytest.param("mutual TLS", {"ssl_key_password": WRONG}, 2, id="2 a key that does not open"),
    pytest.param("client", {"connect_timeout_s": CONNECT_S}, 3, id="3 nobody at the token endpoint"),
]


@pytest.mark.parametrize(("way", "changed", "code"), PROCESSES)
async def test_a_worker_that_is_refused_says_so_in_a_line(
    way: str, changed: dict[str, Any], code: int, place: Place, house: House
) -> None:
    """And ends with the error's exit code: no stack trace, and no secret at the most talkative level."""
    place.endpoint.stop()
    worker = house.worker("each_async", place.right(way, house) | changed)
    assert await worker.exited() == code
    assert "STREAM_POOL_" in worker.text() or place.endpoint.url in worker.text()
    assert "Traceback" not in worker.text()
    assert not [secret for secret in SECRETS if secret in worker.text()]
