"""One identity for every client: aiokafka's options and Faust's credentials from the same source."""

import ssl
from typing import Any

import faust
import pytest
from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials

from stream_pool import App
from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.settings import Settings
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.oauth import ClientCredentials, TokenFile
from stream_pool.stream.security import Security, security_of, security_of_app, security_of_faust

PLANTED = "pl4nted-s3cret"
CONTEXT = ssl.create_default_context()
TOKENS = TokenFile("token")
CLOCK = SystemClock()

FAUSTS = [
    pytest.param(
        SASLCredentials(username="u", password=PLANTED, ssl_context=CONTEXT, mechanism="SCRAM-SHA-512"),
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "u",
            "sasl_plain_password": PLANTED,
            "ssl_context": CONTEXT,
        },
        id="1 SCRAM over TLS",
    ),
    pytest.param(
        SASLCredentials(username="u", password=PLANTED),
        {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "u",
            "sasl_plain_password": PLANTED,
            "ssl_context": None,
        },
        id="2 PLAIN without TLS",
    ),
    pytest.param(
        OAuthCredentials(oauth_cb=TOKENS, ssl_context=CONTEXT),
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_oauth_token_provider": TOKENS,
            "ssl_context": CONTEXT,
        },
        id="3 OAUTHBEARER",
    ),
    pytest.param(
        GSSAPICredentials(kerberos_service_name="kafka", kerberos_domain_name="d", ssl_context=CONTEXT),
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "GSSAPI",
            "sasl_kerberos_service_name": "kafka",
            "sasl_kerberos_domain_name": "d",
            "ssl_context": CONTEXT,
        },
        id="4 GSSAPI",
    ),
    pytest.param(
        SSLCredentials(CONTEXT), {"security_protocol": "SSL", "ssl_context": CONTEXT}, id="5 TLS credentials"
    ),
    pytest.param(CONTEXT, {"security_protocol": "SSL", "ssl_context": CONTEXT}, id="6 a bare context"),
]


@pytest.mark.parametrize(("credentials", "options"), FAUSTS)
def test_fausts_own_credentials_serve_every_client(credentials: Any, options: dict[str, Any]) -> None:
    """They become aiokafka's options, and are handed on as they are; nothing of them is shown."""
    security = security_of_faust(credentials)
    assert security.options == options
    assert security.protocol == options["security_protocol"]
    assert PLANTED not in repr(security)


def test_a_stranger_is_refused() -> None:
    """With what is allowed, and without showing it: it may hold a password."""
    with pytest.raises(MisuseError, match="broker_credentials is a str: ") as caught:
        security_of_faust(PLANTED)
    assert PLANTED not in str(caught.value)


def test_settings_become_the_same_options() -> None:
    """A password by settings is what Faust's credentials of that password are."""
    settings = Settings(
        security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_username="u", sasl_password=PLANTED
    )
    security = security_of(settings, CLOCK)
    assert security.options == security_of_faust(SASLCredentials(username="u", password=PLANTED)).options
    assert isinstance(security.credentials, SASLCredentials)
    assert security_of(Settings(), CLOCK) == Security()


def test_tokens_come_from_a_file_or_an_endpoint() -> None:
    """As the settings say."""
    oauth = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}
    file = security_of(Settings(**oauth, sasl_oauth_token_file="t"), CLOCK)
    assert isinstance(file.options["sasl_oauth_token_provider"], TokenFile)
    url = security_of(
        Settings(
            **oauth,
            sasl_oauth_token_url="https://login.test/token",
            sasl_oauth_client_id="u",
            sasl_oauth_client_secret=PLANTED,
        ),
        CLOCK,
    )
    provider = url.options["sasl_oauth_token_provider"]
    assert isinstance(provider, ClientCredentials)
    assert PLANTED not in repr(provider)


@pytest.mark.parametrize("checked", [True, False])
def test_a_brokers_name_is_checked_unless_told(checked: bool) -> None:
    """Its certificate is, in any case."""
    settings = Settings(security_protocol="SSL", ssl_check_hostname=checked)
    context = security_of(settings, CLOCK).options["ssl_context"]
    assert context.check_hostname is checked
    assert context.verify_mode is ssl.CERT_REQUIRED


FILES = [
    pytest.param({"ssl_cafile": "nowhere.pem"}, "STREAM_POOL_SSL_CAFILE=nowhere.pem cannot be used", id="1"),
    pytest.param({"ssl_certfile": "nowhere.pem"}, "STREAM_POOL_SSL_CERTFILE=nowhere.pem with", id="2"),
]


@pytest.mark.parametrize(("given", "words"), FILES)
def test_a_file_that_is_no_good_is_named(given: dict[str, str], words: str) -> None:
    """An authority or a certificate that is not there."""
    with pytest.raises(MisuseError, match=words):
        security_of(Settings(security_protocol="SSL", **given), CLOCK)


def test_settings_stand_above_the_app() -> None:
    """As they do for the broker's address."""
    of_app = {"broker_credentials": SASLCredentials(username="app", password="x")}
    settings = Settings(
        security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_username="u", sasl_password="x"
    )
    assert security_of_app(settings, of_app, CLOCK).options["sasl_plain_username"] == "u"
    assert security_of_app(Settings(), of_app, CLOCK).options["sasl_plain_username"] == "app"
    assert security_of_app(Settings(), {"ssl_context": CONTEXT}, CLOCK).protocol == "SSL"
    assert security_of_app(Settings(), {}, CLOCK) == Security()


def test_an_app_gives_it_to_its_clients_and_to_faust() -> None:
    """The identity in the app's options is that of our clients and of Faust's producer."""
    credentials = faust.SASLCredentials(username="app", password=PLANTED)
    app = App("g", settings=Settings(), broker_credentials=credentials)
    client = app.plant.host.client
    assert isinstance(client, KafkaClient)
    assert client._connection["sasl_plain_username"] == "app"
    assert app.conf.broker_credentials is credentials
