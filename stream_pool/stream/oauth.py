"""Tokens for SASL OAUTHBEARER: from a file that a platform renews, or from an OAuth 2.0 token endpoint.

Both are asked at each new connection, which is when a broker wants a token. An answer of the endpoint is kept
until shortly before it ends (RFC 6749, section 4.4: client credentials), and connections that begin at the
same time wait for one request. Errors name the place and never quote a secret or a token.
"""

import asyncio
import json
import math
import ssl
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from http.client import HTTPException
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock

_REQUEST_TIMEOUT_S = 5.0
_LONGEST_ANSWER_BYTES = 1 << 20
_RENEW_AHEAD_RATIO = 0.8
"""A token is used for this share of its life."""
_ASSUMED_LIFE_S = 60.0
"""Where the endpoint does not say."""


class TokenUnavailable(KafkaError):  # type: ignore[misc]  # aiokafka's errors have no types
    """No token could be had. A `KafkaError`, so that clients take it as they take a broker that refuses."""

    retriable = True


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """A file with one token, read each time."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def token(self) -> str:
        """The token. Raises `TokenUnavailable`."""
        try:
            text = (await asyncio.to_thread(self._path.read_text, encoding="ascii")).strip()
        except OSError as error:
            raise TokenUnavailable(f"token file {self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise TokenUnavailable(f"token file {self._path} is not ASCII") from None
        if not text or len(text.split()) != 1:
            raise TokenUnavailable(f"token file {self._path} has no token, or more than one word")
        return text


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Client credentials at a token endpoint."""

    def __init__(
        self, url: str, client_id: str, client_secret: str, scope: str, *, clock: Clock, cafile: str = ""
    ) -> None:
        self._url = url
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        user = urllib.parse.quote_plus(client_id), urllib.parse.quote_plus(client_secret)
        self._authorization = "Basic " + b64encode(":".join(user).encode()).decode()
        self._clock = clock
        self._cafile = cafile or None
        self._asking = asyncio.Lock()
        self._token = ""
        self._renew_at_s = 0.0

    def __repr__(self) -> str:
        return f"<ClientCredentials at {self._url}>"

    async def token(self) -> str:
        """A token that is good for a while. Raises `TokenUnavailable`."""
        async with self._asking:
            if not self._token or self._clock.monotonic() >= self._renew_at_s:
                asked_at_s = self._clock.monotonic()
                self._token, life_s = await asyncio.to_thread(self._ask)
                self._renew_at_s = asked_at_s + life_s * _RENEW_AHEAD_RATIO
            return self._token

    def _ask(self) -> tuple[str, float]:
        request = urllib.request.Request(
            self._url,
            urllib.parse.urlencode(self._form).encode(),
            {"Authorization": self._authorization, "Accept": "application/json"},
        )
        context = ssl.create_default_context(cafile=self._cafile)
        handlers: list[Any] = [_NoRedirects, urllib.request.HTTPSHandler(context=context)]
        if self._url.startswith("http:"):  # it is on this machine: no proxy may see the secret
            handlers.append(urllib.request.ProxyHandler({}))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(request, timeout=_REQUEST_TIMEOUT_S) as answer:
                body = answer.read(_LONGEST_ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            error.close()
            raise TokenUnavailable(f"token endpoint {self._url} answered {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            why = error if isinstance(error, OSError) else type(error).__name__
            raise TokenUnavailable(f"token endpoint {self._url}: {why}") from None
        return self._read(body)

    def _read(self, body: bytes) -> tuple[str, float]:
        try:
            answer = json.loads(body)
            token = answer["access_token"]
            life_s = float(answer.get("expires_in") or _ASSUMED_LIFE_S)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            token, life_s = None, 0.0
        if not isinstance(token, str) or not token.isascii() or len(token.split()) != 1:
            raise TokenUnavailable(f"token endpoint {self._url} gave no access_token")
        return token.strip(), life_s if 0 < life_s < math.inf else _ASSUMED_LIFE_S


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the secret to another place."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None
