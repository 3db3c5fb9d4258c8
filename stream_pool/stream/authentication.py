"""Why a broker and a worker do not take each other for who they say, and what to look at.

The idea: a client's own error is only that it could not begin, so one connection is made to hear what the
broker says. What no waiting makes right is told from what may pass: a broker that is just coming up cuts
handshakes short, too, and so may what stands before it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka import conn
from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from stream_pool.stream.oauth import TokenRefused

_PASSING = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_ANOTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


def remedy(error: BaseException) -> str | None:
    """What to look at where one side refuses the other; None where it is something else, or may pass."""
    match error:
        case TokenRefused():
            return "STREAM_POOL_SASL_OAUTH_CLIENT_ID, _CLIENT_SECRET and _SCOPE say who asks, and what for"
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return "STREAM_POOL_SASL_MECHANISM must be one that this listener offers"
        case SaslAuthenticationFailed():
            return "STREAM_POOL_SASL_* (user and password, or the token) say who the worker is"
        case ssl.SSLCertVerificationError(verify_code=code) if code == _EXPIRED:
            return "the broker's certificate has expired: it is the broker's to renew, if this clock is right"
        case ssl.SSLCertVerificationError(verify_code=code) if code in _ANOTHER_NAME:
            return (
                "the broker's certificate is for another name: use that one in STREAM_POOL_BROKER and in the "
                "advertised listener, or switch off STREAM_POOL_SSL_CHECK_HOSTNAME"
            )
        case ssl.SSLCertVerificationError():
            return "STREAM_POOL_SSL_CAFILE must have the authority that signed the broker's certificate"
        case ssl.SSLError() if isinstance(error, _PASSING):
            return None
        case ssl.SSLError(reason=str(reason)) if "ALERT" in reason:
            return (
                "the broker wants another certificate: STREAM_POOL_SSL_CERTFILE, with STREAM_POOL_SSL_KEYFILE"
            )
        case ssl.SSLError():
            return "STREAM_POOL_SECURITY_PROTOCOL must be what this listener speaks"
    return None


async def first_word(connection: Mapping[str, Any], timeout_s: float) -> BaseException | None:
    """What the servers, asked in turn, say to one connection each: the first refusal, or else why the first
    failed; None where one takes it.

    None, too, where there is nobody to recognize, or nothing is heard in time.
    """
    if timeout_s <= 0 or connection.get("security_protocol", "PLAINTEXT") == "PLAINTEXT":
        return None
    options = {name: value for name, value in connection.items() if name != "bootstrap_servers"}
    heard: BaseException | None = None
    try:
        async with asyncio.timeout(timeout_s):
            for server in connection["bootstrap_servers"]:
                answer = await _answer(server, options)
                if answer is None or remedy(answer) is not None:
                    return answer
                heard = heard or answer
    except TimeoutError:
        pass
    return heard


async def _answer(server: str, options: Mapping[str, Any]) -> BaseException | None:
    host, _, port = server.rpartition(":")
    try:
        client = await create_conn(host.strip("[]"), int(port), **options)
    except (OSError, KafkaError) as error:
        return _cause(error)
    await client.close()
    return None


def _cause(error: BaseException) -> BaseException:
    """TLS 1.3 refuses a client's certificate after the handshake: then it is beneath a lost connection."""
    return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error


def heed_refused_tokens() -> None:
    """Let every client of this process see that its token is refused.

    A broker says so by a challenge and not by an error (RFC 7628, 3.2.3), which aiokafka takes for a welcome:
    a client then begins with a cluster of no brokers. There is no other way to its authenticator.
    """
    conn.OAuthAuthenticator = _HeedfulAuthenticator


class _HeedfulAuthenticator(conn.OAuthAuthenticator):  # type: ignore[misc]  # aiokafka has no types
    async def step(self, challenge: bytes | None) -> tuple[bytes, bool] | None:
        if challenge:
            raise SaslAuthenticationFailed(f"the token is refused: {challenge.decode(errors='replace')}")
        answer: tuple[bytes, bool] | None = await super().step(challenge)
        return answer
