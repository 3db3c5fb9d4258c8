"""What to look at where a broker and a worker do not take each other for who they say."""

import ssl

import pytest
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from stream_pool.stream import authentication
from stream_pool.stream.authentication import first_word, remedy
from stream_pool.stream.oauth import TokenRefused, TokenUnavailable


def tls_error(kind: type[ssl.SSLError], **attributes: object) -> ssl.SSLError:
    """One as OpenSSL makes it."""
    error = kind(1, "planted")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


REMEDIES = [
    pytest.param(SaslAuthenticationFailed("no"), "STREAM_POOL_SASL_*", id="1 password or token"),
    pytest.param(UnsupportedSaslMechanismError(), "STREAM_POOL_SASL_MECHANISM", id="2 mechanism"),
    pytest.param(IllegalSaslStateError(), "STREAM_POOL_SASL_MECHANISM", id="3 a listener without SASL"),
    pytest.param(TokenRefused("401"), "STREAM_POOL_SASL_OAUTH_CLIENT_ID", id="4 client secret"),
    pytest.param(
        tls_error(ssl.SSLCertVerificationError, verify_code=20), "STREAM_POOL_SSL_CAFILE", id="5 authority"
    ),
    pytest.param(tls_error(ssl.SSLCertVerificationError, verify_code=10), "has expired", id="6 expired"),
    pytest.param(
        tls_error(ssl.SSLCertVerificationError, verify_code=62),
        "STREAM_POOL_SSL_CHECK_HOSTNAME",
        id="7 another name",
    ),
    pytest.param(
        tls_error(ssl.SSLCertVerificationError, verify_code=64),
        "STREAM_POOL_SSL_CHECK_HOSTNAME",
        id="8 another address",
    ),
    pytest.param(
        tls_error(ssl.SSLError, reason="TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        "STREAM_POOL_SSL_CERTFILE",
        id="9 the broker wants a certificate",
    ),
    pytest.param(
        tls_error(ssl.SSLError, reason="WRONG_VERSION_NUMBER"),
        "STREAM_POOL_SECURITY_PROTOCOL",
        id="10 no TLS there",
    ),
]


@pytest.mark.parametrize(("error", "setting"), REMEDIES)
def test_a_refusal_has_its_remedy(error: BaseException, setting: str) -> None:
    """The setting at fault, or whose it is to act."""
    told = remedy(error)
    assert told is not None
    assert setting in told


PASSING = [
    pytest.param(ConnectionRefusedError(), id="1 nobody listens"),
    pytest.param(TimeoutError(), id="2 nobody answers"),
    pytest.param(KafkaConnectionError("closed"), id="3 a connection that was lost"),
    pytest.param(tls_error(ssl.SSLEOFError), id="4 a handshake cut short, as by a broker that is coming up"),
    pytest.param(TokenUnavailable("503"), id="5 a token endpoint that is away"),
]


@pytest.mark.parametrize("error", PASSING)
def test_what_may_pass_is_no_refusal(error: BaseException) -> None:
    """It is tried again for as long as there is time."""
    assert remedy(error) is None


REFUSED = SaslAuthenticationFailed("no")
AWAY, CUT = OSError("away"), KafkaConnectionError("cut short")

WORDS = [
    pytest.param([None], None, 1, id="1 taken"),
    pytest.param([AWAY], AWAY, 1, id="2 nobody there"),
    pytest.param([AWAY, REFUSED], REFUSED, 2, id="3 the next one refuses"),
    pytest.param([REFUSED, None], REFUSED, 1, id="4 a refusal ends it"),
    pytest.param([AWAY, None, REFUSED], None, 2, id="5 so does a welcome"),
    pytest.param([AWAY, CUT], AWAY, 2, id="6 the first failure tells"),
]


@pytest.mark.parametrize(("answers", "told", "asked"), WORDS)
async def test_the_servers_are_asked_in_turn(
    answers: list[Exception | None], told: Exception | None, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until one takes us or refuses us: one that is away says nothing of who we are."""
    ports: list[int] = []

    class Connection:
        async def close(self) -> None: ...

    async def create(host: str, port: int, **options: object) -> Connection:
        assert (host, options) == ("127.0.0.1", {"security_protocol": "SASL_SSL"})
        ports.append(port)
        if (answer := answers[port]) is not None:
            raise answer
        return Connection()

    monkeypatch.setattr(authentication, "create_conn", create)
    servers = [f"127.0.0.1:{port}" for port in range(len(answers))]
    heard = await first_word({"bootstrap_servers": servers, "security_protocol": "SASL_SSL"}, 60.0)
    assert heard is told
    assert ports == list(range(asked))
