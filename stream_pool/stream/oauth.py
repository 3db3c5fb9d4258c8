"""Tokens for SASL OAUTHBEARER: from a file that a platform renews, or from an OAuth 2.0 token endpoint.

Both are asked at each new connection, which is when a broker wants a token. An answer of the endpoint (RFC
6749, section 4.4: client credentials) is renewed shortly before it ends, and serves to its end where that
fails. Connections that begin at the same time wait for one request, which has a time limit. Errors name the
place and never quote a secret or a token.
"""

import asyncio
import json
import math
import ssl
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote_plus, urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock
from stream_pool.settings import masked_path
from stream_pool.stream.trouble import Trouble

_REQUEST_TIMEOUT_S = 5.0
_LONGEST_ANSWER_BYTES = 1 << 20
_RENEW_AHEAD_RATIO = 0.8
"""A token is used for this share of its life."""
_ASSUMED_LIFE_S = 60.0
"""Where the endpoint does not say."""
_REFUSALS = (400, 401, 403)
"""RFC 6749, section 5.2, and the code that it should have been: who asks, or what for, is wrong."""


class TokenUnavailable(KafkaError):  # type: ignore[misc]  # aiokafka's errors have no types
    """No token could be had. A `KafkaError`, so that clients take it as they take a broker that refuses."""

    retriable = True


class TokenRefused(TokenUnavailable):
    """The endpoint does not give one to who asks: no waiting makes it right."""


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """A file with one token, read each time."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._told = f"token file {masked_path(path)}"

    async def token(self) -> str:
        """The token. Raises `TokenUnavailable`."""
        try:
            text = (await asyncio.to_thread(self._path.read_text, encoding="ascii")).strip()
        except OSError as error:
            raise TokenUnavailable(f"{self._told}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise TokenUnavailable(f"{self._told} is not ASCII") from None
        if not text or len(text.split()) != 1:
            raise TokenUnavailable(f"{self._told} has no token, or more than one word")
        return text


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Client credentials at a token endpoint, for which an authority of the system's or of `cafile` vouches.

    A cluster may well have an authority of its own, and take tokens of a public identity provider.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: str, scope: str, *, clock: Clock, cafile: str = ""
    ) -> None:
        self._url = url
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        user = quote_plus(client_id), quote_plus(client_secret)
        self._headers = {
            "Authorization": "Basic " + b64encode(":".join(user).encode()).decode(),
            "Accept": "application/json",
        }
        self._clock = clock
        self._cafile = cafile
        self._asking: asyncio.Task[None] | None = None
        self._not_renewed = Trouble("token not renewed, the one before serves to its end", clock, url=url)
        self._token = ""
        self._renew_at_s = self._ends_at_s = -math.inf

    def __repr__(self) -> str:
        return f"<ClientCredentials at {self._url}>"

    async def token(self) -> str:
        """A token that is good for a while. Raises `TokenUnavailable`."""
        if self._clock.monotonic() >= self._renew_at_s:
            if self._asking is None:
                self._asking = asyncio.create_task(self._renew())
                self._asking.add_done_callback(self._answered)
            await asyncio.shield(self._asking)
        return self._token

    def _answered(self, asking: "asyncio.Task[None]") -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # who still waits is told; where nobody does, that is no fault

    async def _renew(self) -> None:
        asked_at_s = self._clock.monotonic()
        try:
            self._token, life_s = await self._ask()
        except TokenUnavailable as error:
            failed_at_s = self._clock.monotonic()
            if failed_at_s >= self._ends_at_s:
                raise
            self._not_renewed.met(error)
            self._renew_at_s = min(failed_at_s + _REQUEST_TIMEOUT_S, self._ends_at_s)
            return
        self._not_renewed.over()
        self._renew_at_s = asked_at_s + life_s * _RENEW_AHEAD_RATIO
        self._ends_at_s = asked_at_s + life_s

    async def _ask(self) -> tuple[str, float]:
        """A token and its life in seconds. Raises `TokenUnavailable`."""
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                status, body = await self._post()
        except TimeoutError:
            raise self._unavailable(f"gave no answer in {_REQUEST_TIMEOUT_S:g} s") from None
        except (ClientError, OSError, ValueError) as error:
            why = error if isinstance(error, OSError) else type(error).__name__
            raise self._unavailable(f"cannot be asked: {why}") from None
        if status in _REFUSALS:
            raise TokenRefused(f"token endpoint {self._url} answered {status}")
        if status // 100 != 2:
            raise self._unavailable(f"answered {status}")
        return self._read(body)

    async def _post(self) -> tuple[int, bytes]:
        """Status and body. A redirect is an answer: followed, it would take the secret to another place."""
        context = await asyncio.to_thread(_trusting, self._cafile)  # some 50 ms
        async with (
            ClientSession(timeout=ClientTimeout(total=None)) as session,
            session.post(
                self._url,
                data=self._form,
                headers=self._headers,
                ssl=context,
                proxy=self._proxy(),
                allow_redirects=False,
            ) as answer,
        ):
            body = b""
            async for part in answer.content.iter_any():
                body += part
                if len(body) > _LONGEST_ANSWER_BYTES:
                    raise self._unavailable("gave too long an answer")
            return answer.status, body

    def _proxy(self) -> str | None:
        """The environment's; none for this machine, where it would see the secret."""
        is_here = self._url.startswith("http:") or proxy_bypass(urlsplit(self._url).hostname or "")
        return None if is_here else getproxies().get("https")

    def _read(self, body: bytes) -> tuple[str, float]:
        try:
            answer = json.loads(body)
            token = answer["access_token"]
            life_s = float(answer.get("expires_in") or _ASSUMED_LIFE_S)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            token, life_s = None, 0.0
        if not isinstance(token, str) or not token.isascii() or len(token.split()) != 1:
            raise self._unavailable("gave no access_token")
        return token.strip(), life_s if 0 < life_s < math.inf else _ASSUMED_LIFE_S

    def _unavailable(self, why: str) -> TokenUnavailable:
        return TokenUnavailable(f"token endpoint {self._url} {why}")


def _trusting(cafile: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if cafile:
        context.load_verify_locations(cafile)
    return context
