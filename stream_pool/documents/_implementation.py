"""What decodes and writes documents: the compiled core's, or its twin's where that one serves."""

from typing import TYPE_CHECKING

from stream_pool.pool._implementation import NATIVE, REASON

if TYPE_CHECKING or NATIVE:
    from stream_pool._native import Decoder, Document, default, dumps, quote
else:
    from stream_pool.documents.decoder import Decoder
    from stream_pool.documents.document import Document
    from stream_pool.documents.writer import default, dumps, quote

__all__ = ["NATIVE", "REASON", "Decoder", "Document", "default", "dumps", "quote"]
