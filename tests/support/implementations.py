"""The compiled core and its Python twin, side by side in one run of the tests.

A test module that uses the fixture `implementation` runs twice: the public names that it imported are the
core's, then the twin's, and so are `loads`, what pickles come back as, and what child processes choose.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

import pytest

from stream_pool.documents import _loading
from stream_pool.pool._implementation import obstacle

NAMES = ("core", "twin")


@dataclass(frozen=True)
class Implementation:
    """One implementation's public names."""

    Decoder: Callable[..., Any]
    Document: type
    Pool: Callable[..., Any]
    default: Callable[[Any], dict[str, Any]]
    dumps: Callable[[Any], bytes]
    quote: Callable[[bytes], bytes | None]


def core() -> Implementation:
    """Skips the test, and says why, where there is no core for this interpreter."""
    if why := obstacle({}):
        pytest.skip(f"no compiled core: {why}")
    native = import_module("stream_pool._native")
    return Implementation(
        native.Decoder, native.Document, native.Pool, native.default, native.dumps, native.quote
    )


def twin() -> Implementation:
    from stream_pool.documents import decoder, document, writer
    from stream_pool.pool import pool

    return Implementation(
        decoder.Decoder, document.Document, pool.Pool, writer.default, writer.dumps, writer.quote
    )


@pytest.fixture(scope="module", params=NAMES)
def implementation(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    """The implementation whose turn it is; the names of the module that asks are its."""
    chosen = core() if request.param == "core" else twin()
    with pytest.MonkeyPatch.context() as patch:
        for field in fields(Implementation):
            if hasattr(request.module, field.name):
                patch.setattr(request.module, field.name, getattr(chosen, field.name))
        patch.setenv("STREAM_POOL_PURE", "1" if request.param == "twin" else "")
        patch.setattr(_loading, "Decoder", chosen.Decoder)
        forget_decoders()
        yield chosen
    forget_decoders()


def forget_decoders() -> None:
    """The process's own decoders are made anew when they are next wanted."""
    _loading.default_decoder.cache_clear()
    _loading.restoring_decoder.cache_clear()
