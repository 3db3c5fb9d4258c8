"""One identity for every client: aiokafka's options and Faust's credentials from the same source."""

import ssl
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import conn
from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials
from structlog.testing import capture_logs

from stream_pool import App
from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.settings import Settings, load_settings
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
def test_fausts_own_credentials_serve_every_client(
    credentials: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They become aiokafka's options, and are handed on as they are; nothing of them is shown."""
    monkeypatch.setattr(conn, "gssapi", object())
    security = security_of_faust(credentials)
    assert security.options == options
    assert security.protocol == options["security_protocol"]
    assert PLANTED not in repr(security)


def test_a_stranger_is_refused() -> None:
    """With what is allowed, and without showing it: it may hold a password."""
    with pytest.raises(MisuseError, match="broker_credentials is a str: ") as caught:
        security_of_faust(PLANTED)
    assert PLANTED not in str(caught.value)


UNUSABLE = [
    pytest.param(SASLCredentials(username="u"), "need username and password", id="1 no password"),
    pytest.param(SASLCredentials(password=PLANTED), "need username and password", id="2 no user"),
    pytest.param(
        SASLCredentials(username="u", password=PLANTED, mechanism="OAUTHBEARER"),
        "SASLCredentials are for PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, not for OAUTHBEARER",
        id="3 no mechanism of passwords",
    ),
    pytest.param(
        OAuthCredentials(oauth_cb=lambda: PLANTED),
        "oauth_cb of OAuthCredentials must be an aiokafka.abc.AbstractTokenProvider",
        id="4 a function for a provider",
    ),
    pytest.param(GSSAPICredentials(), "need the package gssapi, which is not installed", id="5 no Kerberos"),
]


@pytest.mark.parametrize(("credentials", "words"), UNUSABLE)
def test_credentials_that_no_client_could_use_are_refused(
    credentials: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything connects, in one sentence, where aiokafka would fail with a stack trace later."""
    monkeypatch.setattr(conn, "gssapi", None)
    with pytest.raises(MisuseError, match=f"broker_credentials: .*{words}") as caught:
        App("g", settings=Settings(), broker_credentials=credentials)
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


@pytest.mark.parametrize(("mode", "told"), [(0o600, 0), (0o640, 0), (0o644, 1)])
def test_a_secret_that_everybody_can_read_is_told(tmp_path: Path, mode: int, told: int) -> None:
    """And not refused: so orchestrators mount them unless told."""
    file = tmp_path / "password"
    file.write_text(PLANTED)
    file.chmod(mode)
    settings = load_settings(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username="u",
        sasl_password_file=str(file),
    )
    with capture_logs() as lines:
        security_of(settings, CLOCK)
    assert [(line["setting"], line["file"]) for line in lines] == [
        ("STREAM_POOL_SASL_PASSWORD_FILE", str(file))
    ] * told


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
