"""JSON bytes to Documents and back: exact, within limits, through a pool."""

from stream_pool.documents import reasons
from stream_pool.documents.decoder import Decoder, loads
from stream_pool.documents.document import Document
from stream_pool.documents.errors import DecodeError, LimitExceeded
from stream_pool.documents.limits import Limits
from stream_pool.documents.writer import default, dumps
from stream_pool.pool._implementation import NATIVE

__all__ = [
    "NATIVE",
    "DecodeError",
    "Decoder",
    "Document",
    "LimitExceeded",
    "Limits",
    "default",
    "dumps",
    "loads",
    "reasons",
]
