"""What a virtual loop refuses: every way of asyncio out of the process or the thread."""

from collections.abc import Callable
from typing import Any

from stream_pool.testing.errors import SimRefused

REFUSED = (
    *("run_in_executor", "set_default_executor", "getaddrinfo", "getnameinfo"),
    *("create_connection", "create_server", "create_datagram_endpoint", "create_unix_connection"),
    *("create_unix_server", "connect_accepted_socket", "start_tls", "sendfile"),
    *("sock_accept", "sock_connect", "sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into"),
    *("sock_sendall", "sock_sendto", "sock_sendfile"),
    *("add_reader", "remove_reader", "add_writer", "remove_writer"),
    *("connect_read_pipe", "connect_write_pipe", "subprocess_exec", "subprocess_shell"),
    *("add_signal_handler", "remove_signal_handler"),
)
"""Methods of an event loop."""


def refusal(name: str) -> Callable[..., Any]:
    """A method of that name that raises `SimRefused`."""

    def refused(_loop: object, *_args: object, **_options: object) -> Any:
        raise SimRefused(f"a virtual loop has no {name}: nothing under it may leave it")

    return refused
