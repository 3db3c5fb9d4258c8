"""Which settings of security go together, where secrets may come from, and that none is ever shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from stream_pool import App
from stream_pool.errors import MisuseError
from stream_pool.settings import SECRETS, Settings, load_settings, shown, variable, with_broker
from stream_pool.stream.kafka import KafkaClient

PLANTED = "pl4nted-s3cret"
PASSWORD = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "worker"}
TOKEN_URL = {
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "OAUTHBEARER",
    "sasl_oauth_token_url": "https://login.test/token",
    "sasl_oauth_client_id": "worker",
}


pytestmark = pytest.mark.usefixtures("bare_environment")


REFUSED = [
    pytest.param({"ssl_cafile": "ca.pem"}, "SSL_CAFILE is set, but", id="1 an authority without TLS"),
    pytest.param(
        {"security_protocol": "SSL", "ssl_keyfile": "k"},
        "SSL_KEYFILE needs",
        id="2 a key without certificate",
    ),
    pytest.param({"sasl_mechanism": "PLAIN"}, "SASL_MECHANISM is set, but", id="3 a mechanism without SASL"),
    pytest.param({"sasl_password": PLANTED}, "SASL_PASSWORD is set, but", id="3a a password without SASL"),
    pytest.param(
        {"ssl_check_hostname": False}, "SSL_CHECK_HOSTNAME is set, but", id="3b no check without TLS"
    ),
    pytest.param({"security_protocol": "SASL_SSL"}, "needs STREAM_POOL_SASL_MECHANISM", id="4 no mechanism"),
    pytest.param(
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"},
        "needs STREAM_POOL_SASL_USERNAME",
        id="5 no user",
    ),
    pytest.param(
        PASSWORD, "needs STREAM_POOL_SASL_PASSWORD or STREAM_POOL_SASL_PASSWORD_FILE", id="6 no word"
    ),
    pytest.param(
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
        "needs one of STREAM_POOL_SASL_OAUTH_TOKEN_FILE and STREAM_POOL_SASL_OAUTH_TOKEN_URL",
        id="7 no source of tokens",
    ),
    pytest.param(TOKEN_URL | {"sasl_oauth_token_file": "t"}, "needs one of", id="8 two sources of tokens"),
    pytest.param(TOKEN_URL, "needs STREAM_POOL_SASL_OAUTH_CLIENT_SECRET or", id="9 no client secret"),
    pytest.param(TOKEN_URL | {"sasl_oauth_client_id": ""}, "CLIENT_ID", id="10 no client id"),
    pytest.param(
        TOKEN_URL | {"sasl_oauth_token_url": "http://login.test/token"}, "begin with https://", id="11 no TLS"
    ),
    pytest.param(
        TOKEN_URL | {"sasl_oauth_token_url": "http://localhost.evil.test/"}, "https://", id="12 looks local"
    ),
    pytest.param(
        TOKEN_URL | {"sasl_oauth_token_url": f"https://me:{PLANTED}@login.test/"}, "no user", id="13 a user"
    ),
    pytest.param(
        TOKEN_URL | {"sasl_oauth_token_url": f"https://login.test/?s={PLANTED}"}, "no user", id="14 a query"
    ),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_what_does_not_go_together_is_refused(given: dict[str, str], words: str) -> None:
    """One sentence that names the variable to set."""
    with pytest.raises(MisuseError) as caught:
        load_settings(**given)
    assert words in str(caught.value)
    assert PLANTED not in str(caught.value)


ACCEPTED = [
    pytest.param({}, id="1 plain text"),
    pytest.param({"security_protocol": "SSL"}, id="2 TLS with the system's authorities"),
    pytest.param(PASSWORD | {"sasl_password": "x"}, id="3 a password"),
    pytest.param(PASSWORD | {"sasl_password": "x", "security_protocol": "SASL_PLAINTEXT"}, id="4 no TLS"),
    pytest.param(TOKEN_URL | {"sasl_oauth_client_secret": "x"}, id="5 a token endpoint"),
    pytest.param(
        TOKEN_URL | {"sasl_oauth_client_secret": "x", "sasl_oauth_token_url": "http://127.0.0.1:1/"},
        id="6 one on this machine",
    ),
]


@pytest.mark.parametrize("given", ACCEPTED)
def test_what_goes_together_is_taken(given: dict[str, str]) -> None:
    """Nothing more is asked for."""
    load_settings(**given)


@pytest.mark.parametrize(
    "ending", ["", "\n", "\r\n"], ids=["1 bare", "2 with a newline", "3 with Windows' own"]
)
def test_a_secret_comes_from_a_file(tmp_path: Path, ending: str) -> None:
    """The end of a line is not part of it; other white space is."""
    file = tmp_path / "password"
    file.write_bytes(f" {PLANTED} {ending}".encode())
    settings = load_settings(**PASSWORD, sasl_password_file=str(file))
    assert settings.sasl_password.get_secret_value() == f" {PLANTED} "


BAD_FILES = [
    pytest.param(None, "cannot be read: No such file or directory", id="1 not there"),
    pytest.param(b"", "must have from 1 to 65536 bytes", id="2 empty"),
    pytest.param(b"\n", "must have from 1 to 65536 bytes", id="3 an empty line"),
    pytest.param(PLANTED.encode() * 5_000, "must have from 1 to 65536 bytes", id="4 no secret is so long"),
    pytest.param(PLANTED.encode() + b"\xff", "is not UTF-8", id="5 not UTF-8"),
]


@pytest.mark.parametrize(("content", "words"), BAD_FILES)
def test_a_secret_file_that_is_no_good_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    """With the variable and the path, and nothing of what is in it."""
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MisuseError) as caught:
        load_settings(**PASSWORD, sasl_password_file=str(file))
    assert str(caught.value) == f"STREAM_POOL_SASL_PASSWORD_FILE={file} {words}"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_set_once(tmp_path: Path, name: str) -> None:
    """In the environment or in a file: two may differ, and nobody would know which one counts."""
    file = tmp_path / "secret"
    file.write_text(PLANTED)
    with pytest.raises(
        MisuseError, match=f"{variable(name)} and {variable(name)}_FILE are both set"
    ) as caught:
        load_settings(**{name: PLANTED, f"{name}_file": str(file)})
    assert PLANTED not in str(caught.value)


BROKERS = ["w:{}@broker:9092", "w:a/{},x@broker", "a:9092,w:{};b@c:9092", "w:{}@x@broker"]


@pytest.mark.parametrize("address", BROKERS)
def test_what_stands_before_a_brokers_name_is_masked(address: str) -> None:
    """Whatever characters a password has."""
    with pytest.raises(MisuseError) as caught:
        load_settings(broker=f"kafka://{address.format(PLANTED)}")
    assert PLANTED not in str(caught.value)
    assert str(caught.value).startswith("STREAM_POOL_BROKER=kafka://**********@")


def test_a_secret_given_as_a_file_by_mistake_is_not_quoted() -> None:
    """It looks like a relative path."""
    with pytest.raises(MisuseError) as caught:
        load_settings(**PASSWORD, sasl_password_file=PLANTED)
    masked = f"STREAM_POOL_SASL_PASSWORD_FILE={'*' * 10}"
    assert str(caught.value) == f"{masked} cannot be read: No such file or directory"


NO_PATHS = ["-----BEGIN\nKEY", "a\0b", "x" * 4_097]


@pytest.mark.parametrize("text", NO_PATHS, ids=["1 lines", "2 a character that no path has", "3 too long"])
@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name.endswith("file")])
def test_a_file_is_named_by_a_path(name: str, text: str) -> None:
    """Where a text is none beyond doubt it is refused at once, and not shown."""
    with pytest.raises(MisuseError) as caught:
        load_settings(**{name: text})
    assert str(caught.value).startswith(f"{variable(name)}={'*' * 10} ")
    assert text not in str(caught.value)


def test_another_broker_keeps_the_rest() -> None:
    """An app that names its broker loses nothing of the settings that it was given."""
    settings = load_settings(**PASSWORD, sasl_password=PLANTED)
    other = with_broker(settings, "kafka://other:9093")
    assert other.bootstrap_servers == ("other:9093",)
    assert other.sasl_password.get_secret_value() == PLANTED
    app = App("g", broker="kafka://other:9093", settings=settings)
    client = app.plant.host.client
    assert isinstance(client, KafkaClient)
    assert client._connection["sasl_plain_password"] == PLANTED
    assert client._connection["bootstrap_servers"] == ["other:9093"]
    with pytest.raises(MisuseError, match="STREAM_POOL_BROKER=other:9093 is not allowed"):
        with_broker(settings, "other:9093")


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in what is printed, not in a representation, not in the complaint about something else."""
    monkeypatch.setenv("STREAM_POOL_SASL_PASSWORD", PLANTED)
    monkeypatch.setenv("STREAM_POOL_SSL_KEY_PASSWORD", PLANTED)
    monkeypatch.setenv("STREAM_POOL_SASL_OAUTH_CLIENT_SECRET", PLANTED)
    settings = load_settings(**PASSWORD)
    assert PLANTED not in f"{settings!r} {settings} {shown(settings)} {settings.model_dump_json()}"
    assert [value for name, value in shown(settings).items() if name.endswith("PASSWORD")] == ["*" * 10] * 2
    with pytest.raises(MisuseError) as caught:
        load_settings(**PASSWORD, web_port=-1, broker=f"kafka://worker:{PLANTED}@broker:9092")
    assert PLANTED not in str(caught.value)
    assert "STREAM_POOL_BROKER=kafka://**********@broker:9092 is not allowed" in str(caught.value)


def test_a_secret_of_the_wrong_kind_is_not_quoted() -> None:
    """A list where a text should be."""
    with pytest.raises(MisuseError) as caught:
        load_settings(sasl_password=[PLANTED])
    assert str(caught.value) == "STREAM_POOL_SASL_PASSWORD=********** is not allowed: it must be a text"


def test_settings_that_an_app_makes_itself_show_no_secret_either() -> None:
    """Where one stands in the wrong place, pydantic's own error does not quote it."""
    with pytest.raises(ValidationError) as refused:
        Settings(web_port=PLANTED)  # type: ignore[arg-type]  # that is the mistake
    assert "web_port" in str(refused.value)
    assert PLANTED not in str(refused.value)
