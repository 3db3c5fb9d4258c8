"""Bytes to Documents, through a pool and within limits.

The quick way is the standard library's scanner, taken only where cheap bounds prove beforehand that what it
does not check cannot be violated; it is right whenever it succeeds. Whatever it refuses or leaves unproven
is scanned again by the exact scanner, which alone says what is wrong, and where.
"""

from json import JSONDecoder
from typing import Any, Literal, NoReturn

from stream_pool.documents import reasons
from stream_pool.documents._builder import Builder, Unproven
from stream_pool.documents._exact import ExactScanner
from stream_pool.documents.document import Document
from stream_pool.documents.errors import LimitExceeded
from stream_pool.documents.limits import Limits
from stream_pool.errors import MisuseError
from stream_pool.pool.pool import Pool

DuplicateKeys = Literal["error", "last"]
Raw = bytes | bytearray | memoryview | str

_DIGIT = b"0"
_DIGITS_MARKED = bytes(_DIGIT[0] if byte in b"0123456789.eE+-" else 0 for byte in range(256))


class Decoder:
    """Decodes JSON; may be shared by any number of tasks and threads.

    Without a pool it has one of its own. `duplicate_keys="last"` gives what `json.loads` gives: the key
    stands where it came first, with the value that came last. Raises `MisuseError` for another word. `echo`
    is for the compiled core, which may give an object that came just before once more.
    """

    __slots__ = ("_duplicate_keys", "_limits", "_pool")

    def __init__(
        self,
        pool: Pool | None = None,
        limits: Limits | None = None,
        duplicate_keys: DuplicateKeys = "error",
        echo: bool = True,
    ) -> None:
        if duplicate_keys not in ("error", "last"):
            raise MisuseError(f"duplicate_keys is {duplicate_keys!r}; it must be 'error' or 'last'")
        self._pool = Pool() if pool is None else pool
        self._limits = Limits() if limits is None else limits
        self._duplicate_keys: DuplicateKeys = duplicate_keys

    @property
    def pool(self) -> Pool:
        return self._pool

    @property
    def limits(self) -> Limits:
        return self._limits

    def decode(self, raw: Raw) -> Any:
        """The value of one JSON text: a Document, or for another root a tuple, str, int, float, bool or None.

        A `str` stands for its UTF-8 bytes. Raises `DecodeError` (`LimitExceeded` where it is a limit), and
        `TypeError` for what is neither bytes nor `str`, such as the None of a tombstone. Only an accepted
        document counts in the pool's hits and misses.
        """
        raw = _as_bytes(raw, self._limits.document_bytes)
        misses = 0
        if _is_provable(raw, self._limits):
            builder = self._quick_builder(raw)
            self._pool._try()
            try:
                return self._accepted(_scan_quickly(raw, builder), builder, 0)
            except (Unproven, ValueError, RecursionError):
                misses = builder.misses
                self._pool._try_again()
        builder = Builder(self._pool, last_wins=self._duplicate_keys == "last")
        scanner = ExactScanner(
            raw, self._limits, builder.object_pairs, refuse_duplicates=self._duplicate_keys == "error"
        )
        return self._accepted(scanner.scan(), builder, misses)

    def _quick_builder(self, raw: bytes) -> Builder:
        limits = self._limits
        widest = _character_bytes_max(raw)
        return Builder(
            self._pool,
            last_wins=self._duplicate_keys == "last",
            depth=limits.depth,
            key_characters=limits.key_bytes // widest,
            string_characters=limits.string_bytes // widest,
        )

    def _accepted(self, scanned: Any, builder: Builder, earlier_misses: int) -> Any:
        value = builder.root(scanned)
        # A key that missed in a try that proved nothing hits in the next, and is a miss all the same.
        misses = min(builder.misses + earlier_misses, builder.lookups)
        root = hash(value._shape.keys) if type(value) is Document else None
        self._pool._count(builder.lookups - misses, misses, root)
        return value


def _as_bytes(raw: Raw, bytes_max: int) -> bytes:
    """The input as bytes, which are copied only once their number is known to be within the limit."""
    if not isinstance(raw, (bytes, bytearray, memoryview, str)):
        raise TypeError(f"a document is decoded from bytes or str, not {type(raw).__name__}")
    _check_size(raw.nbytes if isinstance(raw, memoryview) else len(raw), bytes_max)
    if isinstance(raw, str):
        # A lone surrogate becomes a sequence that is not UTF-8, and is found where it stands.
        raw = raw.encode("utf-8", "surrogatepass")
        _check_size(len(raw), bytes_max)
    return raw if type(raw) is bytes else bytes(raw)


def _check_size(size_bytes: int, bytes_max: int) -> None:
    if size_bytes > bytes_max:
        raise LimitExceeded(reasons.DOCUMENT_BYTES_LIMIT, bytes_max)


def _is_provable(raw: bytes, limits: Limits) -> bool:
    """Whether there can be no surrogate escape, no overlong number, nor more keys or items than allowed.

    Each test is an upper bound over all bytes, strings included.
    """
    size = len(raw)
    return (
        (size <= limits.keys or raw.count(b":") <= limits.keys)
        and (size <= limits.items or raw.count(b",") + raw.count(b"[") <= limits.items)
        and (b"\\u" not in raw or (b"\\ud" not in raw and b"\\uD" not in raw))
        and (
            size <= limits.number_digits
            or _DIGIT * (limits.number_digits + 1) not in raw.translate(_DIGITS_MARKED)
        )
    )


def _character_bytes_max(raw: bytes) -> int:
    """Bytes that one character of a string can take as written: 6 in an escape, 4 in UTF-8, 1 in ASCII."""
    if b"\\" in raw:
        return 6
    return 1 if raw.isascii() else 4


def _scan_quickly(raw: bytes, builder: Builder) -> Any:
    """The standard library's value of the whole text, or an exception where it is none or not sure."""
    return JSONDecoder(
        object_pairs_hook=builder.object_pairs, parse_float=_finite, parse_constant=_refuse_constant
    ).decode(raw.decode())


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise Unproven
    return value


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are the standard library's, not JSON's."""
    raise Unproven
