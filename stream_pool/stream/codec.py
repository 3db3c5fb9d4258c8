"""The decoder as a Faust codec, for a plain `faust.App`: `app.topic(..., value_serializer="stream_pool")`.

Faust finds it through the entry point group `faust.codecs`, so nothing has to be imported. All topics of a
process share one decoder and its pool.
"""

from typing import Any

import orjson
from faust.serializers.codecs import Codec

from stream_pool.documents import default, dumps, loads


class StreamPoolCodec(Codec):
    """Bytes to Documents and back. Raises what the decoder raises; Faust wraps it as `ValueDecodeError`."""

    def _loads(self, s: bytes) -> Any:
        return loads(s)

    def _dumps(self, s: Any) -> bytes:
        return orjson.dumps(s, default=default) if isinstance(s, dict | list) else dumps(s)
