"""The decoders that are compared: ours with and without echo, its twin, and others, each as it is fastest."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

Decode = Callable[[bytes], Any]

PEERS = ("msgspec", "jiter")
"""What the extra `bench` installs; one that is not there is left out."""


def _json() -> Decode:
    import json

    return json.loads


def _orjson() -> Decode:
    import orjson

    return orjson.loads


def _msgspec() -> Decode:
    import msgspec

    return msgspec.json.Decoder().decode


def _jiter() -> Decode:
    import jiter

    return lambda raw: jiter.from_json(raw, cache_mode="all")


def _ours() -> Decode:
    from stream_pool.documents import Decoder

    return Decoder().decode


def _ours_without_echo() -> Decode:
    from stream_pool.documents import Decoder

    return Decoder(echo=False).decode


def _twin() -> Decode:
    from stream_pool.documents.decoder import Decoder

    return Decoder().decode


_MAKERS: dict[str, Callable[[], Decode]] = {
    "json": _json,
    "orjson": _orjson,
    "msgspec": _msgspec,
    "jiter": _jiter,
    "stream_pool": _ours,
    "stream_pool_no_echo": _ours_without_echo,
    "stream_pool_twin": _twin,
}


def missing_peers() -> list[str]:
    """Those that are not installed."""
    return [name for name in PEERS if find_spec(name) is None]


def candidates() -> list[str]:
    """Names of the decoders that can be had here."""
    missing = missing_peers()
    return [name for name in _MAKERS if name not in missing]


def decoder(name: str) -> Decode:
    """A new decoder of that name; importing no other keeps a process that is weighed small."""
    return _MAKERS[name]()
