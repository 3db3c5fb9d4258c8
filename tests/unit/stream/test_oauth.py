"""Tokens from a file and from a token endpoint, and what is said where there are none."""

import asyncio
import json
import socket
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from stream_pool.clock import SystemClock
from stream_pool.stream.oauth import ClientCredentials, TokenFile, TokenUnavailable

SECRET = "pl4nted/s3cret"


class HandClock(SystemClock):
    """Goes on when told to."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


class Endpoint(ThreadingHTTPServer):
    """Answers with what the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answer: Any = {"access_token": "t1", "expires_in": 100}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        user = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        self.server.asked.append((user, parse_qs(body)))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        answer = self.server.answer
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that listens."""
    server = Endpoint()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def credentials(endpoint: Endpoint, clock: HandClock) -> ClientCredentials:
    return ClientCredentials(endpoint.url, "me:too", SECRET, "kafka", clock=clock)


async def test_what_the_endpoint_is_asked(endpoint: Endpoint) -> None:
    """RFC 6749: the grant in the form, who asks in the header, both parts of it encoded."""
    assert await credentials(endpoint, HandClock()).token() == "t1"
    assert endpoint.asked == [
        ("me%3Atoo:pl4nted%2Fs3cret", {"grant_type": ["client_credentials"], "scope": ["kafka"]})
    ]


async def test_a_token_is_used_until_shortly_before_its_end(endpoint: Endpoint) -> None:
    """And those who come at the same time wait for one request."""
    clock = HandClock()
    tokens = credentials(endpoint, clock)
    assert await asyncio.gather(*(tokens.token() for _ in range(5))) == ["t1"] * 5
    clock.at_s = 79.0
    assert await tokens.token() == "t1"
    assert len(endpoint.asked) == 1
    endpoint.answer = {"access_token": "t2"}
    clock.at_s = 80.0
    assert await tokens.token() == "t2"
    assert len(endpoint.asked) == 2


ANSWERS = [
    pytest.param(401, {"error": SECRET}, "answered 401", id="1 refused"),
    pytest.param(200, b"<html>", "gave no access_token", id="2 no JSON"),
    pytest.param(200, [], "gave no access_token", id="3 no object"),
    pytest.param(200, {"access_token": 7}, "gave no access_token", id="4 no text"),
    pytest.param(200, {"access_token": ""}, "gave no access_token", id="5 empty"),
    pytest.param(200, {"access_token": "a b"}, "gave no access_token", id="5a two words"),
    pytest.param(200, b"[" * 200_000, "gave no access_token", id="5b deeper than the stack"),
    pytest.param(200, {"access_token": "t", "expires_in": "soon"}, "gave no access_token", id="6 no time"),
    pytest.param(302, {}, "answered 302", id="7 a redirect would take the secret elsewhere"),
]


@pytest.mark.parametrize(("status", "answer", "words"), ANSWERS)
async def test_a_bad_answer_is_named(endpoint: Endpoint, status: int, answer: Any, words: str) -> None:
    """By the endpoint, with nothing of what it said."""
    endpoint.status, endpoint.answer = status, answer
    endpoint.headers = {"Location": endpoint.url} if status == 302 else {}
    with pytest.raises(TokenUnavailable, match=words) as caught:
        await credentials(endpoint, HandClock()).token()
    assert SECRET not in str(caught.value)
    assert len(endpoint.asked) == 1


LIVES = [
    pytest.param(None, id="1 null"),
    pytest.param(float("nan"), id="2 no number"),
    pytest.param(float("inf"), id="3 for ever"),
    pytest.param(-5, id="4 over already"),
    pytest.param(10**400, id="5 more than a float holds"),
]


@pytest.mark.parametrize("life_s", LIVES)
async def test_a_life_that_is_none_is_taken_for_a_minute(endpoint: Endpoint, life_s: float | None) -> None:
    """So that the token is asked for anew; one that cannot be read at all is a bad answer."""
    endpoint.answer = {"access_token": "t1", "expires_in": life_s}
    clock = HandClock()
    tokens = credentials(endpoint, clock)
    try:
        assert await tokens.token() == "t1"
    except TokenUnavailable:
        assert life_s == 10**400
        return
    clock.at_s = 59.0
    await tokens.token()
    assert len(endpoint.asked) == 2


async def test_no_proxy_sees_a_secret_for_this_machine(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says about proxies."""
    proxy = Endpoint()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    proxy.server_close()
    assert await credentials(endpoint, HandClock()).token() == "t1"


async def test_an_answer_that_is_no_http_is_named() -> None:
    """By its kind alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_answer_nonsense, args=(listener,)).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(TokenUnavailable, match="BadStatusLine"):
            await ClientCredentials(url, "me", SECRET, "", clock=HandClock()).token()


def _answer_nonsense(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"220 no web server\r\n")


async def test_nobody_at_the_endpoint() -> None:
    """It is named, and the next connection tries again."""
    endpoint = Endpoint()
    endpoint.server_close()
    with pytest.raises(TokenUnavailable, match=f"token endpoint {endpoint.url}: "):
        await credentials(endpoint, HandClock()).token()


async def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    """A platform renews it in place."""
    file = tmp_path / "token"
    file.write_text("one\n")
    tokens = TokenFile(str(file))
    assert await tokens.token() == "one"
    file.write_text("two")
    assert await tokens.token() == "two"


TOKEN_FILES = [
    pytest.param(None, "No such file", id="1 not there"),
    pytest.param(b"\n", "no token, or more than one word", id="2 empty"),
    pytest.param(b"a b", "no token, or more than one word", id="3 two words"),
    pytest.param(b"\xff", "is not ASCII", id="4 not ASCII"),
]


@pytest.mark.parametrize(("content", "words"), TOKEN_FILES)
async def test_a_token_file_that_is_no_good_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    """By its path."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TokenUnavailable, match=words):
        await TokenFile(str(file)).token()
