"""Decoding without a decoder of one's own: the process's decoder, and the one that restores pickles."""

from functools import cache
from typing import Any

from stream_pool.documents._implementation import Decoder, Document
from stream_pool.documents.limits import DEPTH_CEILING, NUMBER_DIGITS_CEILING, Limits

BOUNDLESS = (1 << 63) - 1


def loads(raw: bytes | bytearray | memoryview | str) -> Any:
    """Decodes with the process's own decoder: default limits and pool. See `Decoder.decode`."""
    return default_decoder().decode(raw)


def restore(raw: bytes) -> Document:
    """The document of a pickle, which is within the limits of whoever decoded it first."""
    document: Document = restoring_decoder().decode(raw)
    return document


@cache
def default_decoder() -> Decoder:
    return Decoder()


@cache
def restoring_decoder() -> Decoder:
    return Decoder(
        pool=default_decoder().pool,
        limits=Limits(
            document_bytes=BOUNDLESS,
            depth=DEPTH_CEILING,
            keys=BOUNDLESS,
            items=BOUNDLESS,
            key_bytes=BOUNDLESS,
            string_bytes=BOUNDLESS,
            number_digits=NUMBER_DIGITS_CEILING,
        ),
    )
