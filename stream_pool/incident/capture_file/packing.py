"""How a file's bytes are packed, by its name's end: `.zst`, `.gz`, or plain.

Packed files are written in frames (zstd's word, gzip's is members), each of which can be unpacked without the
others and ends where a line does. Frames in a row are a file that any tool unpacks, so a file is continued by
writing more of them, and one that was cut off is mended by cutting it after its last whole frame.
"""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from stream_pool.incident.capture_file.zstd import zstd

UNPACKING_ERRORS = (OSError, EOFError, zlib.error, zstd.ZstdError)
"""What reading a packed file can end with."""

_FRAME_BYTES = 1 << 20
_READ_BYTES = 128 << 10
_CHUNK_BYTES = 256 << 10
_GZIP_LEVEL = 6
_GZIP_WBITS = 31  # zlib's way to say: with gzip's header and sum
_ZSTD_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 1,
    zstd.CompressionParameter.checksum_flag: 1,
}


class Chunk(NamedTuple):
    """Some unpacked bytes. `frame_end` is the place in the file where a frame ends with them."""

    content: bytes
    read_bytes: int
    frame_end: int | None


class _Unpacker(Protocol):
    """Unpacks one frame, in pieces of bounded size. zstd's decompressor has all of it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Packer(Protocol):
    """Packs frames, each in pieces."""

    @property
    def frame_bytes(self) -> int:
        """How much goes into a frame: what must be there again to go on behind a broken one."""
        ...

    def pack(self, piece: bytes | bytearray) -> bytes | bytearray:
        """What can be written of a frame by now."""
        ...

    def end(self) -> bytes:
        """The rest of the frame; the next piece begins another."""
        ...


def is_packed(path: Path) -> bool:
    """Whether the file `path` is packed: it can be cut where a frame ends, and nowhere else."""
    return path.suffix in (".zst", ".gz")


def packer(path: Path) -> Packer:
    """What packs the file `path`."""
    match path.suffix:
        case ".zst":
            return _ZstdPacker()
        case ".gz":
            return _GzipPacker()
    return _NoPacker()


def unpacked(path: Path, raw: IO[bytes]) -> Iterator[Chunk]:
    """The unpacked bytes of `raw`, which is the file `path`. Raises one of `UNPACKING_ERRORS`."""
    match path.suffix:
        case ".zst":
            return _unpacked(raw, zstd.ZstdDecompressor)
        case ".gz":
            return _unpacked(raw, _GzipUnpacker)
    return _plain(raw)


def _plain(raw: IO[bytes]) -> Iterator[Chunk]:
    """Each run of whole lines passes for a frame."""
    place = 0
    while content := raw.read(_CHUNK_BYTES):
        cut = content.rfind(b"\n") + 1
        if cut:
            yield Chunk(content[:cut], place + len(content), place + cut)
        place += len(content)
        if cut < len(content):
            yield Chunk(content[cut:], place, None)


def _unpacked(raw: IO[bytes], new: Callable[[], _Unpacker]) -> Iterator[Chunk]:
    place = 0
    packed = b""
    unpacker: _Unpacker | None = None
    while True:
        if not packed and (unpacker is None or unpacker.needs_input):
            packed = raw.read(_READ_BYTES)
            place += len(packed)
            if not packed:
                if unpacker is not None:
                    raise EOFError("it ends in the middle of a frame")
                return
        if unpacker is None:
            unpacker = new()
        content, packed = unpacker.decompress(packed, _CHUNK_BYTES), b""
        frame_end = None
        if unpacker.eof:
            packed, unpacker = unpacker.unused_data, None
            frame_end = place - len(packed)
        if content or frame_end is not None:
            yield Chunk(content, place - len(packed), frame_end)


class _NoPacker:
    frame_bytes = 0  # it can be continued behind any line

    def pack(self, piece: bytes | bytearray) -> bytes | bytearray:
        return piece

    def end(self) -> bytes:
        return b""


class _ZstdPacker:
    frame_bytes = _FRAME_BYTES

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(options=_ZSTD_OPTIONS)

    def pack(self, piece: bytes | bytearray) -> bytes | bytearray:
        return self._compressor.compress(piece)

    def end(self) -> bytes:
        return self._compressor.flush(self._compressor.FLUSH_FRAME)


class _GzipPacker:
    """zlib writes gzip's header without a name or a time: the same lines give the same file."""

    frame_bytes = _FRAME_BYTES

    def __init__(self) -> None:
        self._zlib = _gzip_compressor()

    def pack(self, piece: bytes | bytearray) -> bytes | bytearray:
        return self._zlib.compress(piece)

    def end(self) -> bytes:
        end = self._zlib.flush()
        self._zlib = _gzip_compressor()
        return end


def _gzip_compressor() -> "zlib._Compress":
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WBITS)


class _GzipUnpacker:
    """zlib's decompressor with the face of zstd's."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        content = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # What fills the room may not be all that the input had in it.
        self.needs_input = not self._zlib.unconsumed_tail and len(content) < max_length
        return content
