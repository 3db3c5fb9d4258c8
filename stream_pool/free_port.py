"""A port for a server of ours, where whoever starts it must name one."""

import errno
import random
import socket

_PORTS = range(20_000, 32_000)
"""Below the range from which systems take the ports of outgoing connections: there, a client that knocks at
a broker that is down can be given the broker's own port, connect to itself, and keep the broker away.
"""

_TRIES = 1_000
_TAKEN = (errno.EADDRINUSE, errno.EACCES)


def free_port(host: str = "127.0.0.1") -> int:
    """A port of an address of this machine that nobody listens on at the moment.

    Raises `OSError` where it is no such address, or none is found.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in random.sample(_PORTS, k=min(_TRIES, len(_PORTS))):
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
            else:
                return port
    raise OSError(errno.EADDRINUSE, f"{_TRIES} ports of {host} were tried, and all are taken")


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1, each another, that nobody listens on at the moment."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)
