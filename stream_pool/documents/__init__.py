"""JSON bytes to Documents and back: exact, within limits, through a pool.

`NATIVE` tells whether the compiled core does it, `NATIVE_REASON` why not.
"""

from stream_pool.documents import reasons
from stream_pool.documents._implementation import NATIVE, Decoder, Document, default, dumps, quote
from stream_pool.documents._implementation import REASON as NATIVE_REASON
from stream_pool.documents._loading import loads
from stream_pool.documents.errors import DecodeError, LimitExceeded
from stream_pool.documents.limits import Limits

__all__ = [
    "NATIVE",
    "NATIVE_REASON",
    "DecodeError",
    "Decoder",
    "Document",
    "LimitExceeded",
    "Limits",
    "default",
    "dumps",
    "loads",
    "quote",
    "reasons",
]
