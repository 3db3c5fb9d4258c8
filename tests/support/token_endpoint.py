"""A token endpoint for OAuth 2.0's client credentials: it answers what a test says, and keeps who asked."""

import json
import ssl
from base64 import b64decode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


class TokenEndpoint:
    """Listens on 127.0.0.1 from `start` to `stop`, always at the same port; with a `context`, by TLS.

    `answer` is what it says, with `status` and `headers`: an object for JSON, bytes as they are, or a
    function that makes either.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answer: Any | Callable[[], Any] = {"access_token": "t1", "expires_in": 100}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        """The user and the form of each request, as they came."""
        self.port = 0
        self._context = context
        self._server: _Server | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where it is, or was, to be asked."""
        scheme, host = ("http", "127.0.0.1") if self._context is None else ("https", "localhost")
        return f"{scheme}://{host}:{self.port}/token"

    def start(self) -> "TokenEndpoint":
        self._server = _Server(self, self.port)
        self.port = self._server.server_port
        if self._context is not None:
            self._server.socket = self._context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Nobody listens there any more; safe to repeat."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    def __init__(self, endpoint: TokenEndpoint, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.endpoint = endpoint

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        user = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        endpoint.asked.append((user, parse_qs(body)))
        self.send_response(endpoint.status)
        for name, value in endpoint.headers.items():
            self.send_header(name, value)
        self.end_headers()
        answer = endpoint.answer() if callable(endpoint.answer) else endpoint.answer
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""
