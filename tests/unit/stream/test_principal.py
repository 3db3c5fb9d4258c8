"""Whom a cluster takes a worker for, where that is known ahead, and what is said where it is not."""

import ssl
from typing import Any

import pytest
from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials

from stream_pool.errors import MisuseError
from stream_pool.settings import Settings
from stream_pool.stream.principal import principal_of

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS = {"security_protocol": "SSL"}
pytestmark = pytest.mark.usefixtures("bare_environment")

KNOWN = [
    pytest.param(None, {}, None, id="1 plain text"),
    pytest.param(SASLCredentials(username="u", password="p"), {}, "User:u", id="2 a user"),
    pytest.param(SSLCredentials(CONTEXT), TLS, None, id="3 TLS without a certificate of ours"),
]


@pytest.mark.parametrize(("credentials", "given", "principal"), KNOWN)
def test_who_it_is(credentials: Any, given: dict[str, Any], principal: str | None) -> None:
    """In Kafka's own words; None proves nothing."""
    assert principal_of(credentials, Settings(**given)) == principal


UNKNOWN = [
    pytest.param(SSLCredentials(CONTEXT), TLS | {"ssl_certfile": "c"}, "distinguished name", id="1 mTLS"),
    pytest.param(SSLCredentials(CONTEXT), {}, "distinguished name", id="2 an app's own context"),
    pytest.param(OAuthCredentials(oauth_cb=None), {}, "`sub`", id="3 a token"),
    pytest.param(GSSAPICredentials(), {}, "Kerberos name", id="4 a ticket"),
]


@pytest.mark.parametrize(("credentials", "given", "words"), UNKNOWN)
def test_what_the_brokers_make_of_it_must_be_told(
    credentials: Any, given: dict[str, Any], words: str
) -> None:
    """With what they do by default."""
    with pytest.raises(MisuseError, match=f"--principal is needed.*By default.*{words}"):
        principal_of(credentials, Settings(**given))
