"""Certificates that are renewed on disk: a connection shows and trusts what the files have by then."""

import os
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from structlog.testing import capture_logs
from support.handshake import shake_hands

from stream_pool.clock import SystemClock
from stream_pool.settings import load_settings
from stream_pool.stream.tls import tls_context

EC = trustme.KeyType.ECDSA
UNREAD = "renewed certificates not read, those before serve on"


class Place:
    """A client's files, as who renews them writes them, and a server that wants to know who asks."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = trustme.CA(key_type=EC)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.verify_mode = ssl.CERT_REQUIRED
        self.authority.configure_trust(self.server)
        self.authority.issue_cert("broker.test", key_type=EC).configure_cert(self.server)
        self.write("ca.pem", self.authority.cert_pem.bytes())
        self.renew("first")

    def renew(self, name: str) -> None:
        """A new pair."""
        certificate, key = self.pair(name)
        self.write("client.pem", certificate)
        self.write("client.key", key)

    def pair(self, name: str) -> tuple[bytes, bytes]:
        """A certificate for `name`, and its key."""
        made = self.authority.issue_cert("client.test", common_name=name, key_type=EC)
        return made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes()

    def write(self, name: str, content: bytes) -> None:
        """Another file in its place."""
        new = self.directory / "new"
        new.write_bytes(content)
        new.replace(self.directory / name)

    def context(self) -> ssl.SSLContext:
        """A worker's."""
        settings = load_settings(
            security_protocol="SSL",
            ssl_cafile=str(self.directory / "ca.pem"),
            ssl_certfile=str(self.directory / "client.pem"),
            ssl_keyfile=str(self.directory / "client.key"),
        )
        return tls_context(settings, SystemClock())

    def shown_by(self, context: ssl.SSLContext) -> str:
        """Whom the server sees."""
        return shake_hands(context, self.server, "broker.test")


@pytest.fixture
def place(tmp_path: Path, bare_environment: None) -> Place:
    """With files of a first certificate."""
    return Place(tmp_path)


def test_1_a_new_pair_is_shown_by_the_next_connection(place: Place) -> None:
    """And read once, however many follow."""
    context = place.context()
    assert place.shown_by(context) == "first"
    place.renew("second")
    with capture_logs() as lines:
        assert [place.shown_by(context) for _ in range(3)] == ["second"] * 3
    assert [line["event"] for line in lines] == ["renewed certificates read"]


def test_2_files_that_stay_are_not_read_again(place: Place) -> None:
    """A `stat` each is all that a connection costs."""
    context = place.context()
    first = _context_of_a_socket(context)
    assert _context_of_a_socket(context) is first


def test_3_a_file_that_is_written_in_place_is_seen_by_its_time(place: Place) -> None:
    """Even one of the same length."""
    context = place.context()
    first = _context_of_a_socket(context)
    os.utime(place.directory / "client.pem", ns=(0, 0))
    assert _context_of_a_socket(context) is not first


def test_4_a_half_written_pair_leaves_the_one_before(place: Place) -> None:
    """One line tells it; when both are there they serve."""
    context = place.context()
    certificate, key = place.pair("second")
    place.write("client.pem", certificate)
    with capture_logs() as lines:
        assert [place.shown_by(context) for _ in range(3)] == ["first"] * 3
    (line,) = lines
    assert (line["event"], line["log_level"]) == (UNREAD, "warning")
    assert "its key is not that of the certificate in STREAM_POOL_SSL_CERTFILE" in line["error"]
    place.write("client.key", key)
    with capture_logs() as lines:
        assert place.shown_by(context) == "second"
    assert [line["event"] for line in lines] == [f"no longer: {UNREAD}", "renewed certificates read"]


TORN = [
    pytest.param("client.key", 0, id="1 an empty key"),
    pytest.param("client.key", 60, id="2 half a key"),
    pytest.param("client.pem", 60, id="3 half a certificate"),
    pytest.param("ca.pem", 60, id="4 half an authority"),
    pytest.param("client.key", None, id="5 no key"),
    pytest.param("ca.pem", None, id="6 no authority"),
]


@pytest.mark.parametrize(("name", "length"), TORN)
def test_5_a_torn_file_leaves_the_one_before(place: Place, name: str, length: int | None) -> None:
    """And nothing of what is in it is told."""
    context = place.context()
    file = place.directory / name
    content = file.read_bytes()
    if length is None:
        file.unlink()
    else:
        place.write(name, content[:length])
    with capture_logs() as lines:
        assert place.shown_by(context) == "first"
    assert [line["event"] for line in lines] == [UNREAD]
    assert not [part for part in content.decode().split() if len(part) > 20 and part in str(lines)]


def test_6_an_authority_that_was_taken_out_is_trusted_no_longer(place: Place) -> None:
    """The file is what is trusted, and not all that it ever had."""
    context = place.context()
    assert place.shown_by(context) == "first"
    place.write("ca.pem", trustme.CA(key_type=EC).cert_pem.bytes())
    with pytest.raises(ssl.SSLCertVerificationError):
        place.shown_by(context)


def _context_of_a_socket(context: ssl.SSLContext) -> ssl.SSLContext:
    """That which really wraps it."""
    with socket.socket() as plain, context.wrap_socket(plain, server_hostname="broker.test") as wrapped:
        return wrapped.context
