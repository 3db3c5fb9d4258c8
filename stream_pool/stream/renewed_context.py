"""A TLS context whose files are read again when they were renewed on disk, so that a certificate of a day
does not end a worker's connections for good.

The idea: each new connection is made by a context from the files as they are. They are looked at with a
`stat` each, and read only where one is another file than before. A new context is made whole or not at all:
while a certificate and its key are half written, or an authority's file is torn, the one before serves on. An
authority that was taken out of its file is trusted no longer.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.stream.trouble import Trouble

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int] | None, ...]
"""Of each file its inode, its time in ns and its size in bytes; None where there is no such file."""


class RenewedContext(ssl.SSLContext):
    """A client's context that wraps each connection by the newest that `make` could make of `files`.

    Making one raises as `make` does; renewing it raises nothing.
    """

    def __new__(
        cls, files: Sequence[str], make: Callable[[], ssl.SSLContext], clock: Clock
    ) -> "RenewedContext":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, files: Sequence[str], make: Callable[[], ssl.SSLContext], clock: Clock) -> None:
        self._files = files
        self._make = make
        self._unread = Trouble("renewed certificates not read, those before serve on", clock)
        self._stamp = _stamp(files)
        self._newest = make()
        self.check_hostname = self._newest.check_hostname

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """As any context's: for asyncio."""
        return self._renewed().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """As any context's: for sockets that block."""
        return self._renewed().wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session
        )

    def _renewed(self) -> ssl.SSLContext:
        stamp = _stamp(self._files)  # before they are read: what changes meanwhile is seen the next time
        if stamp != self._stamp:
            try:
                self._newest = self._make()
            except (OSError, MisuseError) as error:
                self._unread.met(error)
            else:
                self._stamp = stamp
                self._unread.over()
                log.info("renewed certificates read")
        return self._newest


def _stamp(files: Sequence[str]) -> Stamp:
    return tuple(_stamp_of(Path(file)) for file in files)


def _stamp_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
