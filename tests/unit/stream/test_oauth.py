"""Tokens from a file and from a token endpoint, and what is said where there are none."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.token_endpoint import TokenEndpoint

from stream_pool.clock import SystemClock
from stream_pool.stream import oauth
from stream_pool.stream.oauth import ClientCredentials, TokenFile, TokenRefused, TokenUnavailable

SECRET = "pl4nted/s3cret"


class HandClock(SystemClock):
    """Goes on when told to."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """One that listens."""
    made = TokenEndpoint().start()
    yield made
    made.stop()


def credentials(endpoint: TokenEndpoint, clock: HandClock, cafile: str = "") -> ClientCredentials:
    return ClientCredentials(endpoint.url, "me:too", SECRET, "kafka", clock=clock, cafile=cafile)


async def test_what_the_endpoint_is_asked(endpoint: TokenEndpoint) -> None:
    """RFC 6749: the grant in the form, who asks in the header, both parts of it encoded."""
    assert await credentials(endpoint, HandClock()).token() == "t1"
    assert endpoint.asked == [
        ("me%3Atoo:pl4nted%2Fs3cret", {"grant_type": ["client_credentials"], "scope": ["kafka"]})
    ]


async def test_a_token_is_used_until_shortly_before_its_end(endpoint: TokenEndpoint) -> None:
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
    pytest.param(503, {"error": SECRET}, "answered 503", id="1a not now"),
    pytest.param(200, b"<html>", "gave no access_token", id="2 no JSON"),
    pytest.param(200, [], "gave no access_token", id="3 no object"),
    pytest.param(200, {"access_token": 7}, "gave no access_token", id="4 no text"),
    pytest.param(200, {"access_token": ""}, "gave no access_token", id="5 empty"),
    pytest.param(200, {"access_token": "a b"}, "gave no access_token", id="5a two words"),
    pytest.param(200, b"[" * 200_000, "gave no access_token", id="5b deeper than the stack"),
    pytest.param(200, b"{" * 2_000_000, "gave too long an answer", id="5c longer than any"),
    pytest.param(200, {"access_token": "t", "expires_in": "soon"}, "gave no access_token", id="6 no time"),
    pytest.param(302, {}, "answered 302", id="7 a redirect would take the secret elsewhere"),
]


@pytest.mark.parametrize(("status", "answer", "words"), ANSWERS)
async def test_a_bad_answer_is_named(endpoint: TokenEndpoint, status: int, answer: Any, words: str) -> None:
    """By the endpoint, with nothing of what it said."""
    endpoint.status, endpoint.answer = status, answer
    endpoint.headers = {"Location": endpoint.url} if status == 302 else {}
    with pytest.raises(TokenUnavailable, match=words) as caught:
        await credentials(endpoint, HandClock()).token()
    assert SECRET not in repr(caught.value)
    assert isinstance(caught.value, TokenRefused) is (status == 401)
    assert len(endpoint.asked) == 1


async def test_a_token_serves_to_its_end_where_it_cannot_be_renewed(endpoint: TokenEndpoint) -> None:
    """An endpoint that is away for a moment costs nothing; it is asked again, and not by each connection."""
    clock = HandClock()
    tokens = credentials(endpoint, clock)
    assert await tokens.token() == "t1"
    endpoint.status = 503
    clock.at_s = 80.0
    assert [await tokens.token() for _ in range(3)] == ["t1"] * 3
    assert len(endpoint.asked) == 2
    clock.at_s = 99.9
    assert await tokens.token() == "t1"
    clock.at_s = 100.0
    with pytest.raises(TokenUnavailable, match="answered 503"):
        await tokens.token()
    endpoint.status = 200
    assert await tokens.token() == "t1"


async def test_those_who_wait_are_refused_together(endpoint: TokenEndpoint) -> None:
    """One request, one answer: they do not ask one after the other."""
    endpoint.status = 503
    tokens = credentials(endpoint, HandClock())
    answers = await asyncio.gather(*(tokens.token() for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TokenUnavailable] * 5
    assert len(endpoint.asked) == 1


async def test_who_gives_up_does_not_end_the_request_of_others(endpoint: TokenEndpoint) -> None:
    """A connection that is cancelled, as at a stop."""
    tokens = credentials(endpoint, HandClock())
    first, second = (asyncio.create_task(tokens.token()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "t1"
    assert first.cancelled()


async def test_an_endpoint_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a time limit, however it delays."""
    monkeypatch.setattr(oauth, "_REQUEST_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(TokenUnavailable, match=r"gave no answer in 0\.05 s"):
            await ClientCredentials(url, "me", SECRET, "", clock=HandClock()).token()


VOUCHED = [
    pytest.param("", "", False, id="1 by nobody"),
    pytest.param("own", "", True, id="2 by the authority that the brokers are checked against"),
    pytest.param("other", "own", True, id="3 by one of the system's, beside another for the brokers"),
    pytest.param("", "own", True, id="4 by one of the system's alone"),
    pytest.param("other", "", False, id="5 by neither"),
]


@pytest.mark.parametrize(("cafile", "system", "is_trusted"), VOUCHED)
async def test_an_endpoint_by_tls_must_be_trusted(
    cafile: str, system: str, is_trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the authority that the brokers are checked against, or one of the system's."""
    authorities = {name: trustme.CA(key_type=trustme.KeyType.ECDSA) for name in ("own", "other")}
    for name, authority in authorities.items():
        authority.cert_pem.write_to_path(tmp_path / name)
    if system:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / system))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authorities["own"].issue_cert("localhost", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    endpoint = TokenEndpoint(context).start()
    tokens = credentials(endpoint, HandClock(), str(tmp_path / cafile) if cafile else "")
    try:
        if is_trusted:
            assert await tokens.token() == "t1"
        else:
            with pytest.raises(TokenUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
                await tokens.token()
    finally:
        endpoint.stop()
    assert len(endpoint.asked) == int(is_trusted)


LIVES = [
    pytest.param(None, id="1 null"),
    pytest.param(float("nan"), id="2 no number"),
    pytest.param(float("inf"), id="3 for ever"),
    pytest.param(-5, id="4 over already"),
    pytest.param(10**400, id="5 more than a float holds"),
]


@pytest.mark.parametrize("life_s", LIVES)
async def test_a_life_that_is_none_is_a_minute(endpoint: TokenEndpoint, life_s: float | None) -> None:
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
    endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says about proxies."""
    proxy = TokenEndpoint().start()
    proxy.stop()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert await credentials(endpoint, HandClock()).token() == "t1"


async def test_an_answer_that_is_no_http_is_named() -> None:
    """By its kind alone."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 no web server\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(TokenUnavailable, match="cannot be asked: ClientResponseError"):
            await ClientCredentials(url, "me", SECRET, "", clock=HandClock()).token()


async def test_nobody_at_the_endpoint() -> None:
    """It is named, and the next connection tries again."""
    endpoint = TokenEndpoint().start()
    endpoint.stop()
    with pytest.raises(TokenUnavailable, match=f"token endpoint {endpoint.url} cannot be asked: "):
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


async def test_a_token_for_its_file_is_not_quoted() -> None:
    """Pasted into the wrong setting."""
    with pytest.raises(TokenUnavailable, match="File name too long") as caught:
        await TokenFile(SECRET.replace("/", "") + "x" * 300).token()
    assert "pl4nted" not in str(caught.value)


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
