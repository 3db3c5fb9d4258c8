"""The two implementations by their own names, whichever of them the package has chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fuzzing.sequence import Sequence, Settings
from stream_pool.documents import decoder, writer
from stream_pool.pool import pool


@dataclass(frozen=True)
class Face:
    """What makes pools and decoders, and writes what they give."""

    name: str
    make_pool: Callable[[Sequence], Any]
    make_decoder: Callable[[Any, Settings], Any]
    dumps: Callable[[Any], bytes]
    document: type


def twin() -> Face:
    """The Python twin."""
    return Face(
        "twin",
        lambda sequence: pool.Pool(sequence.capacity, bytes_max=sequence.bytes_max),
        lambda shared, settings: decoder.Decoder(shared, settings.limits, settings.duplicate_keys),
        writer.dumps,
        _twin_document(),
    )


def core() -> Face:
    """The compiled core. Raises `ImportError` where it is not built, or not for this interpreter."""
    native: Any = import_module("stream_pool._native")
    return Face(
        "core",
        lambda sequence: native.Pool(
            sequence.capacity, bytes_max=sequence.bytes_max, seed=sequence.pool_seed
        ),
        lambda shared, settings: native.Decoder(
            shared, settings.limits, settings.duplicate_keys, settings.echo
        ),
        native.dumps,
        native.Document,
    )


def _twin_document() -> type:
    return import_module("stream_pool.documents.document").Document  # type: ignore[no-any-return]
