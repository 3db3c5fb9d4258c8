"""What is wrong with a file of the TLS settings: which one, and why. OpenSSL says only that it failed."""

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.settings import load_settings
from stream_pool.stream.tls import tls_context

PLANTED = "pl4nted-k3y"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a certificate, its key in the clear and encrypted, another's key, and other texts."""
    made = tmp_path_factory.mktemp("keys")
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    own = authority.issue_cert("client.test", key_type=trustme.KeyType.ECDSA)
    other = authority.issue_cert("other.test", key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(made / "ca.pem")
    own.cert_chain_pems[0].write_to_path(made / "client.pem")
    own.private_key_pem.write_to_path(made / "client.key")
    own.private_key_and_cert_chain_pem.write_to_path(made / "both.pem")
    other.private_key_pem.write_to_path(made / "other.key")
    locked = load_pem_private_key(own.private_key_pem.bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PLANTED.encode())
    )
    (made / "locked.key").write_bytes(locked)
    (made / "text").write_text(PLANTED)
    return made


REFUSED = [
    pytest.param({"ssl_cafile": "gone"}, "SSL_CAFILE={gone}: No such file or directory", id="1 no authority"),
    pytest.param({"ssl_cafile": "text"}, "SSL_CAFILE={text}: no certificate in PEM", id="2 no PEM"),
    pytest.param({"ssl_cafile": "."}, "SSL_CAFILE={.}: Is a directory", id="3 a directory"),
    pytest.param(
        {"ssl_certfile": "gone", "ssl_keyfile": "client.key"},
        "SSL_CERTFILE={gone}: No such file",
        id="4 no certificate",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "gone"},
        "SSL_KEYFILE={gone}: No such file",
        id="5 no key",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "other.key"},
        "SSL_KEYFILE={other.key}: its key is not that of the certificate in STREAM_POOL_SSL_CERTFILE",
        id="6 the key of another",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "locked.key"},
        "SSL_KEYFILE={locked.key}: its key is encrypted, and STREAM_POOL_SSL_KEY_PASSWORD is not set",
        id="7 no password",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "locked.key", "ssl_key_password": f"not-{PLANTED}"},
        "SSL_KEYFILE={locked.key}: encrypted, and STREAM_POOL_SSL_KEY_PASSWORD is not its password",
        id="8 another password",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "text"},
        "SSL_KEYFILE={text}: there is no key in PEM in it, or no certificate in STREAM_POOL_SSL_CERTFILE",
        id="9 no PEM for a key",
    ),
    pytest.param(
        {"ssl_certfile": "client.pem"},
        "SSL_CERTFILE={client.pem}: there is no key in PEM",
        id="10 no key in it",
    ),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_a_file_that_is_no_good_is_named(given: dict[str, str], words: str, keys: Path) -> None:
    """With the reason, and nothing of what is in it."""
    name, _, rest = words.partition("={")
    file, _, why = rest.partition("}: ")
    settings = load_settings(security_protocol="SSL", **_placed(given, keys))
    with pytest.raises(MisuseError) as caught:
        tls_context(settings, SystemClock())
    assert str(caught.value).startswith(f"STREAM_POOL_{name}={keys / file} cannot be used: ")
    assert why in str(caught.value)
    assert PLANTED not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


TAKEN = [
    pytest.param({"ssl_certfile": "client.pem", "ssl_keyfile": "client.key"}, id="1 certificate and key"),
    pytest.param({"ssl_certfile": "both.pem"}, id="2 in one file"),
    pytest.param(
        {"ssl_certfile": "client.pem", "ssl_keyfile": "locked.key", "ssl_key_password": PLANTED},
        id="3 an encrypted key",
    ),
]


@pytest.mark.parametrize("given", TAKEN)
def test_files_that_fit_make_a_context_that_checks(given: dict[str, str], keys: Path) -> None:
    """The broker's certificate and its name."""
    settings = load_settings(security_protocol="SSL", ssl_cafile=str(keys / "ca.pem"), **_placed(given, keys))
    context = tls_context(settings, SystemClock())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def _placed(given: dict[str, str], keys: Path) -> dict[str, str]:
    return {name: value if name == "ssl_key_password" else str(keys / value) for name, value in given.items()}
